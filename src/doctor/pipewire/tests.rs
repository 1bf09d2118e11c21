use std::cell::OnceCell;
use std::fs;

use super::*;
use crate::config::Layers;
use crate::config::Overrides;
use lenscap_rootfs::Root;
use lenscap_wire::pipewire::GraphCamera;

const LUA: &str = include_str!("../../../data/wireplumber/51-lenscap.lua");
const CONF: &str = include_str!("../../../data/wireplumber/51-lenscap.conf");

/// A session of these variables, below a directory that stands for `/`.
fn session(variables: &[(&str, &str)]) -> Session {
    Session::of(&|name| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| value.into()))
}

const DESKTOP: &[(&str, &str)] = &[("XDG_RUNTIME_DIR", "/run/user/7"), ("HOME", "/home/me")];

struct Rig(tempfile::TempDir);

impl Rig {
    fn new() -> Self {
        let rig = Self(tempfile::tempdir().unwrap());
        rig.put("run/user/7/pipewire-0", "");
        rig
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Which diagnosis, where there is one.
    fn diagnosis(&self, version: Option<&str>, settings: &str) -> String {
        self.put("home/me/.config/lenscap/config.toml", settings);
        let mut layers = Layers::new(self.0.path().join("home/me/.config/lenscap/config.toml"), []);
        let settings = layers.load(&Overrides::default());
        let entries = crate::autostart::Entries {
            config_home: self.0.path().to_owned(),
            config_dirs: Vec::new(),
            unit_dirs: Vec::new(),
            program: "lenscap".into(),
        };
        let session = Session { version: version.map(str::to_owned), ..session(DESKTOP) };
        let root = self.0.path().to_owned();
        let (relay, data_home, desktop) = (Ok(None), PathBuf::new(), OnceCell::new());
        let answers = crate::doctor::Answers::default();
        let root = Root::new(root);
        let patient = Patient { root, settings, layers, entries, relay, session, data_home, desktop, answers };
        let findings = look(&patient);
        assert!(findings.iter().all(|finding| finding.verdict == Verdict::Fine || finding.remedy.is_some()));
        let diagnosis = examined(&patient).map(|facts| format!("{:?}", decide(&facts).1));
        diagnosis.unwrap_or_default().split(' ').next().unwrap_or_default().to_owned()
    }
}

const OLD: Option<&str> = Some("Linked with libwireplumber 0.4.13");
const NEW: Option<&str> = Some("Linked with libwireplumber 0.5.8");
const ON: &str = "[output]\npipewire = \"on\"\n";
const OFF: &str = "[output]\npipewire = \"off\"\n";

#[test]
fn every_combination_is_decided() {
    let hidden = vec![("Lenscap".to_owned(), "/etc/wireplumber/main.lua.d/51-lenscap.lua".to_owned())];
    let others = vec![("OBS".to_owned(), "/etc/wireplumber/main.lua.d/60-mine.lua".to_owned())];
    let device = |label: &str| Device { label: label.to_owned(), ruled: "Lenscap".into(), node: None };
    let decided = |rules, left_out: &Vec<(String, String)>, label: &str, is_offered| {
        let (left_out, devices) = (left_out.clone(), vec![device(label)]);
        let own = Some("/home/me/.config/wireplumber".into());
        decide(&Facts { rules, left_out, devices, is_offered, own, is_running: false, cameras: None })
    };
    let lua = Some(Rules::Lua);
    let file = "main.lua.d/51-lenscap.lua".to_owned();
    let label = || "Desk".to_owned();
    let absent = Diagnosis::PipewireRuleAbsent { label: label(), file: file.clone() };
    let ruled = "Lenscap".to_owned();
    let path = hidden[0].1.clone();
    let shadowed = Diagnosis::PipewireHidden { path: path.clone(), file: file.clone(), is_own: false };
    let other = Diagnosis::PipewireRuleOtherLabel { path, label: label(), ruled, file };
    let own = "/home/me/.config/wireplumber/main.lua.d/60-mine.lua";
    let of_own = vec![("Lenscap".to_owned(), own.to_owned())];
    let removed = Diagnosis::PipewireHidden { path: own.into(), file: "main.lua.d/60-mine.lua".into(), is_own: true };
    let unsure = |commands: &[&str]| {
        let commands = commands.iter().map(|command| (*command).to_owned()).collect();
        (Verdict::Note, Diagnosis::PipewireUnsure { commands })
    };
    assert_eq!(decided(None, &hidden, "Lenscap", true), (Verdict::Note, Diagnosis::WireplumberSilent));
    assert_eq!(decided(lua, &hidden, "Lenscap", true), (Verdict::Fine, Diagnosis::PipewireFine));
    assert_eq!(decided(lua, &hidden, "Desk", true), (Verdict::Note, other));
    assert_eq!(decided(lua, &others, "Desk", true), (Verdict::Note, absent));
    assert_eq!(decided(lua, &hidden, "Lenscap", false), (Verdict::Note, shadowed));
    assert_eq!(decided(lua, &of_own, "Lenscap", false), (Verdict::Note, removed));
    let change = "sudo udevadm trigger --action=change /dev/videoN";
    assert_eq!(decided(lua, &others, "Lenscap", false), unsure(&[change]));
    let anew = ["remove", "add"].map(|action| format!("sudo udevadm trigger --action={action} /dev/videoN"));
    assert_eq!(decided(Some(Rules::Conf), &others, "Lenscap", false), unsure(&[&anew[0], &anew[1]]));
}

#[test]
fn the_second_device_is_to_be_left_out_as_well() {
    let rig = Rig::new();
    rig.put("usr/share/wireplumber/main.lua.d/51-lenscap.lua", LUA);
    let second = |node: &str, more: &str| format!("[device]\nsecond_node = \"{node}\"\n{more}{ON}");
    assert_eq!(rig.diagnosis(OLD, &second("auto", "")), "PipewireFine");
    assert_eq!(rig.diagnosis(OLD, &second("off", "")), "PipewireFine");
    for (number, label) in [(0, "Lenscap"), (9, "Other"), (8, "Lenscap 2")] {
        rig.put(&format!("sys/class/video4linux/video{number}/name"), &format!("{label}\n"));
        rig.put(&format!("sys/class/video4linux/video{number}/max_openers"), "10\n");
    }
    assert_eq!(rig.diagnosis(OLD, &second("/dev/video9", "")), "PipewireRuleOtherLabel");
    assert_eq!(rig.diagnosis(OLD, &second("/dev/video8", "")), "PipewireFine");
    rig.put("home/me/.config/wireplumber/main.lua.d/60-mine.lua", &LUA.replace("\"Lenscap\"", "\"Desk\""));
    assert_eq!(rig.diagnosis(OLD, &second("auto", "label = \"Desk\"\n")), "PipewireRuleOtherLabel");
    rig.put("home/me/.config/wireplumber/main.lua.d/61-mine.lua", &LUA.replace("\"Lenscap 2\"", "\"Desk 2\""));
    assert_eq!(rig.diagnosis(OLD, &second("auto", "label = \"Desk\"\n")), "PipewireFine");
}

#[test]
fn without_our_node_an_empty_file_of_the_users_lets_the_device_be_seen() {
    let rig = Rig::new();
    rig.put("usr/share/wireplumber/main.lua.d/51-lenscap.lua", LUA);
    assert_eq!(rig.diagnosis(OLD, OFF), "PipewireHidden");
    rig.put("home/me/.config/wireplumber/main.lua.d/51-lenscap.lua", "");
    assert_eq!(rig.diagnosis(OLD, OFF), "PipewireUnsure");
}

#[test]
fn a_rule_counts_where_this_version_reads_it() {
    let rows: &[(&str, &str, Option<&str>, &str)] = &[
        ("usr/share/wireplumber/main.lua.d/51-lenscap.lua", LUA, OLD, "PipewireFine"),
        ("etc/wireplumber/main.lua.d/51-lenscap.lua", LUA, OLD, "PipewireFine"),
        ("home/me/.config/wireplumber/main.lua.d/60-mine.lua", LUA, OLD, "PipewireFine"),
        ("usr/local/share/wireplumber/main.lua.d/51-lenscap.lua", LUA, OLD, "PipewireRuleAbsent"),
        ("usr/share/wireplumber/main.lua.d/51-lenscap.lua", LUA, NEW, "PipewireRuleAbsent"),
        ("usr/local/share/wireplumber/wireplumber.conf.d/51-lenscap.conf", CONF, NEW, "PipewireFine"),
        ("etc/xdg/wireplumber/wireplumber.conf.d/51-lenscap.conf", CONF, NEW, "PipewireFine"),
        ("usr/share/wireplumber/wireplumber.conf.d/51-lenscap.conf", CONF, OLD, "PipewireRuleAbsent"),
    ];
    for (path, text, version, expected) in rows {
        let rig = Rig::new();
        rig.put(path, text);
        assert_eq!(rig.diagnosis(*version, ON), *expected, "{path} {version:?}");
    }
}

#[test]
fn a_renamed_device_and_a_hidden_rule_are_found() {
    let rig = Rig::new();
    rig.put("usr/share/wireplumber/main.lua.d/51-lenscap.lua", LUA);
    let renamed = format!("[device]\nlabel = \"Desk\"\n{ON}");
    assert_eq!(rig.diagnosis(OLD, &renamed), "PipewireRuleOtherLabel");
    rig.put("home/me/.config/wireplumber/main.lua.d/51-lenscap.lua", &LUA.replace("\"Lenscap\"", "\"Desk\""));
    assert_eq!(rig.diagnosis(OLD, &renamed), "PipewireFine");
    // By its path, the device has the label that the kernel says.
    rig.put("sys/class/video4linux/video9/name", "Desk\n");
    rig.put("sys/class/video4linux/video9/max_openers", "10\n");
    assert_eq!(rig.diagnosis(OLD, &format!("[device]\nnode = \"/dev/video9\"\n{ON}")), "PipewireFine");
    rig.put("home/me/.config/wireplumber/main.lua.d/51-lenscap.lua", "-- \"device.product.name\" \"Desk\"\n");
    assert_eq!(rig.diagnosis(OLD, &renamed), "PipewireRuleAbsent");
}

#[test]
fn nothing_is_said_where_nobody_serves_or_another_manager_does() {
    let rig = Rig::new();
    assert_eq!(rig.diagnosis(None, ON), "");
    assert_eq!(rig.diagnosis(Some(""), ON), "WireplumberSilent");
    assert_eq!(rig.diagnosis(OLD, OFF), "PipewireUnsure");
    fs::remove_file(rig.0.path().join("run/user/7/pipewire-0")).unwrap();
    assert_eq!(rig.diagnosis(OLD, ON), "");
}

#[test]
fn variables_say_where_to_look() {
    let of = |more: &[(&'static str, &'static str)]| session(&[more, DESKTOP].concat());
    let socket = |session: Session| session.socket.unwrap();
    assert_eq!(socket(of(&[])), Path::new("/run/user/7/pipewire-0"));
    assert_eq!(socket(of(&[("PIPEWIRE_RUNTIME_DIR", "/p"), ("PIPEWIRE_REMOTE", "mine")])), Path::new("/p/mine"));
    assert_eq!(socket(of(&[("PIPEWIRE_REMOTE", "/s/own")])), Path::new("/s/own"));
    let [older, newer] = of(&[("XDG_DATA_DIRS", "/d:relative"), ("XDG_CONFIG_HOME", "/c")]).directories;
    let paths = |names: &[&str]| names.iter().map(|name| Path::new(name).join("wireplumber")).collect::<Vec<_>>();
    assert_eq!(older, paths(&["/c", "/etc", "/usr/share"]));
    assert_eq!(newer, paths(&["/c", "/etc/xdg", "/etc", "/d", "/usr/share"]));
    assert_eq!(of(&[("WIREPLUMBER_CONFIG_DIR", "/w")]).directories, [vec![PathBuf::from("/w")], vec!["/w".into()]]);
}

fn camera(name: &str, description: &str, priority: u32) -> GraphCamera {
    GraphCamera { name: name.into(), description: description.into(), priority }
}

#[test]
fn what_pipewire_really_has_is_said_beside_what_the_files_promise() {
    let ours = || camera("lenscap", "Lenscap", 1200);
    let device = || camera("v4l2_input.platform-v4l2loopback-000", "Lenscap (V4L2)", 600);
    let webcam = |priority| camera("v4l2_input.usb", "Lenscapade", priority);
    let (fine, absent) = (Diagnosis::PipewireFine, || Diagnosis::PipewireRuleAbsent {
        label: "Lenscap".into(),
        file: "main.lua.d/51-lenscap.lua".into(),
    });
    let decided = |by_files: &Diagnosis, is_running, is_offered, cameras: Option<Vec<GraphCamera>>| {
        let cameras = cameras.map(GraphCameras);
        let device = Device { label: "Lenscap".into(), ruled: "Lenscap".into(), node: None };
        let (rules, left_out, devices) = (Some(Rules::Lua), Vec::new(), vec![device]);
        let facts = Facts { rules, left_out, devices, is_offered, own: None, is_running, cameras };
        let decided = graph::decide(&facts, (Verdict::Note, by_files.clone()));
        decided.into_iter().map(|(_, diagnosis)| diagnosis).collect::<Vec<_>>()
    };
    let twice = Diagnosis::PipewireTwice { camera: "Lenscap (V4L2)".into() };
    let other = Diagnosis::PipewireNotDefault { camera: "Lenscapade".into() };
    let rows = [
        (&fine, true, Some(vec![ours()]), vec![fine.clone(), Diagnosis::PipewireDefault]),
        (&fine, true, Some(vec![webcam(1000), ours()]), vec![fine.clone(), Diagnosis::PipewireDefault]),
        (&fine, true, Some(vec![webcam(1300), ours()]), vec![fine.clone(), other]),
        (&fine, true, Some(vec![ours(), device()]), vec![twice.clone(), Diagnosis::PipewireDefault]),
        (&fine, false, Some(vec![device()]), vec![twice]),
        (&absent(), true, Some(vec![ours(), device()]), vec![absent(), Diagnosis::PipewireDefault]),
        (&fine, true, Some(vec![]), vec![fine.clone(), Diagnosis::PipewireCameraAbsent]),
        (&fine, true, Some(vec![ours(), ours()]), vec![fine.clone(), Diagnosis::PipewireSeveral { count: 2 }]),
        (&fine, true, None, vec![fine.clone(), Diagnosis::PipewireSilent]),
        (&fine, false, None, vec![fine.clone()]),
        (&fine, false, Some(vec![]), vec![fine.clone()]),
    ];
    for (by_files, is_running, cameras, expected) in rows {
        assert_eq!(decided(by_files, is_running, true, cameras.clone()), expected, "{is_running} {cameras:?}");
    }
    let unsure = Diagnosis::PipewireUnsure { commands: Vec::new() };
    assert_eq!(decided(&unsure, true, false, Some(vec![device()])), std::slice::from_ref(&unsure));
}
