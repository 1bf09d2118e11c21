//! The held output: where clients read, one format for ever, whatever the camera does.
//!
//! Rules:
//! 1. One writer from start to end. Switching between card and camera never closes the node or changes its format.
//! 2. With no client nothing is queued; the newest queued picture is then a card, never a picture of somebody.
//! 3. Slots are queued in rotation ([`lenscap_picture::slots`]).
//! 4. Whatever is queued gets its time from one place ([`stamps`]): at one device it only ever grows.
//! 5. Nothing stays mapped while nothing is drawn: at 1080p the buffers would count 33 MB.

pub mod cards;
pub mod error;
pub mod finder;
#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;
pub mod leftovers;
pub mod loopback;
pub mod memory;
pub mod pipewire;
pub mod stamps;

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

pub use error::OutputError;

use cards::{CardSet, Cards};
use lenscap_core::event::Card;
use lenscap_core::presence::Presence;
use lenscap_core::trouble::output::OutputTrouble;
use lenscap_picture::format::VideoFormat;
use lenscap_picture::slots::SlotLayout;
pub use lenscap_sys::clock::monotonic_now;
use lenscap_sys::memfd::Mapping;
use stamps::Stamps;

/// Buffers asked for, of a node and of one that is made; the module gives at most its `max_buffers`. More than 8 gains nothing
/// (facts: users).
pub const BUFFERS: u32 = 8;
/// How often the clock is looked at for the microsecond to end in which the last picture was queued.
const LOOKS: u32 = 1000;

/// The kinds of output; all behave alike.
#[derive(Debug)]
pub enum OutputDevice {
    /// A v4l2loopback node.
    Loopback(loopback::Loopback),
    /// Memory of our own, for tests and demonstrations.
    Memory(memory::Memory),
    /// A node of PipeWire's.
    Pipewire(Box<pipewire::PipewireNode>),
}

/// An open output and what it shows.
#[derive(Debug)]
pub struct Output {
    device: OutputDevice,
    format: VideoFormat,
    cards: Cards,
    /// The slot that comes next in the rotation.
    next: u32,
    /// Slots in the rotation; a reader on v4l2loopback before 0.15 can shrink it.
    usable: u32,
    stamps: Stamps,
}

impl Output {
    /// An output over this device that shows the "camera is off" card.
    ///
    /// # Errors
    /// When the card cannot be put into the device.
    pub fn new(device: OutputDevice, format: VideoFormat, cards: CardSet) -> Result<Self, OutputError> {
        let usable = match &device {
            OutputDevice::Loopback(loopback) => loopback.usable()?,
            OutputDevice::Memory(memory) => memory.usable(),
            OutputDevice::Pipewire(node) => node.usable(),
        };
        let stamps = Stamps::new(format.frame_interval());
        let mut output = Self { device, format, cards: Cards::new(cards), next: 0, usable, stamps };
        output.show_card(Card::Off);
        output.settle_card()?;
        Ok(output)
    }

    /// Its cards, which others share.
    pub fn cards(&self) -> &CardSet {
        self.cards.set()
    }

    /// The card that is shown while no frames come.
    pub fn card(&self) -> Option<Card> {
        self.cards.shown()
    }

    /// The promised format.
    pub fn format(&self) -> &VideoFormat {
        &self.format
    }

    /// The device below.
    pub fn device(&self) -> &OutputDevice {
        &self.device
    }

    /// The descriptors on which a PipeWire node has something to say; see [`Self::dispatch_node`].
    pub fn node_fds(&self) -> Option<[BorrowedFd<'_>; 2]> {
        match &self.device {
            OutputDevice::Pipewire(node) => Some(node.fds()),
            OutputDevice::Loopback(_) | OutputDevice::Memory(_) => None,
        }
    }

    /// When to call [`Self::dispatch_node`] at the latest.
    pub fn node_deadline(&self) -> Option<Instant> {
        match &self.device {
            OutputDevice::Pipewire(node) => node.deadline(),
            OutputDevice::Loopback(_) | OutputDevice::Memory(_) => None,
        }
    }

    /// Takes what a PipeWire node says, if that is what is below; who is there, where that has changed.
    ///
    /// # Errors
    /// Why there is no node any more.
    pub fn dispatch_node(&mut self, now: Instant) -> Option<Result<Option<Presence>, OutputError>> {
        let OutputDevice::Pipewire(node) = &mut self.device else { return None };
        let dispatched = node.dispatch(now);
        if node.take_next_memory() {
            self.cards.none_drawn();
        }
        Some(dispatched)
    }

    /// Nobody was here for a while: what pictures took of the memory is given back, where that can be done.
    ///
    /// # Errors
    /// When memory is short.
    pub fn release_memory(&mut self) -> Result<(), OutputError> {
        match &mut self.device {
            OutputDevice::Pipewire(node) => node.release_memory(),
            OutputDevice::Loopback(_) | OutputDevice::Memory(_) => Ok(()),
        }
    }

