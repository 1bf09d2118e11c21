//! Controls from the command line, and the process that reads a camera which nobody uses.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::{program, settle};
use crate::camera::System;
use crate::camera::off::{self, Order};
use crate::cli::{ControlsAction, ControlsArgs};
use crate::config::{self, Overrides};
use crate::core::controls::{CameraControls, Control, Saved, Value};
use crate::core::source::Source;
use crate::i18n::{tr, trf};
use crate::ipc::{self, AskError, Request};
use crate::text;

/// [`off::read`] with the program that is installed.
pub(super) fn read(arguments: &[OsString]) -> Result<CameraControls, String> {
    off::read(&program("lenscap-worker")?, arguments)
}

/// Values by camera and control that are to be saved, or no longer.
pub(super) type Changes = BTreeMap<(String, String), Option<Value>>;

/// Puts changes into saved values; `None` takes one away.
pub(super) fn merge<'a>(
    saved: &mut Saved,
    changes: impl IntoIterator<Item = (&'a (String, String), &'a Option<Value>)>,
) {
    for ((camera, key), value) in changes {
        match value {
            Some(value) => drop(saved.entry(camera.clone()).or_default().insert(key.clone(), value.clone())),
            None => {
                if let Some(values) = saved.get_mut(camera) {
                    values.remove(key);
                    if values.is_empty() {
                        saved.remove(camera);
                    }
                }
            }
        }
    }
}

/// The keys that a reset is about: all, or this one, which has to be there.
pub(crate) fn to_reset<'a>(list: &'a CameraControls, keys: &[String]) -> Result<Vec<&'a Control>, String> {
    if keys.is_empty() {
        return Ok(list.controls.iter().filter(|control| control.is_saved() && !control.flags.read_only).collect());
    }
    keys.iter().map(|key| list.find(key).map_err(|trouble| crate::i18n::controls::sentence(&trouble))).collect()
}

fn path_of(text: &Json) -> Option<PathBuf> {
    text.as_str().map(PathBuf::from)
}

/// Where the camera is, as the running relay or the settings say.
struct Place {
    source: Source,
    excluded: Vec<PathBuf>,
    is_confined: bool,
    config: PathBuf,
    /// The list, where the relay has the camera open.
    live: Option<Json>,
    is_running: bool,
}

impl Place {
    fn find(arguments: &ControlsArgs) -> Result<Self, String> {
        let answer = match (&arguments.config, &arguments.source) {
            (None, None) => ipc::fetch(Request::Controls),
            // What is asked for may be another camera than the relay's.
            _ => Err(AskError::NotRunning),
        };
        match answer {
            Ok(answer) => {
                let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
                let settings = config::load(Path::new(&text("config")), &Overrides::default()).unwrap_or_default();
                Ok(Self {
                    source: text("source").parse().map_err(|trouble| crate::i18n::source::clause(&trouble))?,
                    excluded: answer["excluded"].as_array().into_iter().flatten().filter_map(path_of).collect(),
                    is_confined: settings.privacy.sandbox,
                    config: text("config").into(),
                    live: (answer["live"] == Json::Bool(true)).then_some(answer),
                    is_running: true,
                })
            }
            Err(AskError::Failed(sentence)) => Err(sentence),
            Err(AskError::NotRunning) => {
                let config = match &arguments.config {
                    Some(path) => path.clone(),
                    None => config::default_path()?,
                };
                settle::file(&config, &System::here().cameras());
                let settings = config::load(&config, &Overrides::default()).map_err(|error| error.to_string())?;
                let source = arguments.source.clone().unwrap_or(settings.camera.source);
                Ok(Self {
                    source,
                    excluded: settings.device.node.into_iter().collect(),
                    is_confined: settings.privacy.sandbox,
                    config,
                    live: None,
                    is_running: false,
                })
            }
        }
    }

    /// The list, and what is saved shown in it.
    fn list(&self, orders: &[Order]) -> Result<CameraControls, String> {
        read(&off::arguments(&self.source, &self.excluded, self.is_confined, orders))
    }

