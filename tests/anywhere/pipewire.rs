//! The camera in PipeWire, from the relay to a program that reads it: a real server, a real session manager, a real reader. The
//! relay has memory for its device, and a test picture for its camera.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use lenscap_test_support::pipewire::{Session, property};
use lenscap_test_support::process::{Reaped, eventually};
use lenscap_test_support::programs::target_dir;
use lenscap_test_support::relay::{Line, Relay};

/// Bytes of a picture, as the relay is started.
const PICTURE: usize = 320 * 180 * 2;

pub(crate) fn relay(session: &Session, output: &str) -> Relay {
    relay_of(session, output, "test", "0", &[], &[])
}

/// As [`relay`], with programs that may not have the camera.
fn relay_blocking(session: &Session, blocked: &[&str]) -> Relay {
    relay_of(session, "auto", "test", "0", &[], blocked)
}

fn relay_of(
    session: &Session,
    output: &str,
    source: &str,
    cooldown_ms: &str,
    more: &[(&str, &str)],
    blocked: &[&str],
) -> Relay {
    let runtime = session.runtime_dir();
    let site = session.path(&format!("site-{output}-{}", blocked.concat()));
    fs::create_dir_all(site.join("lenscap")).expect("a directory");
    let settings = format!("[output]\npipewire = \"{output}\"\n[privacy]\nblocked = {blocked:?}\n");
    fs::write(site.join("lenscap/config.toml"), settings).expect("a file");
    let arguments = ["--source", source, "-w", "320", "-H", "180", "-f", "15", "--cooldown-ms", cooldown_ms];
    let environment = [
        ("LENSCAP_OUTPUT", "memory"),
        ("PIPEWIRE_RUNTIME_DIR", runtime.to_str().expect("a path")),
        ("XDG_CONFIG_DIRS", site.to_str().expect("a path")),
    ];
    let mut relay = Relay::start_with(&arguments, &[&environment[..], more].concat());
    relay.wait_for("idle");
    relay
}

/// The settings of a reader's own.
fn configuration(session: &Session, name: &str) -> PathBuf {
    session.path(&format!("config-{name}"))
}

/// A program that reads the camera, and what it has got so far.
pub(crate) struct Reader {
    process: Reaped,
    pictures: PathBuf,
}

impl Reader {
    fn start(session: &Session, name: &str) -> Self {
        Self::start_with(session, name, &["target-object=lenscap"], Stdio::null())
    }

    /// As one that calls itself so.
    fn start_called(session: &Session, name: &str, called: &str) -> Self {
        let config = configuration(session, name).join("pipewire/client.conf.d");
        fs::create_dir_all(&config).expect("a directory");
        let properties = format!("context.properties = {{ application.name = \"{called}\" }}\n");
        fs::write(config.join("name.conf"), properties).expect("a file");
        Self::start(session, name)
    }

    /// `source`: what `pipewiresrc` is asked for.
    pub(crate) fn start_with(session: &Session, name: &str, source: &[&str], stdin: Stdio) -> Self {
        let pictures = session.path(&format!("{name}.yuy2"));
        let process = session
            .command("gst-launch-1.0")
            .env("XDG_CONFIG_HOME", configuration(session, name))
            .args(["-q", "pipewiresrc"])
            .args(source)
            .args(["!", "video/x-raw", "!", "filesink", "sync=false"])
            .args(["buffer-mode=unbuffered", &format!("location={}", pictures.display())])
            .stdin(stdin)
            .stdout(Stdio::null())
            .spawn()
            .expect("gst-launch-1.0");
        Self { process: Reaped(process), pictures }
    }

    fn pid(&self) -> u32 {
        self.process.0.id()
    }

    fn count(&self) -> usize {
        fs::metadata(&self.pictures).map_or(0, |file| usize::try_from(file.len()).unwrap() / PICTURE)
    }

