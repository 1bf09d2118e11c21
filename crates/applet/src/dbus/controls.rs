//! Controls on D-Bus: dictionaries.

use std::collections::HashMap;

use lenscap_api::controls::Flag;
use zbus::zvariant::Value as Variant;

use lenscap_core::controls::{CameraControls, Control, Origin, Range, Value};

/// The answer of `GetControls`: `(saa{sv})`.
pub fn to_body(controls: &CameraControls) -> (&str, Vec<HashMap<&'static str, Variant<'_>>>) {
    (&controls.camera, controls.controls.iter().map(fields).collect())
}

fn fields(control: &Control) -> HashMap<&'static str, Variant<'_>> {
    let value = |value: &Value| match value {
        Value::Integer(number) => Variant::from(*number),
        Value::Real(number) => Variant::from(*number),
        Value::Boolean(value) => Variant::from(*value),
        Value::Text(text) => Variant::from(text.to_string()),
    };
    let flags: Vec<_> = Flag::of(control.flags).into_iter().map(Flag::as_str).collect();
    let mut fields = HashMap::from([
        ("key", Variant::from(control.key.as_str())),
        ("name", lenscap_words::controls::name(control).into()),
        ("id", control.id.into()),
        ("type", control.kind.as_str().into()),
        ("flags", flags.into()),
        ("software", (control.origin == Origin::Software).into()),
    ]);
    fields.extend(control.value.as_ref().map(|it| ("value", value(it))));
    fields.extend(control.default.as_ref().map(|it| ("default", value(it))));
    match control.range {
        Range::None => {}
        Range::Whole { min, max, step } => {
            let step = i64::try_from(step).unwrap_or(i64::MAX);
            fields.extend([("min", min.into()), ("max", max.into()), ("step", step.into())]);
        }
        Range::Real { min, max } => fields.extend([("min", min.into()), ("max", max.into())]),
    }
    if !control.menu.is_empty() {
        let menu: Vec<_> = control.menu.iter().map(|entry| (entry.value, entry.label.as_str())).collect();
        fields.insert("menu", menu.into());
    }
    fields
}

/// What somebody sent as a value, as a user would write it; `None` for what is no value.
pub fn text_of(value: &Variant<'_>) -> Option<String> {
    let value = if let Variant::Value(inner) = value { inner } else { value };
    Some(match value {
        Variant::Str(text) => text.as_str().to_owned(),
        Variant::Bool(value) => value.to_string(),
        Variant::U8(number) => number.to_string(),
        Variant::I16(number) => number.to_string(),
        Variant::U16(number) => number.to_string(),
        Variant::I32(number) => number.to_string(),
        Variant::U32(number) => number.to_string(),
        Variant::I64(number) => number.to_string(),
        Variant::U64(number) => number.to_string(),
        Variant::F64(number) => number.to_string(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use zbus::zvariant::DynamicType;

    use super::*;
    use lenscap_core::controls::in_software;

    #[test]
    fn a_control_is_published_with_all_its_fields() {
        let list = CameraControls {
            camera: "usb-1".into(),
            controls: vec![in_software("hue").unwrap()],
            ..CameraControls::default()
        };
        assert_eq!(to_body(&list).signature(), "(saa{sv})");
    }

    #[test]
    fn every_plain_value_is_understood_wrapped_or_not() {
        assert_eq!(text_of(&5_i32.into()).as_deref(), Some("5"));
        assert_eq!(text_of(&Variant::Value(Box::new(true.into()))).as_deref(), Some("true"));
        assert_eq!(text_of(&0.5_f64.into()).as_deref(), Some("0.5"));
        assert_eq!(text_of(&"60 Hz".into()).as_deref(), Some("60 Hz"));
        assert_eq!(text_of(&(1, 2).into()), None);
    }
}
