//! The engine with a stand-in for the kernel's signs of USB cameras: what is verified after a stop, and cameras used past
//! the relay. The kernel itself answers in `tests/vm/truth.rs`.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use lenscap::core::policy::Policy;
use lenscap::core::presence::{Client, Presence, Use};
use lenscap::core::status::{StateName, Status};
use lenscap::core::trouble::TroubleKind;
use lenscap::detect::uvc::Roots;
use lenscap::engine::{Engine, EngineConfig, OutputChoice, Role};
use lenscap::frame::card::CardStyle;
use lenscap::frame::format::{PixelFormat, VideoFormat};
use lenscap_test_support::fake_sysfs::FakeSysfs;
use lenscap_test_support::programs::program;

const DEADLINE: Duration = Duration::from_secs(60);

struct Bench {
    engine: Engine,
    config: EngineConfig,
    fake: FakeSysfs,
}

impl Bench {
    /// With a USB camera at 0 which the worker has open, as a vendor's library would, and another at 2.
    fn new(watch_other_cameras: bool) -> Self {
        let fake = FakeSysfs::new();
        fake.plug(0, "Own Cam", false);
        fake.plug(2, "Other Cam", false);
        let worker_program = fake.root().join("worker");
        let worker = program("lenscap-worker");
        let worker = worker.display();
        let script = format!("#!/bin/sh\nexec 9<{}\nexec {worker} \"$@\"\n", fake.node(0).display());
        fs::write(&worker_program, script).expect("written");
        fs::set_permissions(&worker_program, fs::Permissions::from_mode(0o755)).expect("executable");
        let config = EngineConfig {
            output: OutputChoice::Memory(8),
            format: VideoFormat::new(PixelFormat::Yuy2, 320, 240, 30).expect("a format"),
            style: CardStyle::default(),
            policy: Policy { source: "test".into(), cooldown: Duration::ZERO, ..Policy::default() },
            source: "test".parse().expect("a source"),
            buffer_count: 7,
            worker_program,
            card_program: "/nowhere/lenscap-cards".into(),
            poll_interval: Duration::from_millis(50),
            controls: Default::default(),
            watch_other_cameras,
            further: Vec::new(),
            pipewire: None,
            sandbox: true,
            roots: Roots { sysfs: fake.sysfs(), dev: fake.dev() },
        };
        let engine = Engine::new(config.clone(), Box::new(|_| {})).expect("memory is there");
        Self { engine, config, fake }
    }

    fn stream(&mut self, streams: bool) {
        let client = Client::new(Some(1), "zoom", Use::Streaming);
        let clients = streams.then_some(client).into_iter().collect();
        self.engine.set_presence(Role::Main, Presence { clients });
    }

    fn until(&mut self, what: &str, mut condition: impl FnMut(&Status) -> bool) -> Status {
        let end = Instant::now() + DEADLINE;
        while !condition(&self.engine.status()) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "not within {DEADLINE:?}: {what}; {:#?}", self.engine.status());
            self.engine.turn(Some(left)).expect("turn");
        }
        self.engine.status()
    }
}

/// A program that has a file open.
struct Holder(Child);

impl Holder {
    fn of(path: PathBuf) -> Self {
        Self(Command::new("sleep").arg("600").stdin(File::open(path).expect("it is there")).spawn().expect("sleep"))
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_camera_that_stays_on_is_told_until_it_is_off() {
    for watch in [true, false] {
        let mut bench = Bench::new(watch);
        bench.stream(true);
        bench.until("live", |status| status.state == StateName::Live);
        bench.fake.set_awake(0, true);
        bench.fake.set_alternate(0, 3);
        assert!(bench.engine.status().others.is_empty(), "our own camera");
        bench.stream(false);
        bench.until("stopping", |status| status.state == StateName::Cooldown);
        // Its process ends in order; the kernel still says that the camera streams.
        let engine = &mut bench.engine;
        let end = Instant::now() + DEADLINE;
        while engine.worker_pid().is_some() {
            assert!(engine.status().camera_live, "dark while the kernel says on");
            engine.turn(Some(end.saturating_duration_since(Instant::now()))).expect("turn");
        }
        let status = bench.until("it is told", |status| status.stuck);
        assert!(status.camera_live);
        let reason = status.reason.expect("a reason");
        assert_eq!(reason.kind(), TroubleKind::Hang);
        assert!(
            lenscap::i18n::trouble::sentence(&reason).contains("still streaming although it was switched off"),
            "{reason:?}"
        );
        bench.fake.set_alternate(0, 0);
        bench.fake.set_awake(0, false);
        let status = bench.until("off", |status| !status.camera_live);
        assert_eq!((status.state, status.stuck, status.reason), (StateName::Idle, false, None));
    }
}

#[test]
fn a_camera_that_goes_off_is_off_at_once() {
    let mut bench = Bench::new(true);
    bench.stream(true);
    bench.until("live", |status| status.state == StateName::Live);
    bench.stream(false);
    let status = bench.until("idle", |status| status.state == StateName::Idle);
    assert!(!status.stuck && status.reason.is_none());
}

#[test]
fn a_program_that_uses_a_camera_directly_is_named() {
    let mut bench = Bench::new(true);
    bench.fake.set_references(1);
    bench.fake.set_awake(2, true);
    let holder = Holder::of(bench.fake.node(2));
    bench.fake.set_alternate(2, 1);
    // Who it is may come a moment later.
    let is_named = |status: &Status| status.others.first().is_some_and(|other| !other.clients.is_empty());
    let status = bench.until("another camera is on", is_named);
    assert_eq!((status.others[0].camera.as_str(), status.others[0].clients[0].program()), ("Other Cam", "sleep"));
    assert!(!status.camera_live && status.is_any_camera_on());
    // The relay goes its own way beside it.
    bench.stream(true);
    bench.until("live", |status| status.state == StateName::Live && !status.others.is_empty());
    bench.stream(false);
    bench.until("idle", |status| status.state == StateName::Idle && !status.others.is_empty());
    // Switched off, it is not looked at any more; switched on again, it is seen at once.
    for watch_other_cameras in [false, true] {
        bench.engine.configure(EngineConfig { watch_other_cameras, ..bench.config.clone() });
        assert_eq!(bench.engine.status().others.is_empty(), !watch_other_cameras);
    }
    bench.fake.set_alternate(2, 0);
    bench.fake.set_awake(2, false);
    bench.fake.set_references(0);
    drop(holder);
    bench.until("dark again", |status| status.others.is_empty());
}
