//! What can be wrong in the preferences window beside cameras and settings: what somebody typed, and the window's own means.

use std::path::PathBuf;

use lenscap_text::Text;

/// What is wrong in the preferences window. `error` is what the kernel, GLib or GStreamer calls it.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)] // the sentences in lenscap_words::preferences say it
pub enum PreferencesTrouble {
    // The command line and the start.
    NotAnOption {
        argument: Text,
    },
    NoConfigPath,
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
        error: Text,
    },
    PreviewEnded,
    PreviewFailed {
        error: Text,
    },

    // The applet.
    NotRunning,
    OtherVersion,
    NotStarted {
        error: Text,
    },
    EndedAtOnce,

    // Its start with the session.
    AutostartUnwritable {
        path: PathBuf,
        error: Text,
    },
    NoPortal {
        error: Text,
    },
    PortalRefused,

    // The diagnosis.
    DoctorUnusable {
        program: PathBuf,
        error: Text,
    },
    DoctorSilent {
        program: PathBuf,
    },
}
