//! The detector against a module whose events get lost on order, with a file in place of the node.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;

use super::*;
use lenscap_apps::Roots;
use lenscap_core::presence::{UNSEEN, Use};

/// A module that keeps only the newest event and can lose it, as real ones do.
#[derive(Debug, Clone, Default)]
pub(in crate::detect) struct FakeUsage(Rc<FakeState>);

#[derive(Debug, Default)]
struct FakeState {
    level: Cell<bool>,
    event: Cell<Option<bool>>,
    gone: Cell<bool>,
    readings: Cell<u32>,
}

impl FakeUsage {
    fn set(&self, level: bool) {
        self.0.level.set(level);
        self.0.event.set(Some(level));
    }

    fn set_and_lose_the_event(&self, level: bool) {
        self.0.level.set(level);
    }

    pub(in crate::detect) fn take(&self) -> io::Result<Option<bool>> {
        if self.0.gone.get() {
            return Err(rustix::io::Errno::NODEV.into());
        }
        Ok(self.0.event.take())
    }

    pub(in crate::detect) fn read_level(&self) -> io::Result<Option<bool>> {
        self.0.readings.set(self.0.readings.get() + 1);
        // The new subscription echoes to the old one.
        self.0.event.set(Some(self.0.level.get()));
        Ok(Some(self.0.level.get()))
    }
}

struct DetectorBench {
    module: FakeUsage,
    detector: Detector,
    file: tempfile::TempPath,
    now: Instant,
}

const POLL: Duration = Duration::from_millis(50);

impl DetectorBench {
    /// Nobody is there, and all processes may be looked at again.
    fn new() -> Self {
        let mut bench = Self::begin();
        assert_eq!(bench.dispatch(), None);
        bench.now += Duration::from_secs(5);
        bench
    }

    /// Nothing has been looked at; looks are waited for, as time is not that of the clock.
    fn begin() -> Self {
        let file = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        let module = FakeUsage::default();
        module.set(false);
        let now = Instant::now();
        let usage = Usage::Fake(module.clone());
        let mut detector = Detector::build(&file, |_| Ok((usage, false)), POLL, now).unwrap();
        detector.looker = Looker::new(Duration::from_secs(60), Box::leak(Box::default()));
        Self { module, detector, file, now }
    }

    fn dispatch(&mut self) -> Option<Presence> {
        self.detector.dispatch(self.now)
    }

    /// Lets time pass as far as the next deadline and dispatches; the presence if it changed.
    fn pass(&mut self) -> Option<Presence> {
        self.now = self.detector.deadline().unwrap().max(self.now);
        self.dispatch()
    }

    /// Dispatches at every deadline until then.
    fn pass_until(&mut self, until: Instant) -> Option<Presence> {
        let mut last = None;
        while self.detector.deadline().unwrap() <= until {
            last = self.pass().or(last);
        }
        self.now = until;
        last
    }

