//! All USB cameras together, on a stand-in for sysfs and `/dev`. The kernel itself answers in `tests/vm/truth.rs`.

use std::fs::File;
use std::time::{Duration, Instant};

use lenscap_test_support::fake_sysfs::FakeSysfs;
use proptest::prelude::*;

use super::*;

/// Whose looks at processes are waited for, as time is not that of the clock.
fn sensors(roots: Roots, watch_others: bool, now: Instant) -> Sensors {
    let mut sensors = Sensors::new(roots, watch_others, now);
    sensors.looker = Looker::new(Duration::from_secs(60), Box::leak(Box::default()));
    sensors
}

struct SensorsBench {
    fake: FakeSysfs,
    sensors: Sensors,
    now: Instant,
}

impl SensorsBench {
    /// With an isochronous camera at 0 and a bulk one at 2. Nobody is named: a program that another test starts has between
    /// fork(2) and exec(2) whatever this process has open.
    fn new(watch_others: bool) -> Self {
        let mut bench = Self::among_programs(watch_others);
        bench.sensors.apps = super::super::detector::tests::apps_of(&bench.fake.dev().join("no-proc"));
        bench
    }

    /// As [`Self::new`]; programs are looked for in the real `/proc`.
    fn among_programs(watch_others: bool) -> Self {
        let fake = FakeSysfs::new();
        fake.plug(0, "Iso Cam", false);
        fake.plug(2, "Bulk Cam", true);
        let now = Instant::now();
        let roots = Roots { sysfs: fake.sysfs(), dev: fake.dev() };
        let mut bench = Self { sensors: sensors(roots, watch_others, now), fake, now };
        assert_eq!(bench.dispatch(), []);
        bench
    }

    fn dispatch(&mut self) -> Vec<SensorEvent> {
        self.sensors.dispatch(self.now)
    }

    /// Follows the deadlines for so long, with `each` before every reading.
    fn pass_with(&mut self, ms: u64, mut each: impl FnMut(&FakeSysfs, u64)) -> Vec<SensorEvent> {
        let start = self.now;
        let end = start + Duration::from_millis(ms);
        let mut events = Vec::new();
        let mut rounds = 0;
        while let Some(deadline) = self.sensors.deadline().filter(|deadline| *deadline <= end) {
            rounds += 1;
            assert!(rounds < 20_000, "due again and again without end");
            self.now = self.now.max(deadline);
            each(&self.fake, u64::try_from((self.now - start).as_millis()).unwrap());
            events.extend(self.dispatch());
        }
        self.now = end;
        events
    }

    fn pass(&mut self, ms: u64) -> Vec<SensorEvent> {
        self.pass_with(ms, |_, _| {})
    }

    /// Somebody opens the camera, as the kernel would show it.
    fn open(&mut self, number: u32) -> File {
        self.fake.set_references(1);
        self.fake.set_awake(number, true);
        File::open(self.fake.node(number)).unwrap()
    }

    fn close(&mut self, number: u32, file: File) {
        drop(file);
        self.fake.set_alternate(number, 0);
        self.fake.set_awake(number, false);
        self.fake.set_references(0);
    }

    fn other(&self, number: u32, name: &str) -> OtherCamera {
        OtherCamera { camera: name.into(), node: self.fake.node(number), clients: Vec::new() }
    }
}

#[test]
fn nothing_is_due_while_no_camera_is_open() {
    let mut bench = SensorsBench::new(true);
    assert_eq!(bench.sensors.deadline(), None);
    let file = bench.open(0);
    assert_eq!(bench.dispatch(), []);
    assert!(bench.sensors.deadline().is_some(), "it may start at any moment");
    bench.close(0, file);
    bench.dispatch();
    assert_eq!(bench.sensors.deadline(), None);
    assert!(SensorsBench::new(false).sensors.fd().is_none());
}

#[test]
fn a_stream_past_the_relay_is_told_from_start_to_end() {
    let mut bench = SensorsBench::among_programs(true);
    // Our own process is never another program: nobody is named.
    let file = bench.open(0);
    assert_eq!(bench.dispatch(), []);
    bench.fake.set_alternate(0, 3);
    assert_eq!(bench.pass(100), [SensorEvent::Others(vec![bench.other(0, "Iso Cam")])]);
    bench.pass(10_000);
    bench.fake.set_alternate(0, 0);
    assert_eq!(bench.pass(500), [SensorEvent::Others(Vec::new())], "STREAMOFF, still open");
    bench.fake.set_alternate(0, 1);
    assert_eq!(bench.pass(100).len(), 1);
    bench.close(0, file);
    assert_eq!(bench.dispatch(), [SensorEvent::Others(Vec::new())], "the close is heard");
    assert_eq!(bench.sensors.deadline(), None);
}

