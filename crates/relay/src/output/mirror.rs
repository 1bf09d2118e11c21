//! The way of a picture from one output to another: one copy, made only while somebody streams at the other.
//!
//! Both stay mapped for so long: mapping anew for every picture would cost a page fault for every 4 kB of it.

use super::{Output, OutputError};
use lenscap_core::trouble::output::OutputTrouble;
use lenscap_sys::memfd::Mapping;

/// The slots of two outputs of one format.
#[derive(Debug)]
pub struct Mirror {
    from: Vec<Mapping>,
    to: Vec<Mapping>,
    /// Bytes of one picture.
    picture: usize,
}

impl Mirror {
    /// Maps the slots of both; those of the other only where it has not mapped them itself, for as long as it lives.
    ///
    /// # Errors
    /// When the kernel does not map them.
    pub fn new(from: &Output, to: &Output) -> Result<Self, OutputError> {
        let map = |output: &Output| {
            let mapped = output.layout().map(output.slots_fd());
            mapped.map_err(|error| OutputTrouble::NoMemory { cause: error.into() })
        };
        let to_slots = if to.keeps_mapping() { Vec::new() } else { map(to)? };
        Ok(Self { from: map(from)?, to: to_slots, picture: to.format().size_image() as usize })
    }

    /// Copies the picture of one slot into another's.
    pub(super) fn copy(&mut self, from: u32, to: u32) {
        let Some(to) = self.to.get_mut(to as usize) else { return };
        copy(self.from.get(from as usize), to.as_mut_slice(), self.picture);
    }

    /// Copies the picture of one slot to where the other output has it mapped.
    pub(super) fn copy_to(&self, from: u32, to: &mut [u8]) {
        copy(self.from.get(from as usize), to, self.picture);
    }
}

fn copy(from: Option<&Mapping>, to: &mut [u8], picture: usize) {
    let Some(from) = from.map(Mapping::as_slice) else { return };
    let length = picture.min(from.len()).min(to.len());
    to[..length].copy_from_slice(&from[..length]);
}
