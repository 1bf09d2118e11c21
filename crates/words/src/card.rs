//! What the cards say that applications see while there is no picture of the camera, and why they do not say it.

use lenscap_core::event::Card;
use lenscap_core::trouble::cameras::HelperTrouble;

use crate::{cameras, tr, trf};

/// The words on a card. The whole meeting reads them: which state it is, and nothing of the system.
pub fn title(card: Card) -> String {
    match card {
        Card::Off => tr("Camera is off"),
        Card::Starting => tr("Camera is starting"),
        Card::Paused => tr("Camera is paused"),
        Card::Waiting => tr("Waiting for permission"),
        Card::Blocked => tr("Camera is not allowed"),
        Card::Unavailable => tr("Camera is not available"),
    }
}

/// Those of all cards, in the order of [`Card::ALL`].
pub fn titles() -> [String; Card::ALL.len()] {
    Card::ALL.map(title)
}

/// The cards stay without words.
pub fn not_drawn(trouble: &HelperTrouble) -> String {
    trf!(
        "The camera's cards are shown without words, since the program that draws them failed{why}.",
        why = cameras::helper(trouble)
    )
}

/// No installed font has the letters.
pub fn no_letters() -> String {
    tr("The camera's cards are shown without words, since no font has their letters: install one for your language.")
}