#[test]
fn a_camera_whose_streaming_interface_comes_after_its_nodes_is_seen_at_once() {
    for is_bulk in [false, true] {
        let mut bench = SensorsBench::new(true);
        bench.fake.plug(4, "New Cam", is_bulk);
        bench.fake.hide_stream(4);
        assert_eq!(bench.dispatch(), []);
        bench.fake.show_stream(4);
        let _file = bench.open(4);
        assert_eq!(bench.dispatch(), []);
        let told = [SensorEvent::Others(vec![bench.other(4, "New Cam")])];
        match is_bulk {
            false => {
                bench.fake.set_alternate(4, 3);
                assert_eq!(bench.pass(100), told);
            }
            true => assert_eq!(bench.pass_with(2000, |fake, ms| fake.set_transfers(4, 10 + ms)), told),
        }
    }
}

#[test]
fn a_camera_is_not_off_before_its_streaming_interface_says_so() {
    let mut bench = SensorsBench::new(true);
    bench.fake.plug(4, "New Cam", false);
    bench.fake.hide_stream(4);
    assert_eq!(bench.dispatch(), []);
    let node = bench.fake.node(4);
    assert!(bench.sensors.claim(&[node], bench.now));
    bench.sensors.set_worker(Some(std::process::id()));
    let file = bench.open(4);
    bench.sensors.verify(bench.now);
    assert_eq!(bench.pass(1000), [SensorEvent::Own { on: true }], "it may be on");
    bench.fake.set_alternate(4, 1);
    bench.fake.show_stream(4);
    assert_eq!(bench.pass(1000), []);
    bench.close(4, file);
    assert_eq!(bench.pass(1000), [SensorEvent::Own { on: false }]);
}

#[test]
fn a_bulk_stream_is_told_by_its_transfers() {
    let mut bench = SensorsBench::new(true);
    let file = bench.open(2);
    assert_eq!(bench.dispatch(), []);
    let flows = bench.pass_with(2000, |fake, ms| fake.set_transfers(2, 10 + ms));
    assert_eq!(flows, [SensorEvent::Others(vec![bench.other(2, "Bulk Cam")])]);
    assert_eq!(bench.pass(1000), [SensorEvent::Others(Vec::new())], "open, and nothing flows");
    bench.close(2, file);
    bench.dispatch();
    assert_eq!(bench.sensors.deadline(), None);
}

#[test]
fn the_program_is_named() {
    let mut bench = SensorsBench::among_programs(true);
    let child = std::process::Command::new("sleep").arg("60").stdin(bench.open(0)).spawn().unwrap();
    bench.fake.set_alternate(0, 1);
    let events = bench.dispatch();
    let mut child = child;
    child.kill().unwrap();
    child.wait().unwrap();
    let OtherCamera { camera, node, .. } = bench.other(0, "Iso Cam");
    let [SensorEvent::Others(others)] = &events[..] else { panic!("{events:?}") };
    let [OtherCamera { camera: shown, node: shown_node, clients }] = &others[..] else { panic!("{others:?}") };
    let clients: Vec<_> = clients.iter().map(|client| (client.pid, client.program())).collect();
    assert_eq!((shown, shown_node, &clients[..]), (&camera, &node, &[(Some(child.id()), "sleep")][..]));
}

#[test]
fn a_camera_of_any_name_is_told_in_one_visible_line() {
    let mut bench = SensorsBench::new(true);
    bench.fake.plug(6, "Cam\u{1b}]0;x\u{7}\u{202e}\n2", false);
    bench.dispatch();
    let _file = bench.open(6);
    bench.fake.set_alternate(6, 1);
    assert_eq!(bench.dispatch(), [SensorEvent::Others(vec![bench.other(6, "Cam ]0;x 2")])]);
}

#[test]
fn a_program_that_does_not_answer_stops_nobody() {
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut bench = SensorsBench::new(true);
        let proc = super::super::detector::tests::stuck_processes(&bench.fake.node(0).canonicalize().unwrap());
        bench.sensors.apps = super::super::detector::tests::apps_of(proc.path());
        bench.sensors.looker.set_patience(Duration::from_millis(50));
        let _file = bench.open(0);
        bench.fake.set_alternate(0, 1);
        assert_eq!(
            bench.dispatch(),
            [SensorEvent::Others(vec![bench.other(0, "Iso Cam")])],
            "on; who it is comes later"
        );
        bench.sensors.looker.set_patience(Duration::from_secs(60));
        let client = Client::new(Some(78), "78", lenscap_core::presence::Use::Streaming);
        let named = OtherCamera { clients: vec![client], ..bench.other(0, "Iso Cam") };
        assert_eq!(bench.pass(5000), [SensorEvent::Others(vec![named])]);
        bench.fake.set_alternate(0, 0);
        assert_eq!(bench.pass(500), [SensorEvent::Others(Vec::new())]);
        drop(File::options().write(true).open(proc.path().join("77/maps")).unwrap());
        done.send(()).unwrap();
    });
    is_done.recv_timeout(Duration::from_secs(120)).expect("a dispatch that returns");
}

