//! The cards clients see while the camera is off: text, black, or the user's own picture.
//!
//! 1. A card is drawn once, in the output's format, and handed over; nothing is kept here, no cache, no parsed font.
//! 2. Drawing never fails for a text or black card of a valid format; a picture may be missing or broken, and then the
//!    caller draws the text card instead and shows the reason.
//! 3. Limited-range BT.601, as webcams give it: black is Y = 16, U = V = 128.

mod canvas;
mod picture;
mod text;
mod yuv;

use crate::format::{FormatTrouble, VideoFormat};

use canvas::Canvas;
pub use picture::{MAX_SIDE, Picture, PictureProblem, PictureTrouble};

/// Why a card cannot be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardTrouble {
    /// The format is none that [`VideoFormat::new`] would have made.
    Format(FormatTrouble),
    /// The user's picture.
    Picture(PictureTrouble),
}

impl From<FormatTrouble> for CardTrouble {
    fn from(trouble: FormatTrouble) -> Self {
        Self::Format(trouble)
    }
}

impl From<PictureTrouble> for CardTrouble {
    fn from(trouble: PictureTrouble) -> Self {
        Self::Picture(trouble)
    }
}

/// Which kind of card the user wants.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CardKind {
    /// A title and a line that says why and what to do.
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
}

/// The words on a text card.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CardText {
    /// A few words in large type.
    pub title: String,
    /// A sentence below; wrapped, and cut with an ellipsis where it does not fit.
    pub detail: String,
}

impl CardText {
    /// A card with these words.
    pub fn new(title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { title: title.into(), detail: detail.into() }
    }
}

/// Draws cards.
#[derive(Debug, Clone, Default)]
pub struct Painter {
    style: CardStyle,
}

impl Painter {
    /// A painter of this style; the default one draws text cards.
    pub fn new(style: CardStyle) -> Self {
        Self { style }
    }

    /// The style it draws in.
    pub fn style(&self) -> &CardStyle {
        &self.style
    }

    /// One picture of `format.size_image()` bytes. `card` matters to text cards only.
    ///
    /// # Errors
    /// The picture is missing, unreadable, not a picture or too large, or the format is a wrong one.
    pub fn draw(&self, card: &CardText, format: &VideoFormat) -> Result<Vec<u8>, CardTrouble> {
        let format = VideoFormat::new(format.pixel_format, format.width, format.height, format.framerate)?;
        Ok(match &self.style.kind {
            CardKind::Text => yuv::from_rgb(&text::card(card, format.width, format.height), format.pixel_format),
            CardKind::Black => yuv::black(&format),
            CardKind::Picture(picture) => {
                yuv::from_rgb(&picture::letterboxed(picture, format.width, format.height)?, format.pixel_format)
            }
        })
    }

    /// The same for people's eyes (preview, tests): packed RGB, three bytes a pixel, without padding.
    ///
    /// # Errors
    /// As [`Painter::draw`].
    pub fn draw_rgb(&self, card: &CardText, width: u32, height: u32) -> Result<Vec<u8>, CardTrouble> {
        let canvas = match &self.style.kind {
            CardKind::Text => text::card(card, width, height),
            CardKind::Black => Canvas::new(width, height, canvas::BLACK),
            CardKind::Picture(picture) => picture::letterboxed(picture, width, height)?,
        };
        Ok(canvas.into_rgb())
    }
}

#[cfg(test)]
mod tests;
