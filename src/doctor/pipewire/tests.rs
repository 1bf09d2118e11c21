use super::*;
use crate::config::Layers;
use crate::config::Overrides;

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
        };
        let session = Session { version: version.map(str::to_owned), ..session(DESKTOP) };
        let root = self.0.path().to_owned();
        let patient = Patient { root, settings, layers, entries, relay: Ok(None), session };
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
    let decided = |rules, left_out: &Vec<(String, String)>, label: &str, is_offered| {
        decide(&Facts { rules, left_out: left_out.clone(), label: label.to_owned(), is_offered })
    };
    let lua = Some(Rules::Lua);
    let file = "main.lua.d/51-lenscap.lua".to_owned();
    let label = || "Desk".to_owned();
    let absent = Diagnosis::PipewireRuleAbsent { label: label(), file: file.clone() };
    let other = Diagnosis::PipewireRuleOtherLabel { path: hidden[0].1.clone(), label: label(), file };
    assert_eq!(decided(None, &hidden, "Lenscap", true), (Verdict::Note, Diagnosis::WireplumberSilent));
    assert_eq!(decided(lua, &hidden, "Lenscap", true), (Verdict::Fine, Diagnosis::PipewireFine));
    assert_eq!(decided(lua, &hidden, "Desk", true), (Verdict::Note, other));
    assert_eq!(decided(lua, &others, "Desk", true), (Verdict::Note, absent));
    assert_eq!(decided(lua, &hidden, "Lenscap", false), (Verdict::Note, Diagnosis::PipewireHidden));
    assert_eq!(decided(lua, &others, "Lenscap", false), (Verdict::Note, Diagnosis::PipewireUnsure));
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