    /// The file whose pages are the slots, to hand to a worker.
    pub fn slots_fd(&self) -> BorrowedFd<'_> {
        match &self.device {
            OutputDevice::Loopback(loopback) => loopback.slots_fd(),
            OutputDevice::Memory(memory) => memory.slots_fd(),
            OutputDevice::Pipewire(node) => node.slots_fd(),
        }
    }

    /// Where the slots lie in it.
    pub fn layout(&self) -> &SlotLayout {
        match &self.device {
            OutputDevice::Loopback(loopback) => loopback.layout(),
            OutputDevice::Memory(memory) => memory.layout(),
            OutputDevice::Pipewire(node) => node.layout(),
        }
    }

    /// The slot that follows the one queued last, and how many are in the rotation: what to grant a worker.
    pub fn rotation(&self) -> (u32, u32) {
        (self.next, self.usable)
    }

    /// Queues the card once more, where that can be done, for the sake of its timestamp.
    ///
    /// # Errors
    /// When the device is gone.
    pub fn freshen_card(&mut self) -> Result<(), OutputError> {
        if matches!(self.device, OutputDevice::Pipewire(_)) {
            return Ok(());
        }
        self.queue_card()
    }

    /// Nobody is here: what programs changed at the device is put back for the next one.
    pub fn put_right(&self) {
        match &self.device {
            OutputDevice::Loopback(loopback) => loopback.put_right(self.format.framerate),
            OutputDevice::Memory(_) | OutputDevice::Pipewire(_) => {}
        }
    }

    /// Other cards, of the same format, from the next one shown.
    pub fn take_cards(&mut self, cards: CardSet) {
        self.cards.replace(cards);
    }

    /// From now on [`Self::queue_card`] shows this card. Nothing is queued yet.
    pub fn show_card(&mut self, card: Card) {
        self.cards.show(card);
    }

    /// The worker's frames are over: it may still be writing to the next slot, so cards begin behind it. To be followed
    /// by [`Self::show_card`]: no slot has a card any more.
    pub fn take_back(&mut self) {
        if self.usable >= 3 {
            self.next = (self.next + 1) % self.usable;
        }
    }

    /// Queues the card once, in the next slot.
    ///
    /// # Errors
    /// When the device is gone.
    pub fn queue_card(&mut self) -> Result<(), OutputError> {
        self.refresh_usable()?;
        let slot = self.next;
        self.draw(slot)?;
        self.enqueue(slot, monotonic_now(), true)
    }

    /// Puts the card into this slot, unless it is there.
    fn draw(&mut self, slot: u32) -> Result<(), OutputError> {
        let Some(picture) = self.cards.to_draw(slot) else { return Ok(()) };
        match &mut self.device {
            OutputDevice::Loopback(loopback) => loopback.draw(slot, picture)?,
            OutputDevice::Memory(memory) => memory.draw(slot, picture),
            OutputDevice::Pipewire(node) => node.draw(slot, picture),
        }
        self.cards.drawn(slot);
        Ok(())
    }

    /// Somebody streams from now on: pictures from before are none for them.
    pub fn streaming_begins(&mut self) {
        self.stamps.streaming_begins(monotonic_now());
    }

    /// Queues a slot that the worker filled with what the camera took at `taken`. `false`: the rotation shrank meanwhile and the frame is lost.
    ///
    /// # Errors
    /// When the device is gone.
    pub fn queue_frame(&mut self, slot: u32, taken: Duration) -> Result<bool, OutputError> {
        self.refresh_usable()?;
        if slot >= self.usable {
            return Ok(false);
        }
        self.enqueue(slot, taken, false)?;
        Ok(true)
    }

    /// Its slots, for [`Self::queue_copy`] or to be copied from; none of a device that has them mapped itself for as long as it
    /// lives.
    ///
    /// # Errors
    /// When the kernel does not map them.
    pub fn map(&self) -> Result<Vec<Mapping>, OutputError> {
        if matches!(self.device, OutputDevice::Pipewire(_)) {
            return Ok(Vec::new());
        }
        let maps = self.layout().map(self.slots_fd());
        Ok(maps.map_err(|error| OutputTrouble::NoMemory { cause: error.into() })?)
    }

    /// Queues a copy of a picture that is not in its own slots. `maps`: what [`Self::map`] gave.
    ///
    /// # Errors
    /// When the device is gone.
    pub fn queue_copy(&mut self, maps: &mut [Mapping], picture: &[u8], taken: Duration) -> Result<(), OutputError> {
        self.refresh_usable()?;
        let slot = self.next;
        let to = match &mut self.device {
            OutputDevice::Pipewire(node) => node.slot_mut(slot),
            OutputDevice::Loopback(_) | OutputDevice::Memory(_) => {
                maps.get_mut(slot as usize).map(Mapping::as_mut_slice)
            }
        };
        if let Some(to) = to {
            let length = (self.format.size_image() as usize).min(picture.len()).min(to.len());
            to[..length].copy_from_slice(&picture[..length]);
        }
        self.enqueue(slot, taken, false)
    }

    /// Nobody reads: overwrites every picture with the card and makes it the newest.
    ///
    /// # Errors
    /// When the device is gone.
    pub fn settle_card(&mut self) -> Result<(), OutputError> {
        if let OutputDevice::Pipewire(node) = &self.device {
            // Its readers get what is queued, never what is there already.
            let filled: Vec<u32> = (0..pipewire::SLOTS).filter(|slot| node.is_filled(*slot)).collect();
            for slot in filled {
                self.draw(slot)?;
            }
            return Ok(());
        }
        self.refresh_usable()?;
        for _ in 0..self.usable {
            if self.cards.to_draw(self.next).is_none() {
                break;
            }
            self.queue_card()?;
        }
        // Slots that a reader took out of the rotation can still be mapped by the next one.
        for slot in self.usable..u32::try_from(self.layout().offsets.len()).unwrap_or(self.usable) {
            self.draw(slot)?;
        }
        Ok(())
    }

    fn enqueue(&mut self, slot: u32, taken: Duration, card: bool) -> Result<(), OutputError> {
        let mut now = monotonic_now();
        for _ in 0..LOOKS {
            if self.stamps.is_due(now) {
                break;
            }
            now = monotonic_now();
        }
        let timestamp = self.stamps.stamp(taken, now);
        match &mut self.device {
            OutputDevice::Loopback(loopback) => loopback.queue(slot, timestamp, card)?,
            OutputDevice::Memory(memory) => memory.queue(slot, timestamp, card),
            OutputDevice::Pipewire(node) => node.queue(slot, timestamp),
        }
        self.next = (slot + 1) % self.usable;
        Ok(())
    }

    fn refresh_usable(&mut self) -> Result<(), OutputError> {
        let usable = match &self.device {
            OutputDevice::Loopback(loopback) => Some(loopback.usable()?),
            OutputDevice::Pipewire(node) => Some(node.usable()),
            OutputDevice::Memory(_) => None,
        };
        if let Some(usable) = usable
            && usable != self.usable
        {
            tracing::debug!("a reader changed the rotation from {} to {usable} buffers", self.usable);
            self.usable = usable;
            self.next = next_after_shrinking(self.next, usable);
        }
        Ok(())
    }
}

