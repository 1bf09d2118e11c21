//! `lenscap-worker --list-elements [--unconfined]`: which elements are missing, as one line of JSON on stdout. No element is made
//! and no camera's node can be opened.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::own_stdout::OwnStdout;
use crate::sandbox;
use lenscap_cameras::UNCONFINED;
use lenscap_cameras::elements::{ElementReport, MissingElement, Need};

const USAGE: u8 = 2;
const FAILED: u8 = 1;

/// What the worker makes, and the plugin that has it: one that GStreamer gave up says no more than its file.
const ELEMENTS: [(&str, &str, Need); 12] = [
    ("v4l2src", "video4linux2", Need::Source),
    ("libcamerasrc", "libcamera", Need::Source),
    ("icamerasrc", "icamerasrc", Need::Source),
    ("pipewiresrc", "pipewire", Need::Source),
    ("videotestsrc", "videotestsrc", Need::Source),
    ("capsfilter", "coreelements", Need::Always),
    ("queue", "coreelements", Need::Always),
    ("videoconvertscale", "videoconvertscale", Need::Always),
    ("jpegdec", "jpeg", Need::Sometimes),
    ("videoconvert", "videoconvertscale", Need::Sometimes),
    ("videobalance", "videofilter", Need::Sometimes),
    ("videoflip", "videofilter", Need::Sometimes),
];

/// Prints the report; the exit status.
pub(super) fn run(words: &[&str]) -> ExitCode {
    let is_confined = match words {
        [] => true,
        [UNCONFINED] => false,
        _ => return ExitCode::from(USAGE),
    };
    let Ok(answer) = OwnStdout::take() else { return ExitCode::from(FAILED) };
    if is_confined {
        sandbox::enter_to_look();
    }
    if gst::init().is_err() {
        return ExitCode::from(FAILED);
    }
    let (major, minor, micro, _) = gst::version();
    let report = ElementReport { version: format!("{major}.{minor}.{micro}").into(), missing: missing() };
    let given = serde_json::to_string(&report).is_ok_and(|line| answer.give(&line).is_ok());
    if given { ExitCode::SUCCESS } else { ExitCode::from(FAILED) }
}

fn missing() -> Vec<MissingElement> {
    let plugins = gst::Registry::get().plugins();
    let given_up = plugins.iter().filter(|plugin| plugin.plugin_flags().contains(gst::PluginFlags::BLACKLISTED));
    let given_up: Vec<PathBuf> = given_up.filter_map(gst::Plugin::filename).collect();
    let is_missing = |(element, ..): &&(&str, &str, Need)| gst::ElementFactory::find(element).is_none();
    ELEMENTS
        .iter()
        .filter(is_missing)
        .map(|(element, plugin, need)| {
            let file = given_up.iter().find(|file| file.file_stem().is_some_and(|stem| stem == &*stem_of(plugin)));
            let blacklisted = file.map(|file| file.to_string_lossy().as_ref().into());
            MissingElement { element: (*element).into(), need: *need, blacklisted }
        })
        .collect()
}

/// The name of a plugin's file, without its ending.
fn stem_of(plugin: &str) -> String {
    format!("libgst{plugin}")
}

#[cfg(test)]
mod tests {
    use gst::prelude::*;

    use super::*;
    use crate::camera::backend;
    use lenscap_core::source::Source;

    #[test]
    fn every_element_of_a_backend_is_listed_with_the_plugin_that_has_it() {
        gst::init().unwrap();
        for source in ["auto", "test", "icamera", "libcamera", "pipewire", "v4l2:/dev/video0"] {
            let source: Source = source.parse().unwrap();
            for needed in backend(&source).elements() {
                let listed = ELEMENTS.iter().any(|(element, _, need)| *element == needed && *need == Need::Source);
                assert!(listed, "{needed}");
            }
        }
        for (element, plugin, _) in ELEMENTS {
            let Some(factory) = gst::ElementFactory::find(element) else { continue };
            let file = factory.plugin().and_then(|plugin| plugin.filename()).unwrap();
            assert_eq!(file.file_stem().unwrap().to_str(), Some(&*stem_of(plugin)), "{element}");
        }
    }
}
