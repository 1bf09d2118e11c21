//! Readers at as many devices as there may be.

use std::time::Duration;

use lenscap::core::app::{AppId, Rule};
use lenscap::core::event::{Command, Event};
use lenscap::core::policy::Policy;
use lenscap::core::presence::Use;
use lenscap::core::status::StateName;
use lenscap::engine::{Further, OutputChoice, Role};
use lenscap::output::finder::Wanted;
use lenscap_test_support::programs::program;

use super::{Bench, memory_of};

pub(super) const DEVICES: [Role; 4] =
    [Role::Main, Role::Further(Further::Second), Role::Further(Further::Third), Role::Further(Further::Fourth)];

fn of_four() -> Bench {
    Bench::of_devices(DEVICES.len(), Duration::from_millis(200))
}

#[test]
fn four_readers_see_the_same_picture_and_only_devices_with_one_cost_a_copy() {
    let mut bench = of_four();
    let [main, second, third, fourth] = DEVICES;
    bench.clients_at(main, Some(Use::Streaming));
    bench.until_frames_at(main, 5);
    assert_eq!(bench.engine.copies(), 0, "nobody is there to copy for");
    bench.clients_at(fourth, Some(Use::Streaming));
    bench.clients_at(third, Some(Use::Open));
    bench.until_frames_at(fourth, 10);
    assert_eq!(bench.engine.copies(), bench.at(fourth).counts().1, "one copy a picture for the one reader");
    assert_eq!([second, third].map(|role| bench.at(role).counts().1), [0, 0]);
    for role in [second, third] {
        bench.clients_at(role, Some(Use::Streaming));
    }
    let pid = bench.engine.worker_pid();
    DEVICES.into_iter().for_each(|role| bench.until_frames_at(role, 10));
    let newest = DEVICES.map(|role| bench.at(role).newest().expect("a picture"));
    assert!(newest.iter().all(|(queued, picture)| !queued.card && *picture == newest[0].1), "the same picture");
    assert!(newest.iter().all(|(queued, _)| queued.timestamp == newest[0].0.timestamp));
    let copies: u64 = DEVICES[1..].iter().map(|role| bench.at(*role).counts().1).sum();
    assert_eq!(bench.engine.copies(), copies);
    assert_eq!(bench.engine.worker_pid(), pid, "one camera for all");
    let names: Vec<_> = bench.engine.status().clients.into_iter().map(|client| client.name).collect();
    assert_eq!(names, ["app1", "app2", "app3", "app4"]);
    bench.clients_at(second, None);
    let frames = bench.at(second).counts().1;
    assert!(bench.at(second).newest().expect("a picture").0.card, "not somebody's last picture");
    bench.until_frames_at(fourth, 10);
    assert_eq!(bench.at(second).counts().1, frames);
}

#[test]
fn each_device_has_the_answer_for_its_own_reader() {
    let mut bench = of_four();
    let rules = vec![(AppId::of_program("app2"), Rule::Block), (AppId::of_program("app3"), Rule::Ask)];
    bench.engine.event(Event::Policy(Policy { rules, cooldown: Duration::from_millis(200), ..Policy::default() }));
    let [main, second, third, fourth] = DEVICES;
    DEVICES.into_iter().for_each(|role| bench.clients_at(role, Some(Use::Streaming)));
    for role in [main, fourth] {
        bench.until_frames_at(role, 20);
    }
    for role in [second, third] {
        let memory = bench.at(role);
        assert!(memory.counts().1 == 0 && memory.newest().is_some_and(|(queued, _)| queued.card), "{role:?}");
    }
    bench.engine.command(Command::Allow { apps: vec![AppId::of_program("app3")] });
    bench.until_frames_at(third, 10);
    assert_eq!(bench.at(second).counts().1, 0, "it is blocked");
}

#[test]
fn fewer_devices_go_at_once_where_nobody_is_and_else_when_the_reader_goes() {
    let mut bench = of_four();
    let [main, second, third, fourth] = DEVICES;
    for role in [main, fourth] {
        bench.clients_at(role, Some(Use::Streaming));
        bench.until_frames_at(role, 3);
    }
    let mut config = bench.config.clone();
    config.further.truncate(1);
    bench.engine.configure(config.clone());
    assert!(bench.engine.output(third).is_none() && bench.engine.output(second).is_some());
    bench.until_frames_at(fourth, 10);
    let roles = |bench: &Bench| bench.engine.status().devices.iter().map(|device| device.role).collect::<Vec<_>>();
    assert_eq!(roles(&bench), [main, second, fourth]);
    bench.clients_at(fourth, Some(Use::Open));
    assert!(bench.engine.output(fourth).is_some(), "it is still open");
    bench.clients_at(fourth, None);
    assert!(bench.engine.output(fourth).is_none());
    assert_eq!(roles(&bench), [main, second]);
    // And back.
    config.further = vec![OutputChoice::Memory(8); 3];
    bench.engine.configure(config);
    assert_eq!(roles(&bench), DEVICES);
    bench.clients_at(fourth, Some(Use::Streaming));
    bench.until_frames_at(fourth, 3);
    assert_eq!(bench.engine.status().state, StateName::Live);
}

#[test]
fn one_that_cannot_be_had_is_named_and_the_others_are_served() {
    let nowhere = OutputChoice::Loopback(Wanted::Path("/dev/video98".into()));
    let further = vec![nowhere, OutputChoice::Memory(8), OutputChoice::Memory(8)];
    let mut bench = Bench::start("test", program("lenscap-worker"), Duration::ZERO, further);
    let devices = bench.engine.status().devices;
    assert_eq!(devices.iter().map(|device| device.trouble.is_some()).collect::<Vec<_>>(), [false, true, false, false]);
    for role in [DEVICES[0], DEVICES[2], DEVICES[3]] {
        bench.clients_at(role, Some(Use::Streaming));
    }
    bench.until("pictures at the three", |engine| {
        let frames = |role: Role| memory_of(engine.output(role)).counts().1;
        [DEVICES[0], DEVICES[2], DEVICES[3]].into_iter().all(|role| frames(role) > 3)
    });
}
