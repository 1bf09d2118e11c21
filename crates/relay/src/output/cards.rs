//! Which card is shown, and in which slots it is drawn already.
//!
//! A card is drawn once in its life and then kept packed (a text card of 640x480 in some 10 kB): drawing takes 1.3 ms at
//! 640x480 and 7.8 ms at 1920x1080, in an emulated machine up to 300 ms, and no picture flows meanwhile.

use std::rc::Rc;

use lenscap_core::event::Card;
use lenscap_picture::card::{CardKind, CardStyle, CardText, Painter};
use lenscap_picture::format::VideoFormat;
use lenscap_picture::slots::MAX_SLOTS;
use lenscap_words::card::caption;

/// The cards that have no words of their own; drawn before they are needed.
const STANDARD: [Card; 4] = [Card::Off, Card::Starting, Card::Paused, Card::Blocked];

/// A card's picture, compressed.
#[derive(Debug, Clone)]
pub struct Packed(Rc<[u8]>);

impl Packed {
    fn new(picture: &[u8]) -> Self {
        Self(lz4_flex::block::compress(picture).into())
    }

    /// Writes the picture to the beginning of `to`, which holds at least one picture.
    pub fn unpack(&self, to: &mut [u8]) {
        if let Err(error) = lz4_flex::block::decompress_into(&self.0, to) {
            tracing::error!("a card does not fit its slot: {error}");
        }
    }
}

/// The present card, and those that were drawn before.
#[derive(Debug)]
pub struct Cards {
    style: CardStyle,
    format: VideoFormat,
    /// By their words; the standard cards and the last failure. What does not depend on words has none.
    kept: Vec<(CardText, Packed)>,
    shown: Option<Packed>,
    dirty: [bool; MAX_SLOTS],
}

impl Cards {
    /// No card yet.
    pub fn new(style: CardStyle, format: VideoFormat) -> Self {
        Self { style, format, kept: Vec::new(), shown: None, dirty: [true; MAX_SLOTS] }
    }

    /// For another output of this format and look: what was drawn for this one is not drawn again.
    pub fn shared(&self, style: &CardStyle, format: &VideoFormat) -> Option<Self> {
        let is_alike = (&self.style, &self.format) == (style, format);
        is_alike.then(|| Self { kept: self.kept.clone(), ..Self::new(self.style.clone(), self.format) })
    }

    /// Another look, from the next card shown.
    pub fn set_style(&mut self, style: CardStyle) {
        self.style = style;
        self.kept.clear();
    }

    /// Makes this the present card; no slot has it yet. Returns a warning when the user's picture cannot be used and the
    /// text card stands in.
    pub fn set(&mut self, card: &Card) -> Option<String> {
        let (picture, warning) = self.picture(card);
        self.shown = Some(picture);
        self.dirty = [true; MAX_SLOTS];
        warning
    }

    /// The slots are others now: none has it.
    pub fn none_drawn(&mut self) {
        self.dirty = [true; MAX_SLOTS];
    }

    /// Draws what may be needed later, while there is time.
    pub fn prepare(&mut self) {
        for card in &STANDARD {
            if self.picture(card).1.is_some() {
                // It will be said when the card is shown.
                return;
            }
        }
    }

    fn picture(&mut self, card: &Card) -> (Packed, Option<String>) {
        let text = caption(card);
        let key = match self.style.kind {
            CardKind::Text => text.clone(),
            CardKind::Black | CardKind::Picture(_) => CardText::default(),
        };
        if let Some((_, picture)) = self.kept.iter().find(|(kept, _)| *kept == key) {
            return (picture.clone(), None);
        }
        match Painter::new(self.style.clone()).draw(&text, &self.format) {
            Ok(picture) => {
                let picture = Packed::new(&picture);
                // All but the standard cards is one failure's.
                self.kept.truncate(STANDARD.len());
                self.kept.push((key, picture.clone()));
                (picture, None)
            }
            Err(error) => {
                let painter = Painter::new(CardStyle { kind: CardKind::Text });
                (
                    Packed::new(&painter.draw(&text, &self.format).unwrap_or_default()),
                    Some(lenscap_words::picture::card(&error)),
                )
            }
        }
    }

