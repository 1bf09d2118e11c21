//! An output for programs that see cameras through PipeWire: slots that `lenscap-pipewire` hands to its readers.
//!
//! This process has the only writable mapping of them there will ever be; readers get the pages themselves.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::OutputError;
use super::cards::Packed;
use crate::pipewire_process::NodeHost;
use lenscap_core::presence::Presence;
use lenscap_core::trouble::output::OutputTrouble;
use lenscap_core::trouble::pipewire::PipewireTrouble;
use lenscap_picture::format::VideoFormat;
use lenscap_picture::slots::SlotLayout;
use lenscap_sys::memfd::{self, Mapping};
use lenscap_wire::pipewire::{MAX_SLOTS, Offer, Picture, server_socket};

/// Slots that there are.
pub(super) const SLOTS: u32 = MAX_SLOTS;
/// How long somebody who streams is kept back until the graph says who that is; as on the V4L2 side
/// ([`crate::detect::Detector`]). The graph says it some milliseconds before or after the stream does.
const NAME_PATIENCE: Duration = Duration::from_secs(1);

/// What to offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeChoice {
    /// The program `lenscap-pipewire`.
    pub program: PathBuf,
    /// `node.name`.
    pub node_name: String,
    /// What people read.
    pub description: String,
    /// The highest is the default camera.
    pub priority: i32,
    /// Whether its process may do nothing else.
    pub is_confined: bool,
    /// The user wants it, and hears where it cannot be; else it is there where it can be.
    pub is_asked_for: bool,
}

/// A node, and the process that has it.
#[derive(Debug)]
pub struct PipewireNode {
    host: NodeHost,
    fd: OwnedFd,
    layout: SlotLayout,
    pictures: Mapping,
    /// Slots that hold a picture: nobody can see what was never written, and it takes no memory.
    filled: [bool; MAX_SLOTS as usize],
    sequence: u64,
    /// Offered in the place of the present memory, and not taken yet.
    next: Option<(OwnedFd, Mapping)>,
    /// How often other memory was taken.
    taken: u32,
    /// Since when somebody is kept back whose name may come in a moment.
    nameless_since: Option<Instant>,
    /// Whether somebody without a name was reported last.
    is_nameless: bool,
}

impl PipewireNode {
    /// Starts the process, which offers a node with pictures of this format.
    ///
    /// # Errors
    /// When there is no server, memory is short, or the process cannot be started.
    pub fn start(choice: &NodeChoice, format: &VideoFormat) -> Result<Self, OutputError> {
        if !server_socket().is_some_and(|socket| socket.exists()) {
            return Err(OutputTrouble::Pipewire { trouble: Box::new(PipewireTrouble::NoServer) }.into());
        }
        let layout = SlotLayout::one_after_another(MAX_SLOTS, format.size_image() as usize);
        let (fd, pictures) = memory(&layout)?;
        let offer = Offer {
            node_name: choice.node_name.clone(),
            description: choice.description.clone(),
            priority: choice.priority,
            pixel_format: format.pixel_format,
            width: format.width,
            height: format.height,
            stride: format.bytes_per_line(),
            size: format.size_image(),
            rates: rates(format.framerate),
            slots: MAX_SLOTS,
            slot_size: u32::try_from(layout.length).unwrap_or(u32::MAX),
        };
        let host = NodeHost::spawn(&choice.program, choice.is_confined, offer, fd.as_fd())
            .map_err(|trouble| OutputTrouble::Pipewire { trouble: Box::new(trouble) })?;
        Ok(Self {
            host,
            fd,
            layout,
            pictures,
            filled: [false; MAX_SLOTS as usize],
            sequence: 0,
            next: None,
            taken: 0,
            nameless_since: None,
            is_nameless: false,
        })
    }

    /// The descriptors that become readable when there is something to dispatch.
    pub fn fds(&self) -> [BorrowedFd<'_>; 2] {
        self.host.fds()
    }

