//! What the icon's menu says beside the state of the camera and what can be done about it.

use lenscap_core::presence::Client;
use lenscap_core::trouble::Trouble;

use crate::programs::names;
use crate::{tr, trf};

/// Somebody asks for the camera.
pub fn asks(names: &str) -> String {
    trf!("May {names} use the camera?", names = names)
}

/// What is wrong, without the next step: a menu has no room for that.
pub fn clause(trouble: &Trouble) -> String {
    let sentence = crate::trouble::sentence(trouble);
    // From the end, where the step is, and before it why: names of cameras have colons and parentheses, too.
    let what = sentence.rsplit_once(": ").map_or(&*sentence, |(what, _step)| what);
    let what = if what.ends_with(')') { what.rsplit_once(" (").map_or(what, |(what, _why)| what) } else { what };
    what.trim_end_matches('.').to_owned()
}

/// What is wrong with the settings, as [`clause`] says it of the camera.
pub fn settings_problem() -> String {
    tr("The settings have a mistake")
}

/// An item that says what is wrong, and opens the diagnosis.
pub fn with_details(problem: &str) -> String {
    trf!("{problem} – Details…", problem = problem)
}

/// The last item.
pub fn quit(clients: &[Client]) -> String {
    match names(clients) {
        Some(names) => trf!("Quit ({names} will lose the camera)", names = names),
        None => tr("Quit"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn a_clause_leaves_out_the_step_and_the_kernels_words() {
        let said = |trouble: Trouble| clause(&trouble);
        assert_eq!(said(Trouble::CameraBusy { camera: "Foo".into() }), "The camera Foo is in use by another program");
        assert_eq!(said(Trouble::GoingToSleep), "The computer is going to sleep");
        let failed = Trouble::CameraFailed { camera: "Foo".into(), cause: io::Error::from_raw_os_error(5).into() };
        assert_eq!(said(failed), "The camera Foo failed");
        let named = Trouble::CameraBusy { camera: "Cam (2): Integrated C".into() };
        assert_eq!(said(named), "The camera Cam (2): Integrated C is in use by another program");
    }
}
