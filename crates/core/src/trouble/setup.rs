//! What keeps `lenscap setup` from setting up, or made it stop.

use lenscap_text::{Cause, Text};
use serde::{Deserialize, Serialize};

/// `path` and `files` are for people: they have to look there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the sentences in lenscap_words::setup say it
pub enum SetupTrouble {
    // Seen beforehand, by anybody.
    /// v4l2loopback is not there for the running kernel.
    ModuleMissing,
    /// systemd does not know our unit: this is a build tree, or a directory that it does not search.
    NotInstalled,
    /// Another program starts this system.
    NoSystemd,
    /// Modules and devices are the host's.
    Container,
    /// NixOS: what is written to /etc is gone at the next switch.
    Declarative,
    /// 0.12 takes options only from files, and others have set some.
    OthersOptions {
        files: Vec<Text>,
    },
    /// It cannot make one more device beside those that these ask for, or one of them counts after ours.
    CannotMerge {
        files: Vec<Text>,
    },
    /// Before 0.13 it makes devices only when it is loaded. Several programs read one there, so that further ones are not needed.
    NoFurtherDevices,
    /// It is there, and not by us.
    ForeignFile {
        path: Text,
    },
    /// What was done before cannot be read.
    Record {
        path: Text,
        cause: Cause,
    },

    // Met while it is done.
    /// `lenscap-setup` needs root.
    NotRoot,
    /// Another setup goes on.
    Busy,
    ReadOnly {
        path: Text,
    },
    Write {
        path: Text,
        cause: Cause,
    },
    /// The kernel refused the module or the device, with this number.
    Kernel {
        errno: i32,
    },
    /// A program that was run failed.
    Command {
        command: Text,
        cause: Cause,
    },

    // Met by who asks.
    /// The user said no to polkit or sudo, or may not.
    Forbidden,
    /// No helper, no polkit, no sudo: nobody who could ask for the password.
    NoWay,
    /// The helper does not answer, or with nothing that this version knows.
    Helper {
        cause: Cause,
    },
}

impl SetupTrouble {
    /// Whether the steps can be taken by hand all the same.
    pub fn can_be_done_by_hand(&self) -> bool {
        match self {
            Self::NotInstalled
            | Self::NoSystemd
            | Self::Container
            | Self::Declarative
            | Self::ReadOnly { .. }
            | Self::NoWay => true,
            Self::ModuleMissing
            | Self::OthersOptions { .. }
            | Self::CannotMerge { .. }
            | Self::NoFurtherDevices
            | Self::ForeignFile { .. }
            | Self::Record { .. }
            | Self::NotRoot
            | Self::Busy
            | Self::Write { .. }
            | Self::Kernel { .. }
            | Self::Command { .. }
            | Self::Forbidden
            | Self::Helper { .. } => false,
        }
    }
}
