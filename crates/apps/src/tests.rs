//! Processes and desktop files in trees of files.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// A computer: `proc`, `applications`, and the root directory of its sandboxes.
struct World {
    root: TempDir,
    apps: Apps,
}

/// One process; the rest is as that of most.
struct Shown<'a> {
    pid: u32,
    parent: u32,
    executable: &'a str,
    arguments: &'a [&'a str],
    unit: &'a str,
}

impl Default for Shown<'_> {
    fn default() -> Self {
        Self { pid: 7, parent: 1, executable: "/usr/bin/ffmpeg", arguments: &[], unit: "session-2.scope" }
    }
}

const STARTED: u64 = 4711;

impl World {
    fn new() -> Self {
        Self::where_owner_is_trusted(true)
    }

    fn where_owner_is_trusted(is_trusted: bool) -> Self {
        let root = tempfile::tempdir().unwrap();
        for directory in ["proc", "applications", "programs"] {
            fs::create_dir(root.path().join(directory)).unwrap();
        }
        let owner = fs::metadata(root.path()).unwrap().uid();
        let apps = Apps::new(Roots {
            proc: root.path().join("proc"),
            applications: vec![root.path().join("applications")],
            path: "/usr/bin".into(),
            languages: vec!["de_AT".into()],
            trusted_owner: if is_trusted { owner } else { owner + 1 },
        });
        Self { root, apps }
    }

    fn process(&self, pid: u32) -> PathBuf {
        self.root.path().join(format!("proc/{pid}"))
    }

