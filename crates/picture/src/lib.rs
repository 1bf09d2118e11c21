//! Pictures: formats, cards, the slots frames are written into, and whether a JPEG picture is whole.

pub mod card;
pub mod format;
pub mod jpeg;
pub mod slots;
