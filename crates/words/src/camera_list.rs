//! What `lenscap cameras` and the window say of a list of cameras. `why` is [`crate::cameras::choice`], without a full stop.

use crate::{tr, trf, trn};

/// The list is empty.
pub fn is_empty() -> String {
    tr("There is no camera: plug one in, or install icamerasrc or libcamera for a built-in MIPI camera.")
}

/// The list has no modes, and no cameras of vendors' libraries.
pub fn is_not_read() -> String {
    tr(
        "What the cameras can do is not read while the camera is on, nor are cameras of icamerasrc and libcamera: ask again \
        when it is off.",
    )
}

/// So many nodes are left out.
pub fn raw_nodes(count: u64) -> String {
    trn!(
        "{n} raw sensor node is not listed: it gives nothing that can be shown; use icamera or libcamera.",
        "{n} raw sensor nodes are not listed: they give nothing that can be shown; use icamera or libcamera.",
        count
    )
}

/// Behind the list, about the camera with the mark.
pub fn chosen_automatically(camera: &str, why: &str) -> String {
    trf!("* is chosen automatically: {why} ({camera}).", why = why, camera = camera)
}

/// Behind the list, about the camera with the mark.
pub fn chosen_in_settings() -> String {
    tr("* is chosen in the settings.")
}

/// `auto` takes none.
pub fn none_is_usable(why: &str) -> String {
    // TRANSLATORS: {why} is a sentence without its full stop
    trf!("No camera can be used: {why}.", why = why)
}

/// The settings name a camera that is not in the list.
pub fn chosen_is_missing(source: &str) -> String {
    trf!("The chosen camera {source} is not there: plug it in, or choose another camera.", source = source)
}

/// The settings name a source that is no camera of the list.
pub fn other_source(source: &str) -> String {
    trf!("The settings choose {source}.", source = source)
}

/// In the window, below the choice: what `auto` takes.
pub fn automatic_now(camera: &str, why: &str) -> String {
    // TRANSLATORS: {why} is as in "it is the only camera"
    trf!("Now {camera}: {why}.", camera = camera, why = why)
}

/// In the window, below the choice: `auto` finds none.
pub fn none_now() -> String {
    tr("There is no camera now.")
}

/// In the window, below the choice.
pub fn chosen_is_missing_now() -> String {
    tr("It is not there now: plug it in, or choose another one.")
}

/// What a line below a camera's name is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// What to write as its source.
    Source,
    /// Its device file.
    Node,
    /// Bus, side of the computer and rotation.
    Place,
    /// Why it cannot be used.
    Problem,
}

/// The word in front of the line.
pub fn label(line: Line) -> String {
    match line {
        Line::Source => tr("source"),
        Line::Node => tr("node"),
        Line::Place => tr("place"),
        Line::Problem => tr("problem"),
    }
}

/// How the sensor is built in.
pub fn turned(degrees: u32) -> String {
    trf!("turned by {degrees}°", degrees = degrees)
}

/// These rates and no others.
pub fn rates(rates: &[f64]) -> String {
    let rates: Vec<_> = rates.iter().map(f64::to_string).collect();
    // TRANSLATORS: fps is "frames per second"
    trf!("{rates} fps", rates = rates.join(" "))
}

/// Any rate between these.
pub fn rate_range(min: f64, max: f64) -> String {
    trf!("{min} to {max} fps", min = min, max = max)
}

/// Marks the camera's own, largest size.
pub fn native() -> String {
    // TRANSLATORS: the camera's own, largest size
    tr("native")
}
