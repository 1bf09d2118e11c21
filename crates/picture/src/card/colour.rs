//! A colour, as the settings write it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Colour(pub [u8; 3]);

impl Colour {
    /// Black in full range; limited-range Y = 16 after conversion.
    pub const BLACK: Self = Self([0, 0, 0]);
    /// The background, where nobody chose another.
    pub const DARK: Self = Self([0x1e, 0x1e, 0x22]);
    /// What is read on dark colours.
    pub const LIGHT: Self = Self([0xf2, 0xf2, 0xf4]);

    /// From 1, the same, to 21, black on white: WCAG 2.2, "contrast ratio".
    pub fn contrast(self, other: Self) -> f32 {
        let (one, other) = (self.luminance() + 0.05, other.luminance() + 0.05);
        one.max(other) / one.min(other)
    }

    /// WCAG 2.2, "relative luminance".
    fn luminance(self) -> f32 {
        let linear = |channel: u8| {
            let channel = f32::from(channel) / 255.0;
            if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

/// As the settings write it: `#1e1e22`.
impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

/// No colour as [`Colour`] is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoColour;

impl FromStr for Colour {
    type Err = NoColour;

    fn from_str(text: &str) -> Result<Self, NoColour> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(NoColour)?;
        // `from_str_radix` takes a sign, too.
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex).ok_or(NoColour)?;
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_read_as_it_is_written() {
        for text in ["#000000", "#1e1e22", "#ffffff"] {
            assert_eq!(text.parse::<Colour>().map(|colour| colour.to_string()), Ok(text.to_owned()));
        }
        assert_eq!("#FF8000".parse(), Ok(Colour([255, 128, 0])));
        for text in ["", "#", "1e1e22", "#1e1e2", "#1e1e222", "#+1e1e2", "#1e1eé", "red", "# 1e1e2"] {
            assert_eq!(text.parse::<Colour>(), Err(NoColour), "{text}");
        }
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        let white = Colour([255; 3]);
        assert!((white.contrast(Colour::BLACK) - 21.0).abs() < 0.01);
        assert!((white.contrast(Colour([0x76; 3])) - 4.54).abs() < 0.01, "the usual example of 4.5:1");
        assert!((white.contrast(white) - 1.0).abs() < 0.001);
    }
}