    /// A path of the world itself, for programs whose owner counts.
    fn program(&self, name: &str) -> String {
        let path = self.root.path().join("programs").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn show(&self, shown: &Shown) {
        let process = self.process(shown.pid);
        fs::create_dir_all(process.join("root")).unwrap();
        let _ = fs::remove_file(process.join("exe"));
        symlink(shown.executable, process.join("exe")).unwrap();
        fs::write(process.join("comm"), "a comm\n").unwrap();
        fs::write(process.join("cmdline"), shown.arguments.join("\0") + "\0").unwrap();
        fs::write(process.join("cgroup"), format!("0::/user.slice/{}\n", shown.unit)).unwrap();
        let fields = "0 ".repeat(17);
        fs::write(process.join("stat"), format!("7 (a) b) S {} {fields}{STARTED} 0\n", shown.parent)).unwrap();
    }

    fn desktop(&self, id: &str, text: &str) {
        let path = self.root.path().join(format!("applications/{id}.desktop"));
        fs::write(path, format!("[Desktop Entry]\nType=Application\n{text}")).unwrap();
    }

    fn identify(&self, pid: u32) -> Identity {
        self.apps.identify_pid(pid)
    }

    /// Name, id, whether a guess.
    fn named(&self, shown: &Shown) -> (String, String, bool) {
        self.show(shown);
        let identity = self.identify(shown.pid);
        let app = identity.app.expect("an application");
        (identity.name, app.id.to_string(), app.is_guess)
    }
}

fn is(name: &str, id: &str, is_guess: bool) -> (String, String, bool) {
    (name.to_owned(), id.to_owned(), is_guess)
}

#[test]
fn a_program_has_the_name_and_icon_of_its_desktop_file() {
    let world = World::new();
    let cheese = world.program("cheese");
    world.desktop("org.gnome.Cheese", &format!("Name=Cheese\nName[de]=Käse\nIcon=cheese-icon\nExec={cheese} %U\n"));
    world.show(&Shown { executable: &cheese, ..Shown::default() });
    let app = App {
        id: "org.gnome.Cheese".into(),
        program: "cheese".into(),
        icon: Some("cheese-icon".into()),
        is_guess: false,
    };
    assert_eq!(world.identify(7), Identity { name: "Käse".into(), app: Some(app) });
}

#[test]
fn our_own_window_is_lenscap() {
    let world = World::new();
    let window = world.program("lenscap/lenscap-preferences");
    world.show(&Shown { executable: &window, ..Shown::default() });
    let app = App {
        id: "io.github.lenscap.Lenscap".into(),
        program: "lenscap-preferences".into(),
        icon: Some("io.github.lenscap.Lenscap".into()),
        is_guess: false,
    };
    assert_eq!(world.identify(7), Identity { name: "Lenscap".into(), app: Some(app) });
    let other = World::where_owner_is_trusted(false);
    let claimed = other.program("lenscap-preferences");
    let expected = is("Lenscap", "io.github.lenscap.Lenscap", true);
    assert_eq!(other.named(&Shown { executable: &claimed, ..Shown::default() }), expected);
}

#[test]
fn what_a_user_can_put_there_is_a_guess() {
    let world = World::where_owner_is_trusted(false);
    let cheese = world.program("cheese");
    world.desktop("org.gnome.Cheese", &format!("Name=Cheese\nExec={cheese}\n"));
    assert_eq!(world.named(&Shown { executable: &cheese, ..Shown::default() }), is("Cheese", "org.gnome.Cheese", true));
    let elsewhere = Shown { pid: 8, executable: "/tmp/cheese", ..Shown::default() };
    assert_eq!(world.named(&elsewhere), is("Cheese", "org.gnome.Cheese", true));
}

#[test]
fn a_command_has_its_own_name() {
    let world = World::new();
    assert_eq!(world.named(&Shown::default()), is("ffmpeg", "program:ffmpeg", false));
    let replaced = Shown { pid: 8, executable: "/usr/bin/guvcview (deleted)", ..Shown::default() };
    assert_eq!(world.named(&replaced), is("guvcview", "program:guvcview", false), "replaced by an update");
}

#[test]
fn a_renamed_process_keeps_the_name_of_its_program() {
    let world = World::new();
    let renamed = Shown { arguments: &["firefox", "--type=utility"], ..Shown::default() };
    assert_eq!(world.named(&renamed), is("ffmpeg", "program:ffmpeg", false));
}

#[test]
fn a_scope_names_what_it_starts_and_nothing_that_runs_in_it() {
    let world = World::new();
    let (konsole, code) = (world.program("konsole"), world.program("code"));
    world.desktop("org.kde.konsole", &format!("Name=Konsole\nExec={konsole}\n"));
    world.desktop("code", &format!("Name=Visual Studio Code\nExec={code} %F\n"));
    // Another of the same command, which only the scope tells apart.
    world.desktop("code-two", &format!("Name=Two\nExec={code} %F\n"));
    for unit in ["app-org.kde.konsole-12.scope", "app-gnome-code-77.scope", "vte-spawn-1.scope"] {
        let shown = Shown { unit, ..Shown::default() };
        assert_eq!(world.named(&shown), is("ffmpeg", "program:ffmpeg", false), "{unit}");
    }
    let itself = Shown { pid: 9, executable: &code, unit: "app-gnome-code\\x2dtwo-77.scope", ..Shown::default() };
    assert_eq!(world.named(&itself), is("Two", "code-two", false));
}

#[test]
fn several_that_start_the_same_name_nothing() {
    let world = World::new();
    for id in ["calc", "writer"] {
        world.desktop(id, "Name=Office\nExec=/opt/office/soffice --x\n");
    }
    let office = Shown { executable: "/opt/office/soffice.bin", ..Shown::default() };
    assert_eq!(world.named(&office).1, "program:soffice");
}

#[test]
fn flatpaks_and_snaps_have_their_ids() {
    let world = World::new();
    world.desktop("org.gnome.Snapshot", "Name=Camera\nIcon=org.gnome.Snapshot\nExec=flatpak run org.gnome.Snapshot\n");
    let inside =
        Shown { executable: "/app/bin/snapshot", unit: "app-flatpak-org.wrong.App-7.scope", ..Shown::default() };
    assert_eq!(world.named(&inside).1, "program:snapshot", "in no sandbox");
    let inside = Shown { pid: 8, ..inside };
    world.show(&inside);
    fs::write(world.process(8).join("root/.flatpak-info"), "[Application]\nname=org.gnome.Snapshot\n").unwrap();
    assert_eq!(world.named(&inside), is("Camera", "org.gnome.Snapshot", false));
    world.desktop("firefox_firefox", "Name=Firefox\nExec=/snap/bin/firefox\n");
    let snap = "snap.firefox.firefox-4bb6cbd4-3e0c-4b1f-a3ec-6d3b3a3a3a3a.scope";
    let firefox =
        Shown { pid: 9, executable: "/snap/firefox/1/usr/lib/firefox/firefox", unit: snap, ..Shown::default() };
    assert_eq!(world.named(&firefox).1, "firefox_firefox");
    let beside = Shown { pid: 10, unit: snap, ..Shown::default() };
    assert_eq!(world.named(&beside), is("ffmpeg", "program:ffmpeg", false), "started by it");
}

#[test]
fn a_description_that_is_a_link_or_a_pipe_is_none_and_nobody_waits() {
    let world = World::new();
    for (pid, is_pipe) in [(7, true), (8, false)] {
        let shown = Shown { pid, ..Shown::default() };
        world.show(&shown);
        let info = world.process(pid).join("root/.flatpak-info");
        if is_pipe {
            let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR);
            rustix::fs::mknodat(rustix::fs::CWD, &info, kind, mode, 0).unwrap();
        } else {
            let target = world.root.path().join("info");
            fs::write(&target, "[Application]\nname=org.x.App\n").unwrap();
            symlink(target, info).unwrap();
        }
        assert_eq!(world.named(&shown), is("ffmpeg", "program:ffmpeg", false));
    }
}