    /// When to dispatch at the latest.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.nameless_since.map(|since| since + NAME_PATIENCE).into_iter().chain(self.host.deadline()).min()
    }

    /// Takes what the process says; who is there, where that has changed.
    ///
    /// # Errors
    /// Why there is no node any more.
    pub fn dispatch(&mut self, now: Instant) -> Result<Option<Presence>, OutputError> {
        let has_changed = self.host.dispatch(now);
        let has_changed = has_changed.map_err(|trouble| OutputTrouble::Pipewire { trouble: Box::new(trouble) })?;
        if !has_changed && self.nameless_since.is_none() {
            return Ok(None);
        }
        let is_nameless = self.host.state().is_nameless();
        // A program is blocked by its name, and that before the camera starts.
        if is_nameless && !self.is_nameless {
            let since = *self.nameless_since.get_or_insert(now);
            if now.saturating_duration_since(since) < NAME_PATIENCE {
                return Ok(None);
            }
        }
        (self.nameless_since, self.is_nameless) = (None, is_nameless);
        Ok(Some(self.host.state().presence()))
    }

    /// Whether the slots are others from now on, with nothing in them. To be asked after each [`Self::dispatch`].
    pub(super) fn take_next_memory(&mut self) -> bool {
        let taken = std::mem::replace(&mut self.taken, self.host.state().memory);
        let is_taken = taken != self.taken;
        if let Some((fd, pictures)) = self.next.take_if(|_| is_taken) {
            (self.fd, self.pictures) = (fd, pictures);
            self.filled = [false; MAX_SLOTS as usize];
            return true;
        }
        if self.is_watched() {
            // Somebody had the present one before it could be replaced.
            self.next = None;
        }
        false
    }

    /// Nobody is here for a while: gives the memory back that pictures took. There is no other way (a hole cannot be punched
    /// into a file with these seals).
    ///
    /// # Errors
    /// When memory or descriptors are short.
    pub(super) fn release_memory(&mut self) -> Result<(), OutputError> {
        if self.next.is_some() || !self.filled.contains(&true) {
            return Ok(());
        }
        let (fd, pictures) = memory(&self.layout)?;
        if self.host.offer_memory(fd.as_fd()) {
            self.next = Some((fd, pictures));
        }
        Ok(())
    }

    /// Slots in the rotation.
    pub(super) fn usable(&self) -> u32 {
        match self.host.state().rotation {
            0 => MAX_SLOTS,
            slots => slots,
        }
    }

    pub(super) fn is_watched(&self) -> bool {
        self.host.state().rotation > 0
    }

    pub(super) fn slots_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    pub(super) fn layout(&self) -> &SlotLayout {
        &self.layout
    }

    /// Whether somebody who looks at this slot would see a picture.
    pub(super) fn is_filled(&self, slot: u32) -> bool {
        self.filled.get(slot as usize).copied().unwrap_or(false)
    }

    pub(super) fn draw(&mut self, slot: u32, card: &Packed) {
        if let Some(bytes) = self.slot_mut(slot) {
            card.unpack(bytes);
        }
    }

    /// The bytes of a slot, to be filled.
    pub(super) fn slot_mut(&mut self, slot: u32) -> Option<&mut [u8]> {
        let length = self.layout.length;
        let start = (slot as usize).checked_mul(length)?;
        *self.filled.get_mut(slot as usize)? = true;
        self.pictures.as_mut_slice().get_mut(start..start + length)
    }

    /// The readers get this slot; while there are none, it is only kept.
    pub(super) fn queue(&mut self, slot: u32, timestamp: Duration) {
        if !self.is_watched() {
            return;
        }
        self.sequence += 1;
        let timestamp_ns = u64::try_from(timestamp.as_nanos()).unwrap_or(u64::MAX);
        self.host.show(Picture { slot, timestamp_ns, sequence: self.sequence });
    }
}

/// Slots like these, with the only writable mapping of them.
fn memory(layout: &SlotLayout) -> Result<(OwnedFd, Mapping), OutputError> {
    let made = memfd::written_by_one("lenscap-pipewire", layout.file_size());
    Ok(made.map_err(|error| OutputTrouble::NoMemory { cause: error.into() })?)
}

/// The rates that are offered; a range would have Chromium take its lower end (facts: pipewire, section 2).
fn rates(real: u32) -> Vec<u32> {
    let lower = [30, 15, 10, 5].into_iter().filter(|rate| *rate < real);
    std::iter::once(real).chain(lower).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_rate_comes_first_and_nothing_faster() {
        assert_eq!(rates(30), [30, 15, 10, 5]);
        assert_eq!(rates(25), [25, 15, 10, 5]);
        assert_eq!(rates(60), [60, 30, 15, 10, 5]);
        assert_eq!(rates(5), [5]);
    }
}
