//! Slots that go round between a delivery and a parent.

use super::*;
use lenscap_picture::slots::{Rotation, SlotLayout};
use lenscap_sys::memfd;
use lenscap_wire::channel::{self, Received};
use proptest::prelude::*;

const PRIVATE: u32 = 3;

struct Rig {
    delivery: Arc<Delivery>,
    parent: Channel,
    gate: Control,
    _page: std::os::fd::OwnedFd,
}

/// With as many slots of the device's; private ones follow.
fn rig(slots: u32) -> Rig {
    let (parent, child) = Channel::pair().unwrap();
    let (gate, page) = Control::create().unwrap();
    let maps = [slots, PRIVATE].into_iter().flat_map(|count| {
        let layout = SlotLayout::one_after_another(count, 100);
        layout.map(memfd::sealed("test", layout.file_size()).unwrap()).unwrap()
    });
    let control = Control::open(&page).unwrap();
    let delivery = Delivery::new(Arc::new(Channel::new(child)), control, maps.collect(), 100).unwrap();
    Rig { delivery: Arc::new(delivery), parent, gate, _page: page }
}

/// The device's slots up to this one.
fn slots(usable: u32) -> Rotation {
    Rotation { base: 0, usable }
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
    rig.gate.grant(1, 2, slots(4));
    assert_eq!([rig.deliver(), rig.deliver(), rig.deliver()], [Some(2), Some(3), Some(0)]);
    assert_eq!(rig.deliver(), None);
    rig.gate.set_taken(2);
    assert_eq!([rig.deliver(), rig.deliver(), rig.deliver()], [Some(1), Some(2), None]);
}

#[test]
fn one_slot_at_a_time_is_lent_and_an_unsent_one_comes_again() {
    let rig = rig(3);
    rig.gate.grant(1, 0, slots(3));
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
    rig.gate.grant(1, 1, slots(3));
    let old = rig.delivery.lend().unwrap();
    rig.gate.revoke();
    assert!(!rig.delivery.send(old.slot(), Duration::ZERO));
    rig.gate.grant(2, 1, slots(3));
    assert!(rig.delivery.wants_frame());
    assert!(!rig.delivery.send(old.slot(), Duration::ZERO));
    drop(old);
    assert_eq!(rig.deliver(), Some(1));
}

#[test]
fn a_shrunk_rotation_is_kept_to_at_once() {
    let rig = rig(4);
    rig.gate.grant(1, 1, slots(4));
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
fn under_each_grant_only_its_own_slots_are_filled() {
    let rig = rig(4);
    let private = Rotation { base: 4, usable: PRIVATE };
    rig.gate.grant(1, 4, private);
    assert_eq!([rig.deliver(), rig.deliver(), rig.deliver()], [Some(4), Some(5), None]);
    rig.gate.set_taken(2);
    assert_eq!([rig.deliver(), rig.deliver()], [Some(6), Some(4)]);
    // One of them is being filled when the device's are granted: it is not sent, and nothing else is filled meanwhile.
    rig.gate.set_taken(4);
    let old = rig.delivery.lend().unwrap();
    assert_eq!(old.slot(), 5);
    rig.gate.grant(2, 3, slots(4));
    assert!(!rig.delivery.send(5, Duration::ZERO));
    assert!(rig.delivery.lend().is_none());
    drop(old);
    assert_eq!([rig.deliver(), rig.deliver()], [Some(3), Some(0)]);
    rig.gate.grant(3, 4, private);
    assert_eq!(rig.deliver(), Some(4));
}

proptest! {
    /// Whatever is granted, taken back, shrunk, filled and let go of: what is lent is of the present grant, one at a time, what is
    /// sent is what was lent under it, and no more are on their way than may be.
    #[test]
    fn slots_of_another_grant_are_never_sent(steps in proptest::collection::vec((0_u8..7, 0_u32..8), 1..200)) {
        let rig = rig(8);
        let (mut epoch, mut now, mut under_way, mut taken) = (0, None::<Rotation>, 0, 0);
        let mut lent = None::<(LeasedSlot, u32)>;
        for (step, number) in steps {
            match step {
                0 | 1 => {
                    epoch += 1;
                    let rotation = match step {
                        0 => Rotation { base: 8, usable: PRIVATE },
                        _ => slots(number + 1),
                    };
                    rig.gate.grant(epoch, rotation.base + number % rotation.usable, rotation);
                    (now, under_way, taken) = (Some(rotation), 0, 0);
                }
                2 => {
                    rig.gate.revoke();
                    now = None;
                }
                3 => if let Some(rotation) = now.as_mut().filter(|rotation| rotation.base == 0) {
                    rotation.usable = number + 1;
                    rig.gate.set_usable(rotation.usable);
                }
                4 if under_way > 0 => {
                    (under_way, taken) = (under_way - 1, taken + 1);
                    rig.gate.set_taken(taken);
                }
                5 => lent = None,
                _ => {
                    if let Some(slot) = rig.delivery.lend() {
                        prop_assert!(lent.is_none(), "one at a time");
                        prop_assert!(now.is_some_and(|rotation| rotation.contains(slot.slot())), "{slot:?} of {now:?}");
                        lent = Some((slot, epoch));
                    }
                    let Some((slot, of)) = &lent else { continue };
                    if rig.delivery.send(slot.slot(), Duration::ZERO) {
                        let frame = rig.frame().unwrap();
                        prop_assert_eq!((frame.slot, frame.epoch, *of), (slot.slot(), epoch, epoch));
                        prop_assert!(now.is_some_and(|rotation| rotation.contains(frame.slot)), "{frame:?} of {now:?}");
                        lent = None;
                        under_way += 1;
                        prop_assert!(under_way <= 7);
                    }
                }
            }
        }
    }
}

#[test]
fn waiting_ends_by_grant_cancel_or_deadline() {
    let rig = rig(2);
    assert!(!rig.delivery.wait_for_grant(Duration::from_millis(1)));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| rig.delivery.wait_for_grant(Duration::from_secs(60)));
        rig.gate.grant(1, 0, slots(2));
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
        rig.gate.grant(u32::try_from(round).unwrap() + 1, 0, slots(32));
        for _ in 0..31 {
            let Some(lent) = rig.delivery.lend() else { break };
            if !rig.delivery.send(lent.slot(), Duration::ZERO) {
                return;
            }
        }
    }
    panic!("the socket took everything");
}
