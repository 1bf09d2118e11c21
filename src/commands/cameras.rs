//! `lenscap cameras`: the cameras there are and what they can do, for people or as JSON.

mod formats;

use std::io::{self, Write};
use std::path::Path;

use lenscap_api::Code;
use serde_json::{Value, json};

use super::{Failure, relay_status};
use crate::app::program;
use crate::camera::choice::{self, Decision};
use crate::camera::modes;
use crate::camera::{Camera, System, vendors};
use crate::cli::CamerasArgs;
use crate::config::{self, Layers, Overrides, Settings};
use crate::core::location::Location;
use crate::core::source::Source;
use crate::core::status::StateName;
use crate::core::trouble::cameras::ChoiceReason;
use crate::core::trouble::command_line::CommandTrouble;
use crate::i18n::camera_list::{self, Line};
use crate::i18n::cameras as words;
use crate::text;

/// Everything that is said.
struct Listing {
    source: Source,
    cameras: Vec<Camera>,
    /// The id of the chosen one; `None` where the source is no camera, or there is none.
    chosen: Option<String>,
    /// Why, where `auto` chose.
    why: Option<ChoiceReason>,
    raw_nodes: usize,
    modes_read: bool,
    notes: Vec<String>,
}

/// Prints the list.
///
/// # Errors
/// One sentence when it cannot be printed.
pub(super) fn run(asked: &CamerasArgs) -> Result<(), Failure> {
    let listing = Listing::gather(asked.config.as_deref());
    let text = if asked.json { format!("{:#}\n", listing.to_json()) } else { listing.in_words() };
    match io::stdout().lock().write_all(text.as_bytes()) {
        // Whoever closed the pipe has seen enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CommandTrouble::Print { cause: error.into() }.into())
        }
        _ => Ok(()),
    }
}

impl Listing {
    fn gather(config: Option<&Path>) -> Self {
        let mut notes = Vec::new();
        let settings = settings(config).unwrap_or_else(|failure| {
            notes.extend(failure.sentence());
            Settings::default()
        });
        let (source, is_confined) = (settings.camera.source, settings.privacy.sandbox);
        let system = System::here();
        let mut cameras = system.cameras();
        let may_ask = match relay_status() {
            // On, or about to be.
            Ok(Some(status)) => !status.live && status.state != StateName::Pending,
            Ok(None) => true,
            Err(error) => {
                notes.push(crate::i18n::ask::sentence(&error));
                false
            }
        };
        if may_ask {
            // The libraries take their time meanwhile.
            let asked =
                program("lenscap-worker").map(|worker| std::thread::spawn(move || vendors::ask(&worker, is_confined)));
            cameras.iter_mut().for_each(Camera::ask);
            match asked.map(std::thread::JoinHandle::join) {
                Ok(Ok((more, problems))) => {
                    cameras.splice(0..0, more);
                    notes.extend(problems.iter().map(words::library));
                }
                Ok(Err(_)) => {}
                Err(trouble) => notes.push(crate::i18n::start::sentence(&trouble)),
            }
        } else {
            notes.push(camera_list::is_not_read());
        }
        let raw_nodes = cameras.iter().filter(|camera| camera.is_raw).count();
        let decision = Decision::new(&cameras, &source);
        let found = decision.camera().map(|camera| camera.id.clone());
        let why = decision.reason();
        // One that was named all the same is shown.
        cameras.retain(|camera| !camera.is_raw || found.as_ref() == Some(&camera.id));
        // Of a vendor's camera that was not asked for nobody knows whether it is there.
        let is_known = may_ask || matches!(source, Source::V4l2(_));
        if found.is_none() && is_known {
            cameras.extend(choice::missing(&source));
        }
        let chosen = found.or_else(|| choice::missing(&source).map(|camera| camera.id));
        Self { source, cameras, chosen, why, raw_nodes, modes_read: may_ask, notes }
    }

    fn is_chosen(&self, camera: &Camera) -> bool {
        self.chosen.as_deref() == Some(&camera.id)
    }

    fn to_json(&self) -> Value {
        let cameras: Vec<_> = self.cameras.iter().map(|camera| self.camera_to_json(camera)).collect();
        json!({
            "source": self.source.to_string(),
            "chosen": self.chosen,
            "reason": self.why.as_ref().map(words::choice),
            "cameras": cameras,
            "raw_nodes": self.raw_nodes,
            "modes_read": self.modes_read,
            "notes": self.notes,
        })
    }

