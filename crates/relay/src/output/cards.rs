//! Which card is shown, and in which slots it is drawn already.
//!
//! The cards of a look and a format are one set, for all outputs: kept packed (a card of 640x480 in some 10 kB), those with
//! words by a process that draws them ([`crate::card_drawing`]), and until it has, or where it cannot, without words.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use lenscap_core::event::Card;
use lenscap_picture::card::{self, CardStyle};
use lenscap_picture::format::VideoFormat;
use lenscap_picture::slots::MAX_SLOTS;

/// A card's picture, compressed.
#[derive(Debug, Clone)]
pub struct Packed(Arc<[u8]>);

impl Packed {
    /// This picture.
    pub fn new(picture: &[u8]) -> Self {
        Self(lz4_flex::block::compress(picture).into())
    }

    /// Writes the picture to the beginning of `to`, which holds at least one picture.
    pub fn unpack(&self, to: &mut [u8]) {
        if let Err(error) = lz4_flex::block::decompress_into(&self.0, to) {
            tracing::error!("a card does not fit its slot: {error}");
        }
    }
}

/// All cards of one look and format.
#[derive(Debug, Clone)]
pub struct CardSet(Rc<Pictures>);

#[derive(Debug)]
struct Pictures {
    style: CardStyle,
    format: VideoFormat,
    /// In the order of [`Card::ALL`].
    pictures: [OnceCell<Packed>; Card::ALL.len()],
    is_drawn: bool,
}

impl CardSet {
    /// Those without words; each is drawn when it is shown first.
    pub fn plain(style: CardStyle, format: VideoFormat) -> Self {
        Self(Rc::new(Pictures { style, format, pictures: Default::default(), is_drawn: false }))
    }

    /// These pictures of `format.size_image()` bytes: one for each card, in the order of [`Card::ALL`], or the same for all.
    pub fn drawn(style: CardStyle, format: VideoFormat, pictures: &[Packed]) -> Self {
        let cells: [OnceCell<Packed>; Card::ALL.len()] = Default::default();
        for (cell, picture) in cells.iter().zip(pictures.iter().cycle()) {
            let _ = cell.set(picture.clone());
        }
        Self(Rc::new(Pictures { style, format, pictures: cells, is_drawn: true }))
    }

    /// Whether they look like this and are of this format.
    pub fn is_for(&self, style: &CardStyle, format: &VideoFormat) -> bool {
        (&self.0.style, &self.0.format) == (style, format)
    }

    /// Whether they are as they are to be; else they stand in for those.
    pub fn is_drawn(&self) -> bool {
        self.0.is_drawn
    }

    fn picture(&self, card: Card) -> Packed {
        let Pictures { style, format, pictures, .. } = &*self.0;
        let plain = || Packed::new(&card::plain(card, style, format));
        match Card::ALL.iter().zip(pictures).find(|(known, _)| **known == card) {
            Some((_, picture)) => picture.get_or_init(plain).clone(),
            None => plain(),
        }
    }
}

/// The present card of an output.
#[derive(Debug)]
pub struct Cards {
    set: CardSet,
    shown: Option<(Card, Packed)>,
    dirty: [bool; MAX_SLOTS],
}

impl Cards {
    /// No card yet.
    pub fn new(set: CardSet) -> Self {
        Self { set, shown: None, dirty: [true; MAX_SLOTS] }
    }

    /// Those that can be shown.
    pub fn set(&self) -> &CardSet {
        &self.set
    }

    /// The present one.
    pub fn shown(&self) -> Option<Card> {
        self.shown.as_ref().map(|(card, _)| *card)
    }

    /// Other ones from now on, of the same format. The present one is to be shown again.
    pub fn replace(&mut self, set: CardSet) {
        self.set = set;
    }

    /// Makes this the present card; no slot has it yet.
    pub fn show(&mut self, card: Card) {
        self.shown = Some((card, self.set.picture(card)));
        self.none_drawn();
    }

    /// The slots are others now: none has it.
    pub fn none_drawn(&mut self) {
        self.dirty = [true; MAX_SLOTS];
    }

    /// The picture to put into this slot; `None` when it is there already.
    pub fn to_draw(&self, slot: u32) -> Option<&Packed> {
        let dirty = self.dirty.get(slot as usize).copied().unwrap_or(false);
        self.shown.as_ref().filter(|_| dirty).map(|(_, picture)| picture)
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
    use super::*;
    use lenscap_picture::card::CardKind;
    use lenscap_picture::format::PixelFormat;

    fn format() -> VideoFormat {
        VideoFormat::new(PixelFormat::Yuy2, 320, 240, 30).unwrap()
    }

    fn black() -> CardStyle {
        CardStyle { kind: CardKind::Black, ..CardStyle::default() }
    }

    fn shown(cards: &Cards, slot: u32) -> Option<Vec<u8>> {
        let mut picture = vec![0; format().size_image() as usize];
        cards.to_draw(slot)?.unpack(&mut picture);
        Some(picture)
    }

    #[test]
    fn every_slot_gets_the_card_once() {
        let mut cards = Cards::new(CardSet::plain(black(), format()));
        assert!(cards.to_draw(0).is_none());
        cards.show(Card::Off);
        for slot in 0..4 {
            assert_eq!(shown(&cards, slot), Some([16, 128].repeat(320 * 240)));
            cards.drawn(slot);
            assert!(cards.to_draw(slot).is_none());
        }
        cards.show(Card::Off);
        assert!(cards.to_draw(3).is_some(), "shown again, every slot gets it anew");
    }

    #[test]
    fn a_card_that_nobody_drew_is_the_plain_one_and_drawn_once_for_all_outputs() {
        let set = CardSet::plain(CardStyle::default(), format());
        let [mut first, mut second] = [Cards::new(set.clone()), Cards::new(set)];
        for card in Card::ALL {
            first.show(card);
            second.show(card);
            let plain = card::plain(card, &CardStyle::default(), &format());
            assert_eq!(shown(&first, 0), Some(plain), "{card:?}");
            let [one, other] = [&first, &second].map(|cards| cards.to_draw(0).unwrap());
            assert!(Arc::ptr_eq(&one.0, &other.0), "{card:?}");
        }
    }

    #[test]
    fn drawn_cards_take_the_place_of_plain_ones_where_they_are_shown_again() {
        let mut cards = Cards::new(CardSet::plain(CardStyle::default(), format()));
        cards.show(Card::Paused);
        cards.drawn(0);
        let size = format().size_image() as usize;
        let pictures: Vec<_> = (0..5).map(|number| Packed::new(&vec![number; size])).collect();
        cards.replace(CardSet::drawn(CardStyle::default(), format(), &pictures));
        assert!(cards.to_draw(0).is_none(), "not before");
        cards.show(cards.shown().unwrap());
        assert_eq!(shown(&cards, 0), Some(vec![2; size]));
        cards.replace(CardSet::drawn(CardStyle::default(), format(), &pictures[4..]));
        for card in Card::ALL {
            cards.show(card);
            assert_eq!(shown(&cards, 0), Some(vec![4; size]), "the same for all");
        }
    }
}
