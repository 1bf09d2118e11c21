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
    /// Maps the slots of both.
    ///
    /// # Errors
    /// When the kernel does not map them.
    pub fn new(from: &Output, to: &Output) -> Result<Self, OutputError> {
        let map = |output: &Output| {
            let mapped = output.layout().map(output.slots_fd());
            mapped.map_err(|error| OutputTrouble::NoMemory { error: error.to_string().into() })
        };
        Ok(Self { from: map(from)?, to: map(to)?, picture: to.format().size_image() as usize })
    }

    /// Copies the picture of one slot into another's.
    pub(super) fn copy(&mut self, from: u32, to: u32) {
        let (Some(from), Some(to)) = (self.from.get(from as usize), self.to.get_mut(to as usize)) else { return };
        let (from, to) = (from.as_slice(), to.as_mut_slice());
        let length = self.picture.min(from.len()).min(to.len());
        to[..length].copy_from_slice(&from[..length]);
    }
}
