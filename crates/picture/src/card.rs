//! The cards clients see while there is no picture of the camera: a sign with words, black, or the user's own picture.
//!
//! 1. What is drawn here is there at once, and never fails: black, and the signs without words. Words and the user's picture
//!    are drawn by `lenscap-cards`, which needs libraries and time, over the same canvas.
//! 2. A card says which state it is and nothing of the system below ([`Card`] has no data).
//! 3. Limited-range BT.601, as webcams give it: black is Y = 16, U = V = 128.

mod canvas;
mod colour;
mod picture;
mod sign;
pub mod yuv;

use lenscap_core::event::Card;

use crate::format::VideoFormat;

pub use canvas::Canvas;
pub use colour::Colour;
pub use picture::{MAX_SIDE, Picture, PictureProblem, PictureTrouble};

/// Which kind of card the user wants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CardKind {
    /// A sign, and words that say which state it is.
    #[default]
    Text,
    /// Nothing but black.
    Black,
    /// A PNG or JPEG of the user's, letterboxed.
    Picture(Picture),
}

/// How cards look.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CardStyle {
    /// Which kind.
    pub kind: CardKind,
    /// A line of the user's own below the words; empty: none.
    pub text: String,
    /// Their colours.
    pub colours: Colours,
}

/// The colours of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colours {
    /// Behind everything.
    pub background: Colour,
    /// The sign and the words; `None`: the one of two that is read best on the background.
    pub foreground: Option<Colour>,
}

impl Default for Colours {
    fn default() -> Self {
        Self { background: Colour::DARK, foreground: None }
    }
}

impl Colours {
    /// Of the sign and the words.
    pub fn foreground(&self) -> Colour {
        let best = || {
            let contrast = |colour: Colour| colour.contrast(self.background);
            if contrast(Colour::LIGHT) >= contrast(Colour::DARK) { Colour::LIGHT } else { Colour::DARK }
        };
        self.foreground.unwrap_or_else(best)
    }
}

/// The background with the card's sign, `radius` pixels around `centre`.
pub fn signed(card: Card, colours: &Colours, size: (u32, u32), centre: (f32, f32), radius: f32) -> Canvas {
    let mut canvas = Canvas::new(size.0, size.1, colours.background);
    sign::paint(&mut canvas, card, centre, radius, colours.foreground());
    canvas
}

/// The card without words.
pub fn wordless(card: Card, colours: &Colours, size: (u32, u32)) -> Canvas {
    let (width, height) = (size.0 as f32, size.1 as f32);
    signed(card, colours, size, (width / 2.0, height / 2.0), width.min(height) * 0.25)
}

/// The card without words, of `format.size_image()` bytes, for as long as nothing better is drawn.
pub fn plain(card: Card, style: &CardStyle, format: &VideoFormat) -> Vec<u8> {
    if style.kind == CardKind::Black {
        return yuv::black(format);
    }
    yuv::from_rgb(&wordless(card, &style.colours, (format.width, format.height)), format.pixel_format)
}

#[cfg(test)]
mod tests;
