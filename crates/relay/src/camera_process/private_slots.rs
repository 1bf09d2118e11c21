//! Slots that only the worker and this process have: for pictures that the main device does not show.

use std::io;
use std::os::fd::OwnedFd;

use lenscap_picture::format::VideoFormat;
use lenscap_picture::slots::SlotLayout;
use lenscap_sys::memfd::{self, Mapping};

/// One picture that is being made and two on their way: each is copied as soon as it is heard of, and at 30 a second that may
/// be 66 ms late before one is dropped. More would only take more memory.
pub(super) const COUNT: u32 = 3;

/// See the module. They take memory only once there are pictures in them.
#[derive(Debug)]
pub(super) struct PrivateSlots {
    layout: SlotLayout,
    pictures: Mapping,
}

impl PrivateSlots {
    /// Those for pictures of this format, and the file to hand to the worker.
    ///
    /// # Errors
    /// When descriptors or memory are short.
    pub(super) fn create(format: &VideoFormat) -> io::Result<(Self, OwnedFd)> {
        let layout = SlotLayout::one_after_another(COUNT, format.size_image() as usize);
        let size = layout.file_size();
        let fd = memfd::sealed("lenscap-private", size)?;
        let length = usize::try_from(size).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        let pictures = Mapping::new(&fd, 0, length)?;
        Ok((Self { layout, pictures }, fd))
    }

    /// Where they lie in the file.
    pub(super) fn layout(&self) -> &SlotLayout {
        &self.layout
    }

    /// The bytes of the slot at this place, from 0.
    pub(super) fn picture(&self, place: u32) -> Option<&[u8]> {
        let start = (place as usize).checked_mul(self.layout.length)?;
        self.pictures.as_slice().get(start..start.checked_add(self.layout.length)?)
    }

    /// No more pictures come for now: their memory goes back. The worker may still be filling one slot, whose memory goes with
    /// the worker at the latest.
    pub(super) fn give_back(&mut self) {
        if let Err(error) = self.pictures.give_back() {
            tracing::debug!("the memory of pictures is kept until the camera's process ends: {error}");
        }
    }
}
