//! Slots that go round between a delivery and a parent.

use super::*;
use lenscap_sys::memfd;
use lenscap_wire::channel::{self, Received};

struct Rig {
    delivery: Arc<Delivery>,
    parent: Channel,
    gate: Control,
    _page: std::os::fd::OwnedFd,
}

fn rig(slots: u64) -> Rig {
    let (parent, child) = Channel::pair().unwrap();
    let (gate, page) = Control::create().unwrap();
    let fd = memfd::sealed("test", slots * 4096).unwrap();
    let layout = SlotLayout { offsets: (0..slots).map(|i| i * 4096).collect(), length: 4096 };
    let maps = layout.map(&fd).unwrap();
    let control = Control::open(&page).unwrap();
    let delivery = Delivery::new(Arc::new(Channel::new(child)), control, maps, &layout, 100).unwrap();
    Rig { delivery: Arc::new(delivery), parent, gate, _page: page }
}

impl Rig {
    fn frame(&self) -> Option<Frame> {
        let mut buffer = channel::buffer();
        match self.parent.receive(&mut buffer).unwrap() {
            Received::Packet(length, _) => match protocol::decode(&buffer[..length]).unwrap() {
                FromChild::Frame(frame) => Some(frame),
                other => panic!("{other:?}"),
            },
            _ => None,
        }
    }

    fn deliver(&self) -> Option<u32> {
        let lent = self.delivery.lend()?;
        assert!(self.delivery.send(lent.slot(), Duration::ZERO));
        let frame = self.frame().unwrap();
        assert_eq!(frame.slot, lent.slot());
        Some(frame.slot)
    }
}

#[test]
fn slots_go_round_from_the_one_granted_and_never_too_many_are_under_way() {
    let rig = rig(4);
    assert!(rig.delivery.lend().is_none());
    rig.gate.grant(1, 2, 4);
    assert_eq!([rig.deliver(), rig.deliver(), rig.deliver()], [Some(2), Some(3), Some(0)]);
    assert_eq!(rig.deliver(), None);
    rig.gate.set_taken(2);
    assert_eq!([rig.deliver(), rig.deliver(), rig.deliver()], [Some(1), Some(2), None]);
}

#[test]
fn one_slot_at_a_time_is_lent_and_an_unsent_one_comes_again() {
    let rig = rig(3);
    rig.gate.grant(1, 0, 3);
    let lent = rig.delivery.lend().unwrap();
    assert!(rig.delivery.lend().is_none());
    drop(lent);
    let lent = rig.delivery.lend().unwrap();
    assert_eq!(lent.slot(), 0);
    assert!(rig.delivery.send(0, Duration::ZERO));
    assert!(!rig.delivery.send(0, Duration::ZERO), "sent twice");
    assert_eq!(rig.frame().map(|frame| frame.slot), Some(0));
    // The reader of slot 0 keeps it: the rotation waits for it.
    assert_eq!(rig.deliver(), Some(1));
    rig.gate.set_taken(2);
    assert_eq!([rig.deliver(), rig.deliver()], [Some(2), None]);
    drop(lent);
    assert_eq!(rig.deliver(), Some(0));
}

#[test]
fn what_was_lent_under_an_old_grant_is_not_sent_under_the_new_one() {
    let rig = rig(3);
    rig.gate.grant(1, 1, 3);
    let old = rig.delivery.lend().unwrap();
    rig.gate.revoke();
    assert!(!rig.delivery.send(old.slot(), Duration::ZERO));
    rig.gate.grant(2, 1, 3);
    assert!(rig.delivery.wants_frame());
    assert!(!rig.delivery.send(old.slot(), Duration::ZERO));
    drop(old);
    assert_eq!(rig.deliver(), Some(1));
}

#[test]
fn a_shrunk_rotation_is_kept_to_at_once() {
    let rig = rig(4);
    rig.gate.grant(1, 1, 4);
    assert_eq!(rig.deliver(), Some(1));
    let lent = rig.delivery.lend().unwrap();
    rig.gate.set_taken(1);
    rig.gate.set_usable(2);
    assert!(!rig.delivery.send(lent.slot(), Duration::ZERO));
    drop(lent);
    assert_eq!(rig.deliver(), Some(0));
    rig.gate.set_taken(2);
    assert_eq!(rig.deliver(), Some(1));
    rig.gate.set_taken(3);
    rig.gate.set_usable(1);
    assert_eq!(rig.deliver(), Some(0));
    rig.gate.set_taken(4);
    assert_eq!(rig.deliver(), Some(0));
}

#[test]
fn waiting_ends_by_grant_cancel_or_deadline() {
    let rig = rig(2);
    assert!(!rig.delivery.wait_for_grant(Duration::from_millis(1)));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| rig.delivery.wait_for_grant(Duration::from_secs(60)));
        rig.gate.grant(1, 0, 2);
        rig.delivery.granted();
        assert!(waiting.join().unwrap());
    });
    rig.gate.revoke();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| rig.delivery.wait_for_grant(Duration::from_secs(60)));
        rig.delivery.cancel();
        assert!(!waiting.join().unwrap());
    });
}

#[test]
fn the_parent_that_reads_nothing_costs_frames_and_no_time() {
    let rig = rig(32);
    for round in 0..100_u64 {
        rig.gate.grant(u32::try_from(round).unwrap() + 1, 0, 32);
        for _ in 0..31 {
            let Some(lent) = rig.delivery.lend() else { break };
            if !rig.delivery.send(lent.slot(), Duration::ZERO) {
                return;
            }
        }
    }
    panic!("the socket took everything");
}
