//! Pictures: formats, placeholder cards, and the slots frames are written into.

pub mod format;
pub mod placeholder;
pub mod slots;
