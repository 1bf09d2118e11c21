//! `lenscap controls`: the camera's controls, shown, set and set back.

use std::io::{self, Write};
use std::path::PathBuf;

use lenscap_api::controls as api;
use lenscap_api::{AskError, Controls, ControlsReply, Reply, Request, client};
use serde::Serialize;

use super::Failure;
use crate::app::controls::{merge, read, to_reset};
use crate::app::settle;
use crate::camera::System;
use crate::camera::off::{self, Order};
use crate::cli::{ControlsAction, ControlsArgs};
use crate::config::{self, Layers, Overrides};
use crate::core::controls::{CameraControls, Saved, laying};
use crate::core::source::Source;
use crate::core::trouble::command_line::CommandTrouble;
use crate::i18n::{command_line, controls};
use crate::text;

/// Asks the running relay about controls; what it answers.
fn ask(request: &Request) -> Result<ControlsReply, AskError> {
    match client::ask(request)? {
        Reply::Controls(reply) => Ok(*reply),
        Reply::Status(_) | Reply::Refused(_) => Err(AskError::OtherVersion),
    }
}

/// Where the camera is, as the running relay or the settings say.
struct Place {
    source: Source,
    excluded: Vec<PathBuf>,
    is_confined: bool,
    layers: Layers,
    /// What the relay answered, where it has the camera open.
    live: Option<ControlsReply>,
    is_running: bool,
}

impl Place {
    fn find(arguments: &ControlsArgs) -> Result<Self, Failure> {
        let answer = match (&arguments.config, &arguments.source) {
            (None, None) => ask(&Request::Controls),
            // What is asked for may be another camera than the relay's.
            _ => Err(AskError::NotRunning),
        };
        match answer {
            Ok(answer) => {
                let layers = Layers::with_user(answer.config.clone().into());
                let settings = config::load(&layers, &Overrides::default()).unwrap_or_default();
                Ok(Self {
                    source: answer.source.parse::<Source>()?,
                    excluded: answer.excluded.iter().map(PathBuf::from).collect(),
                    is_confined: settings.privacy.sandbox,
                    layers,
                    live: answer.live.then_some(answer),
                    is_running: true,
                })
            }
            Err(error) if !error.is_nobody_there() => Err(error.into()),
            Err(_) => {
                let layers = Layers::find(arguments.config.as_deref())?;
                settle::file(&layers, &System::here().cameras());
                let settings = config::load(&layers, &Overrides::default())?;
                let source = arguments.source.clone().unwrap_or(settings.camera.source);
                Ok(Self {
                    source,
                    excluded: settings.device.node.into_iter().collect(),
                    is_confined: settings.privacy.sandbox,
                    layers,
                    live: None,
                    is_running: false,
                })
            }
        }
    }

    /// The list, and what is saved shown in it.
    fn list(&self, orders: &[Order]) -> Result<CameraControls, Failure> {
        read(&off::arguments(&self.source, &self.excluded, self.is_confined, orders))
    }

    fn save(&self, change: impl FnOnce(&mut Saved)) -> Result<(), Failure> {
        config::update(&self.layers, |settings| change(&mut settings.controls))?;
        if self.is_running {
            client::ask(&Request::Reload)?;
        }
        Ok(())
    }
}

