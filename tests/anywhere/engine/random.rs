//! Readers that come and go at random: whoever streams sees the camera, nobody else does.

use std::time::Duration;

use lenscap::core::event::Command;
use lenscap::core::presence::Use;
use lenscap::core::status::StateName;
use lenscap::engine::Role;
use proptest::prelude::*;

use super::Bench;

#[derive(Debug, Clone)]
enum Op {
    First(Option<Use>),
    Second(Option<Use>),
    Command(Command),
    Turn,
}

fn any_op() -> impl Strategy<Value = Op> {
    let usage = || prop_oneof![2 => Just(None), 1 => Just(Some(Use::Open)), 3 => Just(Some(Use::Streaming))];
    prop_oneof![
        4 => usage().prop_map(Op::First),
        4 => usage().prop_map(Op::Second),
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
        let mut bench = Bench::of_two(Duration::from_millis(100));
        let card = bench.memory().newest().expect("a card").1.to_vec();
        let mut streams = [false; 2];
        for op in ops {
            match op {
                Op::First(usage) => {
                    streams[0] = usage == Some(Use::Streaming);
                    bench.clients(usage);
                }
                Op::Second(usage) => {
                    streams[1] = usage == Some(Use::Streaming);
                    bench.second_clients(usage);
                }
                Op::Command(command) => bench.engine.command(command),
                Op::Turn => for _ in 0..10 {
                    bench.engine.turn(Some(Duration::from_millis(20))).expect("turn");
                },
            }
            for (memory, streams) in [bench.memory(), bench.second()].into_iter().zip(streams) {
                prop_assert_eq!(memory.disorder(), 0);
                prop_assert!(streams || memory.newest().is_some_and(|(queued, _)| queued.card));
            }
            let status = bench.engine.status();
            let uses: Vec<_> = status.clients.iter().map(|client| client.usage == Use::Streaming).collect();
            prop_assert_eq!(uses.iter().filter(|streams| **streams).count(), streams.iter().filter(|s| **s).count());
        }
        // Both at once get pictures, whatever happened; and nothing of them is left.
        bench.engine.command(Command::Resume);
        bench.clients(Some(Use::Streaming));
        bench.second_clients(Some(Use::Streaming));
        bench.until_frames(3);
        bench.until_second_frames(3);
        bench.clients(None);
        bench.second_clients(None);
        bench.until("idle and alone", |engine| {
            engine.status().state == StateName::Idle && engine.worker_pid().is_none()
        });
        Bench::assert_wiped(bench.engine.output(Role::Main), &card);
        Bench::assert_wiped(bench.engine.output(Role::Second), &card);
    }
}
