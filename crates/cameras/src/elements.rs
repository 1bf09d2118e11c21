//! Which of GStreamer's elements that the camera process uses are missing: asked in a process of its own, for plugins are
//! libraries of others. `lenscap-worker --list-elements` prints an [`ElementReport`] as one line of JSON; it can open no camera.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lenscap_core::trouble::cameras::HelperTrouble;
use lenscap_text::Text;
use lenscap_wire::helper_process::HelperProcess;
use serde::{Deserialize, Serialize};

use crate::{UNCONFINED, vendors};

/// How long GStreamer may take: it loads each plugin that is new to it, some seconds where all are.
pub const LIMIT: Duration = Duration::from_secs(10);
/// The option of the worker that asks.
pub const OPTION: &str = "--list-elements";

/// What GStreamer has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElementReport {
    /// GStreamer's, as in "1.26.2".
    pub version: Text,
    /// Of the elements that the camera process uses.
    pub missing: Vec<MissingElement>,
}

/// An element that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingElement {
    /// Its name.
    pub element: Text,
    /// Who misses it.
    pub need: Need,
    /// The file of its plugin, where GStreamer has failed to load that and does not try it again.
    pub blacklisted: Option<Text>,
}

/// Who needs an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// One kind of camera, which it reads.
    Source,
    /// Every camera.
    Always,
    /// A format or a setting.
    Sometimes,
}

/// Asks GStreamer. `is_confined`: as the settings say of the camera process.
///
/// # Errors
/// It gave no answer that can be used.
pub fn ask(worker: &Path, is_confined: bool) -> Result<ElementReport, HelperTrouble> {
    let mut command = Command::new(worker);
    command.arg(OPTION).args((!is_confined).then_some(UNCONFINED)).stderr(Stdio::null());
    let asked = HelperProcess::new(&mut command).map_err(|error| HelperTrouble::Kernel(error.into()))?;
    vendors::read(&asked.line(Instant::now() + LIMIT)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_says_nothing_or_nonsense_is_a_trouble_of_its_own() {
        assert_eq!(ask(Path::new("/bin/false"), true), Err(HelperTrouble::Crashed));
        assert_eq!(ask(Path::new("/bin/echo"), true), Err(HelperTrouble::Unreadable));
        assert!(matches!(ask(Path::new("/no/such/worker"), true), Err(HelperTrouble::Kernel(_))));
    }
}
