//! What the cards say that applications see while there is no picture of the camera.

use lenscap_core::event::Card;
use lenscap_picture::card::CardText;

use crate::{tr, trouble};

/// A title, and a sentence that says why or what to do.
pub fn caption(card: &Card) -> CardText {
    let (title, detail) = match card {
        Card::Off => (tr("Camera is off"), tr("It turns on when an application uses it.")),
        Card::Starting => (tr("Camera is starting"), tr("One moment, please.")),
        Card::Paused => (tr("Camera is paused"), tr("Resume it to be seen.")),
        Card::Blocked => (tr("Camera is off for this application"), tr("You can allow it in Lenscap.")),
        Card::Failed(reason) => (tr("The camera does not work"), trouble::sentence(reason)),
    };
    CardText::new(title, detail)
}

#[cfg(test)]
mod tests {
    use lenscap_core::trouble::Trouble;

    use super::*;

    #[test]
    fn a_card_says_what_is_wrong() {
        let caption = caption(&Card::Failed(Trouble::NoCamera));
        assert_eq!(caption.title, "The camera does not work");
        assert_eq!(caption.detail, trouble::sentence(&Trouble::NoCamera));
    }
}
