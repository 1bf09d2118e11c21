//! The texts to translate: as the sources have them, and as gettext's catalogues have them.

pub mod catalogue;
pub mod sources;
