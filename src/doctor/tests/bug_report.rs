//! What others read of a computer that is full of what they must not read.

use serde_json::json;

use super::super::bug_report::markdown;
use super::super::desktop::{Answers, SessionBus};
use super::*;
use crate::camera::elements::{MissingElement, Need};
use crate::i18n::doctor::Saved;

/// Each of them stands in several places of [`hostile`], and none may come through.
const PRIVATE: [&str; 14] = [
    "zerlina",
    "fuchs",
    "turbine",
    "example.org",
    "4c4c4544",
    "0f1e2d3c4b5a",
    "sn-778899",
    "secretapp",
    "hunter2",
    "rtsp",
    "holiday",
    "de:ad:be:ef",
    "zerlinas notes",
    "tenant",
];

fn hostile() -> Rig {
    let rig = Rig::new();
    rig.put(
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\nzerlina:x:4711:4711:Zerlina Fuchs,Room 4:/srv/tenant/zerlina:/bin/sh\n",
    );
    rig.put("etc/hostname", "turbine.example.org\n");
    rig.put("etc/machine-id", "0f1e2d3c4b5a69788796a5b4c3d2e1f0\n");
    rig.put("etc/os-release", "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\n");
    rig.put("proc/sys/kernel/osrelease", "6.12.48-turbine+deb13-amd64\n");
    rig.put("proc/77/comm", "secretapp\n");
    rig.put("proc/78/comm", "v4l2-relayd\n");
    rig.put("sys/class/dmi/id/sys_vendor", "LENOVO\n");
    rig.put("sys/class/dmi/id/product_name", "21HD Zerlina's SN-778899 4c4c4544-0042\n");
    rig.put("sys/class/dmi/id/product_serial", "SN-778899\n");
    rig.put("sys/bus/usb/devices/1-1/serial", "SN-778899\n");
    rig.put("sys/class/video4linux/video0/name", "HD Webcam of zerlina SN-778899 de:ad:be:ef:00:01\n");
    rig.put("etc/modprobe.d/zerlina.conf", "options v4l2loopback card_label=secretapp\n");
    rig.put("sys/class/video4linux/video9/name", "secretapp holiday\n");
    rig.put("etc/modprobe.d/a.conf", "options v4l2loopback exclusive_caps=1\n");
    rig.put(
        "home/.config/lenscap/config.toml",
        "[camera]\nwidth = 640\nsource = \"pipeline: rtspsrc location=rtsp://zerlina:hunter2@turbine/holiday\"\n\
         mirror = true\n[privacy]\ncard = \"picture\"\npicture = \"/srv/tenant/zerlina/holiday.png\"\n",
    );
    rig.2.borrow_mut().bus = SessionBus::Answers(Answers {
        refused: vec!["org.example.secretapp".into(), "org.mozilla.firefox".into()],
        ..Answers::default()
    });
    rig.put("home/.local/share/flatpak/app/us.zoom.Zoom/current/active/metadata", "[Context]\ndevices=all;\n");
    rig.put("home/.local/share/flatpak/overrides/us.zoom.Zoom", "[Context]\ndevices=!all;\n");
    rig
}

/// As it is where plugins and settings are somebody's own.
fn fail_at_home(rig: &Rig) {
    let home = "/srv/tenant/zerlina/holiday";
    let mut answers = rig.3.borrow_mut();
    answers.unsaved.push(disk::Unsaved {
        saved: Saved::State,
        path: home.into(),
        cause: rustix::io::Errno::DQUOT.into(),
    });
    let blacklisted = Some(format!("{home}/libgstjpeg.so").into());
    let missing = MissingElement { element: "jpegdec".into(), need: Need::Sometimes, blacklisted };
    answers.gstreamer = Some(Ok(ElementReport { version: "1.26.2".into(), missing: vec![missing] }));
}

fn variable(name: &str) -> Option<String> {
    Some(match name {
        "USER" | "LOGNAME" => "zerlina".to_owned(),
        "HOME" => "/srv/tenant/zerlina".to_owned(),
        "XDG_CURRENT_DESKTOP" => "ubuntu:GNOME|`zerlina`\n# holiday@example.org".to_owned(),
        "XDG_SESSION_TYPE" => "wayland".to_owned(),
        _ => return None,
    })
}

