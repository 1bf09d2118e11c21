//! `lenscap-worker --controls SOURCE`: lists the controls of a camera that nobody uses, and sets some. A process of its own,
//! for the vendors' libraries; nothing ever streams here.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{Access, OpenedControls};
use crate::camera::{self as backends, backend};
use crate::own_stdout::OwnStdout;
use crate::sandbox;
use lenscap_cameras as camera;
use lenscap_cameras::choice::Decision;
use lenscap_core::controls::{CameraControls, ControlTrouble, Saved};
use lenscap_core::source::{Orientation, Source};
use lenscap_core::trouble::Trouble;
use lenscap_core::trouble::cameras::ReadTrouble;
use lenscap_picture::format::{PixelFormat, VideoFormat};
use lenscap_picture::slots::SlotLayout;
use lenscap_text::{Cause, Text};
use lenscap_wire::protocol::Configure;

/// Prints one JSON object, `{"Ok": CameraControls}` or `{"Err": ReadTrouble}`. Arguments: `SOURCE [--unconfined] [--excluded NODE]...
/// [--set KEY VALUE]... [--default KEY]...`; the values are as a user writes them.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let answer = OwnStdout::take();
    let done = list(arguments);
    let line = serde_json::to_string(&done).map_err(std::io::Error::other);
    let given = answer.and_then(|answer| answer.give(&line?));
    if let Err(error) = &given {
        eprintln!("{error}");
    }
    if done.is_ok() && given.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn list(arguments: &[String]) -> Result<CameraControls, ReadTrouble> {
    let mut words = arguments.iter();
    let source: Source = words.next().map_or("", String::as_str).parse()?;
    let (mut excluded, mut orders, mut is_confined) = (Vec::new(), Vec::new(), true);
    while let Some(word) = words.next() {
        let mut next = || words.next().cloned().unwrap_or_default();
        match word.as_str() {
            camera::UNCONFINED => is_confined = false,
            "--excluded" => excluded.push(PathBuf::from(next())),
            "--set" => orders.push((next(), Some(next()))),
            "--default" => orders.push((next(), None)),
            other => {
                return Err(ReadTrouble::UnknownOption { option: other.into() });
            }
        }
    }
    let source = backends::settled(&source);
    if is_confined {
        sandbox::enter(&source, &excluded);
    }
    let mut controls = open(&source, excluded)?;
    for (key, text) in orders {
        let present = controls.now();
        match text {
            Some(text) => {
                let mut order = || -> Result<_, ControlTrouble> {
                    let control = present.find(&key)?;
                    control.check_writable()?;
                    controls.set(&key, &control.parse(&text)?)
                };
                order()?;
            }
            None => {
                // What is gone, or decided by another, is no reason to leave the rest.
                if let Ok(control) = present.find(&key)
                    && let (Ok(()), Some(default)) = (control.check_writable(), &control.default)
                {
                    controls.set(&key, default)?;
                }
            }
        }
        controls.dispatch(std::time::Instant::now());
    }
    Ok(controls.now())
}

/// The first camera that is there, as when it is started; elements stay as they are built, unopened.
fn open(source: &Source, excluded: Vec<PathBuf>) -> Result<OpenedControls, ReadTrouble> {
    // A node needs no GStreamer: most cameras are listed at once.
    if let Some(path) = source.node() {
        return open_node(path, &excluded);
    }
    gst::init().map_err(|error| Trouble::GstreamerUnusable { cause: Cause::other(error) })?;
    let configure = Configure {
        source: source.clone(),
        format: VideoFormat { pixel_format: PixelFormat::default(), width: 640, height: 480, framerate: 30 },
        orientation: Orientation::default(),
        layout: SlotLayout { offsets: Vec::new(), length: 0 },
        private: SlotLayout { offsets: Vec::new(), length: 0 },
        buffer_count: 2,
        excluded,
        controls: Saved::new(),
        refused: Vec::new(),
        sandbox: false,
        held: None,
    };
    if *source != Source::Auto {
        return open_one(source, &configure);
    }
    let cameras = backends::candidates(&configure.excluded)?;
    let mut decision = Decision::new(&cameras, source);
    let mut first = None;
    while let Some(camera) = decision.camera() {
        match open_one(&backends::opened_as(camera), &configure) {
            Ok(controls) => return Ok(controls),
            Err(trouble) => {
                decision.leave_out();
                first.get_or_insert(trouble);
            }
        }
    }
    let why = || decision.reason().map(ReadTrouble::NoneChosen);
    Err(first.or_else(why).unwrap_or(ReadTrouble::Camera(Trouble::NoCamera)))
}

fn open_one(source: &Source, configure: &Configure) -> Result<OpenedControls, ReadTrouble> {
    if let Some(path) = source.node() {
        return open_node(path, &configure.excluded);
    }
    match backend(source).build(configure) {
        // Without cameras the vendor's element has no list of them.
        Ok(built) if configure.source == Source::Auto && !backend(source).has_camera(&built.element) => {
            Err(ReadTrouble::IntelWithoutCamera)
        }
        Ok(built) => Ok(OpenedControls::open(source, Some(&built.element))),
        Err(trouble) => Err(trouble.into()),
    }
}

fn open_node(path: &Path, excluded: &[PathBuf]) -> Result<OpenedControls, ReadTrouble> {
    backends::check_node(path, excluded)?;
    let controls = OpenedControls::open(&Source::V4l2(path.to_owned()), None);
    match controls.access {
        Access::None => Err(ReadTrouble::NotOpened { camera: Text::of_path(path) }),
        Access::V4l2(_) | Access::Element(_) => Ok(controls),
    }
}
