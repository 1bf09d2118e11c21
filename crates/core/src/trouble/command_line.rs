//! What is wrong with a command line, or with carrying it out.

use lenscap_text::{Cause, Detail, Text};
use serde::Serialize;

/// A mistake of the person who wrote the command line, in the words of its arguments ("--width <N>").
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the sentences in lenscap_words::command_line say it
pub enum UsageTrouble {
    /// `why` is a clause.
    Value {
        value: Text,
        argument: Text,
        why: Text,
    },
    NoValue {
        argument: Text,
    },
    /// `values` that are allowed, as a list.
    NoneOf {
        value: Text,
        argument: Text,
        values: Text,
    },
    UnknownArgument {
        argument: Text,
    },
    UnknownCommand {
        command: Text,
    },
    Missing {
        argument: Text,
    },
    Conflict {
        argument: Text,
        other: Text,
    },
}

/// What a command cannot do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the sentences in lenscap_words::command_line say it
pub enum CommandTrouble {
    /// `lenscap-applet` has no commands of its own.
    AppletByHand,
    /// Another program of ours, which this one becomes.
    Program { program: Detail, cause: Cause },
    /// Standard output takes no more.
    Print { cause: Cause },
}
