mod session;
mod system;
mod worlds;

use serde_json::json;
use std::cell::RefCell;
use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::i18n::doctor::InstalledProgram;

/// As a relay says it whose camera is off.
fn status(state: &str, reason: &str) -> Status {
    let status = json!({
        "state": state, "live": false, "clients": [], "camera": "auto", "allowed": true, "reason": reason, "stuck": false,
        "others": [], "mode": null, "sandbox": null,
    });
    serde_json::from_value(status).unwrap()
}

/// As programs answer where nothing is missing.
fn answers() -> Answers {
    let of = |name: &str| {
        let version = Some(crate::VERSION.to_owned());
        versions::Installed {
            program: InstalledProgram { program: name.into(), version },
            is_there: true,
            failure: None,
        }
    };
    Answers {
        gstreamer: Some(Ok(ElementReport { version: "1.26.2".into(), missing: Vec::new() })),
        programs: ["lenscap-applet", "lenscap-worker", "lenscap-preferences"].map(of).into(),
        unsaved: Vec::new(),
    }
}

/// A machine made of files, what its relay says, its desktop, and what its programs say.
struct Rig(tempfile::TempDir, RefCell<Option<Status>>, RefCell<desktop::Desktop>, RefCell<Answers>);

/// What makes a world of one where all is well.
type Change = fn(&Rig);

impl Rig {
    /// One where all is well, but for the node's device files, which nobody needs.
    fn new() -> Self {
        let relay = Status { reason: None, ..status("idle", "") };
        let relay = RefCell::new(Some(relay));
        let rig = Self(tempfile::tempdir().unwrap(), relay, RefCell::default(), RefCell::new(answers()));
        rig.put("proc/sys/kernel/osrelease", "6.12.117+deb13-amd64\n");
        rig.put("lib/modules/6.12.117+deb13-amd64/modules.dep", "updates/dkms/v4l2loopback.ko.xz:\n");
        rig.put("sys/module/v4l2loopback/version", "0.15.0\n");
        // As it is where the device was added.
        rig.put("sys/module/v4l2loopback/parameters/exclusive_caps", "N,N,N,N\n");
        rig.put("sys/class/misc/v4l2loopback/dev", "10:120\n");
        rig.put("etc/systemd/system/multi-user.target.wants/lenscap-device.service", "");
        rig.put("sys/class/video4linux/video9/dev", "81:9\n");
        rig.put("run/udev/data/c81:9", "E:ID_V4L_CAPABILITIES=:video_output:\n");
        rig.put("sys/class/video4linux/video9/name", "Lenscap\n");
        rig.put("sys/class/video4linux/video9/max_openers", "10\n");
        rig.put("sys/class/video4linux/video0/name", "Webcam\n");
        rig.put("sys/class/video4linux/video0/device", "");
        rig.put("dev/v4l2loopback", "");
        rig.mode("dev/v4l2loopback", 0o600);
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

    fn link(&self, path: &str, target: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }

    fn mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.0.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn take(&self, path: &str) {
        let path = self.0.path().join(path);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }

    fn findings_with(&self, relay: Result<Option<Status>, AskError>) -> Vec<Finding> {
        findings(&self.patient(relay))
    }

    fn patient(&self, relay: Result<Option<Status>, AskError>) -> Patient {
        let path = self.0.path().join("home/.config/lenscap/config.toml");
        let mut layers = Layers::new(path, [self.0.path().join("etc/xdg/lenscap/config.toml")]);
        let settings = layers.load(&Overrides::default());
        let config_home = self.0.path().join("home/.config");
        let unit_dirs = vec![config_home.join("systemd/user")];
        let config_dirs = vec![self.0.path().join("etc/xdg")];
        let entries = Entries { config_home, config_dirs, unit_dirs, program: "lenscap".into() };
        let session = pipewire::Session::default();
        let data_home = "/home/.local/share".into();
        let desktop = OnceCell::from(self.2.borrow().clone());
        let (root, answers) = (Root::new(self.0.path()), self.3.borrow().clone());
        Patient { root, settings, layers, entries, relay, session, data_home, desktop, answers }
    }

    fn findings(&self) -> Vec<Finding> {
        self.findings_with(Ok(self.1.borrow().clone()))
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
fn settings_of_the_system_are_named_and_a_mistake_in_them_is_a_note() {
    let rig = Rig::new();
    let of = || rig.findings().into_iter().filter(|finding| finding.check == "settings").collect::<Vec<_>>();
    assert!(of()[0].text.ends_with("the defaults hold."), "{:?}", of());
    rig.put("etc/xdg/lenscap/config.toml", "[camera]\nwidth = 640\n");
    let [own, system, set] = &of()[..] else { panic!("{:?}", of()) };
    assert!(own.text.ends_with("those of the system hold."), "{own:?}");
    let said = set.evidence.as_deref().unwrap_or_default();
    assert!(said.starts_with("camera.width = 640 (") && said.ends_with("/lenscap/config.toml)"), "{set:?}");
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
fn each_setting_is_named_with_what_sets_it() {
    let rig = Rig::new();
    rig.put("etc/xdg/lenscap/config.toml", "[camera]\nwidth = 640\nheight = 480\nmirror = true\n");
    // What is said to be as it is anyway is nothing to look for.
    rig.put("home/.config/lenscap/config.toml", "[camera]\nheight = 720\nmirror = false\n");
    let mut status = status("idle", "");
    status.options.insert("camera.width".into(), "320".into());
    let findings = rig.findings_with(Ok(Some(status)));
    let code = findings.iter().find_map(|it| it.diagnosis.clone().filter(|it| it.code == "settings-set")).unwrap();
    let own = rig.0.path().join("home/.config/lenscap/config.toml");
    let expected = json!([
        { "setting": "camera.width", "value": "320", "by": "--width" },
        { "setting": "camera.height", "value": "720", "by": own },
    ]);
    assert_eq!(code.data["settings"], expected);
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

mod bug_report;
