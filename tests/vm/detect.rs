//! The detector against the real module: who has the node open, who streams, and what a lost event leaves behind.
//!
//! `examples/detect.rs` is the relay's part: the node's writer and the detector in one process.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use lenscap::core::presence::{Client as Holder, UNSEEN, Use};
use lenscap_test_support::client::Client;
use lenscap_test_support::detect::Seen;
use lenscap_test_support::loopback;
use lenscap_test_support::process::{Reaped, eventually, switches_of, within};
use lenscap_test_support::programs::program;

use crate::machine::{NODE, SECOND, has_usage_events, quiet};

/// How soon a change has to be seen: less than the 30 s after which the detector looks by itself.
const PROMPT: Duration = Duration::from_secs(15);
/// How soon what a lost event left behind has to be mended: 30 s, and what an emulated machine takes.
const MENDED: Duration = Duration::from_secs(45);
/// Bytes of the writer's pictures, 320x240 in YUYV.
const FRAME: usize = 320 * 240 * 2;
/// A holder is named when it opens the node; what it executes then is not looked at until something else happens.
const HOLDER: [&str; 2] = ["bash", "sleep"];

/// A detector that watches a node and writes to it.
struct Watch {
    child: Reaped,
    input: Option<ChildStdin>,
    lines: Receiver<Seen>,
    seen: Vec<Seen>,
    /// While this file is there, usage events are taken away from the detector.
    lose: PathBuf,
    _directory: tempfile::TempDir,
}

impl Watch {
    fn start(node: &str) -> Self {
        // On a machine that is too slow for the usual second everybody would have no name at first.
        Self::start_through(&[], &["--name-patience", "30"], node)
    }

    /// As a user who may use the node, and sees nothing of other users' processes.
    fn start_as_nobody(node: &str) -> Self {
        let group = format!("--groups={}", fs::metadata(node).expect("the node").gid());
        Self::start_through(&["setpriv", "--reuid=65534", "--regid=65534", &group], &[], node)
    }

    fn start_through(wrapper: &[&str], options: &[&str], node: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let lose = directory.path().join("lose");
        let detect = program("examples/detect");
        let mut command = match wrapper {
            [] => Command::new(detect),
            [first, rest @ ..] => {
                let mut command = Command::new(first);
                command.args(rest).arg(detect);
                command
            }
        };
        command.args(["--json", "--write", "--lose"]).arg(&lose).args(options).arg(node);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the detector starts");
        let (input, output) = (child.stdin.take(), child.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        // Ends with the pipe, hence with the child.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let seen = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
                if sender.send(seen).is_err() {
                    break;
                }
            }
        });
        let mut watch = Self { child: Reaped(child), input, lines, seen: Vec::new(), lose, _directory: directory };
        eventually("the detector watches", || watch.since(0).iter().any(|seen| matches!(seen, Seen::Watching { .. })));
        eventually("its picture is offered", || Client::open(Path::new(node)).is_ok());
        // What looking at it brought is over.
        watch.shows("nobody", <[Holder]>::is_empty);
        watch
    }

    fn take_in(&mut self) {
        self.seen.extend(self.lines.try_iter());
    }

    /// A place in what was seen, for [`Self::since`].
    fn mark(&mut self) -> usize {
        self.take_in();
        self.seen.len()
    }

    fn since(&mut self, mark: usize) -> &[Seen] {
        self.take_in();
        &self.seen[mark..]
    }

    /// Every list of clients since then.
    fn clients_since(&mut self, mark: usize) -> Vec<Vec<Holder>> {
        let lists = self.since(mark).iter().filter_map(|seen| match seen {
            Seen::Clients(clients) => Some(clients.clone()),
            _ => None,
        });
        lists.collect()
    }

    /// The newest word on who is there is this, soon.
    fn shows(&mut self, what: &str, is_so: impl Fn(&[Holder]) -> bool) {
        self.shows_within(PROMPT, what, is_so);
    }

    fn shows_within(&mut self, limit: Duration, what: &str, is_so: impl Fn(&[Holder]) -> bool) {
        let newest = |watch: &mut Self| watch.clients_since(0).pop().unwrap_or_default();
        if !within(limit, || is_so(&newest(self))) {
            panic!("not within {limit:?}: {what}: {:#?}", self.seen);
        }
    }

    /// This was seen since then, or is soon.
    fn saw(&mut self, mark: usize, what: &str, is_so: impl Fn(&[Holder]) -> bool) {
        if !within(PROMPT, || self.clients_since(mark).iter().any(|clients| is_so(clients))) {
            panic!("never seen: {what}: {:#?}", self.since(mark));
        }
    }

    /// Nobody since then may have been taken for one who streams.
    fn assert_no_stream_since(&mut self, mark: usize) {
        let lists = self.clients_since(mark);
        assert!(lists.iter().flatten().all(|client| client.usage == Use::Open), "{lists:#?}");
    }

    fn lost_an_event_since(&mut self, mark: usize) -> bool {
        within(PROMPT, || self.since(mark).contains(&Seen::LostEvent))
    }

    /// Nothing at all is done for this long.
    fn assert_asleep(&mut self, window: Duration) {
        let pid = self.child.0.id();
        let mut before = switches_of(pid);
        // What was done last is over.
        eventually("the detector sleeps", || {
            std::thread::sleep(Duration::from_millis(500));
            std::mem::replace(&mut before, switches_of(pid)) == switches_of(pid)
        });
        let before = switches_of(pid);
        std::thread::sleep(window);
        assert_eq!(switches_of(pid) - before, 0, "switches in {window:?}: {:#?}", self.seen);
    }

    fn end(mut self) {
        drop(self.input.take());
        assert!(self.child.wait_for_exit(PROMPT).success(), "{:#?}", self.seen);
    }
}

