//! The cameras of `icamerasrc`, `libcamerasrc` and PipeWire: asked in a process of its own, for vendors' libraries crash, hang
//! and keep state. `lenscap-worker --list-cameras KIND` prints a [`Report`] as one line of JSON.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Camera;
use super::hidden;
use super::modes::{Format, Rates, Size};
use lenscap_core::location::Location;
use lenscap_core::mode::FrameRate;
use lenscap_core::source::{CameraApi, Source};
use lenscap_core::trouble::cameras::{HelperTrouble, LibraryTrouble};
use lenscap_text as text;
use lenscap_wire::helper_process::HelperProcess;

/// How long a library may take.
pub const LIMIT: Duration = Duration::from_secs(5);
/// The option of the worker that asks.
pub const OPTION: &str = "--list-cameras";
const MAX_CAMERAS: usize = 32;
const MAX_FORMATS: usize = 128;
const MAX_SIZES: usize = 256;
const MAX_TEXT: usize = 200;

/// What a library has.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Whether GStreamer has its element.
    pub installed: bool,
    /// Its cameras.
    pub cameras: Vec<Reported>,
}

/// A camera of a library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reported {
    /// What the element takes to choose it.
    pub id: String,
    /// For people.
    pub name: String,
    /// Where it looks.
    pub location: Option<Location>,
    /// How far its sensor is turned, in degrees.
    pub rotation: Option<u32>,
    /// What it can do.
    pub formats: Vec<Format>,
    /// Of a camera in PipeWire: the same one without it.
    #[serde(default)]
    pub itself: Option<Source>,
}

/// Asks for the cameras of all libraries at once; cameras, and what went wrong. Never to be called while
/// a camera is on. `is_confined`: as the settings say of the camera process.
pub fn ask(worker: &Path, is_confined: bool) -> (Vec<Camera>, Vec<LibraryTrouble>) {
    let until = Instant::now() + LIMIT;
    // All are started before the first is waited for.
    let asked: Vec<_> = CameraApi::ALL
        .into_iter()
        .filter(|api| api.is_library())
        .map(|api| {
            // Of a library all cameras are asked for.
            let source = api.source(None).unwrap_or_default();
            let mut command = Command::new(hidden::starts(worker, &source));
            command.args([OPTION, api.as_str()]).args((!is_confined).then_some(super::UNCONFINED));
            (api, HelperProcess::new(command.stderr(Stdio::null())))
        })
        .collect();
    let mut cameras: Vec<Camera> = Vec::new();
    let mut problems = Vec::new();
    for (library, asked) in asked {
        let asked = asked.map_err(|error| HelperTrouble::Kernel(error.into()));
        match asked.and_then(|asked| parse(&asked.line(until)?)) {
            Ok(mut report) => {
                report.cameras.retain(|reported| !is_listed(reported, &cameras));
                cameras.extend(report.cameras.into_iter().filter_map(|reported| camera(library, reported)));
            }
            Err(trouble) => problems.push(LibraryTrouble { library, trouble }),
        }
    }
    (cameras, problems)
}

/// Whether a camera in PipeWire is listed without it: among these, or by the kernel.
fn is_listed(reported: &Reported, cameras: &[Camera]) -> bool {
    match &reported.itself {
        Some(Source::V4l2(node)) => node.exists(),
        Some(itself) => cameras.iter().any(|camera| camera.source == *itself),
        None => false,
    }
}

fn camera(api: CameraApi, reported: Reported) -> Option<Camera> {
    Some(Camera {
        source: api.source(Some(reported.id.clone()))?,
        id: reported.id,
        shared: None,
        name: reported.name,
        function: None,
        api,
        node: None,
        bus: None,
        location: reported.location,
        rotation: reported.rotation,
        present: true,
        formats: Some(reported.formats),
        problem: None,
        is_raw: false,
    })
}

