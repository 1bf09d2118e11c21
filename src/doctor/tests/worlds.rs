//! Every check has a broken world, in which it says the right thing, and a whole one that looks like it, in which it is silent.

use super::*;
use crate::camera::elements::{MissingElement, Need};
use crate::i18n::doctor::Saved;
use rustix::io::Errno;

/// An element is missing; a part of what GStreamer says of it.
fn lack(rig: &Rig, element: &str, need: Need, blacklisted: Option<&str>) {
    let missing = MissingElement { element: element.into(), need, blacklisted: blacklisted.map(Into::into) };
    if let Some(Ok(report)) = &mut rig.3.borrow_mut().gstreamer {
        report.missing.push(missing);
    }
}

/// The second program is so.
fn worker(rig: &Rig, is_there: bool, version: Option<&str>) {
    let worker = &mut rig.3.borrow_mut().programs[1];
    worker.is_there = is_there;
    worker.program.version = version.map(str::to_owned);
}

/// The kernel keeps something from being saved.
fn fail(rig: &Rig, saved: Saved, error: Errno) {
    rig.3.borrow_mut().unsaved.push(disk::Unsaved {
        saved,
        path: "/home/me/.config/lenscap".into(),
        cause: error.into(),
    });
}

/// What is wrong there, as "check: text", and nothing else is.
const BROKEN: &[(&str, Change)] = &[
    ("settings: config.toml line 2", |rig| rig.put("home/.config/lenscap/config.toml", "[camera]\nwidth = \"x\"\n")),
    ("camera: No camera was found", |rig| rig.take("sys/class/video4linux/video0")),
    ("camera: The only camera is a MIPI camera", |rig| {
        rig.put("sys/class/video4linux/v4l-subdev0/name", "ov01a10\n");
        rig.link("sys/class/video4linux/v4l-subdev0/device", "../video0/device");
    }),
    ("camera: The chosen camera video5 is not there", |rig| {
        rig.put("home/.config/lenscap/config.toml", "[camera]\nsource = \"v4l2:/dev/video5\"\n");
    }),
    ("relay: Lenscap is not running", |rig| {
        rig.1.take();
    }),
    ("relay: Lenscap runs and cannot work: It is unplugged.", |rig| {
        rig.1.replace(Some(status("failed", "It is unplugged.")));
    }),
    ("import: v4l2-relayd has settings", |rig| rig.put("etc/v4l2-relayd.d/ipu6.conf", "WIDTH=640\n")),
    ("versions: Lenscap was updated while it ran", |rig| {
        rig.put("proc/77/comm", "lenscap-applet\n");
        rig.link("proc/77/exe", "/usr/libexec/lenscap/lenscap-applet (deleted)");
    }),
    ("disk: The settings cannot be saved (the disk is full).", |rig| fail(rig, Saved::Settings, Errno::DQUOT)),
    ("disk: The settings cannot be saved (nothing can be written there).", |rig| {
        fail(rig, Saved::Settings, Errno::ROFS)
    }),
    ("disk: What Lenscap remembers cannot be saved (no permission).", |rig| fail(rig, Saved::State, Errno::ACCESS)),
    ("versions: Parts of Lenscap are of different versions", |rig| worker(rig, true, Some("0.0.9"))),
    ("versions: Parts of Lenscap are of different versions", |rig| worker(rig, true, None)),
    ("versions: Parts of Lenscap do not say their version (it gave no answer within 5 s): lenscap-worker.", |rig| {
        worker(rig, true, None);
        rig.3.borrow_mut().programs[1].failure = Some(HelperTrouble::Late { seconds: 5 });
    }),
    ("versions: Parts of Lenscap are missing: lenscap-worker.", |rig| worker(rig, false, None)),
    ("gstreamer: GStreamer's element \"v4l2src\" is missing: install", |rig| lack(rig, "v4l2src", Need::Source, None)),
    ("gstreamer: GStreamer's element \"queue\" is missing: install", |rig| lack(rig, "queue", Need::Always, None)),
    ("gstreamer: GStreamer's element \"jpegdec\" is missing: its plugin failed", |rig| {
        lack(rig, "jpegdec", Need::Sometimes, Some("/usr/lib/gstreamer-1.0/libgstjpeg.so"));
    }),
    ("gstreamer: GStreamer's element \"libcamerasrc\" is missing: install", |rig| {
        rig.put("home/.config/lenscap/config.toml", "[camera]\nsource = \"libcamera\"\n");
        lack(rig, "libcamerasrc", Need::Source, None);
    }),
    ("gstreamer: GStreamer does not start in the camera process (it gave no answer within 10 s).", |rig| {
        rig.3.borrow_mut().gstreamer = Some(Err(HelperTrouble::Late { seconds: 10 }));
    }),
    ("start: The session starts Lenscap twice", |rig| {
        rig.put("home/.config/autostart/io.github.lenscap.Lenscap.desktop", "[Desktop Entry]\n");
        rig.put("home/.config/systemd/user/default.target.wants/lenscap.service", "");
        rig.put("home/.config/systemd/user/lenscap.service", "[Unit]\n");
    }),
    ("start: The session cannot start Lenscap", |rig| {
        let entry = "[Desktop Entry]\nExec=/opt/gone/lenscap\nTryExec=/opt/gone/lenscap\n";
        rig.put("home/.config/autostart/io.github.lenscap.Lenscap.desktop", entry);
    }),
    ("sandbox: The camera process may do whatever", |rig| {
        rig.put("home/.config/lenscap/config.toml", "[privacy]\nsandbox = false\n");
    }),
];