/// A program that has the node open, and does nothing with it.
fn holder(node: &str) -> Reaped {
    let mut command = Command::new("bash");
    command.args(["-c", r#"exec 3<"$0"; exec sleep 1000"#, node]);
    Reaped(quiet(&mut command).spawn().expect("bash"))
}

fn v4l2_ctl(node: &str, arguments: &[&str]) -> Reaped {
    let mut command = Command::new("v4l2-ctl");
    command.args(["-d", node]).args(arguments);
    Reaped(quiet(&mut command).spawn().expect("v4l2-ctl"))
}

/// A program that streams until it is ended.
fn streamer(node: &str) -> Reaped {
    v4l2_ctl(node, &["--stream-mmap"])
}

fn is_holder(client: &Holder, holder: &Reaped) -> bool {
    client.usage == Use::Open && HOLDER.contains(&client.name.as_str()) && client.pid == Some(holder.0.id())
}

fn is_stream(client: &Holder, name: &str, program: &Reaped) -> bool {
    client.usage == Use::Streaming && client.name == name && client.pid == Some(program.0.id())
}

fn only_holder(program: &Reaped) -> impl Fn(&[Holder]) -> bool {
    move |clients| matches!(clients, [client] if is_holder(client, program))
}

fn only_stream(name: &str, program: &Reaped) -> impl Fn(&[Holder]) -> bool {
    move |clients| matches!(clients, [client] if is_stream(client, name, program))
}

fn both(holder: &Reaped, stream: &Reaped) -> impl Fn(&[Holder]) -> bool {
    move |clients| {
        clients.len() == 2
            && clients.iter().any(|client| is_holder(client, holder))
            && clients.iter().any(|client| is_stream(client, "v4l2-ctl", stream))
    }
}

/// One that is not seen, and does this.
fn only_unseen(usage: Use) -> impl Fn(&[Holder]) -> bool {
    move |clients| matches!(clients, [client] if client.name == UNSEEN && client.pid.is_none() && client.usage == usage)
}

fn end(mut program: Reaped) {
    program.0.kill().expect("SIGKILL");
    program.0.wait().expect("wait");
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn nobody_costs_nothing_and_an_open_node_is_no_stream() {
    let mut watch = Watch::start(NODE);
    assert_eq!(watch.since(0).first(), Some(&Seen::Watching { events: has_usage_events() }));
    watch.assert_asleep(Duration::from_secs(5));

    // A program that merely opens it.
    let mark = watch.mark();
    let program = holder(NODE);
    watch.shows("the holder", only_holder(&program));
    if has_usage_events() {
        watch.assert_asleep(Duration::from_secs(3));
    }
    end(program);
    watch.shows("nobody, the holder was killed", <[Holder]>::is_empty);
    watch.assert_no_stream_since(mark);

    // Looking at its properties.
    let mark = watch.mark();
    v4l2_ctl(NODE, &["--all"]).wait_for_exit(PROMPT);
    watch.shows("nobody, it was only looked at", <[Holder]>::is_empty);
    watch.assert_no_stream_since(mark);
    watch.end();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn each_reader_is_named_and_its_end_is_seen() {
    let mut watch = Watch::start(NODE);
    // By mmap.
    let mark = watch.mark();
    let mut program = v4l2_ctl(NODE, &["--stream-mmap", "--stream-count=60"]);
    watch.saw(mark, "v4l2-ctl streams", only_stream("v4l2-ctl", &program));
    program.wait_for_exit(Duration::from_secs(60));
    watch.shows("nobody after v4l2-ctl", <[Holder]>::is_empty);
    let lists = watch.clients_since(mark);
    assert!(lists.iter().flatten().all(|client| client.name != UNSEEN), "v4l2-ctl alone: {lists:#?}");

    let mark = watch.mark();
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-loglevel", "error", "-f", "v4l2", "-i", NODE, "-frames:v", "20", "-f", "null", "-"]);
    let mut program = Reaped(quiet(&mut command).spawn().expect("ffmpeg"));
    eventually("ffmpeg streams", || watch.clients_since(mark).iter().any(|it| only_stream("ffmpeg", &program)(it)));
    program.wait_for_exit(Duration::from_secs(60));
    watch.shows("nobody after ffmpeg", <[Holder]>::is_empty);

    let program = streamer(NODE);
    watch.shows("a stream", only_stream("v4l2-ctl", &program));
    end(program);
    watch.shows("nobody, the stream was killed", <[Holder]>::is_empty);

    // By read(2).
    let mark = watch.mark();
    let mut command = Command::new("dd");
    command.args([&format!("if={NODE}"), "of=/dev/null", &format!("bs={FRAME}"), "count=90"]);
    let mut program = Reaped(quiet(&mut command).spawn().expect("dd"));
    watch.saw(mark, "dd reads", only_stream("dd", &program));
    program.wait_for_exit(Duration::from_secs(60));
    watch.shows("nobody after dd", <[Holder]>::is_empty);
    watch.end();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn several_at_once_and_a_crowd_are_told_apart() {
    let mut watch = Watch::start(NODE);
    // One streams, one looks.
    let looking = holder(NODE);
    watch.shows("the holder", only_holder(&looking));
    let streaming = streamer(NODE);
    watch.shows("one holds, one streams", both(&looking, &streaming));
    end(streaming);
    watch.shows("the holder is left", only_holder(&looking));
    end(looking);
    watch.shows("nobody is left", <[Holder]>::is_empty);

    // Opened and closed as fast as it goes, with one that stays.
    let crowd = std::thread::spawn(|| (0..200).for_each(|_| drop(File::open(NODE).expect("open"))));
    let streaming = streamer(NODE);
    crowd.join().expect("the crowd");
    watch.shows("the stream alone after the crowd", only_stream("v4l2-ctl", &streaming));
    end(streaming);
    watch.shows("nobody after the crowd", <[Holder]>::is_empty);
    watch.end();
}

/// Both losses at a time, each at a node of its own: what mends them comes after 30 s.
#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn what_lost_events_leave_behind_is_mended() {
    let order = |watch: &Watch| File::create(&watch.lose).map(drop).expect("a file");
    let take_back = |watch: &Watch| fs::remove_file(&watch.lose).expect("the file");
    loopback::unload();
    loopback::load_with("Lenscap,Lenscap 2", &["devices=2", "video_nr=30,31"]);
    eventually("the second node is there", || Path::new(SECOND).exists());
    let (mut off, mut on) = (Watch::start(NODE), Watch::start(SECOND));

    // Known as one who streams; that it ends is lost.
    let ends = streamer(NODE);
    off.shows("a stream", only_stream("v4l2-ctl", &ends));
    let stays = holder(NODE);
    off.shows("one holds, one streams", both(&stays, &ends));
    let mark = off.mark();
    order(&off);
    end(ends);
    assert!(off.lost_an_event_since(mark), "no event was lost: {:#?}", off.seen);
    take_back(&off);

    // Another one has the node open; that one begins to stream is lost.
    let other = holder(SECOND);
    on.shows("a holder", only_holder(&other));
    let mark = on.mark();
    order(&on);
    let begins = streamer(SECOND);
    assert!(on.lost_an_event_since(mark), "no event was lost: {:#?}", on.seen);
    take_back(&on);

    let began = Instant::now();
    off.shows_within(MENDED, "the holder is left", only_holder(&stays));
    println!("REPORT a lost end was mended after {:?}", began.elapsed());
    on.shows_within(MENDED, "one streams", |clients| clients.iter().any(|it| is_stream(it, "v4l2-ctl", &begins)));
    println!("REPORT a lost beginning was mended after {:?}", began.elapsed());
    for program in [begins, other, stays] {
        end(program);
    }
    for mut watch in [off, on] {
        watch.shows("nobody is left", <[Holder]>::is_empty);
        watch.end();
    }
}

/// The relay runs as an ordinary user, the client does not.
#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn another_users_programs_are_seen_without_a_name() {
    let [opens, streams] = if has_usage_events() { [Use::Open, Use::Streaming] } else { [Use::Unknown, Use::Unknown] };
    let mut watch = Watch::start_as_nobody(NODE);
    let program = holder(NODE);
    watch.shows("somebody holds it", only_unseen(opens));
    end(program);
    watch.shows("nobody after the holder", <[Holder]>::is_empty);
    let program = streamer(NODE);
    watch.shows("somebody streams", only_unseen(streams));
    end(program);
    watch.shows("nobody after the stream", <[Holder]>::is_empty);
    watch.end();
}

/// Another loopback's holders are not ours, seen or not.
#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn another_nodes_holders_are_not_ours() {
    loopback::unload();
    loopback::load_with("Lenscap,Other", &["devices=2", "video_nr=30,31"]);
    eventually("the second node is there", || Path::new(SECOND).exists());
    let other = holder(SECOND);
    let descriptor = format!("/proc/{}/fd/3", other.0.id());
    eventually("the other node is held", || fs::read_link(&descriptor).is_ok_and(|node| node == Path::new(SECOND)));
    let mut watch = Watch::start_as_nobody(NODE);
    let mark = watch.mark();
    v4l2_ctl(NODE, &["--all"]).wait_for_exit(PROMPT);
    let program = holder(NODE);
    watch.saw(mark, "somebody holds it", |clients| {
        clients.iter().any(|client| client.name == UNSEEN && client.usage != Use::Streaming)
    });
    end(program);
    watch.shows("nobody after the holder", <[Holder]>::is_empty);
    let mark = watch.mark();
    assert!(!within(Duration::from_secs(1), || !watch.clients_since(mark).is_empty()), "{:#?}", watch.since(mark));
    end(other);
    watch.end();
}