/// `lenscap controls`.
///
/// # Errors
/// One sentence: there is no camera, no such control, the value cannot work.
pub(super) fn run(arguments: &ControlsArgs) -> Result<(), Failure> {
    let place = Place::find(arguments)?;
    match &arguments.action {
        None => match &place.live {
            Some(reply) => {
                let list = reply.list.as_ref().ok_or(AskError::OtherVersion)?;
                print(list, reply, arguments.json)
            }
            None => {
                let mut list = place.list(&[])?;
                let settings = config::load(&place.layers, &Overrides::default())?;
                if let Some(saved) = settings.controls.get(&list.camera) {
                    list.overlay(saved);
                }
                let list = controls::published(&list);
                print(&list, &list, arguments.json)
            }
        }
        .map_err(|error| CommandTrouble::Print { cause: error.into() }.into()),
        Some(ControlsAction::Set { key, value }) if place.live.is_some() => {
            let request = Request::SetControl { key: key.clone(), value: value.clone() };
            Ok(ask(&request).map(drop)?)
        }
        Some(ControlsAction::Reset { key }) if place.live.is_some() => {
            let request = Request::ResetControls { keys: key.iter().cloned().collect() };
            Ok(ask(&request).map(drop)?)
        }
        Some(ControlsAction::Set { key, value }) => {
            let list = place.list(&[Order::Set(key.clone(), value.clone())])?;
            let control = list.find(key)?;
            if !control.is_saved() {
                return Ok(());
            }
            let value = control.parse(value)?;
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
                [] => laying::forget(saved, &list.camera, false),
                keys => keys.iter().for_each(|key| merge(saved, [(&(list.camera.clone(), key.clone()), &None)])),
            })
        }
    }
}

/// The list, one control a line; or what stands for it as JSON.
fn print(list: &Controls, json: &impl Serialize, as_json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if as_json {
        return write!(out, "{}", lenscap_api::line(json));
    }
    writeln!(out, "{}", list.camera)?;
    if list.controls.is_empty() {
        writeln!(out, "{}", command_line::no_controls())?;
    }
    let keys = list.controls.iter().map(|it| it.key.len()).max().unwrap_or(0);
    let types = list.controls.iter().map(|it| it.kind.as_str().len()).max().unwrap_or(0);
    for control in &list.controls {
        writeln!(out, "{}", line(control, keys, types))?;
    }
    for problem in &list.problems {
        writeln!(out, "{problem}")?;
    }
    Ok(())
}

/// `brightness  integer  140  (0 to 255 in steps of 1, default 128) [inactive]`
fn line(control: &api::Control, keys: usize, types: usize) -> String {
    let plain = |value: &api::Value| match value {
        api::Value::Integer(value) => value.to_string(),
        // As JSON has it: "1.0" is not whole.
        api::Value::Real(value) => format!("{value:?}"),
        api::Value::Boolean(value) => value.to_string(),
        api::Value::Text(text) => format!("\"{}\"", text::clean(text, text::SENTENCE)),
    };
    let entry = |value: i64, label: &str| format!("{value} ({label})");
    let named = |value: &api::Value| {
        let label = control.menu.iter().find(|entry| api::Value::Integer(entry.value) == *value);
        label.map_or_else(|| plain(value), |known| entry(known.value, &known.label))
    };
    let notes = command_line::control_notes(control, plain, entry);
    let value = control.value.as_ref().map_or_else(|| "-".to_owned(), named);
    let line = format!("{:keys$}  {:types$}  {value}", control.key, control.kind.as_str());
    if notes.is_empty() { line } else { format!("{line}  [{}]", notes.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_value_range_and_flags() {
        let control = |json: &str| serde_json::from_str::<api::Control>(json).unwrap();
        let gain = control(
            r#"{"key": "gain", "name": "", "id": 0, "type": "integer", "value": 5, "default": 0, "min": 0, "max": 10,
                "step": 5, "menu": [], "flags": ["inactive"], "software": false}"#,
        );
        assert_eq!(line(&gain, 6, 7), "gain    integer  5  [0 to 10 in steps of 5; default 0; inactive]");
        let mode = control(
            r#"{"key": "mode", "name": "", "id": 0, "type": "menu", "value": 1, "default": 1, "flags": [],
                "menu": [{"value": 0, "label": "A"}, {"value": 1, "label": "B"}], "software": false}"#,
        );
        assert_eq!(line(&mode, 4, 4), "mode  menu  1 (B)  [0 (A), 1 (B); default 1]");
    }
}