#[test]
fn a_browsers_helper_is_the_browser() {
    let world = World::new();
    world.desktop("chromium", "Name=Chromium\nExec=/usr/bin/chromium %U\n");
    world.desktop("chrome-meet-Default", "Name=Meet\nExec=/usr/bin/chromium --app-id=meet\n");
    let chromium = "/usr/lib/chromium/chromium";
    world.show(&Shown { pid: 5, executable: chromium, arguments: &["/usr/lib/chromium/chromium"], ..Shown::default() });
    let utility = &["/usr/lib/chromium/chromium --type=utility --utility-sub-type=video_capture.mojom"];
    let helper = Shown { parent: 5, executable: chromium, arguments: utility, ..Shown::default() };
    assert_eq!(world.named(&helper).1, "chromium");
}

#[test]
fn an_electron_application_is_named_by_what_its_main_process_runs() {
    let world = World::new();
    world.desktop("slack", "Name=Slack\nExec=/usr/bin/slack %U\n");
    let electron = "/usr/lib/electron28/electron";
    let main = &["electron", "/usr/lib/slack/resources/app.asar"];
    world.show(&Shown { pid: 5, executable: electron, arguments: main, ..Shown::default() });
    world.show(&Shown {
        pid: 6,
        parent: 5,
        executable: electron,
        arguments: &["electron", "--type=zygote"],
        ..Shown::default()
    });
    let helper = Shown {
        parent: 6,
        executable: electron,
        arguments: &["/usr/lib/electron28/electron --type=utility --x"],
        ..Shown::default()
    };
    assert_eq!(world.named(&helper), is("Slack", "slack", true));
}

#[test]
fn a_helper_above_which_others_are_does_not_climb_to_them() {
    let world = World::new();
    world.show(&Shown { pid: 5, executable: "/usr/bin/bash", ..Shown::default() });
    let mut orphan =
        Shown { parent: 5, executable: "/opt/x/x", arguments: &["x", "--type=utility"], ..Shown::default() };
    assert_eq!(world.named(&orphan).1, "program:x");
    (orphan.pid, orphan.parent) = (9, 9);
    assert_eq!(world.named(&orphan).1, "program:x", "its own parent");
}

#[test]
fn an_appimage_is_named_by_its_file_or_by_what_is_in_it() {
    let world = World::new();
    let mounted = "/tmp/.mount_KdenliAbC/usr/bin/kdenlive";
    let shown = Shown { executable: mounted, ..Shown::default() };
    world.show(&shown);
    let mount = world.process(7).join("root/tmp/.mount_KdenliAbC");
    fs::create_dir_all(&mount).unwrap();
    fs::write(mount.join("k.desktop"), "[Desktop Entry]\nType=Application\nName=Kdenlive\nIcon=k\nExec=kdenlive\n")
        .unwrap();
    fs::write(world.process(7).join("environ"), "A=b\0APPIMAGE=/home/u/Kdenlive-24.AppImage\0").unwrap();
    assert_eq!(world.named(&shown), is("Kdenlive", "k", true));
    world.desktop("mine", "Name=My Kdenlive\nExec=/home/u/Kdenlive-24.AppImage\n");
    let later = Shown { pid: 8, ..shown };
    world.show(&later);
    fs::copy(world.process(7).join("environ"), world.process(8).join("environ")).unwrap();
    assert_eq!(world.named(&later), is("My Kdenlive", "mine", true));
    // Only started by one.
    let child = Shown { pid: 9, ..Shown::default() };
    world.show(&child);
    fs::copy(world.process(7).join("environ"), world.process(9).join("environ")).unwrap();
    assert_eq!(world.named(&child).1, "program:ffmpeg");
}