    /// The pictures from this one on.
    fn since(&self, first: usize) -> Vec<Vec<u8>> {
        let bytes = fs::read(&self.pictures).unwrap_or_default();
        bytes.chunks_exact(PICTURE).skip(first).map(<[u8]>::to_vec).collect()
    }

    /// Waits for pictures that are not all one.
    pub(crate) fn moves(&self) {
        let from = self.count();
        eventually("the picture moves", || self.since(from).into_iter().collect::<HashSet<_>>().len() >= 4);
    }

    /// Waits for some pictures that are all one: a card.
    fn stands_still(&self) {
        eventually("the picture is a card", || {
            let newest = self.since(self.count().saturating_sub(8));
            newest.len() == 8 && newest.windows(2).all(|pair| pair[0] == pair[1])
        });
    }
}

pub(crate) fn is_listed(session: &Session) -> bool {
    session.nodes("lenscap").len() == 1
}

/// The process for PipeWire of this relay.
fn node_process(relay: &Relay) -> Option<u32> {
    let children = lenscap_test_support::process::children_of(relay.pid());
    children.into_iter().find(|pid| {
        fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.starts_with("lenscap-pipewir"))
    })
}

#[test]
fn a_reader_has_the_camera_switched_on_is_named_and_it_is_off_after() {
    let Some(session) = Session::with_server("a_reader_has_the_camera_switched_on") else { return };
    let mut relay = relay(&session, "auto");
    eventually("it is listed", || is_listed(&session));
    assert_eq!(relay.poll().state, "idle", "looking at the list is no use of the camera");
    let reader = Reader::start(&session, "reader");
    let live = relay.wait_for("live");
    assert_eq!(live.clients, ["gst-launch-1.0 streaming"]);
    let pid = format!("\"pid\":{}", reader.pid());
    let (_, status, _) = relay.lenscap(&["status", "--json"]);
    assert!(status.contains(&pid), "{pid}: {status}");
    reader.moves();
    drop(reader);
    relay.wait_for("idle");
    assert!(relay.workers().is_empty());
    relay.quit();
}

#[test]
fn the_doctor_says_that_it_is_there_and_the_default_camera() {
    let Some(session) = Session::with_server("the_doctor_says_that_it_is_there") else { return };
    let mut relay = relay(&session, "auto");
    let codes = |relay: &Relay| -> Vec<String> {
        let output = session
            .command(lenscap_test_support::programs::program("lenscap"))
            .args(["doctor", "--json"])
            .env("XDG_RUNTIME_DIR", relay.runtime_dir())
            .env("PIPEWIRE_RUNTIME_DIR", session.runtime_dir())
            .output()
            .expect("lenscap");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
        let findings = report["findings"].as_array().expect("findings").iter();
        let ours = findings.filter(|finding| finding["check"] == "pipewire");
        ours.map(|finding| finding["diagnosis"]["code"].as_str().expect("a code").to_owned()).collect()
    };
    eventually("it is listed", || is_listed(&session));
    let found = codes(&relay);
    assert!(found.contains(&"pipewire-default".to_owned()), "{found:?}");
    let mut other = session
        .command("gst-launch-1.0")
        .args(["-q", "videotestsrc", "!", "video/x-raw,format=YUY2", "!", "pipewiresink", "mode=provide"])
        .arg("stream-properties=props,media.class=Video/Source,node.name=other,priority.session=5000")
        .spawn()
        .expect("gst-launch-1.0");
    eventually("another one comes first", || codes(&relay).contains(&"pipewire-not-default".to_owned()));
    other.kill().expect("it runs");
    other.wait().expect("it is ours");
    relay.quit();
}

