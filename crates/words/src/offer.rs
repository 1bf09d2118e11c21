//! What the user can do about the camera, as menus and buttons say it.

use lenscap_core::offer::{Offer, Verb};

use crate::programs::in_one_line;
use crate::{tr, trf, trn};

/// In a menu, where nothing beside it says what it is about.
pub fn label(offer: &Offer) -> String {
    match (offer.verb, in_one_line(&offer.names())) {
        (Verb::TurnOff, Some(names)) => trf!("Turn Off for {names}", names = names),
        (Verb::TurnOff, None) => tr("Turn Off Now"),
        (Verb::Allow, Some(names)) => trf!("Allow {names} Again", names = names),
        (Verb::AllowOnce, Some(names)) => trf!("Allow {names} Once", names = names),
        (Verb::AllowAlways, Some(names)) => trf!("Always Allow {names}", names = names),
        (Verb::Block, Some(names)) => trf!("Block {names}", names = names),
        (Verb::Resume, _) => tr("Resume Camera"),
        (verb, _) => button(verb),
    }
}

/// On a button beside words that say the state of the camera, and for whom.
pub fn button(verb: Verb) -> String {
    match verb {
        Verb::TurnOff => tr("Turn Off"),
        Verb::AllowOnce => tr("Allow Once"),
        Verb::AllowAlways => tr("Always Allow"),
        Verb::Block => tr("Block"),
        Verb::Allow => tr("Allow Again"),
        Verb::Pause => tr("Pause"),
        Verb::Resume => tr("Resume"),
        Verb::TryAgain => tr("Try Again"),
    }
}

/// One of [`lenscap_core::offer::PAUSES`], in a menu of them.
pub fn pause(seconds: Option<u64>) -> String {
    const HOUR: u64 = 3600;
    match seconds {
        None => tr("Until I Resume"),
        Some(seconds) if seconds >= HOUR => trn!("{n} Hour", "{n} Hours", seconds / HOUR),
        Some(seconds) => trn!("{n} Minute", "{n} Minutes", seconds / 60),
    }
}

#[cfg(test)]
mod tests {
    use lenscap_core::app::AppId;
    use lenscap_core::offer::{PAUSES, Program};
    use lenscap_core::presence::UNSEEN;

    use super::*;

    #[test]
    fn what_can_be_done_names_the_programs() {
        let label = |verb, programs: &[&str]| {
            let program = |name: &&str| Program { id: AppId::of_program(name), name: (*name).to_owned() };
            label(&Offer { verb, programs: programs.iter().map(program).collect() })
        };
        assert_eq!(label(Verb::TurnOff, &["Zoom"]), "Turn Off for Zoom");
        assert_eq!(label(Verb::TurnOff, &[]), "Turn Off Now");
        assert_eq!(label(Verb::Allow, &["a", "b", "c", "d"]), "Allow a, b, c and 1 more Again");
        assert_eq!(label(Verb::AllowOnce, &["Zoom"]), "Allow Zoom Once");
        assert!(label(Verb::Allow, &[UNSEEN]).contains(&crate::programs::unseen()));
        assert_eq!(PAUSES.map(pause), ["15 Minutes", "1 Hour", "Until I Resume"]);
    }
}