#[test]
fn a_camera_that_streams_already_is_seen_at_the_start() {
    let fake = FakeSysfs::new();
    fake.plug(4, "Cam", false);
    fake.set_references(1);
    fake.set_awake(4, true);
    fake.set_alternate(4, 2);
    let now = Instant::now();
    let mut sensors = sensors(Roots { sysfs: fake.sysfs(), dev: fake.dev() }, true, now);
    assert!(matches!(&sensors.dispatch(now)[..], [SensorEvent::Others(others)] if others.len() == 1));
    sensors.set_watch_others(false, now);
    assert_eq!(sensors.dispatch(now), [SensorEvent::Others(Vec::new())], "switched off");
    assert_eq!(sensors.deadline(), None);
}

#[test]
fn cameras_come_and_go() {
    let mut bench = SensorsBench::new(true);
    bench.fake.plug(6, "New Cam", false);
    assert_eq!(bench.dispatch(), []);
    let file = bench.open(6);
    bench.fake.set_alternate(6, 1);
    assert_eq!(bench.dispatch(), [SensorEvent::Others(vec![bench.other(6, "New Cam")])]);
    bench.fake.unplug(6);
    assert_eq!(bench.dispatch(), [SensorEvent::Others(Vec::new())], "unplugged while it streamed");
    drop(file);
    bench.fake.set_references(0);
    bench.dispatch();
    assert_eq!(bench.sensors.deadline(), None);
}

#[test]
fn where_an_open_camera_sleeps_its_start_is_seen_all_the_same() {
    let mut bench = SensorsBench::among_programs(true);
    let child =
        std::process::Command::new("sleep").arg("60").stdin(File::open(bench.fake.node(0)).unwrap()).spawn().unwrap();
    bench.fake.set_references(1);
    bench.dispatch();
    assert_eq!(bench.pass(40_000), [], "open, asleep");
    bench.fake.set_awake(0, true);
    bench.fake.set_alternate(0, 1);
    let events = bench.pass(200);
    assert!(matches!(&events[..], [SensorEvent::Others(others)] if others.len() == 1), "{events:?}");
    let mut child = child;
    child.kill().unwrap();
    child.wait().unwrap();
    bench.fake.set_alternate(0, 0);
    bench.fake.set_awake(0, false);
    bench.fake.set_references(0);
    assert_eq!(bench.pass(1000), [SensorEvent::Others(Vec::new())]);
    assert_eq!(bench.sensors.deadline(), None);
}

#[test]
fn the_workers_camera_is_not_another_and_is_checked_after_it() {
    for watch_others in [true, false] {
        let mut bench = SensorsBench::among_programs(watch_others);
        assert!(!bench.sensors.claim(&["/dev/null".into()], bench.now));
        assert!(bench.sensors.claim(&[bench.fake.node(0)], bench.now));
        let mut worker = std::process::Command::new("sleep").arg("60").stdin(bench.open(0)).spawn().unwrap();
        bench.sensors.set_worker(Some(worker.id()));
        bench.fake.set_alternate(0, 1);
        assert_eq!(bench.pass(5000), [], "ours");
        bench.sensors.verify(bench.now);
        assert_eq!(bench.dispatch(), [SensorEvent::Own { on: true }]);
        assert_eq!(bench.pass(500), []);
        worker.kill().unwrap();
        worker.wait().unwrap();
        bench.sensors.set_worker(None);
        bench.fake.set_references(0);
        assert_eq!(bench.pass(500), [], "nobody has it, and still it streams");
        bench.fake.set_alternate(0, 0);
        bench.fake.set_awake(0, false);
        assert_eq!(bench.pass(100), [SensorEvent::Own { on: false }]);
        assert_eq!(bench.pass(5000), []);
        assert_eq!(bench.sensors.deadline(), None);
    }
}

