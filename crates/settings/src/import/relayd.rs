//! v4l2-relayd: the variables that its unit reads. All versions read /etc/default/v4l2-relayd; 0.1 /etc/v4l2-relayd after it,
//! 0.2, of which several run, /etc/v4l2-relayd.d/NAME.conf each.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::systemd::{assignment, lines, unquoted};
use super::{Import, Relay, files, text};
use crate::table::camera::{BUFFER_COUNT, FRAMERATE, HEIGHT, SOURCE, WIDTH};
use crate::table::device::{FORMAT, LABEL};
use crate::table::{Overrides, Setting};

type Variables = HashMap<String, String>;

pub(super) fn find(root: &Path) -> Vec<Import> {
    let defaults = root.join("etc/default/v4l2-relayd");
    let common = text(&defaults);
    let mut own = files(&root.join("etc/v4l2-relayd.d"), "conf");
    let older = root.join("etc/v4l2-relayd");
    own.extend(Some(older).filter(|path| path.is_file()));
    let of = |path: PathBuf, own: Option<&str>| {
        let texts: Vec<&str> = common.as_deref().into_iter().chain(own).collect();
        let settings = settings(&texts);
        (settings != Overrides::default()).then_some(Import { relay: Relay::V4l2Relayd, path, settings })
    };
    if own.is_empty() {
        return of(defaults, None).into_iter().collect();
    }
    let of_own = |path: PathBuf| {
        let own = text(&path)?;
        of(path, Some(&own))
    };
    own.into_iter().filter_map(of_own).collect()
}

/// What files say that are read one after the other.
pub fn settings(texts: &[&str]) -> Overrides {
    let mut variables = Variables::new();
    for line in texts.iter().flat_map(|text| lines(text)) {
        if let Some((key, value)) = assignment(&line) {
            variables.insert(key.to_owned(), unquoted(value));
        }
    }
    let mut settings = Overrides::default();
    let mut put = |setting: &'static Setting, value: Option<String>| {
        if let Some(value) = value.and_then(|value| setting.argument(&value).ok()) {
            settings.set(setting, value);
        }
    };
    let said = |key: &str| variables.get(key).filter(|value| !value.is_empty());
    put(&WIDTH, said("WIDTH").cloned());
    put(&HEIGHT, said("HEIGHT").cloned());
    put(&FRAMERATE, said("FRAMERATE").and_then(|rate| framerate(rate)));
    put(&FORMAT, said("FORMAT").cloned());
    put(&LABEL, said("CARD_LABEL").cloned());
    if let Some((source, buffers)) = said("VIDEOSRC").map(|description| source(description)) {
        put(&SOURCE, Some(source));
        put(&BUFFER_COUNT, buffers);
    }
    settings
}

/// Frames per second, as a whole number.
fn framerate(fraction: &str) -> Option<String> {
    let (frames, seconds) = fraction.split_once('/').unwrap_or((fraction, "1"));
    let (frames, seconds): (u32, u32) = (frames.trim().parse().ok()?, seconds.trim().parse().ok()?);
    Some((f64::from(frames) / f64::from(seconds)).round().to_string()).filter(|_| seconds > 0)
}

/// A source of ours for a description, and the number of buffers that it asks for: a camera where it is nothing else, so that its
/// formats and controls are known; else the description itself.
fn source(description: &str) -> (String, Option<String>) {
    let mut elements = description.split('!').map(str::trim);
    let mut words = elements.next().unwrap_or_default().split_whitespace();
    let element = words.next().unwrap_or_default();
    let mut properties: HashMap<&str, &str> =
        words.filter_map(|word| word.split_once('=')).map(|(key, value)| (key, value.trim_matches('"'))).collect();
    // What every source of ours gets.
    let is_conversion = |element: &str| {
        matches!(element, "videoconvert" | "videoscale" | "queue")
            || ["video/x-raw", "capsfilter caps="].iter().any(|caps| element.starts_with(caps))
    };
    let is_camera = elements.all(is_conversion);
    let (word, key) = match element {
        "icamerasrc" => ("icamera", "device-name"),
        "libcamerasrc" => ("libcamera", "camera-name"),
        "v4l2src" => ("v4l2", "device"),
        _ => return (format!("pipeline:{description}"), None),
    };
    let (name, buffers) = (properties.remove(key), properties.remove("buffer-count"));
    if !is_camera || !properties.is_empty() {
        return (format!("pipeline:{description}"), None);
    }
    (name.map_or_else(|| word.to_owned(), |name| format!("{word}:{name}")), buffers.map(str::to_owned))
}
