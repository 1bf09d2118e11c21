//! Why the relay could not be asked, as one sentence with the next step.

use lenscap_api::AskError;

use crate::{tr, trf};

/// The sentence, with its full stop.
pub fn sentence(error: &AskError) -> String {
    match error {
        AskError::NoRuntimeDirectory => {
            tr("There is no runtime directory to reach Lenscap through: set XDG_RUNTIME_DIR.")
        }
        AskError::NotRunning => tr("Lenscap is not running: start it with \"lenscap\"."),
        AskError::Foreign => {
            tr("Another user's program answers in Lenscap's place: set XDG_RUNTIME_DIR to a directory of your own.")
        }
        AskError::Hung { error, pid } => trf!(
            "Lenscap does not answer ({error}): end it with \"kill -9 {pid}\" and start it again.",
            error = error,
            pid = pid
        ),
        AskError::OtherVersion => tr("The running Lenscap is of another version: restart it."),
        AskError::Refused(refused) => refused.error.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_hangs_is_named_by_number() {
        let hung = sentence(&AskError::Hung { error: "timeout".into(), pid: 42 });
        assert!(hung.contains("does not answer") && hung.contains("kill -9 42\""), "{hung}");
    }
}
