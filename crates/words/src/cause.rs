//! Why the kernel or a library denied something, in people's words: what it says itself is for the log and for programs.

use lenscap_text::{Cause, CauseKind};

use crate::{tr, trf};

/// Stands behind what failed, as in "The camera Foo failed (no permission): …"; empty where nobody knows more.
pub(crate) fn why(cause: &Cause) -> String {
    // TRANSLATORS: these stand in parentheses behind what failed, as in "The settings cannot be saved (the disk is full)"
    let words = match cause.kind {
        CauseKind::Forbidden => tr("no permission"),
        CauseKind::Missing => tr("it is not there"),
        CauseKind::Busy => tr("another program uses it"),
        CauseKind::NoMemory => tr("not enough memory"),
        CauseKind::NoSpace => tr("the disk is full"),
        CauseKind::ReadOnly => tr("nothing can be written there"),
        CauseKind::TooManyFiles => tr("too many files are open"),
        CauseKind::Silent => tr("no answer"),
        CauseKind::Fault => tr("the device reports a fault"),
        CauseKind::Other => return String::new(),
    };
    parenthesis(&words)
}

/// As [`why`], for words of our own.
pub(crate) fn parenthesis(words: &str) -> String {
    // TRANSLATORS: with the space in front; {why} is as in "it is not there"
    trf!(" ({why})", why = words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_can_do_anything_with_is_not_said() {
        assert_eq!(why(&std::io::Error::from_raw_os_error(28).into()), " (the disk is full)");
        assert_eq!(why(&Cause::other("gst_element_factory_make: assertion failed")), "");
    }
}