#[test]
fn what_the_worker_has_open_is_claimed_whoever_opened_it() {
    let mut bench = SensorsBench::among_programs(true);
    let mut worker = std::process::Command::new("sleep").arg("60").stdin(bench.open(0)).spawn().unwrap();
    assert!(!bench.sensors.claim_held(bench.now), "no worker");
    bench.sensors.set_worker(Some(worker.id()));
    let claimed = bench.sensors.claim_held(bench.now);
    bench.fake.set_alternate(0, 1);
    let events = bench.dispatch();
    worker.kill().unwrap();
    worker.wait().unwrap();
    assert!(claimed);
    assert_eq!(events, [], "ours");
}

#[test]
fn a_bulk_camera_is_off_once_its_transfers_stand_still() {
    let mut bench = SensorsBench::new(false);
    assert!(bench.sensors.claim(&[bench.fake.node(2)], bench.now));
    let file = bench.open(2);
    bench.sensors.set_worker(Some(u32::MAX));
    bench.sensors.verify(bench.now);
    let events = bench.pass_with(2000, |fake, ms| fake.set_transfers(2, 10 + ms));
    assert_eq!(events, [SensorEvent::Own { on: true }]);
    assert_eq!(bench.pass(900), [SensorEvent::Own { on: false }], "within a second");
    drop(file);
}

#[test]
fn a_camera_that_another_program_took_over_is_no_failure() {
    for (watch_others, told) in [(true, 2), (false, 1)] {
        let mut bench = SensorsBench::among_programs(watch_others);
        assert!(bench.sensors.claim(&[bench.fake.node(0)], bench.now));
        let mut child = std::process::Command::new("sleep").arg("60").stdin(bench.open(0)).spawn().unwrap();
        bench.fake.set_alternate(0, 1);
        bench.sensors.verify(bench.now);
        let events = bench.dispatch();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(events.len(), told, "{events:?}");
        assert_eq!(events[0], SensorEvent::Own { on: false });
        assert!(events.iter().skip(1).all(|event| matches!(event, SensorEvent::Others(others) if others.len() == 1)));
    }
}

#[test]
fn a_camera_that_was_unplugged_is_off() {
    let mut bench = SensorsBench::new(false);
    assert!(bench.sensors.claim(&[bench.fake.node(0)], bench.now));
    bench.fake.set_alternate(0, 1);
    bench.sensors.verify(bench.now);
    assert_eq!(bench.dispatch(), [SensorEvent::Own { on: true }]);
    bench.fake.unplug(0);
    assert_eq!(bench.pass(500), [SensorEvent::Own { on: false }]);
}

#[test]
fn only_the_functions_own_interfaces_count() {
    let bench = SensorsBench::new(false);
    // The second function's control interface is associated with interfaces 2 and 3 only.
    let control = bench.fake.sysfs().join("devices/usb1/1-0/1-0:1.0");
    std::fs::write(control.join("iad_bFirstInterface"), "02\n").unwrap();
    std::fs::write(control.join("iad_bInterfaceCount"), "02\n").unwrap();
    bench.fake.set_awake(0, true);
    bench.fake.set_alternate(0, 1);
    let first = || sysfs::cameras(&bench.fake.sysfs()).cameras.remove(0);
    let alternate = || match first().read(Held::No) {
        Readout::Known(reading) => reading.alternate,
        readout => panic!("{readout:?}"),
    };
    assert_eq!(alternate(), Some(false), "interface 1 is another function's");
    std::fs::write(control.join("iad_bFirstInterface"), "00\n").unwrap();
    assert_eq!(alternate(), Some(true));
    assert_eq!(first().nodes, ["video0", "video1"]);
}

#[test]
fn a_counter_that_the_kernel_prints_negative_is_a_counter() {
    let mut bench = SensorsBench::new(true);
    let file = bench.open(2);
    assert_eq!(bench.dispatch(), []);
    let end = i64::from(i32::MAX);
    let printed = |ms: u64| i64::from((end + ms as i64 - 1500) as i32);
    let mut dispatched = 0;
    let flows = bench.pass_with(6000, |fake, ms| {
        dispatched += 1;
        fake.put_device(2, "urbnum", &printed(ms).to_string());
    });
    assert_eq!(flows, [SensorEvent::Others(vec![bench.other(2, "Bulk Cam")])], "on, and it stays on");
    assert!(dispatched < 60, "{dispatched} times in 6 s");
    bench.close(2, file);
    assert_eq!(bench.dispatch(), [SensorEvent::Others(Vec::new())]);
}