    /// The picture to put into this slot; `None` when it is there already.
    pub fn to_draw(&self, slot: u32) -> Option<&Packed> {
        let dirty = self.dirty.get(slot as usize).copied().unwrap_or(false);
        self.shown.as_ref().filter(|_| dirty)
    }

    /// This slot has it now.
    pub fn drawn(&mut self, slot: u32) {
        if let Some(dirty) = self.dirty.get_mut(slot as usize) {
            *dirty = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use lenscap_core::trouble::Trouble;

    use super::*;
    use lenscap_picture::card::Picture;
    use lenscap_picture::format::PixelFormat;

    fn cards(kind: CardKind) -> Cards {
        Cards::new(CardStyle { kind }, VideoFormat::new(PixelFormat::Yuy2, 320, 240, 30).unwrap())
    }

    fn shown(cards: &Cards, slot: u32) -> Option<Vec<u8>> {
        let mut picture = vec![0; cards.format.size_image() as usize];
        cards.to_draw(slot)?.unpack(&mut picture);
        Some(picture)
    }

    #[test]
    fn every_slot_gets_the_card_once() {
        let mut cards = cards(CardKind::Black);
        assert!(cards.to_draw(0).is_none());
        assert_eq!(cards.set(&Card::Off), None);
        for slot in 0..4 {
            assert_eq!(shown(&cards, slot), Some([16, 128].repeat(320 * 240)));
            cards.drawn(slot);
            assert!(cards.to_draw(slot).is_none());
        }
        cards.set(&Card::Off);
        assert!(cards.to_draw(3).is_some(), "shown again, every slot gets it anew");
    }

    #[test]
    fn a_kept_card_is_the_picture_that_was_drawn() {
        let mut cards = cards(CardKind::Text);
        cards.prepare();
        assert_eq!(cards.kept.len(), STANDARD.len());
        for card in STANDARD {
            cards.set(&card);
            assert_eq!(shown(&cards, 0), Painter::default().draw(&caption(&card), &cards.format).ok(), "{card:?}");
        }
        assert_eq!(cards.kept.len(), STANDARD.len(), "nothing was drawn again");
    }

    #[test]
    fn another_output_of_the_same_format_and_look_draws_nothing_again() {
        let mut first = cards(CardKind::Text);
        first.prepare();
        let mut second = first.shared(&first.style, &first.format).expect("alike");
        assert!(second.to_draw(0).is_none(), "it shows nothing yet");
        second.set(&Card::Paused);
        assert!(
            second.shown.as_ref().is_some_and(|shown| first.kept.iter().any(|(_, kept)| Rc::ptr_eq(&shown.0, &kept.0)))
        );
        let larger = VideoFormat::new(PixelFormat::Yuy2, 640, 480, 30).unwrap();
        assert!(first.shared(&first.style, &larger).is_none());
        assert!(first.shared(&CardStyle { kind: CardKind::Black }, &first.format).is_none());
    }

    #[test]
    fn of_failures_only_the_last_is_kept() {
        let mut cards = cards(CardKind::Text);
        cards.prepare();
        let pictures = ["one", "two", "three"].map(|camera| {
            cards.set(&Card::Failed(Trouble::CameraBusy { camera: camera.into() }));
            assert_eq!(cards.kept.len(), STANDARD.len() + 1);
            shown(&cards, 0)
        });
        assert_ne!(pictures[0], pictures[1]);
        assert_ne!(pictures[1], pictures[2]);
    }

    #[test]
    fn another_style_is_drawn_anew() {
        let mut cards = cards(CardKind::Text);
        cards.prepare();
        cards.set_style(CardStyle { kind: CardKind::Black });
        cards.set(&Card::Off);
        assert_eq!(shown(&cards, 0), Some([16, 128].repeat(320 * 240)));
        cards.prepare();
        assert_eq!(cards.kept.len(), 1, "black has no words");
    }

    #[test]
    fn an_unusable_picture_falls_back_to_the_text_card() {
        let mut cards = cards(CardKind::Picture(Picture::read(Path::new("/nonexistent.png"))));
        cards.prepare();
        assert!(cards.set(&Card::Paused).is_some_and(|text| text.contains("/nonexistent.png")));
        assert_eq!(shown(&cards, 0), Painter::default().draw(&caption(&Card::Paused), &cards.format).ok());
    }
}
