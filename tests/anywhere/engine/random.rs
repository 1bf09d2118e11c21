//! Readers that come and go at random: whoever streams sees the camera, nobody else does.

use std::time::Duration;

use lenscap::core::event::Command;
use lenscap::core::presence::Use;
use lenscap::core::status::StateName;
use proptest::prelude::*;

use super::Bench;
use super::further::DEVICES;

#[derive(Debug, Clone)]
enum Op {
    At(usize, Option<Use>),
    Command(Command),
    Turn,
}

fn any_op() -> impl Strategy<Value = Op> {
    let usage = || prop_oneof![2 => Just(None), 1 => Just(Some(Use::Open)), 3 => Just(Some(Use::Streaming))];
    prop_oneof![
        8 => (0..DEVICES.len(), usage()).prop_map(|(device, usage)| Op::At(device, usage)),
        1 => Just(Op::Command(Command::Toggle)),
        1 => Just(Op::Command(Command::TurnOff)),
        1 => Just(Op::Command(Command::Allow { apps: Vec::new() })),
        6 => Just(Op::Turn),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_comes_and_goes_a_device_without_readers_shows_a_card(ops in proptest::collection::vec(any_op(), 1..30)) {
        let mut bench = Bench::of_devices(DEVICES.len(), Duration::from_millis(100));
        let card = bench.memory().newest().expect("a card").1.to_vec();
        let mut streams = [false; DEVICES.len()];
        for op in ops {
            match op {
                Op::At(device, usage) => {
                    streams[device] = usage == Some(Use::Streaming);
                    bench.clients_at(DEVICES[device], usage);
                }
                Op::Command(command) => bench.engine.command(command),
                Op::Turn => for _ in 0..10 {
                    bench.engine.turn(Some(Duration::from_millis(20))).expect("turn");
                },
            }
            for (role, streams) in DEVICES.into_iter().zip(streams) {
                let memory = bench.at(role);
                prop_assert_eq!(memory.disorder(), 0);
                prop_assert!(streams || memory.newest().is_some_and(|(queued, _)| queued.card));
            }
            let status = bench.engine.status();
            let uses: Vec<_> = status.clients.iter().map(|client| client.usage == Use::Streaming).collect();
            prop_assert_eq!(uses.iter().filter(|streams| **streams).count(), streams.iter().filter(|s| **s).count());
        }
        // All at once get pictures, whatever happened; and nothing of them is left.
        bench.engine.command(Command::Resume);
        DEVICES.into_iter().for_each(|role| bench.clients_at(role, Some(Use::Streaming)));
        DEVICES.into_iter().for_each(|role| bench.until_frames_at(role, 3));
        DEVICES.into_iter().for_each(|role| bench.clients_at(role, None));
        bench.until("idle and alone", |engine| {
            engine.status().state == StateName::Idle && engine.worker_pid().is_none()
        });
        DEVICES.into_iter().for_each(|role| Bench::assert_wiped(bench.engine.output(role), &card));
    }
}