#[test]
fn a_camera_that_cannot_be_read_when_it_is_found_is_looked_at_again_and_ever_less_often() {
    let fake = FakeSysfs::new();
    fake.plug(0, "Cam", false);
    fake.put_interface(0, 0, "bInterfaceClass", "");
    fake.set_references(1);
    fake.set_awake(0, true);
    fake.set_alternate(0, 1);
    let now = Instant::now();
    let roots = Roots { sysfs: fake.sysfs(), dev: fake.dev() };
    let mut bench = SensorsBench { sensors: sensors(roots, true, now), fake, now };
    assert_eq!(bench.dispatch(), []);
    let mut dispatched = 0;
    assert_eq!(bench.pass_with(3_600_000, |_, _| dispatched += 1), []);
    assert!((10..30).contains(&dispatched), "{dispatched} times in an hour");
    bench.fake.put_interface(0, 0, "bInterfaceClass", "0e");
    let events = bench.pass(300_000);
    assert_eq!(events, [SensorEvent::Others(vec![bench.other(0, "Cam")])]);
}

/// What the kernel never says of a number, a class or a state.
const GARBAGE: [&str; 7] = ["", "?", "-", "1e9", "99999999999999999999", "3 4", "\u{0}\u{1}"];

#[derive(Debug, Clone)]
enum SensorsOp {
    /// This attribute, by number, says this garbage; the one behind the last is `urbnum`.
    Garble(usize, usize),
    /// All say what they should.
    Mend,
    /// Nodes come or go.
    NodeEvent,
    Pass(u64),
}

fn any_op() -> impl Strategy<Value = SensorsOp> {
    prop_oneof![
        4 => (0..=ATTRIBUTES.len(), 0..GARBAGE.len()).prop_map(|(which, what)| SensorsOp::Garble(which, what)),
        1 => Just(SensorsOp::Mend),
        1 => Just(SensorsOp::NodeEvent),
        4 => (0u64..5000).prop_map(SensorsOp::Pass),
    ]
}

/// Interface, attribute, what it says of a camera that streams.
const ATTRIBUTES: [(u32, &str, [&str; 2]); 9] = [
    (0, "bInterfaceClass", ["0e", "0e"]),
    (0, "bInterfaceSubClass", ["01", "01"]),
    (0, "power/runtime_status", ["active", "active"]),
    (0, "iad_bFirstInterface", ["00", "00"]),
    (0, "iad_bInterfaceCount", ["02", "02"]),
    (1, "bInterfaceClass", ["0e", "0e"]),
    (1, "bInterfaceSubClass", ["02", "02"]),
    (1, "bAlternateSetting", [" 3", " 0"]),
    (1, "bInterfaceNumber", ["01", "01"]),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Two cameras stream all the time, whatever sysfs says: neither goes dark, and nothing turns in circles.
    #[test]
    fn garbage_in_sysfs_darkens_no_camera_that_streams(ops in prop::collection::vec(any_op(), 1..25)) {
        let mut bench = SensorsBench::new(true);
        let _files = [bench.open(0), bench.open(2)];
        let mend = |fake: &FakeSysfs| {
            for (interface, attribute, texts) in ATTRIBUTES {
                for (number, text) in [0, 2].into_iter().zip(texts) {
                    fake.put_interface(number, interface, attribute, text);
                }
            }
        };
        mend(&bench.fake);
        bench.dispatch();
        let mut lit = bench.pass_with(2000, |fake, ms| fake.set_transfers(2, ms));
        let both = SensorEvent::Others(vec![bench.other(0, "Iso Cam"), bench.other(2, "Bulk Cam")]);
        prop_assert_eq!(lit.pop(), Some(both));
        let (mut transfers, mut counts) = (2000, true);
        for (count, op) in ops.into_iter().enumerate() {
            let mut passed = 0;
            match op {
                SensorsOp::Garble(which, what) => match ATTRIBUTES.get(which) {
                    Some((interface, attribute, _)) => {
                        for number in [0, 2] {
                            bench.fake.put_interface(number, *interface, attribute, GARBAGE[what]);
                        }
                    }
                    None => {
                        counts = false;
                        bench.fake.put_device(2, "urbnum", GARBAGE[what]);
                    }
                },
                SensorsOp::Mend => {
                    counts = true;
                    mend(&bench.fake);
                }
                SensorsOp::NodeEvent => std::fs::write(bench.fake.dev().join(format!("video{}", 100 + count)), "").unwrap(),
                SensorsOp::Pass(ms) => passed = ms,
            }
            let mut dispatched = 0;
            let events = bench.pass_with(passed, |fake, ms| {
                if counts {
                    fake.set_transfers(2, transfers + ms);
                }
                dispatched += 1;
            });
            transfers += passed;
            prop_assert_eq!(events, []);
            prop_assert_eq!(bench.dispatch(), []);
            prop_assert!(dispatched <= 4 + passed / 20, "{} times in {} ms", dispatched, passed);
        }
    }
}