#[test]
fn windows_programs_and_scripts_are_named_by_what_is_run() {
    let world = World::new();
    world.desktop("wine-zoom", "Name=Zoom Workplace\nExec=env WINEPREFIX=/x wine start.lnk\nStartupWMClass=zoom.exe\n");
    let zoom = Shown { executable: "/usr/bin/wine64-preloader", arguments: &[r"C:\Zoom\Zoom.exe"], ..Shown::default() };
    assert_eq!(world.named(&zoom), is("Zoom Workplace", "wine-zoom", true));
    let script =
        Shown { pid: 8, executable: "/usr/bin/python3.11", arguments: &["python3", "cam.py"], ..Shown::default() };
    assert_eq!(world.named(&script), is("cam.py", "program:cam.py", true));
    world.desktop("org.gajim.Gajim", "Name=Gajim\nExec=gajim\n");
    let script = Shown { pid: 9, arguments: &["python3", "/usr/bin/gajim"], ..script };
    assert_eq!(world.named(&script), is("Gajim", "org.gajim.Gajim", true));
}

#[test]
fn others_processes_and_such_as_end_have_no_application() {
    let world = World::new();
    world.show(&Shown::default());
    // Another user's: what it runs cannot be read.
    fs::remove_file(world.process(7).join("exe")).unwrap();
    assert_eq!(world.identify(7), Identity { name: "a comm".into(), app: None });
    assert_eq!(world.identify(8), Identity { name: "process 8".into(), app: None }, "hidden, or no more");
    // It ends between two reads: its directory is empty then.
    world.show(&Shown::default());
    let process = Process::open(world.apps.proc(), 7).unwrap();
    for name in ["stat", "cmdline", "cgroup"] {
        fs::remove_file(world.process(7).join(name)).unwrap();
    }
    let identity = world.apps.identify(&process);
    assert_eq!((identity.name.as_str(), world.apps.lock().known.len()), ("ffmpeg", 0), "not remembered");
}

#[test]
fn a_number_that_is_given_again_is_another_process() {
    let world = World::new();
    assert_eq!(world.named(&Shown::default()).0, "ffmpeg");
    let process = Process::open(world.apps.proc(), 7).unwrap();
    fs::rename(world.process(7), world.root.path().join("gone")).unwrap();
    world.show(&Shown { executable: "/usr/bin/zoom", ..Shown::default() });
    assert_eq!(world.apps.identify(&process).name, "ffmpeg", "held by its directory");
    assert_eq!(world.identify(7).name, "zoom");
    let stat = fs::read_to_string(world.process(7).join("stat")).unwrap();
    fs::write(world.process(7).join("stat"), stat.replace(&STARTED.to_string(), "5000")).unwrap();
    fs::write(world.process(7).join("cmdline"), "x").unwrap();
    assert_eq!(world.apps.lock().known.len(), 2);
    world.identify(7);
    assert_eq!(world.apps.lock().known.len(), 3, "started later");
    world.identify(7);
    assert_eq!(world.apps.lock().known.len(), 3, "once each");
}