/// Which slot is next after the rotation shrank. The module takes the higher buffers out of its list and keeps the order
/// of the others: where the newest picture was in one of the higher, the reader's newest is now the last that stayed, and
/// 0 follows; anything else would hand it the same index twice (seen on 0.12.7: GStreamer's v4l2src stops).
fn next_after_shrinking(next: u32, usable: u32) -> u32 {
    if next < usable { next } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenscap_picture::card::CardStyle;
    use lenscap_picture::format::PixelFormat;

    /// The times that a reader gets who took `read` pictures and goes on now, of a module with so many slots: it goes on where
    /// it was, but leaps to the newest when more was queued meanwhile than there are slots; and what it finds in a slot is
    /// what was put there last (`get_capture_buffer` and `vidioc_dqbuf` of 0.15.4).
    fn times_from(read: usize, log: &[memory::Queued], slots: usize) -> Vec<Duration> {
        let from = if log.len() > read + slots { log.len() - 1 } else { read };
        let newest = |slot| log.iter().rev().find(|queued| queued.slot == slot).expect("it was queued").timestamp;
        log[from..].iter().map(|queued| newest(queued.slot)).collect()
    }

    #[test]
    fn whoever_begins_again_when_the_camera_is_no_longer_for_this_device_gets_times_that_grow() {
        let format = VideoFormat::new(PixelFormat::Yuy2, 64, 48, 30).unwrap();
        for slots in 2..=8_u32 {
            let device = OutputDevice::Memory(memory::Memory::new(&format, slots).unwrap());
            let mut output = Output::new(device, format, CardSet::plain(CardStyle::default(), format)).unwrap();
            for frame in 0..20 {
                output.queue_frame(frame % slots, monotonic_now()).unwrap();
            }
            let log = |output: &Output| match &output.device {
                OutputDevice::Memory(memory) => memory.log.clone(),
                OutputDevice::Loopback(_) | OutputDevice::Pipewire(_) => unreachable!(),
            };
            let read = log(&output).len();
            output.take_back();
            output.show_card(Card::Off);
            output.settle_card().unwrap();
            for _ in 0..6 {
                let times = times_from(read, &log(&output), slots as usize);
                assert!(times.is_sorted_by(|a, b| a < b), "{slots} slots: {times:?}");
                output.freshen_card().unwrap();
            }
        }
    }

    /// The module's bookkeeping at a reader's REQBUFS(usable), after `queued` QBUFs in rotation over 8 buffers: the
    /// list of buffers, oldest first, without those that are taken out.
    fn newest_that_stays(queued: u32, usable: u32) -> u32 {
        let mut list: Vec<u32> = (0..8).map(|index| (queued + index) % 8).collect();
        list.retain(|index| *index < usable);
        list[list.len() - 1]
    }

    #[test]
    fn a_reader_never_gets_the_same_index_twice_in_a_row_when_it_shrinks_the_rotation() {
        for usable in 2..8 {
            for queued in 8..24 {
                let next = next_after_shrinking(queued % 8, usable);
                assert_eq!(next, (newest_that_stays(queued, usable) + 1) % usable, "{queued} queued, {usable} left");
            }
        }
    }
}