#[test]
fn the_settings_say_whether_it_is_the_default_camera() {
    let Some(session) = Session::with_server("the_settings_say_whether_it_is") else { return };
    let mut relay = relay(&session, "auto");
    let has_priority = |expected: &str| {
        let nodes = session.nodes("lenscap");
        matches!(&nodes[..], [node] if property(node, "priority.session").as_deref() == Some(expected))
    };
    eventually("it is the default camera", || has_priority("1200"));
    let choose = |is_default: bool| {
        fs::create_dir_all(relay.settings().parent().expect("a directory")).expect("a directory");
        fs::write(relay.settings(), format!("[output]\ndefault_camera = {is_default}\n")).expect("a file");
    };
    choose(false);
    eventually("every other one comes before it", || has_priority("500"));
    let reader = Reader::start(&session, "reader");
    reader.moves();
    choose(true);
    reader.moves();
    assert!(has_priority("500"), "not while somebody reads it");
    drop(reader);
    eventually("it is the default camera again", || has_priority("1200"));
    relay.quit();
}

#[test]
fn a_block_is_about_the_program_whatever_it_calls_itself() {
    let Some(session) = Session::with_server("a_block_is_about_the_program") else { return };
    let mut relay = relay_blocking(&session, &["gst-launch-1.0"]);
    eventually("it is listed", || is_listed(&session));
    let reader = Reader::start_called(&session, "reader", "Cheese");
    let blocked = relay.wait_for("blocked");
    assert_eq!(blocked.clients, ["gst-launch-1.0 streaming"]);
    let is_off = |line: &Line| !line.live && ["idle", "blocked"].contains(&line.state.as_str());
    assert!(relay.seen.iter().all(is_off), "the camera waits for the name: {:#?}", relay.seen);
    assert!(relay.workers().is_empty());
    drop(reader);
    relay.quit();
    let mut relay = relay_blocking(&session, &["Cheese"]);
    eventually("it is listed", || is_listed(&session));
    let reader = Reader::start_called(&session, "other", "Cheese");
    let live = relay.wait_for("live");
    assert_eq!(live.clients, ["gst-launch-1.0 streaming"]);
    assert!(relay.seen.iter().all(|line| line.state != "blocked"), "{:#?}", relay.seen);
    drop(reader);
    relay.quit();
}

