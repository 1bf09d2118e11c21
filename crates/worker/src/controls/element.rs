//! The controls that a source element has as properties: `icamerasrc`'s and `libcamerasrc`'s.

use glib::ParamSpec;
use gst::prelude::*;

use lenscap_core::controls::{Control, ControlTrouble, Entry, Flags, Kind, Origin, Range, Value, key};

/// Which camera, and how it is read: not how its picture looks.
const PLUMBING: [&str; 19] = [
    "buffer-count",
    "buffer-usage",
    "camera-name",
    "deinterlace-method",
    "device",
    "device-name",
    "fps",
    "input-config",
    "input-format",
    "interlace-mode",
    "io-mode",
    "num-buffers",
    "num-vc",
    "print-field",
    "print-fps",
    "printfps",
    "sensor-resolution",
    "stream-id",
    "virtual-channel",
];

/// All of them, with what they are set to. Nothing is opened for that.
pub(super) fn controls(element: &gst::Element) -> Vec<Control> {
    let own = element.type_();
    element
        .list_properties()
        .iter()
        .filter(|spec| spec.owner_type() == own && !PLUMBING.contains(&spec.name()))
        .filter_map(|spec| control(element, spec))
        .collect()
}

fn control(element: &gst::Element, spec: &ParamSpec) -> Option<Control> {
    let flags = spec.flags();
    let can_read = flags.contains(glib::ParamFlags::READABLE);
    let (kind, range, menu) = form(spec)?;
    let has_default = !matches!(kind, Kind::String | Kind::Compound);
    Some(Control {
        key: key(spec.name()),
        id: 0,
        name: match spec.nick() {
            "" => spec.name().to_owned(),
            nick => nick.to_owned(),
        },
        kind,
        range,
        default: has_default.then(|| from_glib(spec.default_value())).flatten(),
        value: if can_read { from_glib(&element.property_value(spec.name())) } else { None },
        menu,
        flags: Flags {
            read_only: !flags.contains(glib::ParamFlags::WRITABLE)
                || flags.contains(glib::ParamFlags::CONSTRUCT_ONLY)
                || kind == Kind::Compound,
            write_only: !can_read,
            ..Flags::default()
        },
        origin: Origin::Camera,
    })
}

/// What a property takes; `None` for what is no control.
fn form(spec: &ParamSpec) -> Option<(Kind, Range, Vec<Entry>)> {
    let whole = |min: i64, max: i64| Range::Whole { min, max, step: 1 };
    let plain = |kind, range| Some((kind, range, Vec::new()));
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecInt>() {
        return plain(Kind::Integer, whole(spec.minimum().into(), spec.maximum().into()));
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecUInt>() {
        return plain(Kind::Integer, whole(spec.minimum().into(), spec.maximum().into()));
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecInt64>() {
        return plain(Kind::Integer64, whole(spec.minimum(), spec.maximum()));
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecUInt64>() {
        let limit = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        return plain(Kind::Integer64, whole(limit(spec.minimum()), limit(spec.maximum())));
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecFloat>() {
        return plain(Kind::Real, Range::Real { min: spec.minimum().into(), max: spec.maximum().into() });
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecDouble>() {
        return plain(Kind::Real, Range::Real { min: spec.minimum(), max: spec.maximum() });
    }
    if spec.is::<glib::ParamSpecBoolean>() {
        return plain(Kind::Boolean, Range::None);
    }
    if spec.is::<glib::ParamSpecString>() {
        return plain(Kind::String, Range::None);
    }
    if let Some(spec) = spec.downcast_ref::<glib::ParamSpecEnum>() {
        let class = spec.enum_class();
        let entry = |value: &glib::EnumValue| Entry { value: value.value().into(), label: value.nick().to_owned() };
        return Some((Kind::Menu, Range::None, class.values().iter().map(entry).collect()));
    }
    // Lists of numbers, as libcamera has them.
    (spec.value_type() == gst::Array::static_type()).then_some((Kind::Compound, Range::None, Vec::new()))
}

fn from_glib(value: &glib::Value) -> Option<Value> {
    if let Some((_, value)) = glib::EnumValue::from_value(value) {
        return Some(Value::Integer(value.value().into()));
    }
    let real = |number: f64| number.is_finite().then_some(Value::Real(number));
    value
        .get::<i32>()
        .map(|number| Value::Integer(number.into()))
        .or_else(|_| value.get::<u32>().map(|number| Value::Integer(number.into())))
        .or_else(|_| value.get::<i64>().map(Value::Integer))
        .or_else(|_| value.get::<u64>().map(|number| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))))
        .or_else(|_| value.get::<bool>().map(Value::Boolean))
        .ok()
        // As people write it: 0.1, not 0.10000000149.
        .or_else(|| value.get::<f32>().ok().and_then(|number| real(number.to_string().parse().ok()?)))
        .or_else(|| value.get::<f64>().ok().and_then(real))
        .or_else(|| value.get::<Option<String>>().ok().map(|text| Value::Text(text.unwrap_or_default())))
}

/// Sets one; `value` is checked already.
pub(super) fn set(element: &gst::Element, control: &Control, value: &Value) -> Result<(), ControlTrouble> {
    let shown = || value.to_string().into();
    let refused = || ControlTrouble::Refused { control: (&control.key).into(), value: shown(), cause: None };
    let spec = element
        .list_properties()
        .iter()
        .find(|spec| key(spec.name()) == control.key && spec.owner_type() == element.type_())
        .cloned()
        .ok_or_else(refused)?;
    // An entry is written by its nick, which stands for the number.
    let text = match (control.kind, value) {
        (Kind::Menu, Value::Integer(number)) => {
            control.menu.iter().find(|entry| entry.value == *number).map(|entry| entry.label.clone())
        }
        _ => Some(value.to_string()),
    };
    let value = match value {
        Value::Text(text) => text.to_value(),
        _ => glib::Value::deserialize_with_pspec(&text.ok_or_else(refused)?, &spec).map_err(|_| refused())?,
    };
    element.set_property_from_value(spec.name(), &value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_elements_own_properties_become_controls_and_take_values() {
        gst::init().unwrap();
        // Any element with properties of every type will do.
        let element = gst::ElementFactory::make("videobalance").build().unwrap();
        let found = controls(&element);
        let contrast = found.iter().find(|control| control.key == "contrast").unwrap();
        assert_eq!(contrast.kind, Kind::Real);
        assert_eq!((contrast.range, &contrast.default), (Range::Real { min: 0.0, max: 2.0 }, &Some(Value::Real(1.0))));
        set(&element, contrast, &Value::Real(1.5)).unwrap();
        assert_eq!(element.property::<f64>("contrast"), 1.5);
        assert!(!found.iter().any(|control| control.key == "qos" || control.key == "name"), "the base class has these");

        let element = gst::ElementFactory::make("videotestsrc").build().unwrap();
        let found = controls(&element);
        let pattern = found.iter().find(|control| control.key == "pattern").unwrap();
        assert_eq!(pattern.kind, Kind::Menu);
        assert_eq!(pattern.parse("snow"), Ok(Value::Integer(1)));
        set(&element, pattern, &Value::Integer(1)).unwrap();
        let again = controls(&element);
        assert_eq!(again.iter().find(|control| control.key == "pattern").unwrap().value, Some(Value::Integer(1)));
        let live = again.iter().find(|control| control.key == "is_live").unwrap();
        assert_eq!((live.kind, &live.value), (Kind::Boolean, &Some(Value::Boolean(false))));
    }
}