    /// A process that has the file open, and reads from it after a line of input.
    fn holder(&self) -> HoldingChild {
        let mut child = Command::new("sh")
            .args(["-c", "exec 3<\"$0\"; echo; read -r line; read -r line <&3; echo; read -r line"])
            .arg(&*self.file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        HoldingChild(child)
    }
}

struct HoldingChild(Child);

impl Drop for HoldingChild {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn usages(presence: &Presence) -> Vec<Use> {
    presence.clients.iter().map(|client| client.usage).collect()
}

#[test]
fn an_event_says_that_somebody_streams_and_stops() {
    let mut bench = DetectorBench::new();
    bench.module.set(true);
    let presence = bench.dispatch().unwrap();
    assert_eq!((presence.clients[0].name.as_str(), usages(&presence)), (UNSEEN, vec![Use::Streaming]));
    bench.module.set(false);
    assert_eq!(bench.dispatch(), Some(Presence::default()));
}

#[test]
fn the_one_holder_is_named_and_merely_looks_after_streamoff() {
    let mut bench = DetectorBench::new();
    let holding = bench.holder();
    let scanned = bench.now + Duration::from_secs(5);
    let presence = bench.dispatch().or_else(|| bench.pass_until(scanned)).unwrap();
    assert_eq!((presence.clients[0].pid, usages(&presence)), (Some(holding.0.id()), vec![Use::Open]));
    bench.module.set(true);
    let presence = bench.dispatch().unwrap();
    assert_eq!((presence.clients[0].pid, usages(&presence)), (Some(holding.0.id()), vec![Use::Streaming]));
    bench.module.set(false);
    assert_eq!(usages(&bench.dispatch().unwrap()), [Use::Open]);
}

#[test]
fn a_lost_streamoff_is_repaired_within_thirty_seconds() {
    let mut bench = DetectorBench::new();
    bench.module.set(true);
    assert!(bench.dispatch().unwrap().any_streaming());
    bench.pass_until(bench.now + Duration::from_secs(2));
    bench.module.set_and_lose_the_event(false);
    assert_eq!(bench.dispatch(), None);
    let lost = bench.now;
    assert_eq!(bench.pass_until(lost + Duration::from_secs(30)), Some(Presence::default()));
}

#[test]
fn a_lost_streamon_of_a_known_holder_is_repaired_within_thirty_seconds() {
    let mut bench = DetectorBench::new();
    let _holding = bench.holder();
    let scanned = bench.now + Duration::from_secs(5);
    assert!(bench.dispatch().or_else(|| bench.pass_until(scanned)).is_some());
    bench.module.set_and_lose_the_event(true);
    assert_eq!(bench.dispatch(), None);
    let lost = bench.now;
    assert!(bench.pass_until(lost + Duration::from_secs(30)).unwrap().any_streaming());
}

#[test]
fn a_lost_streamon_of_an_unseen_client_is_repaired_within_five_minutes() {
    let mut bench = DetectorBench::new();
    bench.module.set_and_lose_the_event(true);
    let lost = bench.now;
    assert!(bench.pass_until(lost + Duration::from_secs(300)).unwrap().any_streaming());
}

#[test]
fn an_event_lost_right_after_another_is_repaired_at_once() {
    let mut bench = DetectorBench::new();
    bench.module.set(true);
    assert!(bench.dispatch().unwrap().any_streaming());
    bench.module.set_and_lose_the_event(false);
    let lost = bench.now;
    assert_eq!(bench.pass_until(lost + Duration::from_secs(1)), Some(Presence::default()));
}

#[test]
fn the_engine_may_ask_for_the_level() {
    let mut bench = DetectorBench::new();
    bench.pass_until(bench.now + Duration::from_secs(1));
    bench.module.set_and_lose_the_event(true);
    assert_eq!(bench.dispatch(), None);
    bench.detector.recheck(bench.now);
    assert!(bench.detector.deadline().unwrap() <= bench.now);
    assert!(bench.dispatch().unwrap().any_streaming());
}

#[test]
fn idle_wakes_once_in_five_minutes_and_echoes_wake_nobody() {
    let mut bench = DetectorBench::new();
    // What the start brings, and the first check.
    bench.pass_until(bench.now + Duration::from_secs(1));
    bench.pass();
    let before = bench.module.0.readings.get();
    for _ in 0..5 {
        let deadline = bench.detector.deadline().unwrap();
        assert!(deadline - bench.now > Duration::from_secs(298), "{:?}", deadline - bench.now);
        assert_eq!(bench.pass(), None);
    }
    assert_eq!(bench.module.0.readings.get() - before, 5);
}

#[test]
fn an_open_node_costs_one_wake_up_in_thirty_seconds_where_the_module_tells() {
    let mut bench = DetectorBench::new();
    let _holding = bench.holder();
    bench.dispatch();
    bench.module.set(true);
    bench.dispatch();
    bench.pass_until(bench.now + Duration::from_secs(10));
    let mut wakeups = 0;
    let end = bench.now + Duration::from_secs(300);
    while bench.detector.deadline().unwrap() <= end {
        assert_eq!(bench.pass(), None);
        wakeups += 1;
    }
    assert!((9..=11).contains(&wakeups), "{wakeups}");
}

#[test]
fn a_node_that_is_gone_has_nobody_and_waits_for_nothing() {
    let mut bench = DetectorBench::new();
    bench.module.set(true);
    assert!(bench.dispatch().is_some());
    bench.module.0.gone.set(true);
    assert_eq!(bench.dispatch(), Some(Presence::default()));
    assert!(bench.detector.gone());
    assert_eq!(bench.detector.deadline(), None);
    assert_eq!(bench.dispatch(), None);
}

#[test]
fn a_holder_that_comes_and_goes_unheard_is_forgotten() {
    let mut bench = DetectorBench::new();
    let holding = bench.holder();
    let scanned = bench.now + Duration::from_secs(5);
    assert!(bench.dispatch().or_else(|| bench.pass_until(scanned)).is_some());
    drop(holding);
    // The close never arrives.
    bench.detector.watch.take().unwrap();
    assert_eq!(bench.dispatch(), None);
    let lost = bench.now;
    assert_eq!(bench.pass_until(lost + Duration::from_secs(30)), Some(Presence::default()));
}

#[test]
fn a_read_heard_before_its_reader_is_found_is_not_forgotten() {
    let mut bench = DetectorBench::new();
    std::fs::write(&bench.file, "one frame\n").unwrap();
    bench.dispatch();
    bench.pass_until(bench.now + Duration::from_secs(5));
    // Scans are not allowed for a while: too many came before.
    bench.detector.schedule.scanned(bench.now, Duration::from_millis(200));
    let mut holding = bench.holder();
    let input = holding.0.stdin.as_mut().unwrap();
    std::io::Write::write_all(input, b"read\n").unwrap();
    holding.0.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    assert_eq!(bench.dispatch(), None);
    let presence = bench.pass_until(bench.now + Duration::from_millis(1500)).unwrap();
    assert_eq!((presence.clients[0].pid, usages(&presence)), (Some(holding.0.id()), vec![Use::Streaming]));
}

#[test]
fn our_own_descriptors_are_nobodys() {
    let mut bench = DetectorBench::new();
    let _open = File::open(&bench.file).unwrap();
    bench.dispatch();
    bench.pass_until(bench.now + Duration::from_secs(60));
    // Not "never anybody": a child that another test starts has our descriptors until it executes its program.
    assert!(bench.detector.reported.is_empty(), "{:?}", bench.detector.reported);
}

/// The processes shown there.
pub(in crate::detect) fn apps_of(proc: &Path) -> Arc<Apps> {
    Arc::new(Apps::new(Roots { proc: proc.into(), ..Roots::default() }))
}

/// Processes as `/proc` shows them that have the node open; the map of the first never answers.
pub(in crate::detect) fn stuck_processes(node: &Path) -> tempfile::TempDir {
    let proc = tempfile::tempdir().unwrap();
    for pid in ["77", "78"] {
        let process = proc.path().join(pid);
        std::fs::create_dir_all(process.join("fd")).unwrap();
        std::os::unix::fs::symlink(node, process.join("fd/3")).unwrap();
        std::fs::write(process.join("comm"), pid).unwrap();
    }
    // Opening a pipe that nobody writes to waits, as reading the map of a process does that is stuck in the kernel.
    rustix::fs::mknodat(
        rustix::fs::CWD,
        proc.path().join("77/maps"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    let map = format!("7f0c8e1d4000-7f0c8e26a000 rw-s 00000000 00:00 1 {}\n", node.display());
    std::fs::write(proc.path().join("78/maps"), map).unwrap();
    proc
}

#[test]
fn a_process_that_does_not_answer_stops_nobody() {
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut bench = DetectorBench::begin();
        let proc = stuck_processes(&bench.file.canonicalize().unwrap());
        bench.detector.name_by(apps_of(proc.path()));
        bench.detector.looker = Looker::new(Duration::from_millis(50), Box::leak(Box::default()));
        bench.module.set(true);
        // Who it is is not known yet; that somebody streams is, and is told soon all the same.
        assert_eq!(bench.dispatch(), None);
        let presence = bench.pass_until(bench.now + NAME_PATIENCE).unwrap();
        assert_eq!((presence.clients[0].pid, usages(&presence)), (None, vec![Use::Streaming]));
        bench.detector.looker.set_patience(Duration::from_secs(60));
        let asked = bench.now;
        let presence = bench.pass_until(asked + Duration::from_secs(5)).unwrap();
        assert_eq!(presence.clients.iter().map(|client| client.pid).collect::<Vec<_>>(), [Some(78)]);
        // Meanwhile what the module says still counts at once.
        bench.module.set(false);
        assert!(!bench.dispatch().unwrap().any_streaming());
        bench.module.set(true);
        assert!(bench.dispatch().unwrap().any_streaming());
        // It answers again.
        drop(File::options().write(true).open(proc.path().join("77/maps")).unwrap());
        std::fs::remove_file(proc.path().join("77/maps")).unwrap();
        std::fs::copy(proc.path().join("78/maps"), proc.path().join("77/maps")).unwrap();
        let end = Instant::now() + Duration::from_secs(60);
        while bench.detector.found.len() < 2 {
            assert!(Instant::now() < end, "it is left out for ever");
            bench.pass();
            std::thread::sleep(Duration::from_millis(1));
        }
        done.send(()).unwrap();
    });
    is_done.recv_timeout(Duration::from_secs(120)).expect("a dispatch that returns");
}

#[test]
fn a_late_answer_is_taken_when_it_comes() {
    let mut bench = DetectorBench::begin();
    bench.detector.looker.set_patience(Duration::ZERO);
    let _holding = bench.holder();
    bench.dispatch();
    let end = Instant::now() + Duration::from_secs(60);
    while bench.detector.found.is_empty() {
        assert!(Instant::now() < end, "not within a minute");
        // Time passes little by little: a look that takes long is given up.
        bench.now += Duration::from_millis(1);
        bench.dispatch();
        std::thread::sleep(Duration::from_millis(1));
    }
    bench.detector.looker.set_patience(Duration::from_secs(60));
    bench.pass_until(bench.now + Duration::from_secs(5));
    let before = bench.now;
    assert!(bench.detector.deadline().unwrap() > before + Duration::from_secs(20), "nothing is due any more");
}

#[test]
fn who_streams_is_told_with_the_name_when_that_comes_in_a_moment() {
    let mut bench = DetectorBench::begin();
    bench.detector.looker.set_patience(Duration::ZERO);
    let _holding = bench.holder();
    bench.module.set(true);
    let end = Instant::now() + Duration::from_secs(60);
    let presence = loop {
        // No time passes: what is told first is what counts.
        if let Some(presence) = bench.dispatch() {
            break presence;
        }
        assert!(Instant::now() < end, "not within a minute");
        std::thread::sleep(Duration::from_millis(1));
    };
    assert!(presence.any_streaming() && presence.clients.iter().all(|client| client.pid.is_some()), "{presence:?}");
}

#[test]
fn who_streams_is_told_with_the_name_though_looks_came_one_after_the_other() {
    let mut bench = DetectorBench::new();
    bench.pass_until(bench.now + Duration::from_secs(5));
    // A busy computer: so long did the last look take, and so the next one is put off.
    bench.detector.schedule.scanned(bench.now, Duration::from_millis(300));
    let holding = bench.holder();
    bench.module.set(true);
    let began = bench.now;
    let presence = bench.dispatch().or_else(|| bench.pass_until(began + NAME_PATIENCE)).unwrap();
    assert_eq!((presence.clients[0].pid, usages(&presence)), (Some(holding.0.id()), vec![Use::Streaming]));
}