#[test]
fn a_reader_has_the_name_and_icon_of_its_desktop_file() {
    let Some(session) = Session::with_server("a_reader_has_the_name") else { return };
    let data = session.path("data");
    fs::create_dir_all(data.join("applications")).expect("a directory");
    let entry = "[Desktop Entry]\nType=Application\nName=The Looker\nIcon=looker\nExec=gst-launch-1.0 %U\n";
    fs::write(data.join("applications/org.example.Looker.desktop"), entry).expect("a file");
    let more = [("XDG_DATA_HOME", data.to_str().expect("a path"))];
    let mut relay = relay_of(&session, "on", "test", "0", &more, &[]);
    eventually("it is listed", || is_listed(&session));
    let reader = Reader::start_called(&session, "reader", "Cheese");
    let live = relay.wait_for("live");
    assert_eq!(live.clients, ["The Looker streaming"]);
    let (_, status, _) = relay.lenscap(&["status", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    let app = &status["clients"][0]["app"];
    assert_eq!((&app["id"], &app["icon"]), (&"org.example.Looker".into(), &"looker".into()));
    // The file is in the user's own directory: any program could have put it there.
    let is_root = rustix::process::geteuid().is_root();
    assert_eq!((&app["program"], &app["guess"]), (&"gst-launch-1.0".into(), &(!is_root).into()));
    assert!(relay.lenscap(&["status"]).1.contains("The Looker"));
    drop(reader);
    relay.quit();
}

/// A live reader sees pictures, a card while the camera is paused, and pictures again.
fn is_paused_and_resumed(relay: &mut Relay, reader: &Reader) {
    reader.moves();
    assert!(relay.lenscap(&["pause"]).0);
    relay.wait_for("paused");
    reader.stands_still();
    assert!(relay.lenscap(&["resume"]).0);
    relay.wait_for("live");
    reader.moves();
}

#[test]
fn a_pause_shows_a_card_and_the_reader_keeps_its_stream() {
    let Some(session) = Session::with_server("a_pause_shows_a_card") else { return };
    let mut relay = relay(&session, "on");
    eventually("it is listed", || is_listed(&session));
    let reader = Reader::start(&session, "reader");
    relay.wait_for("live");
    is_paused_and_resumed(&mut relay, &reader);
    relay.quit();
}

#[test]
fn a_reader_of_fewer_buffers_sees_pictures_and_cards() {
    let Some(mut session) = Session::with_server("a_reader_of_fewer_buffers") else { return };
    let mut relay = relay(&session, "auto");
    eventually("it is listed", || is_listed(&session));
    let few = ["target-object=lenscap", "min-buffers=1", "max-buffers=4"];
    let reader = Reader::start_with(&session, "few", &few, Stdio::null());
    relay.wait_for("live");
    is_paused_and_resumed(&mut relay, &reader);
    drop(reader);
    relay.wait_for("idle");
    assert!(session.is_server_alive());
    relay.quit();
}

#[test]
fn of_two_readers_one_is_killed_and_the_camera_is_on_until_the_other_goes() {
    let Some(session) = Session::with_server("of_two_readers_one_is_killed") else { return };
    let mut relay = relay(&session, "auto");
    eventually("it is listed", || is_listed(&session));
    let [first, second] = ["first", "second"].map(|name| Reader::start(&session, name));
    relay.wait_for_line("both", |line| line.state == "live" && line.clients.len() == 2);
    first.moves();
    second.moves();
    drop(first);
    let one = relay.wait_for_line("one of them", |line| line.clients.len() == 1);
    assert_eq!(one.state, "live");
    second.moves();
    assert_eq!(relay.poll().state, "live");
    drop(second);
    relay.wait_for("idle");
    assert!(relay.workers().is_empty());
    relay.quit();
}

#[test]
fn the_end_of_server_or_process_harms_only_those_who_read_there() {
    let Some(mut session) = Session::with_server("the_end_of_server_or_process") else { return };
    let mut relay = relay(&session, "auto");
    eventually("it is listed", || is_listed(&session));
    let reader = Reader::start(&session, "first");
    relay.wait_for("live");
    let process = node_process(&relay).expect("a process");
    let pid = rustix::process::Pid::from_raw(process.cast_signed()).expect("a number");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it is ours");
    relay.wait_for("idle");
    drop(reader);
    eventually("it is listed again", || node_process(&relay).is_some_and(|it| it != process) && is_listed(&session));
    let reader = Reader::start(&session, "second");
    relay.wait_for("live");
    reader.moves();
    session.kill_server();
    relay.wait_for("idle");
    drop(reader);
    session.start_server();
    eventually("it is listed at the new server", || is_listed(&session));
    let reader = Reader::start(&session, "third");
    relay.wait_for("live");
    reader.moves();
    relay.quit();
}

#[test]
fn without_a_server_there_is_no_process_and_it_comes_with_the_server() {
    let Some(mut session) = Session::new("without_a_server_there_is_no_process") else { return };
    let relays = ["auto", "off"].map(|output| relay(&session, output));
    assert!(relays.iter().all(|relay| node_process(relay).is_none()));
    session.start_server();
    let [mut auto, mut off] = relays;
    eventually("it is listed", || is_listed(&session));
    assert!(node_process(&auto).is_some() && node_process(&off).is_none());
    let reader = Reader::start(&session, "reader");
    auto.wait_for("live");
    reader.moves();
    auto.quit();
    off.quit();
    eventually("it is gone", || session.nodes("lenscap").is_empty());
}

#[test]
fn the_memory_of_the_pictures_is_given_back_when_nobody_reads() {
    let Some(session) = Session::with_server("the_memory_of_the_pictures_is_given_back") else { return };
    let mut relay = relay(&session, "auto");
    eventually("it is listed", || is_listed(&session));
    let held = |relay: &Relay| {
        let maps = fs::read_to_string(format!("/proc/{}/smaps", relay.pid())).unwrap_or_default();
        let ours = maps.split("memfd:lenscap-pipewire").nth(1).unwrap_or_default();
        let line = ours.lines().find_map(|line| line.strip_prefix("Rss:"));
        line.and_then(|size| size.split_whitespace().next()?.parse::<u64>().ok())
    };
    assert_eq!(held(&relay), Some(0), "nothing was shown yet");
    let reader = Reader::start(&session, "reader");
    relay.wait_for("live");
    reader.moves();
    assert!(held(&relay) > Some(0));
    drop(reader);
    relay.wait_for("idle");
    eventually("it is given back", || held(&relay) == Some(0));
    let again = Reader::start(&session, "again");
    relay.wait_for("live");
    again.moves();
    relay.quit();
}

#[test]
fn our_own_node_is_not_read_by_ourselves() {
    let Some(session) = Session::with_server("our_own_node_is_not_read_by_ourselves") else { return };
    let mut relay = relay_of(&session, "on", "pipewire", "0", &[], &[]);
    eventually("it is listed", || is_listed(&session));
    let _reader = Reader::start(&session, "reader");
    relay.wait_for_failure(&["No camera was found"]);
    relay.quit();
}

#[test]
fn a_camera_that_another_program_holds_is_read_through_pipewire() {
    let test = "a_camera_that_another_program_holds";
    let Some(session) = Session::with_server(test) else { return };
    let plugin = target_dir().join("libgstlibcamerasrc.so");
    if !plugin.exists() {
        println!("SKIP {test}: the stand-in is not built; run \"cargo build --workspace\" first");
        return;
    }
    // A copy: behind a link it would be outside of what the sandbox lets the worker read.
    let folder = session.path("plugins");
    fs::create_dir(&folder).expect("a directory");
    fs::copy(&plugin, folder.join("libgstlibcamerasrc.so")).expect("a copy");
    let registry = session.path("registry.bin");
    let environment =
        [("GST_PLUGIN_PATH", folder.to_str().expect("a path")), ("GST_REGISTRY", registry.to_str().expect("a path"))];
    let described = [("node.description", "Front"), ("priority.session", "850"), ("api.libcamera.path", "front")];
    for (source, output) in [("auto", "auto"), ("libcamera:front", "on")] {
        // A busy 1.4.2 takes a reader off for some milliseconds when it has just come. Without a cooldown the camera is let go
        // of meanwhile, and what stands for one ends with its first reader there.
        let mut relay = relay_of(&session, output, source, "1000", &environment, &[]);
        eventually("it is listed", || is_listed(&session));
        // PipeWire does not have it: then it is what it is, in use.
        let reader = Reader::start(&session, "first");
        relay.wait_for_failure(&["in use"]);
        drop(reader);
        relay.wait_for("idle");
        let camera = session.camera("libcamera_input.front", &described);
        let reader = Reader::start(&session, "second");
        relay.wait_for("live");
        reader.moves();
        let (_, status, _) = relay.lenscap(&["status", "--json"]);
        let status: serde_json::Value = serde_json::from_str(&status).expect("a status");
        assert_eq!((&status["camera"], &status["way"]), (&"Front".into(), &"pipewire-for-busy".into()));
        let (_, words, _) = relay.lenscap(&["status"]);
        assert!(words.contains("read through PipeWire because another program holds it"), "{words}");
        drop(reader);
        relay.wait_for("idle");
        // The next start knows the way.
        drop(camera);
        let camera = session.camera("libcamera_input.front", &described);
        let again = Reader::start(&session, "third");
        relay.wait_for("live");
        again.moves();
        drop((again, camera));
        relay.quit();
    }
}
