//! Where the list of controls comes from.

use std::collections::HashMap;

use glib::variant::Variant;
use lenscap_cameras::off;
use lenscap_core::controls::{CameraControls, Control, Entry, Flags, Kind, Origin, Range, Value, Values};
use lenscap_core::trouble::cameras::ReadTrouble;
use lenscap_core::trouble::preferences::PreferencesTrouble;

use crate::applet::{AppletProxy, AppletState};
use crate::error::WindowError;
use crate::programs::worker;
use crate::store::Store;

/// The list, of the applet or, where none runs, of the camera in the settings.
pub(super) async fn read(applet: &AppletProxy, store: &Store) -> Result<CameraControls, WindowError> {
    if matches!(applet.state(), AppletState::Running(_)) {
        let answer = applet.call("GetControls", None).await?;
        return from_variant(&answer).ok_or_else(|| PreferencesTrouble::OtherVersion.into());
    }
    let settings = store.settings();
    let node: Vec<_> = settings.device.node.clone().into_iter().collect();
    let words = off::arguments(&settings.camera.source, &node, settings.privacy.sandbox, &[]);
    let read = gio::spawn_blocking(move || off::read(&worker(), &words));
    let mut list = read.await.unwrap_or(Err(ReadTrouble::CameraSilent)).map_err(WindowError::Read)?;
    name(&mut list);
    list.overlay(settings.controls.get(&list.camera).unwrap_or(&Values::new()));
    Ok(list)
}

/// As the applet does it: the worker knows no language.
fn name(list: &mut CameraControls) {
    for control in &mut list.controls {
        control.name = lenscap_words::controls::name(control);
    }
}

/// The answer of `GetControls`; `None` for what is none.
pub fn from_variant(answer: &Variant) -> Option<CameraControls> {
    let (camera, list) = answer.get::<(String, Vec<HashMap<String, Variant>>)>()?;
    let controls = list.iter().filter_map(control).collect();
    Some(CameraControls { camera, controls, problems: Vec::new() })
}

fn control(fields: &HashMap<String, Variant>) -> Option<Control> {
    let text = |name: &str| fields.get(name).and_then(|field| field.get::<String>());
    let value = |name: &str| fields.get(name).and_then(value);
    let kind = text("type")?;
    let flags: Vec<String> = fields.get("flags").and_then(|flags| flags.get()).unwrap_or_default();
    let has = |flag: &str| flags.iter().any(|it| it == flag);
    let range = match (value("min"), value("max"), value("step")) {
        (Some(Value::Integer(min)), Some(Value::Integer(max)), step) => {
            let step = match step {
                Some(Value::Integer(step)) => u64::try_from(step).unwrap_or(0),
                _ => 0,
            };
            Range::Whole { min, max, step }
        }
        (Some(Value::Real(min)), Some(Value::Real(max)), _) => Range::Real { min, max },
        _ => Range::None,
    };
    let menu: Vec<(i64, String)> = fields.get("menu").and_then(|menu| menu.get()).unwrap_or_default();
    let is_software = fields.get("software").and_then(|it| it.get::<bool>()).unwrap_or(false);
    Some(Control {
        key: text("key")?,
        id: fields.get("id").and_then(|id| id.get()).unwrap_or(0),
        name: text("name")?,
        // A kind of a later version can at least be shown.
        kind: Kind::ALL.into_iter().find(|it| it.as_str() == kind).unwrap_or(Kind::Compound),
        range,
        default: value("default"),
        value: value("value"),
        menu: menu.into_iter().map(|(value, label)| Entry { value, label }).collect(),
        flags: Flags {
            inactive: has("inactive"),
            read_only: has("read-only"),
            volatile: has("volatile"),
            write_only: has("write-only"),
            grabbed: has("grabbed"),
        },
        origin: if is_software { Origin::Software } else { Origin::Camera },
    })
}

fn value(field: &Variant) -> Option<Value> {
    let real = |number: f64| number.is_finite().then_some(Value::Real(number));
    field
        .get::<i64>()
        .map(Value::Integer)
        .or_else(|| field.get::<bool>().map(Value::Boolean))
        .or_else(|| field.get::<f64>().and_then(real))
        .or_else(|| field.get::<String>().map(Value::Text))
}

#[cfg(test)]
mod tests {
    use lenscap_core::controls::in_software;

    use super::*;

    #[test]
    fn what_lenscap_does_itself_is_called_as_in_the_words() {
        let hue = Control { name: "Farbton".into(), ..in_software("hue").unwrap() };
        let gain = Control { key: "gain".into(), origin: Origin::Camera, ..hue.clone() };
        let mut list = CameraControls { controls: vec![hue, gain], ..CameraControls::default() };
        name(&mut list);
        let names: Vec<_> = list.controls.iter().map(|control| control.name.as_str()).collect();
        assert_eq!(names, ["Hue", "Farbton"]);
    }
}
