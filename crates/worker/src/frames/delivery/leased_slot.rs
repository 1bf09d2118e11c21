//! The right to fill one slot.

use std::sync::Arc;

use lenscap_sys::memfd::Mapping;

use super::Delivery;

/// A slot to be filled; goes home when dropped.
#[derive(Debug)]
pub(crate) struct LeasedSlot {
    pub(super) delivery: Arc<Delivery>,
    pub(super) slot: u32,
    pub(super) map: Option<Mapping>,
}

impl LeasedSlot {
    /// Which slot it is.
    pub(crate) fn slot(&self) -> u32 {
        self.slot
    }
}

impl AsRef<[u8]> for LeasedSlot {
    fn as_ref(&self) -> &[u8] {
        let bytes = self.map.as_ref().map(Mapping::as_slice).unwrap_or_default();
        &bytes[..self.delivery.picture.min(bytes.len())]
    }
}

impl AsMut<[u8]> for LeasedSlot {
    fn as_mut(&mut self) -> &mut [u8] {
        let bytes = self.map.as_mut().map(Mapping::as_mut_slice).unwrap_or_default();
        let length = self.delivery.picture.min(bytes.len());
        &mut bytes[..length]
    }
}

impl Drop for LeasedSlot {
    fn drop(&mut self) {
        let mut state = self.delivery.state();
        if let Some(place) = state.home.get_mut(self.slot as usize) {
            *place = self.map.take();
        }
        if state.lent.is_some_and(|(slot, _)| slot == self.slot) {
            state.lent = None;
        }
    }
}
