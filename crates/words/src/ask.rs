//! Why the relay could not be asked, as one sentence with the next step.

use lenscap_api::AskError;

use crate::tr;

/// The sentence, with its full stop.
pub fn sentence(error: &AskError) -> String {
    match error {
        AskError::NoRuntimeDirectory => {
            tr("There is no runtime directory to reach Lenscap through: set XDG_RUNTIME_DIR.")
        }
        AskError::NotRunning => tr("Lenscap is not running: start it."),
        AskError::Foreign => {
            tr("Another user's program answers in Lenscap's place: set XDG_RUNTIME_DIR to a directory of your own.")
        }
        AskError::Hung { .. } => tr("Lenscap does not answer: end it and start it again."),
        AskError::OtherVersion => tr("The running Lenscap is of another version: restart it."),
        AskError::Refused(refused) => refused.error.clone(),
    }
}

/// The commands that do what the sentence says, one after the other.
pub fn commands(error: &AskError) -> Vec<String> {
    match error {
        AskError::NotRunning => vec![LENSCAP.into()],
        AskError::Hung { cause: _, pid } => vec![format!("kill -9 {pid}"), LENSCAP.into()],
        AskError::NoRuntimeDirectory | AskError::Foreign | AskError::OtherVersion | AskError::Refused(_) => Vec::new(),
    }
}

/// Starts Lenscap.
pub(crate) const LENSCAP: &str = "lenscap";

#[cfg(test)]
mod tests {
    use lenscap_text::Cause;

    use super::*;

    #[test]
    fn who_hangs_is_named_by_number() {
        let hung = AskError::Hung { cause: Cause::other("timeout"), pid: 42 };
        assert!(sentence(&hung).contains("does not answer"));
        assert_eq!(commands(&hung), ["kill -9 42", "lenscap"]);
    }
}
