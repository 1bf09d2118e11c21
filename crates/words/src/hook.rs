//! What a hook is told, and what is wrong with one.

use lenscap_core::hook::{Due, Hook};
use lenscap_core::status::Status;
use lenscap_core::trouble::hook::HookTrouble;
use lenscap_text::{SENTENCE, clean};

use crate::cause::why;
use crate::{programs, source, trf};

/// What is told of something that happened, to commands and on D-Bus. Cleaned, of [`SENTENCE`] letters at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The word of [`Hook::as_str`].
    pub event: &'static str,
    /// The camera's state.
    pub state: &'static str,
    /// A name for people of who has, wants or is asked about the camera; empty: nobody.
    pub app: String,
    /// Its application's id; empty: nobody, or not known.
    pub app_id: String,
    /// The camera's name, or what is configured.
    pub camera: String,
}

/// What is told of this.
pub fn told(due: &Due, status: &Status) -> Told {
    let client = due.client.as_ref();
    let app = client.and_then(|client| client.app.as_ref());
    let cleaned = |text: String| clean(text, SENTENCE);
    Told {
        event: due.hook.as_str(),
        state: status.state.as_str(),
        app: cleaned(client.map(programs::program).unwrap_or_default()),
        app_id: cleaned(app.map(|app| app.id.to_string()).unwrap_or_default()),
        camera: cleaned(source::camera(&status.camera)),
    }
}

/// One sentence with the next step.
pub fn sentence(hook: Hook, trouble: &HookTrouble) -> String {
    let name = hook.as_str();
    match trouble {
        HookTrouble::HookMissing { cause: _ } => {
            trf!("The program of the hook \"{name}\" is not there: correct its path under [hooks].", name = name)
        }
        HookTrouble::HookForbidden { cause: _ } => {
            trf!("The program of the hook \"{name}\" cannot be executed: make it executable (chmod +x).", name = name)
        }
        HookTrouble::HookStart { cause } => {
            trf!(
                "The hook \"{name}\" cannot be run{why}: try its command in a terminal.",
                name = name,
                why = why(cause)
            )
        }
        HookTrouble::HookLate { seconds } => trf!(
            "The hook \"{name}\" took longer than {seconds} s and was ended: let it start what takes longer with systemd-run.",
            name = name,
            seconds = seconds
        ),
        HookTrouble::HookFlood { bytes } => trf!(
            "The hook \"{name}\" printed more than {bytes} bytes and was cut off: let it print less.",
            name = name,
            bytes = bytes
        ),
        HookTrouble::HookFailed { status } => trf!(
            "The hook \"{name}\" failed with status {status}: try its command in a terminal.",
            name = name,
            status = status
        ),
        HookTrouble::HookKilled => {
            trf!("The hook \"{name}\" was ended by a signal: try its command in a terminal.", name = name)
        }
    }
}
