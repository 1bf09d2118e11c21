use serde_json::json;
use std::collections::HashSet;

use super::*;

/// As a relay says it whose camera is off.
fn status(state: &str, reason: &str) -> Status {
    let status = json!({
        "state": state, "live": false, "clients": [], "camera": "auto", "allowed": true, "reason": reason, "stuck": false,
        "others": [], "mode": null, "sandbox": null,
    });
    serde_json::from_value(status).unwrap()
}

/// A machine made of files.
struct Rig(tempfile::TempDir);

impl Rig {
    /// One where all is well, but for the node's device files, which nobody needs.
    fn new() -> Self {
        let rig = Self(tempfile::tempdir().unwrap());
        rig.put("sys/module/v4l2loopback/version", "0.15.0\n");
        rig.put("sys/module/v4l2loopback/parameters/exclusive_caps", "Y,N,N,N\n");
        rig.put("etc/modules-load.d/v4l2loopback.conf", "v4l2loopback\n");
        rig.put("sys/class/video4linux/video9/name", "Lenscap\n");
        rig.put("sys/class/video4linux/video9/max_openers", "10\n");
        rig.put("sys/class/video4linux/video0/name", "Webcam\n");
        rig.put("sys/class/video4linux/video0/device", "");
        rig.put("dev/video9", "");
        rig.put("dev/video0", "");
        rig.put("proc/41/comm", "bash\n");
        rig
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn take(&self, path: &str) {
        let path = self.0.path().join(path);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }

    fn findings_with(&self, relay: Result<Option<Status>, AskError>) -> Vec<Finding> {
        let path = self.0.path().join("home/.config/lenscap/config.toml");
        let mut layers = Layers::new(path, [self.0.path().join("etc/xdg/lenscap/config.toml")]);
        let settings = layers.load(&Overrides::default());
        let config_home = self.0.path().join("home/.config");
        let unit_dirs = vec![config_home.join("systemd/user")];
        let config_dirs = vec![self.0.path().join("etc/xdg")];
        let entries = Entries { config_home, config_dirs, unit_dirs, program: "lenscap".into() };
        let session = pipewire::Session::default();
        findings(&Patient { root: self.0.path().to_owned(), settings, layers, entries, relay, session })
    }

    fn findings(&self) -> Vec<Finding> {
        self.findings_with(Ok(Some(Status { reason: None, ..status("idle", "") })))
    }

    /// Those that are not fine, as "check: text".
    fn trouble(&self) -> Vec<String> {
        let mut trouble: Vec<_> = self.findings();
        trouble.retain(|finding| finding.verdict != Verdict::Fine);
        trouble.iter().map(|finding| format!("{}: {}", finding.check, finding.text)).collect()
    }
}

#[test]
fn where_all_is_well_nothing_is_complained_of() {
    let rig = Rig::new();
    assert_eq!(rig.trouble(), [""; 0]);
    let findings = rig.findings();
    let report = DoctorReport::new(findings);
    assert!(report.ok && report.findings.len() >= 5, "{report:?}");
    let codes: HashSet<_> = report.findings.iter().map(|it| it.diagnosis.as_ref().map(|it| it.code.clone())).collect();
    assert!(codes.len() == report.findings.len() && !codes.contains(&None), "each has a code of its own: {codes:?}");
    assert!(words::report(&report).lines().all(|line| line.starts_with("ok       ") || line.starts_with("         /")));
}

#[test]
fn every_trouble_is_found_alone_and_has_a_next_step() {
    type Change = fn(&Rig);
    let troubles: &[(&str, Change)] = &[
        ("settings: config.toml line 2", |rig| {
            rig.put("home/.config/lenscap/config.toml", "[camera]\nwidth = \"x\"\n")
        }),
        ("module: v4l2loopback 0.12.3 is loaded", |rig| rig.put("sys/module/v4l2loopback/version", "0.12.3\n")),
        ("module: The module is loaded without exclusive_caps=1", |rig| {
            rig.put("sys/module/v4l2loopback/parameters/exclusive_caps", "N,N,N\n");
        }),
        ("module: Several files set options", |rig| {
            rig.put("etc/modprobe.d/a.conf", "options v4l2loopback exclusive_caps=1\n");
            rig.put("usr/lib/modprobe.d/vendor.conf", "options v4l2loopback exclusive_caps=0\n");
        }),
        ("module: The module is not loaded when", |rig| rig.take("etc/modules-load.d/v4l2loopback.conf")),
        ("node: There is no camera device", |rig| rig.take("sys/class/video4linux/video9")),
        ("node: No camera device has the label", |rig| rig.put("sys/class/video4linux/video9/name", "OBS\n")),
        ("camera: No camera was found", |rig| rig.take("sys/class/video4linux/video0")),
        ("camera: The only camera is a MIPI camera", |rig| {
            rig.put("sys/class/video4linux/v4l-subdev0/name", "ov01a10\n");
            let device = rig.0.path().join("sys/class/video4linux/v4l-subdev0/device");
            std::os::unix::fs::symlink("../video0/device", device).unwrap();
        }),
        ("camera: The chosen camera video5 is not there", |rig| {
            rig.put("home/.config/lenscap/config.toml", "[camera]\nsource = \"v4l2:/dev/video5\"\n");
        }),
        ("rivals: v4l2-relayd wants", |rig| rig.put("proc/77/comm", "v4l2-relayd\n")),
        ("import: v4l2-relayd has settings", |rig| rig.put("etc/v4l2-relayd.d/ipu6.conf", "WIDTH=640\n")),
        ("start: The session starts Lenscap twice", |rig| {
            rig.put("home/.config/autostart/io.github.lenscap.Lenscap.desktop", "[Desktop Entry]\n");
            rig.put("home/.config/systemd/user/default.target.wants/lenscap.service", "");
            rig.put("home/.config/systemd/user/lenscap.service", "[Unit]\n");
        }),
        ("start: The session cannot start Lenscap", |rig| {
            let entry = "[Desktop Entry]\nExec=/opt/gone/lenscap\nTryExec=/opt/gone/lenscap\n";
            rig.put("home/.config/autostart/io.github.lenscap.Lenscap.desktop", entry);
        }),
    ];
    for (expected, change) in troubles {
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
fn settings_of_the_system_are_named_and_a_mistake_in_them_is_a_note() {
    let rig = Rig::new();
    let of = || rig.findings().into_iter().filter(|finding| finding.check == "settings").collect::<Vec<_>>();
    assert!(of()[0].text.ends_with("the defaults hold."), "{:?}", of());
    rig.put("etc/xdg/lenscap/config.toml", "[camera]\nwidth = 640\n");
    let [own, system] = &of()[..] else { panic!("{:?}", of()) };
    assert!(own.text.ends_with("those of the system hold."), "{own:?}");
    let evidence = system.evidence.as_deref().unwrap_or_default();
    assert!(evidence.ends_with("etc/xdg/lenscap/config.toml") && !system.text.contains('/'), "{system:?}");
    rig.put("etc/xdg/lenscap/config.toml", "[camera]\nwidth = 3\n");
    let [_, system] = &of()[..] else { panic!("{:?}", of()) };
    assert_eq!(system.verdict, Verdict::Note);
    assert!(system.text.starts_with("In the system's settings, line 2, column 9: width 3 is odd"), "{system:?}");
    let evidence = system.evidence.as_deref().unwrap_or_default();
    assert!(evidence.ends_with("etc/xdg/lenscap/config.toml") && !system.text.contains('/'), "{system:?}");
    assert!(DoctorReport::new(rig.findings()).ok);
}

#[test]
fn a_file_that_another_hides_does_not_count() {
    let rig = Rig::new();
    rig.put("etc/modprobe.d/v4l2loopback.conf", "options v4l2loopback exclusive_caps=1\n");
    rig.put("usr/lib/modprobe.d/v4l2loopback.conf", "options v4l2loopback exclusive_caps=0\n");
    assert_eq!(rig.trouble(), [""; 0]);
}

#[test]
fn what_the_relay_says_is_found() {
    let rig = Rig::new();
    let of = |relay| {
        let findings = rig.findings_with(relay);
        findings.into_iter().find(|finding| finding.check == "relay").unwrap()
    };
    let status = |state: &str, reason: &str| Ok(Some(status(state, reason)));
    assert_eq!(of(Ok(None)).verdict, Verdict::Problem);
    let refused = lenscap_api::Refused { error: "Lenscap does not answer.".into(), trouble: None };
    assert_eq!(of(Err(AskError::Refused(refused))).text, "Lenscap does not answer.");
    assert_eq!(of(status("failed", "It is unplugged.")).verdict, Verdict::Problem);
    assert_eq!(of(status("idle", "It was busy.")).verdict, Verdict::Note);
    let live = of(Ok(Some(Status { live: true, reason: None, ..self::status("live", "") })));
    assert_eq!((live.verdict, live.text.as_str()), (Verdict::Fine, "Lenscap runs; the camera is on."));
    let words = words::report(&DoctorReport::new(rig.findings_with(Ok(None))));
    let start = "problem  Lenscap is not running.\n         Start it; the preferences can start it with the session.\n";
    assert!(words.contains(&format!("{start}             lenscap\n")), "{words}");
}