/// The report in this line, within bounds and with texts that can be shown.
pub(super) fn parse(line: &[u8]) -> Result<Report, HelperTrouble> {
    let mut report: Report = read(line)?;
    report.cameras.truncate(MAX_CAMERAS);
    // An id is handed back as it is: what is too long, or no text, is of no use.
    report.cameras.retain(|camera| !camera.id.is_empty() && text::clean(&camera.id, MAX_TEXT) == camera.id);
    for camera in &mut report.cameras {
        shorten(&mut camera.name);
        if camera.name.is_empty() {
            camera.name = camera.id.clone();
        }
        camera.rotation = camera.rotation.filter(|degrees| *degrees < 360);
        camera.formats.truncate(MAX_FORMATS);
        for format in &mut camera.formats {
            shorten(&mut format.fourcc);
            shorten(&mut format.description);
            format.sizes.truncate(MAX_SIZES);
            format.sizes.retain(Size::is_sane);
            format.sizes.iter_mut().for_each(check);
        }
    }
    Ok(report)
}

/// What a process that was asked says in its line.
pub(super) fn read<T: DeserializeOwned>(line: &[u8]) -> Result<T, HelperTrouble> {
    serde_json::from_slice(line).map_err(|_| match line.is_empty() {
        true => HelperTrouble::Crashed,
        false => HelperTrouble::Unreadable,
    })
}

fn shorten(text: &mut String) {
    *text = text::clean(&text, MAX_TEXT);
}

/// Rates that are none are left out.
fn check(size: &mut Size) {
    let (Size::Fixed { rates, .. } | Size::Range { rates, .. }) = size;
    *rates = match rates {
        Rates::List(list) => Rates::list(list.iter().take(MAX_SIZES).map(|rate| FrameRate::new(*rate))),
        Rates::Range { min, max } => Rates::between(FrameRate::new(*min), FrameRate::new(*max)),
    };
}

#[cfg(test)]
mod tests {
    use super::super::modes::webcam;
    use super::*;
    use proptest::prelude::*;

    fn report() -> Report {
        let front = Reported {
            id: r"\_SB_.PC00.LNK1".into(),
            name: "Front".into(),
            location: Some(Location::Front),
            rotation: Some(180),
            formats: webcam(),
            itself: None,
        };
        Report { installed: true, cameras: vec![front] }
    }

    /// A program that answers so.
    fn program(script: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("worker");
        // Written by another process: what another test forks meanwhile would have it open for writing, which then does not run.
        let written = Command::new("sh")
            .args(["-c", "printf '%s' \"$1\" > \"$2\" && chmod 755 \"$2\"", "sh", &format!("#!/bin/sh\n{script}\n")])
            .arg(&path)
            .status();
        assert!(written.unwrap().success());
        (directory, path)
    }

    #[test]
    fn a_report_survives_the_way() {
        let json = serde_json::to_vec(&report()).unwrap();
        assert_eq!(parse(&json), Ok(report()));
    }

    #[test]
    fn cameras_of_both_libraries_are_read() {
        let json = serde_json::to_string(&report()).unwrap();
        let (_directory, worker) = program(&format!(
            "[ $2 = libcamera ] && printf '%s\\n' '{json}' || echo '{{\"installed\":false,\"cameras\":[]}}'"
        ));
        let (cameras, problems) = ask(&worker, true);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(cameras.len(), 1);
        assert_eq!(cameras[0].source, Source::Libcamera(Some(r"\_SB_.PC00.LNK1".into())));
        assert_eq!(cameras[0].location, Some(Location::Front));
    }

