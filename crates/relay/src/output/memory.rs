//! An output without a device: the same rules, in memory of our own. For tests and demonstrations.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use super::OutputError;
use super::cards::Packed;
use lenscap_core::trouble::output::OutputTrouble;
use lenscap_picture::format::VideoFormat;
use lenscap_picture::slots::SlotLayout;
use lenscap_sys::clock::monotonic_now;
use lenscap_sys::memfd::{self, Mapping};

/// What was queued last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queued {
    /// The slot.
    pub slot: u32,
    /// The picture's time, `CLOCK_MONOTONIC`.
    pub timestamp: Duration,
    /// Whether it is a card.
    pub card: bool,
}

/// Slots in a memfd, and a count of what was queued.
#[derive(Debug)]
pub struct Memory {
    fd: OwnedFd,
    layout: SlotLayout,
    maps: Vec<Mapping>,
    last: Option<Queued>,
    cards: u64,
    frames: u64,
    disorder: u64,
    #[cfg(test)]
    pub(super) log: Vec<Queued>,
}

impl Memory {
    /// `count` slots for pictures of this format.
    ///
    /// # Errors
    /// When memory is short.
    pub fn new(format: &VideoFormat, count: u32) -> Result<Self, OutputError> {
        let io = |error: std::io::Error| OutputTrouble::NoMemory { cause: error.into() };
        let layout = SlotLayout::one_after_another(count, format.size_image() as usize);
        let fd = memfd::sealed("lenscap-output", layout.file_size()).map_err(io)?;
        let maps = layout.map(&fd).map_err(io)?;
        Ok(Self {
            fd,
            layout,
            maps,
            last: None,
            cards: 0,
            frames: 0,
            disorder: 0,
            #[cfg(test)]
            log: Vec::new(),
        })
    }

    /// What was queued last, as a reader would see it, with its bytes.
    pub fn newest(&self) -> Option<(Queued, &[u8])> {
        let queued = self.last?;
        Some((queued, self.maps.get(queued.slot as usize)?.as_slice()))
    }

    /// Cards and camera frames queued so far.
    pub fn counts(&self) -> (u64, u64) {
        (self.cards, self.frames)
    }

    /// How often what was queued would have broken a reader: a time that is not later than the one before, or of the future,
    /// or the same slot twice in a row.
    pub fn disorder(&self) -> u64 {
        self.disorder
    }

    pub(super) fn usable(&self) -> u32 {
        u32::try_from(self.maps.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn slots_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    pub(super) fn layout(&self) -> &SlotLayout {
        &self.layout
    }

    pub(super) fn draw(&mut self, slot: u32, card: &Packed) {
        if let Some(map) = self.maps.get_mut(slot as usize) {
            card.unpack(map.as_mut_slice());
        }
    }

    pub(super) fn queue(&mut self, slot: u32, timestamp: Duration, card: bool) {
        let is_after = |last: Queued| timestamp > last.timestamp && (slot != last.slot || self.maps.len() < 2);
        if timestamp > monotonic_now() || self.last.is_some_and(|last| !is_after(last)) {
            self.disorder += 1;
        }
        self.last = Some(Queued { slot, timestamp, card });
        #[cfg(test)]
        self.log.extend(self.last);
        if card {
            self.cards += 1;
        } else {
            self.frames += 1;
        }
    }
}
