//! The key that pauses the camera and resumes it.

use lenscap_core::shortcut::Shortcut;

use crate::cause::why;
use crate::{tr, trf};

/// What the key does, in the desktop's own list of keys.
pub fn description() -> String {
    tr("Pause or Resume the Camera")
}

/// What became of asking the desktop for one, with the next step; `None`: it was not asked.
pub fn sentence(shortcut: Option<&Shortcut>) -> String {
    match shortcut {
        None => tr("Ask the desktop for a key that pauses and resumes the camera."),
        Some(Shortcut::Asked) => tr("The desktop is being asked for a key."),
        // TRANSLATORS: {key} is as in "Ctrl+Alt+C"
        Some(Shortcut::Given { trigger }) => trf!("{key}, given by the desktop", key = trigger),
        Some(Shortcut::Unassigned) => tr("No key is chosen yet: choose one in the desktop's keyboard settings."),
        Some(Shortcut::NoPortal) => {
            tr("This desktop gives no global shortcuts: bind a key to \"lenscap toggle\" in its keyboard settings.")
        }
        Some(Shortcut::Refused) => tr(
            "The desktop gave no key: turn this on to be asked again, or bind a key to \"lenscap toggle\" in its keyboard settings.",
        ),
        Some(Shortcut::Failed { cause }) => trf!(
            "The desktop gave no key{why}: bind one to \"lenscap toggle\" in its keyboard settings.",
            why = why(cause)
        ),
    }
}

/// The same among other findings.
pub(crate) fn in_diagnosis(shortcut: &Shortcut) -> String {
    trf!("Keyboard shortcut: {state}", state = sentence(Some(shortcut)))
}

#[cfg(test)]
mod tests {
    use lenscap_api::Code;
    use lenscap_text::Cause;

    use super::*;

    #[test]
    fn without_a_key_there_is_another_way() {
        for shortcut in [Shortcut::NoPortal, Shortcut::Refused, Shortcut::Failed { cause: Cause::other("NotAllowed") }]
        {
            assert!(sentence(Some(&shortcut)).contains("\"lenscap toggle\""), "{shortcut:?}");
            assert_eq!(Code::of(&shortcut).trouble(), Some(shortcut), "as the window and the doctor read it");
        }
        let given = Shortcut::Given { trigger: "Ctrl+Alt+C".into() };
        assert_eq!(sentence(Some(&given)), "Ctrl+Alt+C, given by the desktop");
    }
}
