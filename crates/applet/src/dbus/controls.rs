//! Controls on D-Bus: dictionaries.

use std::collections::HashMap;

use glib::VariantTy;
use glib::variant::{ToVariant, Variant};
use lenscap_api::controls::Flag;

use lenscap_core::controls::{CameraControls, Control, Origin, Range, Value};

/// The answer of `GetControls`: `(saa{sv})`.
pub fn to_variant(controls: &CameraControls) -> Variant {
    let list: Vec<_> = controls.controls.iter().map(control_to_variant).collect();
    (controls.camera.as_str(), list).to_variant()
}

fn control_to_variant(control: &Control) -> HashMap<&'static str, Variant> {
    let value = |value: &Value| match value {
        Value::Integer(number) => number.to_variant(),
        Value::Real(number) => number.to_variant(),
        Value::Boolean(value) => value.to_variant(),
        Value::Text(text) => text.to_variant(),
    };
    let flags: Vec<_> = Flag::of(control.flags).into_iter().map(Flag::as_str).collect();
    let mut fields = HashMap::from([
        ("key", control.key.to_variant()),
        ("name", lenscap_words::controls::name(control).to_variant()),
        ("id", control.id.to_variant()),
        ("type", control.kind.as_str().to_variant()),
        ("flags", flags.to_variant()),
        ("software", (control.origin == Origin::Software).to_variant()),
    ]);
    fields.extend(control.value.as_ref().map(|it| ("value", value(it))));
    fields.extend(control.default.as_ref().map(|it| ("default", value(it))));
    match control.range {
        Range::None => {}
        Range::Whole { min, max, step } => {
            let step = i64::try_from(step).unwrap_or(i64::MAX);
            fields.extend([("min", min.to_variant()), ("max", max.to_variant()), ("step", step.to_variant())]);
        }
        Range::Real { min, max } => fields.extend([("min", min.to_variant()), ("max", max.to_variant())]),
    }
    if !control.menu.is_empty() {
        let menu: Vec<_> = control.menu.iter().map(|entry| (entry.value, entry.label.as_str())).collect();
        fields.insert("menu", menu.to_variant());
    }
    fields
}

/// What somebody sent as a value, as a user would write it; `None` for what is no value.
pub fn text_of(value: &Variant) -> Option<String> {
    // GLib complains in the log when it is asked to unwrap what is not wrapped.
    let inner = value.is_type(VariantTy::VARIANT).then(|| value.as_variant()).flatten();
    let value = inner.unwrap_or_else(|| value.clone());
    Some(match value.type_().as_str() {
        "s" => value.get::<String>()?,
        "b" => value.get::<bool>()?.to_string(),
        "y" => value.get::<u8>()?.to_string(),
        "n" => value.get::<i16>()?.to_string(),
        "q" => value.get::<u16>()?.to_string(),
        "i" => value.get::<i32>()?.to_string(),
        "u" => value.get::<u32>()?.to_string(),
        "x" => value.get::<i64>()?.to_string(),
        "t" => value.get::<u64>()?.to_string(),
        "d" => value.get::<f64>()?.to_string(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenscap_core::controls::in_software;

    #[test]
    fn a_control_is_published_with_all_its_fields() {
        let list = CameraControls {
            camera: "usb-1".into(),
            controls: vec![in_software("hue").unwrap()],
            ..CameraControls::default()
        };
        assert_eq!(to_variant(&list).type_().as_str(), "(saa{sv})");
    }

    #[test]
    fn every_plain_value_is_understood_wrapped_or_not() {
        assert_eq!(text_of(&5_i32.to_variant()).as_deref(), Some("5"));
        assert_eq!(text_of(&true.to_variant().to_variant()).as_deref(), Some("true"));
        assert_eq!(text_of(&0.5_f64.to_variant()).as_deref(), Some("0.5"));
        assert_eq!(text_of(&"60 Hz".to_variant()).as_deref(), Some("60 Hz"));
        assert_eq!(text_of(&(1, 2).to_variant()), None);
    }
}
