//! Pictures: formats, placeholder cards, the slots frames are written into, and whether a JPEG picture is whole.

pub mod format;
pub mod jpeg;
pub mod placeholder;
pub mod slots;