fn written(rig: &Rig, relay: Result<Option<Status>, AskError>) -> String {
    let patient = rig.patient(relay);
    let report = DoctorReport::new(findings(&patient));
    markdown(&patient, &report, &variable, 4711)
}

#[test]
fn nothing_private_comes_into_a_report_for_others() {
    let mut failed =
        status("failed", "Zerlina's secretapp in /srv/tenant/zerlina/holiday holds it: rtsp://zerlina:hunter2@turbine");
    failed.trouble = serde_json::from_value(json!({
        "code": "camera-busy", "camera": "Zerlina's holiday", "holders": ["secretapp"], "errno": 16,
        "path": "/srv/tenant/zerlina/holiday", "line": "sent to zerlina@example.org by 0f1e2d3c4b5a", "file": "~/zerlinas notes",
    }))
    .unwrap();
    let broken = hostile();
    broken.put("home/.config/lenscap/config.toml", "[camera]\nwidth = \"hunter2 of zerlina\"\n");
    let at_home = hostile();
    fail_at_home(&at_home);
    for (rig, relay) in
        [(at_home, Ok(None)), (hostile(), Ok(Some(failed))), (hostile(), Ok(None)), (broken, Err(AskError::Foreign))]
    {
        let text = written(&rig, relay);
        let lower = text.to_lowercase();
        assert_eq!(PRIVATE.map(|word| lower.contains(word)), [false; PRIVATE.len()], "{text}");
        assert!(!lower.contains(&*rig.0.path().to_string_lossy()), "{text}");
    }
}

#[test]
fn what_helps_comes_through() {
    let rig = hostile();
    fail_at_home(&rig);
    let device = rig.0.path().join("sys/class/video4linux/video0/device");
    fs::remove_file(&device).unwrap();
    rig.put("sys/devices/usb1/1-1/idVendor", "0bda\n");
    rig.put("sys/devices/usb1/1-1/idProduct", "5634\n");
    rig.put("sys/devices/usb1/1-1/1-1:1.0/interface", "Camera\n");
    std::os::unix::fs::symlink(rig.0.path().join("sys/devices/usb1/1-1/1-1:1.0"), &device).unwrap();
    let text = written(&rig, Ok(Some(Status { reason: None, ..status("idle", "") })));
    for part in [
        concat!("Lenscap: `", env!("CARGO_PKG_VERSION"), "`"),
        concat!("Programs: `lenscap-applet ", env!("CARGO_PKG_VERSION"), ", lenscap-worker "),
        "GStreamer: `1.26.2`",
        "`plugin-blacklisted` `{\"file\":\"…\",\"element\":\"jpegdec\"}`",
        "`saving-fails` `{\"cause\":{\"kind\":\"no-space\",\"detail\":\"…\"},\"saved\":\"state\",\"path\":\"…\"}`",
        "Relay: `idle`",
        "Debian GNU/Linux 13",
        "6.12.48-",
        "deb13-amd64",
        "v4l2loopback: `0.15.0`",
        "ubuntu:GNOME",
        "Session: `wayland`",
        "LENOVO 21HD",
        "`HD Webcam of",
        "0bda:5634",
        "- **problem** rivals: `rival`",
        "\"name\":\"v4l2-relayd\"",
        "/etc/modprobe.d/a.conf",
        "`other-source`",
        "{\"setting\":\"camera.width\",\"value\":\"640\",\"by\":\"…\"}",
        "{\"setting\":\"camera.mirror\",\"value\":\"true\",\"by\":\"…\"}",
        "{\"setting\":\"privacy.picture\",\"value\":\"…\",\"by\":\"…\"}",
        "{\"id\":\"org.mozilla.firefox\",\"name\":\"Firefox\"}",
        "{\"by\":\"…\",\"name\":\"Zoom\",\"id\":\"us.zoom.Zoom\"}",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
