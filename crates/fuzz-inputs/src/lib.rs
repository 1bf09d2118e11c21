//! What stands in for strangers where they are fed at random: a driver that lies, and a tree of files from a text. Empty in
//! release builds, like the seam of `lenscap-sys` that the driver is put behind.

#[cfg(any(debug_assertions, fuzzing))]
mod liar;
#[cfg(any(debug_assertions, fuzzing))]
mod tree;

#[cfg(any(debug_assertions, fuzzing))]
pub use {liar::Liar, tree::Tree};
