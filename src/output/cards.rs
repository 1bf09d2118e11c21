//! Which card is shown, and in which slots it is drawn already.

use crate::core::event::Card;
use crate::frame::format::VideoFormat;
use crate::frame::placeholder::{CardKind, CardStyle, CardText, Painter};
use crate::frame::slots::MAX_SLOTS;

/// The present card. Its picture is kept only until every slot has it.
#[derive(Debug)]
pub struct Cards {
    style: CardStyle,
    picture: Option<Vec<u8>>,
    dirty: [bool; MAX_SLOTS],
}

impl Cards {
    /// No card yet.
    pub fn new(style: CardStyle) -> Self {
        Self { style, picture: None, dirty: [true; MAX_SLOTS] }
    }

    /// Another look, from the next card drawn.
    pub fn set_style(&mut self, style: CardStyle) {
        self.style = style;
    }

    /// Draws the card's picture. Returns a warning when the user's picture cannot be used and the text card stands in.
    pub fn set(&mut self, card: &Card, format: &VideoFormat) -> Option<String> {
        let text = text_of(card);
        let (picture, warning) = match Painter::new(self.style.clone()).draw(&text, format) {
            Ok(picture) => (picture, None),
            Err(error) => {
                (Painter::new(CardStyle { kind: CardKind::Text }).draw(&text, format).unwrap_or_default(), Some(error))
            }
        };
        self.picture = Some(picture);
        self.dirty = [true; MAX_SLOTS];
        warning
    }

    /// The picture to put into this slot; `None` when it is there already.
    pub fn to_draw(&self, slot: u32) -> Option<&[u8]> {
        let dirty = self.dirty.get(slot as usize).copied().unwrap_or(false);
        self.picture.as_deref().filter(|_| dirty)
    }

    /// This slot has it now; frees the picture when all `slots` have.
    pub fn drawn(&mut self, slot: u32, slots: usize) {
        if let Some(dirty) = self.dirty.get_mut(slot as usize) {
            *dirty = false;
        }
        if !self.dirty.iter().take(slots).any(|dirty| *dirty) {
            self.picture = None;
        }
    }
}

/// What a card says.
fn text_of(card: &Card) -> CardText {
    let (title, detail) = match card {
        Card::Off => ("Camera is off", "It turns on when an application uses it."),
        Card::Starting => ("Camera is starting", "One moment, please."),
        Card::Paused => ("Camera is paused", "Resume it to be seen."),
        Card::Blocked => ("Camera is off for this application", "You can allow it in Lenscap."),
        Card::Failed(reason) => ("The camera does not work", reason.as_str()),
    };
    CardText::new(title, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::format::PixelFormat;

    fn format() -> VideoFormat {
        VideoFormat::new(PixelFormat::Yuy2, 64, 48, 30).unwrap()
    }

    #[test]
    fn the_picture_goes_when_every_slot_has_it() {
        let mut cards = Cards::new(CardStyle { kind: CardKind::Black });
        assert!(cards.to_draw(0).is_none());
        assert_eq!(cards.set(&Card::Off, &format()), None);
        for slot in 0..4 {
            assert_eq!(cards.to_draw(slot).map(<[u8]>::len), Some(64 * 48 * 2));
            cards.drawn(slot, 4);
            assert!(cards.to_draw(slot).is_none());
        }
        assert!(cards.picture.is_none());
        cards.set(&Card::Off, &format());
        assert!(cards.to_draw(3).is_some(), "shown again, every slot is drawn anew");
    }

    #[test]
    fn an_unusable_picture_falls_back_to_the_text_card() {
        let mut cards = Cards::new(CardStyle { kind: CardKind::Picture("/nonexistent.png".into()) });
        assert!(cards.set(&Card::Paused, &format()).is_some_and(|text| text.contains("/nonexistent.png")));
        assert_eq!(cards.to_draw(0).map(<[u8]>::len), Some(64 * 48 * 2));
    }
}