    #[test]
    fn a_camera_in_pipewire_is_listed_where_it_is_in_nothing_else() {
        let front = Source::Libcamera(Some(report().cameras[0].id.clone()));
        let of = |itself: Option<Source>| {
            let camera = Reported { id: "node".into(), itself, ..report().cameras[0].clone() };
            serde_json::to_string(&Report { installed: true, cameras: vec![camera] }).unwrap()
        };
        let libcamera = serde_json::to_string(&report()).unwrap();
        for (itself, count) in [
            (Some(front), 1),
            (Some(Source::Libcamera(Some("back".into()))), 2),
            (Some(Source::V4l2("/dev/null".into())), 1),
            (Some(Source::V4l2("/dev/no-such-video0".into())), 2),
            (None, 2),
        ] {
            let none = r#"{"installed":false,"cameras":[]}"#;
            let pipewire = of(itself.clone());
            let (_directory, worker) = program(&format!(
                "case $2 in libcamera) set '{libcamera}';; pipewire) set '{pipewire}';; *) set '{none}';; esac; printf '%s\\n' \"$1\""
            ));
            let (cameras, problems) = ask(&worker, true);
            assert_eq!((cameras.len(), problems), (count, vec![]), "{itself:?}");
            let last = Source::PipeWire(Some("node".into()));
            assert_eq!(cameras.last().is_some_and(|camera| camera.source == last), count == 2, "{itself:?}");
        }
    }

    #[test]
    fn a_library_that_crashes_hangs_floods_or_lies_is_survived_and_named() {
        let libraries: Vec<_> = CameraApi::ALL.into_iter().filter(|api| api.is_library()).collect();
        for (script, trouble) in [
            ("kill -SEGV $$", HelperTrouble::Crashed),
            ("echo nonsense", HelperTrouble::Unreadable),
            ("head -c 1000000 /dev/zero", HelperTrouble::TooMuch),
        ] {
            let (_directory, worker) = program(script);
            let (cameras, problems) = ask(&worker, true);
            assert!(cameras.is_empty());
            let trouble = |library| LibraryTrouble { library, trouble: trouble.clone() };
            assert_eq!(problems, libraries.iter().copied().map(trouble).collect::<Vec<_>>(), "{script}");
        }
        let (cameras, problems) = ask(Path::new("/no/such/worker"), true);
        assert!(cameras.is_empty() && problems.len() == libraries.len());
        // One that answers and then hangs has answered; what it started goes with it.
        let (directory, worker) =
            program("echo '{\"installed\":true,\"cameras\":[]}'; sleep 1000 & echo $! >>$(dirname $0)/pid; wait");
        assert_eq!(ask(&worker, true), (vec![], vec![]));
        let pids = std::fs::read_to_string(directory.path().join("pid")).unwrap_or_default();
        for pid in pids.lines() {
            let end = Instant::now() + Duration::from_secs(5);
            let state = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            while !state().is_empty() && !state().contains(") Z ") {
                assert!(Instant::now() < end, "process {pid} is left over");
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }

    #[test]
    fn what_cannot_be_shown_is_left_out() {
        let mut wild = report();
        wild.cameras[0].name = "a\u{1b}[31m\nb".into();
        wild.cameras[0].rotation = Some(7000);
        wild.cameras.push(Reported { id: "x\ny".into(), ..wild.cameras[0].clone() });
        wild.cameras[0].formats[0].sizes.push(Size::Fixed { width: u32::MAX, height: 1, rates: Rates::List(vec![]) });
        let rates = Rates::List(vec![4_294_967.295, 30.0, -1.0]);
        wild.cameras[0].formats[0].sizes[0] = Size::Fixed { width: 640, height: 480, rates };
        let parsed = parse(&serde_json::to_vec(&wild).unwrap()).unwrap();
        assert_eq!(parsed.cameras.len(), 1);
        assert_eq!(*parsed.cameras[0].formats[0].sizes[0].rates(), Rates::List(vec![30.0]));
        assert_eq!(parsed.cameras[0].name, "a [31m b");
        assert_eq!(parsed.cameras[0].rotation, None);
        assert_eq!(parsed.cameras[0].formats[0].sizes.len(), 2);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn any_damage_to_a_report_is_survived(at in 0usize..1000, byte: u8, cut in 0usize..1000) {
            let mut json = serde_json::to_vec(&report()).unwrap();
            let length = json.len();
            json[at % length] = byte;
            json.truncate(length - cut % length);
            if let Ok(parsed) = parse(&json) {
                prop_assert!(parsed.cameras.iter().all(|camera| !camera.name.contains(char::is_control)));
            }
        }
    }
}