    fn camera_to_json(&self, camera: &Camera) -> Value {
        let native = camera.formats.as_deref().and_then(modes::native);
        json!({
            "id": camera.id,
            "name": camera.name,
            "kind": camera.api.as_str(),
            "source": camera.source.to_string(),
            "chosen": self.is_chosen(camera),
            "present": camera.present,
            "node": camera.node,
            "bus": camera.bus,
            "location": camera.location.map(Location::as_str),
            "rotation": camera.rotation,
            "native": native.map(|(width, height)| json!({ "width": width, "height": height })),
            "formats": camera.formats,
            "problem": camera.problem.as_ref().map(words::problem),
            "trouble": camera.problem.as_ref().map(Code::of),
        })
    }

    fn in_words(&self) -> String {
        let mut text = String::new();
        if self.cameras.is_empty() {
            text += &camera_list::is_empty();
            text.push('\n');
        }
        for camera in &self.cameras {
            text += &self.camera_in_words(camera);
        }
        let mut last = Vec::new();
        last.extend(self.choice_in_words());
        if self.raw_nodes > 0 {
            last.push(camera_list::raw_nodes(self.raw_nodes as u64));
        }
        last.extend(self.notes.iter().cloned());
        if !last.is_empty() {
            text.push('\n');
        }
        for line in last {
            text += &line;
            text.push('\n');
        }
        text
    }

    /// Which is chosen; nothing where the mark says it.
    fn choice_in_words(&self) -> Option<String> {
        let chosen = self.cameras.iter().find(|camera| self.is_chosen(camera));
        match (&self.source, chosen, self.why.as_ref().map(words::choice)) {
            (Source::Auto, Some(camera), Some(why)) => Some(camera_list::chosen_automatically(&camera.name, &why)),
            (Source::Auto, None, Some(why)) => Some(camera_list::none_is_usable(&why)),
            (Source::Auto, ..) => None,
            (source, Some(camera), _) if !camera.present => Some(camera_list::chosen_is_missing(&said(source))),
            (_, Some(_), _) => Some(camera_list::chosen_in_settings()),
            (source, None, _) => Some(camera_list::other_source(&said(source))),
        }
    }

    fn camera_in_words(&self, camera: &Camera) -> String {
        let mark = if self.is_chosen(camera) { '*' } else { ' ' };
        let name = if camera.present { camera.name.clone() } else { words::missing(&camera.name) };
        let mut text = format!("{mark} {name}\n");
        let mut rows = Vec::new();
        rows.push((Line::Source, said(&camera.source)));
        let node = camera.node.as_ref().map(|node| node.display().to_string());
        if let Some(node) = node.filter(|node| !camera.source.to_string().ends_with(node.as_str())) {
            rows.push((Line::Node, node));
        }
        let location = camera.location.map(words::location);
        let rotation = camera.rotation.filter(|degrees| *degrees > 0);
        let rotation = rotation.map(camera_list::turned);
        let place: Vec<_> = [camera.bus.clone(), location, rotation].into_iter().flatten().collect();
        if !place.is_empty() {
            rows.push((Line::Place, lenscap_words::listed(place)));
        }
        rows.extend(camera.problem.as_ref().map(|problem| (Line::Problem, words::problem(problem))));
        let rows: Vec<_> = rows.into_iter().map(|(line, value)| (camera_list::label(line), value)).collect();
        let width = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
        for (label, value) in rows {
            text += &format!("    {label:width$}  {value}\n");
        }
        let formats = camera.formats.as_deref().unwrap_or_default();
        for (names, sizes) in formats::grouped(formats) {
            text += &formats::wrapped(&names);
            text += &formats::sizes_in_words(sizes, modes::native(formats));
        }
        text
    }
}

/// A source for people: udev's links have names that cameras gave themselves.
fn said(source: &Source) -> String {
    text::clean(source.to_string(), text::PATH)
}

/// The settings in this file, or in the usual one.
fn settings(config: Option<&Path>) -> Result<Settings, Failure> {
    Ok(config::load(&Layers::find(config)?, &Overrides::default())?)
}

#[cfg(test)]
mod tests;