#[test]
fn a_hostile_desktop_file_names_nobody_wrongly_and_holds_up_nobody() {
    let world = World::new();
    let path = |id: &str| world.root.path().join(format!("applications/{id}.desktop"));
    let long = "x".repeat(1 << 20);
    world.desktop("long", &format!("Name={long}\nExec=/usr/bin/ffmpeg\n"));
    world.desktop("bidi", "Name=\u{202e}Fire\\nfox\\t\u{7}\u{200b}\nIcon=../../etc/passwd\nExec=/usr/bin/bidi\n");
    world.desktop("empty", "Name=\u{202e}\nExec=/usr/bin/empty\n");
    world.desktop("hidden", "Name=Hidden\nHidden=true\nExec=/usr/bin/hidden\n");
    fs::write(path("bytes"), b"\xff\xfe[Desktop Entry]\n").unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, path("pipe"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    symlink("loop.desktop", path("loop")).unwrap();
    symlink(".", world.root.path().join("applications/again")).unwrap();
    symlink("/dev/zero", path("zero")).unwrap();
    assert_eq!(world.named(&Shown::default()).1, "program:ffmpeg");
    for (pid, name) in [(8, "empty"), (9, "hidden")] {
        let executable = format!("/usr/bin/{name}");
        let shown = Shown { pid, executable: &executable, ..Shown::default() };
        assert_eq!(world.named(&shown).1, format!("program:{name}"));
    }
    world.show(&Shown { executable: "/usr/bin/bidi", ..Shown::default() });
    let identity = world.identify(7);
    assert_eq!((identity.name.as_str(), identity.app.unwrap().icon), ("Fire fox", None));
}

#[test]
fn new_desktop_files_are_found_and_a_thousand_take_little() {
    let world = World::new();
    assert_eq!(world.named(&Shown { executable: "/usr/bin/app7", ..Shown::default() }).1, "program:app7");
    for number in 0..1000 {
        world.desktop(
            &format!("org.example.App{number}"),
            &format!("Name=App {number}\nExec=/usr/bin/app{number} %U\n"),
        );
    }
    assert_eq!(world.named(&Shown { pid: 8, executable: "/usr/bin/app7", ..Shown::default() }).1, "org.example.App7");
    let size = world.apps.lock().index.as_ref().unwrap().size();
    assert!(size < 200_000, "{size} bytes for a thousand");
}

#[test]
fn a_directory_that_does_not_answer_costs_names_and_nobody_waits_for_it() {
    let world = World::new();
    world.desktop("ffmpeg", "Name=FFmpeg\nExec=/usr/bin/ffmpeg\n");
    world.apps.lock().is_listing = true;
    assert_eq!(world.named(&Shown::default()).0, "ffmpeg");
    world.apps.lock().is_listing = false;
    assert_eq!(world.identify(7).name, "FFmpeg", "found out later");
}

#[test]
fn languages_are_chosen_as_gettext_does() {
    let of = |variables: &[(&str, &str)]| {
        languages(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    };
    assert_eq!(of(&[("LANG", "pt_BR.UTF-8"), ("LANGUAGE", "de:fr")]), ["de", "fr", "pt_BR"]);
    assert_eq!(of(&[("LC_ALL", "C.UTF-8"), ("LANG", "de_DE"), ("LANGUAGE", "de")]), [""; 0]);
    assert_eq!(of(&[]), [""; 0]);
}

#[test]
fn a_real_process_is_named_by_a_desktop_file() {
    let world = World::new();
    let own = std::env::current_exe().unwrap();
    world.desktop("org.example.Test", &format!("Name=The Test\nExec={}\n", own.display()));
    let roots = Roots { proc: "/proc".into(), ..world.apps.roots.clone() };
    let identity = Apps::new(roots).identify_pid(std::process::id());
    let app = identity.app.unwrap();
    assert_eq!((identity.name.as_str(), app.id.as_str()), ("The Test", "org.example.Test"));
}

proptest! {
    /// Whatever a process says of itself: it has one name that can be shown, and never another's that is proven.
    #[test]
    fn nothing_that_a_process_says_proves_a_name(arguments in ".{0,40}", unit in "[ -~]{0,40}", environment in ".{0,30}") {
        let world = World::new();
        world.desktop("firefox", "Name=Firefox\nExec=/usr/bin/firefox\n");
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let shown = Shown { arguments: &arguments, unit: &unit.replace('/', ""), ..Shown::default() };
        world.show(&shown);
        fs::write(world.process(7).join("environ"), environment).unwrap();
        let identity = world.identify(7);
        prop_assert!(!identity.name.is_empty() && !identity.name.contains(char::is_control));
        prop_assert_eq!(identity.name, "ffmpeg");
    }

    #[test]
    fn anything_can_be_read(data in proptest::collection::vec(any::<u8>(), 0..400)) {
        fuzz::claims(&data);
    }
}
