//! What can be wrong in the preferences window beside cameras and settings: what somebody typed, and the window's own means.

use std::path::PathBuf;

use lenscap_text::{Cause, Text};

/// What is wrong in the preferences window. `cause` is why, by the kernel, GLib or GStreamer.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // the sentences in lenscap_words::preferences say it
pub enum PreferencesTrouble {
    // The command line and the start.
    NotAnOption {
        argument: Text,
    },
    NoConfigPath,
    /// Of a file that is not there everything would be as if nothing had been named.
    NoConfigFile {
        path: PathBuf,
    },
    NoDisplay,

    // What somebody typed or chose.
    /// Not a number that the row takes; `is_whole`: it takes no fractions.
    NotWithin {
        value: Text,
        min: f64,
        max: f64,
        is_whole: bool,
    },
    NoDescription,
    NoProgramName,
    BlockedAlready {
        program: Text,
    },
    NoPicture,
    NotAPicture {
        path: PathBuf,
    },

    // The device and its preview.
    NodeMissing {
        node: PathBuf,
    },
    NoNode,
    PreviewUnusable {
        cause: Cause,
    },
    PreviewEnded,
    PreviewFailed {
        cause: Cause,
    },

    // The applet.
    NotRunning,
    OtherVersion,
    NotStarted {
        cause: Cause,
    },
    EndedAtOnce,

    // Its start with the session.
    AutostartUnwritable {
        path: PathBuf,
        cause: Cause,
    },
    NoPortal {
        cause: Cause,
    },
    PortalRefused,

    // The diagnosis.
    DoctorUnusable {
        cause: Cause,
    },

    // The set-up.
    /// It is not known what would be done.
    SetupPlanUnusable {
        cause: Cause,
    },
}
