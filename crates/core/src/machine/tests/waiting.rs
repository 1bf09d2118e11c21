//! Who seems to wait for a device that another program has.

use super::*;
use crate::status::Crowd;

/// This many devices, each for one program.
fn devices(count: usize) -> Event {
    let device = |(index, role): (usize, &Role)| Device {
        role: *role,
        label: format!("Cam {}", index + 1),
        node: None,
        is_for_one: true,
        trouble: None,
    };
    Event::Devices(Role::ALL[..count].iter().enumerate().map(device).collect())
}

fn of_devices(count: usize) -> Bench {
    let mut bench = Bench::new();
    bench.send(Event::DeviceReady);
    bench.send(devices(count));
    bench
}

fn at_each(clients: &[&[Client]]) -> Event {
    Event::Presence(Role::ALL.into_iter().zip(clients).map(|(role, clients)| (role, at(clients))).collect())
}

/// Who waits, where, and which device is offered.
fn seen(bench: &Bench) -> Vec<(String, String, Option<String>)> {
    let seen = |crowd: Crowd| (crowd.comer.name, crowd.device, crowd.free);
    bench.machine.status().crowds.into_iter().map(seen).collect()
}

fn pass(bench: &mut Bench, milliseconds: u64) {
    bench.pass(Duration::from_millis(milliseconds));
}

#[test]
fn who_holds_a_device_that_another_has_seems_to_wait_and_the_free_one_is_offered() {
    let mut bench = of_devices(2);
    let (user, comer) = (client(1, Use::Streaming), client(2, Use::Open));
    bench.send(at_each(&[&[user.clone(), comer.clone()], &[]]));
    assert!(seen(&bench).is_empty(), "it may only look which cameras there are");
    assert!(bench.machine.deadline().is_some_and(|at| at <= bench.now + Duration::from_secs(3)));
    pass(&mut bench, 2_999);
    assert!(seen(&bench).is_empty());
    pass(&mut bench, 1);
    assert_eq!(seen(&bench), [("app2".into(), "Cam 1".into(), Some("Cam 2".into()))]);
    // Somebody takes that one.
    bench.send(at_each(&[&[user.clone(), comer.clone()], &[client(3, Use::Streaming)]]));
    assert_eq!(seen(&bench), [("app2".into(), "Cam 1".into(), None)]);
    bench.send(at_each(&[&[user.clone(), comer.clone()], &[client(2, Use::Streaming)]]));
    assert!(seen(&bench).is_empty(), "it has the camera there");
    bench.send(at_each(&[&[user, comer.clone()], &[]]));
    assert!(seen(&bench).is_empty(), "from the beginning again");
    pass(&mut bench, 3_000);
    assert_eq!(seen(&bench).len(), 1);
    bench.send(at_each(&[&[comer], &[]]));
    assert!(seen(&bench).is_empty() && bench.machine.status().crowds.is_empty(), "nobody has it any more");
}

#[test]
fn the_main_device_is_offered_as_well_and_a_missing_one_is_not() {
    let mut bench = of_devices(3);
    bench.send(at_each(&[&[], &[client(1, Use::Streaming), client(2, Use::Open)], &[]]));
    pass(&mut bench, 3_000);
    assert_eq!(seen(&bench), [("app2".into(), "Cam 2".into(), Some("Cam 1".into()))]);
    bench.send(at_each(&[&[client(3, Use::Streaming)], &[client(1, Use::Streaming), client(2, Use::Open)], &[]]));
    assert_eq!(seen(&bench)[0].2.as_deref(), Some("Cam 3"));
    let Event::Devices(mut missing) = devices(3) else { unreachable!() };
    missing[2].trouble = Some(crash());
    bench.send(Event::Devices(missing));
    assert_eq!(seen(&bench)[0].2, None);
    assert!(bench.machine.status().crowds[0].may_have_more);
    bench.send(devices(4));
    assert!(!bench.machine.status().crowds[0].may_have_more);
}

#[test]
fn what_is_no_wish_for_the_camera_waits_for_nothing() {
    let user = client(1, Use::Streaming);
    let same_app = Client { name: user.name.clone(), ..client(2, Use::Open) };
    let named = |name: &str| Client { name: name.into(), ..client(2, Use::Open) };
    for comer in [same_app, Client::new(None, "an application", Use::Open), named("v4l_id"), named("wireplumber")] {
        let mut bench = of_devices(2);
        bench.send(at_each(&[&[user.clone(), comer.clone()], &[]]));
        pass(&mut bench, 10_000);
        assert!(seen(&bench).is_empty(), "{comer:?}");
    }
    // An older module lets several stream.
    let mut bench = of_devices(1);
    let Event::Devices(mut shared) = devices(1) else { unreachable!() };
    shared[0].is_for_one = false;
    bench.send(Event::Devices(shared));
    bench.send(at_each(&[&[user, client(2, Use::Open)]]));
    pass(&mut bench, 10_000);
    assert!(seen(&bench).is_empty());
}
