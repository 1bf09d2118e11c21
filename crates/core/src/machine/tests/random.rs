//! Random sequences with invariants.

use proptest::prelude::*;

use super::*;

fn any_usage() -> impl Strategy<Value = Use> {
    prop_oneof![Just(Use::Open), Just(Use::Unknown), Just(Use::Streaming)]
}

fn any_rule() -> impl Strategy<Value = Rule> {
    prop_oneof![4 => Just(Rule::Allow), 2 => Just(Rule::Ask), 1 => Just(Rule::AlwaysAsk), 2 => Just(Rule::Block)]
}

fn any_reason() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        Just(crash()),
        Just(Trouble::ElementMissing { element: "v4l2src".into() }),
        Just(Trouble::CameraBusy { camera: "c".into() }),
    ]
}

fn any_op() -> impl Strategy<Value = Op> {
    let clients = || {
        proptest::collection::vec((prop_oneof![Just(1u32), Just(2), Just(9)], any_usage()), 0..3)
            .prop_map(|list| at(&list.into_iter().map(|(pid, usage)| client(pid, usage)).collect::<Vec<_>>()))
    };
    let further = proptest::collection::vec(proptest::option::of(clients()), Role::ALL.len() - 1);
    let clients = (clients(), further).prop_map(|(main, further)| {
        let further = Role::ALL.into_iter().skip(1).zip(further);
        let further = further.filter_map(|(role, clients)| Some((role, clients?)));
        Event::Presence(std::iter::once((Role::Main, main)).chain(further).collect())
    });
    let devices = proptest::collection::vec((any::<bool>(), proptest::option::of(any_reason())), 0..5).prop_map(|of| {
        let device = |(role, (is_for_one, trouble)): (Role, (bool, Option<Trouble>))| Device {
            role,
            label: format!("{role:?}"),
            node: None,
            is_for_one,
            trouble: trouble.filter(|_| role != Role::Main),
        };
        Event::Devices(Role::ALL.into_iter().zip(of).map(device).collect())
    });
    let worker = prop_oneof![
        8 => prop_oneof![Just(Step::Up), Just(Step::Loaded), Just(Step::Opened), Just(Step::Streaming)]
            .prop_map(WorkerEvent::Step),
        2 => Just(WorkerEvent::Mode(Box::default())),
        1 => Just(WorkerEvent::Confined(crate::sandbox::Sandbox::Off)),
        6 => Just(WorkerEvent::Started { camera: "c".into(), way: None }),
        1 => Just(WorkerEvent::AnotherWay),
        2 => Just(WorkerEvent::Stopped),
        2 => any_reason().prop_map(WorkerEvent::Failed),
        4 => Just(WorkerEvent::Exited { reason: None }),
        2 => any_reason().prop_map(|reason| WorkerEvent::Exited { reason: Some(reason) }),
    ];
    let sensor = prop_oneof![
        3 => Just(SensorEvent::Verifiable),
        1 => Just(SensorEvent::Own { on: true }),
        2 => Just(SensorEvent::Own { on: false }),
        1 => proptest::collection::vec(Just(cheese()), 0..2).prop_map(SensorEvent::Others),
    ];
    let command = prop_oneof![
        1 => Just(Command::Pause { duration: None }),
        1 => (0u64..100_000).prop_map(|ms| Command::Pause { duration: Some(Duration::from_millis(ms)) }),
        1 => Just(Command::Pause { duration: Some(Duration::MAX) }),
        3 => Just(Command::Resume),
        1 => Just(Command::Toggle),
        1 => Just(Command::TurnOff),
        1 => Just(Command::Allow { apps: Vec::new() }),
        1 => Just(Command::Allow { apps: vec![app(9)] }),
        1 => Just(Command::Block { apps: vec![app(1)] }),
    ];
    let rotation = proptest::sample::select(&Rotation::ALL[..]);
    let policy =
        (proptest::option::of(0u64..3000), 0u64..10_000, any::<[bool; 3]>(), rotation, [any_rule(), any_rule()])
            .prop_map(|(delay, cooldown, [other, mirror, pause_while_locked], rotation, [rule, unknown])| Policy {
                activation_delay: delay.map(Duration::from_millis),
                cooldown: Duration::from_millis(cooldown),
                rules: vec![("program:APP9".into(), rule)],
                unknown,
                source: if other { "test".into() } else { "auto".into() },
                orientation: Orientation { mirror, rotation, ..Orientation::default() },
                pause_while_locked,
            });
    prop_oneof![
        8 => clients.prop_map(Op::Event),
        2 => Just(Op::Event(streaming())),
        10 => worker.prop_map(|event| Op::Event(Event::Worker(event))),
        4 => command.prop_map(|command| Op::Event(Event::Command(command))),
        6 => sensor.prop_map(|event| Op::Event(Event::Sensor(event))),
        1 => policy.prop_map(|policy| Op::Event(Event::Policy(policy))),
        1 => any::<bool>().prop_map(|asleep| Op::Event(Event::Sleep(asleep))),
        1 => any::<bool>().prop_map(|locked| Op::Event(Event::Locked(locked))),
        3 => Just(Op::Event(Event::DeviceReady)),
        1 => Just(Op::Event(Event::DeviceGone(Trouble::Output(OutputTrouble::NodeGone { is_installed: false })))),
        2 => devices.prop_map(Op::Event),
        1 => Just(Op::Event(Event::Tick)),
        1 => Just(Op::Event(Event::CameraCame)),
        1 => (0u64..100_000).prop_map(|ms| Op::Event(Event::Suspended(Duration::from_millis(ms)))),
        2 => Just(Op::Frame),
        10 => (0u64..12_000).prop_map(Op::Pass),
    ]
}

/// `PROPTEST_CASES` asks for more, or fewer.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(12_000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_breaks_the_promises(ops in proptest::collection::vec(any_op(), 1..40), is_immortal: bool) {
        let mut bench = Bench::new();
        for op in ops {
            match op {
                // It is stuck in a driver: nothing ends it.
                Op::Event(Event::Worker(WorkerEvent::Exited { .. })) if is_immortal => {}
                // The world cannot say that of a worker that does not exist.
                Op::Event(Event::Worker(event)) if !bench.world.worker => {
                    let actions = bench.machine.step(bench.now, Event::Worker(event));
                    bench.world.apply(&actions);
                    if bench.world.shown.is_some() {
                        bench.verify_invariants();
                    }
                }
                // A device is announced once.
                Op::Event(Event::DeviceReady) if bench.world.device => {}
                Op::Event(event) => {
                    bench.send(event);
                }
                Op::Frame => {
                    bench.worker(WorkerEvent::Frames { last: bench.now });
                }
                Op::Pass(ms) => {
                    bench.pass(Duration::from_millis(ms));
                }
            }
        }
        // Everybody leaves, the worker obeys: at rest nothing runs and nothing is due.
        bench.send(Event::Sleep(false));
        bench.send(nobody());
        for _ in 0..3 {
            bench.pass(Duration::from_secs(60));
            // The restart of the computer that it asked for.
            if bench.world.worker && bench.world.ending {
                bench.worker(WorkerEvent::Exited { reason: None });
            }
            if bench.world.checking {
                bench.send(Event::Sensor(SensorEvent::Own { on: false }));
            }
        }
        prop_assert!(!bench.world.worker, "a worker is left over");
        prop_assert!(!bench.machine.camera_live());
    }
}
