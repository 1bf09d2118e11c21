//! The autostart entry as systemd reads it: its generator makes a unit of it that starts our program by its whole path, wherever that
//! is, or none.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lenscap::autostart::Entries;

const ID: &str = "io.github.lenscap.Lenscap";
const GENERATOR: &str = "/usr/lib/systemd/user-generators/systemd-xdg-autostart-generator";

/// A home with a program in this directory of it, and nothing of the system's.
struct Home {
    root: tempfile::TempDir,
    entries: Entries,
}

impl Home {
    fn new(directory: &str) -> Option<Self> {
        if !Path::new(GENERATOR).exists() {
            println!("SKIP systemd's autostart: systemd is not installed (scripts/deps.sh test)");
            return None;
        }
        let root = tempfile::tempdir().expect("a directory");
        let program = root.path().join(directory).join("lenscap");
        fs::create_dir_all(program.parent().expect("a directory")).expect("made");
        // The generator wants to find something that can be run.
        std::os::unix::fs::symlink("/bin/true", &program).expect("a link");
        let at = |name: &str| root.path().join(name);
        let entries = Entries { config_home: at("config"), config_dirs: vec![at("xdg")], unit_dirs: vec![], program };
        Some(Self { root, entries })
    }

    fn at(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn system_entry(&self, text: &str) {
        let path = self.at("xdg/autostart").join(format!("{ID}.desktop"));
        fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        fs::write(path, text).expect("written");
    }

    /// What systemd would start with the session.
    fn starts(&self) -> Option<String> {
        let units = self.at("units");
        let _ = fs::remove_dir_all(&units);
        fs::create_dir(&units).expect("made");
        let output = Command::new(GENERATOR)
            .args([&units; 3])
            .env_clear()
            // Without the directory of our program.
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.root.path())
            .env("XDG_CONFIG_HOME", self.at("config"))
            .env("XDG_CONFIG_DIRS", self.at("xdg"))
            .output()
            .expect("the generator starts");
        assert!(output.status.success(), "{output:?}");
        let unit =
            fs::read_to_string(units.join(format!("app-{}@autostart.service", ID.replace('-', "\\x2d")))).ok()?;
        let starts = unit.lines().find_map(|line| line.strip_prefix("ExecStart="));
        Some(starts.expect("a command").trim_start_matches(':').to_owned())
    }
}

#[test]
fn the_entry_starts_a_program_that_is_not_on_the_path() {
    // Not with "%" or "$", which that generator writes in a way of its own (systemd 252).
    for directory in [".local/bin", "a b/bin"] {
        let Some(home) = Home::new(directory) else { return };
        assert_eq!(home.starts(), None);
        home.entries.write(true).expect("written");
        let starts = home.starts().unwrap_or_else(|| panic!("{directory}: nothing is started"));
        let program = home.entries.program.display().to_string();
        assert!(starts.trim_start_matches('"').starts_with(&program), "{starts}");
        home.entries.write(false).expect("written");
        assert_eq!(home.starts(), None, "{directory}");
    }
}

#[test]
fn a_program_that_is_gone_is_not_started_and_said() {
    let Some(mut home) = Home::new("old/bin") else { return };
    home.entries.write(true).expect("written");
    let gone = home.entries.program.clone();
    fs::remove_file(&gone).expect("it was there");
    assert_eq!((home.starts(), home.entries.missing_program()), (None, Some(gone)));
    let moved = Home::new("new/bin").expect("as before");
    home.entries.program = moved.entries.program.clone();
    home.entries.mend().expect("written");
    assert!(home.starts().is_some_and(|starts| starts.contains("/new/bin/lenscap")));
}

#[test]
fn the_system_s_entry_starts_it_until_the_user_s_hides_it() {
    let Some(home) = Home::new("bin") else { return };
    let program = home.entries.program.display();
    home.system_entry(&format!("[Desktop Entry]\nType=Application\nName=Lenscap\nExec={program}\nTryExec={program}\n"));
    assert!(home.starts().is_some() && home.entries.is_on());
    home.entries.write(false).expect("written");
    assert!(home.starts().is_none() && !home.entries.is_on());
    home.entries.write(true).expect("written");
    assert!(home.starts().is_some() && home.entries.is_on());
}
