//! How a camera's picture is laid, saved among the values of its controls. The keys are those of the settings, whose values hold
//! where the camera has none of its own.

use super::{Control, ControlTrouble, Entry, Flags, Kind, Origin, Range, Saved, Value, Values};
use crate::source::{Framing, Orientation, Rotation};

/// The keys. No control of a camera is set by one of these names.
const KEYS: [&str; 5] = ["mirror", "rotation", "zoom", "pan_x", "pan_y"];

/// Whether this key is one of how the picture is laid, and of no control.
pub fn is_key(key: &str) -> bool {
    KEYS.contains(&key)
}

/// What settings call [`Rotation::Automatic`].
const AUTOMATIC: &str = "auto";

/// `default` with what is saved for a camera in its place, and what was saved wrongly.
pub fn laid(default: Orientation, saved: &Values) -> (Orientation, Vec<ControlTrouble>) {
    let (mut laid, mut problems) = (default, Vec::new());
    for key in KEYS {
        let Some(value) = saved.get(key) else { continue };
        match control(key).check(value) {
            Ok(value) => put(&mut laid, key, &value),
            Err(trouble) => problems.push(trouble),
        }
    }
    (laid, problems)
}

/// Saves what is another in `after` than in `before`.
pub fn save(saved: &mut Values, before: Orientation, after: Orientation) {
    for ((key, old), new) in KEYS.into_iter().zip(values(before)).zip(values(after)) {
        if old != new {
            saved.insert(key.to_owned(), new);
        }
    }
}

/// Takes out what is saved of a camera: how its picture is laid, or everything else.
pub fn forget(saved: &mut Saved, camera: &str, is_laying: bool) {
    if let Some(values) = saved.get_mut(camera) {
        values.retain(|key, _| is_key(key) != is_laying);
        if values.is_empty() {
            saved.remove(camera);
        }
    }
}

/// In the order of the keys.
fn values(orientation: Orientation) -> [Value; 5] {
    let Orientation { rotation, mirror, framing: Framing { zoom, pan_x, pan_y } } = orientation;
    let degrees = rotation.degrees().map(|degrees| Value::Integer(degrees.into()));
    [
        Value::Boolean(mirror),
        degrees.unwrap_or_else(|| Value::Text(AUTOMATIC.into())),
        Value::Integer(zoom.into()),
        Value::Integer(pan_x.into()),
        Value::Integer(pan_y.into()),
    ]
}

/// A value that was checked.
fn put(laid: &mut Orientation, key: &str, value: &Value) {
    match (key, value) {
        ("mirror", Value::Boolean(mirror)) => laid.mirror = *mirror,
        ("rotation", Value::Integer(degrees)) => {
            laid.rotation = Rotation::of(u32::try_from(*degrees).ok()).unwrap_or_default()
        }
        ("zoom", Value::Integer(zoom)) => laid.framing.zoom = u32::try_from(*zoom).unwrap_or(100),
        ("pan_x", Value::Integer(pan)) => laid.framing.pan_x = i32::try_from(*pan).unwrap_or_default(),
        ("pan_y", Value::Integer(pan)) => laid.framing.pan_y = i32::try_from(*pan).unwrap_or_default(),
        _ => {}
    }
}

/// What may be saved under a key.
fn control(key: &str) -> Control {
    let whole = |min, max| Range::Whole { min, max, step: 1 };
    let (kind, range) = match key {
        "mirror" => (Kind::Boolean, Range::None),
        "rotation" => (Kind::Menu, Range::None),
        "zoom" => (Kind::Integer, whole(100, Framing::MAX_ZOOM.into())),
        _ => (Kind::Integer, whole(-100, 100)),
    };
    let entry = |rotation: Rotation| match rotation.degrees() {
        Some(degrees) => Entry { value: degrees.into(), label: degrees.to_string() },
        None => Entry { value: -1, label: AUTOMATIC.into() },
    };
    let menu = if kind == Kind::Menu { Rotation::ALL.map(entry).to_vec() } else { Vec::new() };
    Control {
        key: key.to_owned(),
        id: 0,
        name: key.to_owned(),
        kind,
        range,
        default: None,
        value: None,
        menu,
        flags: Flags::default(),
        origin: Origin::Software,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_camera_has_of_its_own_is_laid_over_the_default() {
        let default = Orientation { mirror: true, ..Orientation::default() };
        let saved = Values::from([
            ("rotation".into(), Value::Text("auto".into())),
            ("zoom".into(), Value::Integer(150)),
            ("brightness".into(), Value::Integer(3)),
        ]);
        let (laid, problems) = laid(default, &saved);
        assert_eq!((laid.mirror, laid.rotation, laid.framing.zoom), (true, Rotation::Automatic, 150));
        assert_eq!(problems, []);
    }

    #[test]
    fn what_is_saved_wrongly_is_left_out_and_said() {
        let saved = Values::from([
            ("rotation".into(), Value::Integer(45)),
            ("zoom".into(), Value::Integer(9)),
            ("pan_x".into(), Value::Integer(-100)),
        ]);
        let (laid, problems) = laid(Orientation::default(), &saved);
        assert_eq!((laid.rotation, laid.framing), (Rotation::None, Framing { pan_x: -100, ..Framing::default() }));
        assert_eq!(problems.len(), 2, "{problems:?}");
    }

    #[test]
    fn a_reset_of_the_controls_leaves_the_picture_as_it_is_laid() {
        let values = || Values::from([("zoom".into(), Value::Integer(150)), ("hue".into(), Value::Integer(3))]);
        let mut saved = Saved::from([("usb-1".into(), values())]);
        forget(&mut saved, "usb-1", false);
        assert_eq!(saved["usb-1"].keys().collect::<Vec<_>>(), ["zoom"]);
        forget(&mut saved, "usb-1", true);
        assert!(saved.is_empty());
    }

    #[test]
    fn what_is_saved_reads_back_and_the_rest_stays_the_default() {
        for rotation in Rotation::ALL {
            let before = Orientation::default();
            let after = Orientation { rotation, mirror: true, framing: Framing { zoom: 120, pan_x: -3, pan_y: 0 } };
            let mut saved = Values::new();
            save(&mut saved, before, after);
            assert_eq!(laid(before, &saved), (after, Vec::new()));
            assert!(!saved.contains_key("pan_y"), "{saved:?}");
        }
    }
}
