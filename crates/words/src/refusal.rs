//! Why a request is not carried out, as one sentence with the next step.

use std::path::Path;

use lenscap_api::Reply;
use lenscap_core::trouble::refusal::{ListenTrouble, Refusal};

use crate::cause::why;
use crate::{tr, trf};

/// The answer that says so, with its code.
pub fn reply(refusal: &Refusal) -> Reply {
    Reply::refused(sentence(refusal), refusal)
}

/// The sentence, with its full stop.
pub fn sentence(refusal: &Refusal) -> String {
    match refusal {
        Refusal::OtherUser => tr("This Lenscap belongs to another user."),
        Refusal::TooManyAsking => tr("Too many programs ask Lenscap at once: try again."),
        Refusal::TooManyWatching => tr("Too many programs watch Lenscap already: end one of them."),
        Refusal::NoRequest => tr("No request came: send one line like {\"do\":\"status\"}."),
        Refusal::NotARequest { message } => trf!(
            "That is not a request ({error}): send one like {example}.",
            error = message,
            example = r#"{"do":"status"}"#
        ),

        Refusal::UnknownAction { name } => trf!(
            "There is no action \"{name}\": use preferences, pause, resume, toggle, turn-off, allow or quit.",
            name = name
        ),
        Refusal::NotAValue => tr("That is no value for a control: send a number, true, false or a text."),

        Refusal::WithoutDesktop => {
            tr("This Lenscap runs without a desktop: stop it and start \"lenscap\", or edit its settings file.")
        }
        Refusal::CameraWentOff => tr("The camera went off in the meantime: try again."),
        // Only tests ask so.
        Refusal::DemonstrationOnly => "Only a demonstration takes that.".into(),
        Refusal::SettingsSilent => tr("The settings file does not answer: look whether its disk or network does."),

        Refusal::Control(trouble) => crate::controls::sentence(trouble),
        Refusal::TooManyReading => tr("Too many programs ask for the camera's controls at once: try again."),
        Refusal::CameraSilent => tr("The camera does not answer: unplug it or restart the computer."),
        Refusal::ReaderNotStarted { cause } => {
            trf!("The camera program cannot be asked{why}: close some programs.", why = why(cause))
        }
        Refusal::Read(trouble) => crate::cameras::read(trouble),

        Refusal::Settings { path, trouble } => crate::settings::file_trouble(Path::new(&**path), trouble),
        Refusal::Start(trouble) => crate::start::sentence(trouble),
    }
}

/// Why nobody will reach the relay through its socket.
pub fn listen(trouble: &ListenTrouble) -> String {
    match trouble {
        ListenTrouble::NoRuntimeDirectory => crate::ask::sentence(&lenscap_api::AskError::NoRuntimeDirectory),
        ListenTrouble::AnotherRelay { path: _ } => {
            tr("Another Lenscap answers already: \"lenscap status\" asks that one.")
        }
        ListenTrouble::WritableByOthers { path: _ } => tr(
            "Others can write to Lenscap's runtime directory: \"lenscap status\" and \"lenscap pause\" will not reach this \
             relay until XDG_RUNTIME_DIR is a directory of your own with mode 0700.",
        ),
        ListenTrouble::Unusable { path: _, cause } => trf!(
            "This relay cannot listen{why}: \"lenscap status\" and \"lenscap pause\" will not reach it.",
            why = why(cause)
        ),
    }
}
