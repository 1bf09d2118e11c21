//! Numbers that belong together.

use std::fmt::Display;

use crate::direction;

/// The size of a picture, in pixels: "1280 × 720", in every language.
pub fn size(width: impl Display, height: impl Display) -> String {
    direction::left_to_right(format!("{width} × {height}"), direction::of_language())
}