/// The check, and a world that gives it nothing to say.
const WHOLE: &[(&str, Change)] = &[
    ("settings", |rig| rig.put("home/.config/lenscap/config.toml", "[camera]\nwidth = 640\n")),
    ("camera", |rig| rig.put("home/.config/lenscap/config.toml", "[camera]\nsource = \"v4l2:/dev/video0\"\n")),
    ("relay", |rig| {
        rig.1.replace(Some(Status { live: true, reason: None, ..status("live", "") }));
    }),
    ("import", |rig| rig.put("etc/v4l2-relayd.d/ipu6.conf", "# nothing\n")),
    ("versions", |rig| {
        rig.put("proc/77/comm", "lenscap-applet\n");
        rig.link("proc/77/exe", "/usr/libexec/lenscap/lenscap-applet");
    }),
    ("disk", |rig| rig.put("home/.local/state/lenscap/welcomed", "0.1.0\n")),
    ("versions", |rig| rig.3.borrow_mut().programs[2].is_there = false),
    ("gstreamer", |rig| lack(rig, "libcamerasrc", Need::Source, None)),
    ("start", |rig| rig.put("home/.config/autostart/io.github.lenscap.Lenscap.desktop", "[Desktop Entry]\n")),
    ("sandbox", |rig| rig.put("home/.config/lenscap/config.toml", "[privacy]\nsandbox = true\n")),
];

/// What has worlds in tests of its own.
const ELSEWHERE: [&str; 2] = ["pipewire", "shortcut"];

fn broken() -> impl Iterator<Item = &'static (&'static str, Change)> {
    BROKEN.iter().chain(system::BROKEN).chain(session::BROKEN)
}

fn whole() -> impl Iterator<Item = &'static (&'static str, Change)> {
    WHOLE.iter().chain(system::WHOLE).chain(session::WHOLE)
}

#[test]
fn every_trouble_is_found_alone_and_has_a_next_step() {
    for (expected, change) in broken() {
        let rig = Rig::new();
        change(&rig);
        let trouble = rig.trouble();
        assert!(trouble.len() == 1 && trouble[0].starts_with(expected), "{expected}: {trouble:?}");
        for finding in rig.findings().iter().filter(|finding| finding.verdict != Verdict::Fine) {
            let has_step = finding.remedy.is_some() || finding.text.contains(':');
            assert!(has_step, "{finding:?}");
        }
    }
}

#[test]
fn a_mipi_camera_needs_one_of_two_libraries_and_the_installed_one_is_mended() {
    let rig = Rig::new();
    rig.put("sys/class/video4linux/v4l-subdev0/name", "ov01a10\n");
    rig.link("sys/class/video4linux/v4l-subdev0/device", "../video0/device");
    lack(&rig, "libcamerasrc", Need::Source, None);
    assert!(rig.trouble()[0].starts_with("camera: The only camera is"), "{:?}", rig.trouble());
    lack(&rig, "icamerasrc", Need::Source, None);
    let [element, camera] = &rig.trouble()[..] else { panic!("{:?}", rig.trouble()) };
    assert!(element.contains("\"libcamerasrc\" is missing"), "{element}");
    assert!(camera.starts_with("camera: The only camera is"), "{camera}");
    let follows = rig.findings().into_iter().find(|finding| finding.check == "camera").unwrap();
    assert_eq!(follows.remedy, Some(words::follows()));
    rig.3.replace(answers());
    lack(&rig, "libcamerasrc", Need::Source, None);
    lack(&rig, "icamerasrc", Need::Source, Some("/usr/lib/gstreamer-1.0/libgsticamerasrc.so"));
    assert!(rig.trouble()[0].contains("\"icamerasrc\" is missing: its plugin failed"), "{:?}", rig.trouble());
}

#[test]
fn what_only_looks_like_trouble_is_none() {
    for (number, (check, change)) in whole().enumerate() {
        let rig = Rig::new();
        change(&rig);
        assert_eq!(rig.trouble(), [""; 0], "{check}, whole world {number}");
    }
}

#[test]
fn every_check_has_a_broken_world_and_a_whole_one() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/doctor");
    let sources = fs::read_dir(directory).unwrap().flatten().filter(|entry| entry.path().is_file());
    let texts = sources.map(|entry| fs::read_to_string(entry.path()).unwrap());
    let name = |text: String| Some(text.split_once("const CHECK: &str = \"")?.1.split_once('"')?.0.to_owned());
    let checks: Vec<_> = texts.filter_map(name).collect();
    assert!(checks.len() >= 11, "{checks:?}");
    for check in checks.iter().filter(|check| !ELSEWHERE.contains(&check.as_str())) {
        let is_of = |text: &str| text.split(':').next() == Some(check.as_str());
        assert!(broken().any(|(expected, _)| is_of(expected)), "{check} has no broken world");
        assert!(whole().any(|(name, _)| name == check), "{check} has no whole world");
    }
}
