//! Numbers that belong together.

use std::fmt::Display;

use crate::trf;

/// The size of a picture, in pixels: "1280 × 720".
pub fn size(width: impl Display, height: impl Display) -> String {
    // TRANSLATORS: the size of a picture. Where one writes from right to left, put U+2066 in front of it and U+2069 behind it, so that
    // the two numbers keep their order
    trf!("{width} × {height}", width = width, height = height)
}