    fn save(&self, change: impl FnOnce(&mut Saved)) -> Result<(), String> {
        config::update(&self.config, |settings| change(&mut settings.controls)).map_err(|error| error.to_string())?;
        if self.is_running {
            ipc::tell(Request::Reload).map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

/// `lenscap controls`.
///
/// # Errors
/// One sentence: there is no camera, no such control, the value cannot work.
pub(super) fn run(arguments: &ControlsArgs) -> Result<(), String> {
    let place = Place::find(arguments)?;
    match &arguments.action {
        None => {
            let list = match &place.live {
                Some(list) => list.clone(),
                None => {
                    let mut list = place.list(&[])?;
                    let settings =
                        config::load(&place.config, &Overrides::default()).map_err(|error| error.to_string())?;
                    if let Some(saved) = settings.controls.get(&list.camera) {
                        list.overlay(saved);
                    }
                    ipc::controls::to_json(&list)
                }
            };
            print(&list, arguments.json).map_err(|error| error.to_string())
        }
        Some(ControlsAction::Set { key, value }) if place.live.is_some() => {
            let request = Request::SetControl { key: key.clone(), value: value.clone() };
            ipc::fetch(request).map(drop).map_err(|error| error.to_string())
        }
        Some(ControlsAction::Reset { key }) if place.live.is_some() => {
            let request = Request::ResetControls { keys: key.iter().cloned().collect() };
            ipc::fetch(request).map(drop).map_err(|error| error.to_string())
        }
        Some(ControlsAction::Set { key, value }) => {
            let list = place.list(&[Order::Set(key.clone(), value.clone())])?;
            let control = list.find(key).map_err(|trouble| crate::i18n::controls::sentence(&trouble))?;
            if !control.is_saved() {
                return Ok(());
            }
            let value = control.parse(value).map_err(|trouble| crate::i18n::controls::sentence(&trouble))?;
            place.save(|saved| merge(saved, [(&(list.camera.clone(), key.clone()), &Some(value))]))
        }
        Some(ControlsAction::Reset { key }) => {
            let keys: Vec<String> = key.iter().cloned().collect();
            let list = place.list(&[])?;
            let mut controls = to_reset(&list, &keys)?;
            // What decides others first: these can be set then.
            controls.sort_by_key(|control| !control.decides_others());
            let orders: Vec<_> = controls.iter().map(|control| Order::Default(control.key.clone())).collect();
            place.list(&orders)?;
            place.save(|saved| match keys.as_slice() {
                [] => drop(saved.remove(&list.camera)),
                keys => keys.iter().for_each(|key| merge(saved, [(&(list.camera.clone(), key.clone()), &None)])),
            })
        }
    }
}

/// The list, as JSON or one control a line.
fn print(list: &Json, as_json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if as_json {
        return writeln!(out, "{list}");
    }
    writeln!(out, "{}", list["camera"].as_str().unwrap_or_default())?;
    let controls = list["controls"].as_array().map(Vec::as_slice).unwrap_or_default();
    if controls.is_empty() {
        writeln!(out, "{}", tr("It has no controls."))?;
    }
    let length =
        |field: &str| controls.iter().map(|it| it[field].as_str().unwrap_or_default().len()).max().unwrap_or(0);
    let (keys, types) = (length("key"), length("type"));
    for control in controls {
        writeln!(out, "{}", line(control, keys, types))?;
    }
    for problem in list["problems"].as_array().into_iter().flatten().filter_map(Json::as_str) {
        writeln!(out, "{problem}")?;
    }
    Ok(())
}

/// `brightness  integer  140  (0 to 255 in steps of 1, default 128) [inactive]`
fn line(control: &Json, keys: usize, types: usize) -> String {
    let text = |field: &str| control[field].as_str().unwrap_or_default();
    let plain = |value: &Json| match value {
        Json::Null => "-".to_owned(),
        Json::String(text) => format!("\"{}\"", text::clean(text, text::SENTENCE)),
        other => other.to_string(),
    };
    let menu = control["menu"].as_array().map(Vec::as_slice).unwrap_or_default();
    let named = |value: &Json| {
        let entry = menu.iter().find(|entry| entry["value"] == *value).and_then(|entry| entry["label"].as_str());
        entry.map_or_else(|| plain(value), |label| format!("{value} ({label})"))
    };
    let mut notes = Vec::new();
    if !menu.is_empty() {
        let entries = menu.iter().map(|entry| named(&entry["value"]));
        notes.push(entries.collect::<Vec<_>>().join(", "));
    } else if !control["min"].is_null() {
        let (min, max, step) = (plain(&control["min"]), plain(&control["max"]), &control["step"]);
        notes.push(match step.as_i64() {
            Some(step) if step > 1 => {
                trf!("{min} to {max} in steps of {step}", min = min, max = max, step = step)
            }
            _ => trf!("{min} to {max}", min = min, max = max),
        });
    }
    if !control["default"].is_null() {
        notes.push(trf!("default {value}", value = plain(&control["default"])));
    }
    if control["software"] == Json::Bool(true) {
        notes.push(tr("in software"));
    }
    notes.extend(control["flags"].as_array().into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned)));
    let value = named(&control["value"]);
    let line = format!("{:keys$}  {:types$}  {value}", text("key"), text("type"));
    if notes.is_empty() { line } else { format!("{line}  [{}]", notes.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_value_range_and_flags() {
        let control = serde_json::json!({
            "key": "gain", "type": "integer", "value": 5, "default": 0, "min": 0, "max": 10, "step": 5,
            "menu": [], "flags": ["inactive"], "software": false,
        });
        assert_eq!(line(&control, 6, 7), "gain    integer  5  [0 to 10 in steps of 5; default 0; inactive]");
        let control = serde_json::json!({
            "key": "mode", "type": "menu", "value": 1, "default": 1, "flags": [],
            "menu": [{"value": 0, "label": "A"}, {"value": 1, "label": "B"}],
        });
        assert_eq!(line(&control, 4, 4), "mode  menu  1 (B)  [0 (A), 1 (B); default 1]");
    }

    #[test]
    fn changes_are_put_in_and_taken_away() {
        let mut saved = Saved::new();
        let of = |key: &str| ("usb-1".to_owned(), key.to_owned());
        merge(&mut saved, [(&of("gain"), &Some(Value::Integer(1))), (&of("hue"), &Some(Value::Integer(2)))]);
        merge(&mut saved, [(&of("gain"), &None), (&of("none"), &None)]);
        assert_eq!(saved["usb-1"].len(), 1);
        merge(&mut saved, [(&of("hue"), &None)]);
        assert!(saved.is_empty());
    }
}
