//! The controls of a camera that is off, read and set by a process of its own: `lenscap-worker --controls SOURCE`. Nothing
//! streams there.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::hidden;
use lenscap_core::controls::CameraControls;
use lenscap_core::source::Source;
use lenscap_core::trouble::cameras::ReadTrouble;
use lenscap_text::Detail;
use lenscap_wire::helper_process::HelperProcess;

/// The word that asks the worker's program for this.
pub const WORD: &str = "--controls";
/// How long a vendor's library may take to say what it has.
pub const LIMIT: Duration = Duration::from_secs(15);

/// What is to be done before the list is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Set this, to what the user wrote.
    Set(String, String),
    /// Set it to its default.
    Default(String),
}

/// What the worker's program is started with. `excluded`: the nodes that Lenscap serves; `is_confined`: as the settings say
/// of the camera process.
pub fn arguments(source: &Source, excluded: &[PathBuf], is_confined: bool, orders: &[Order]) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec![WORD.into(), source.to_string().into()];
    if !is_confined {
        words.push(super::UNCONFINED.into());
    }
    for node in excluded {
        words.extend(["--excluded".into(), node.into()]);
    }
    for order in orders {
        match order {
            Order::Set(key, value) => words.extend(["--set".into(), key.into(), value.into()]),
            Order::Default(key) => words.extend(["--default".into(), key.into()]),
        }
    }
    words
}

/// Reads the controls with these [`arguments`], and waits for the answer.
///
/// # Errors
/// The program cannot be started or does not answer, there is no such camera or control, a value cannot work.
pub fn read(worker: &Path, arguments: &[OsString]) -> Result<CameraControls, ReadTrouble> {
    let asked = HelperProcess::new(Command::new(hidden::starts_for(worker, arguments)).args(arguments))
        .map_err(|error| ReadTrouble::WorkerNotStarted { path: Detail::of_path(worker), cause: error.into() })?;
    understood(&asked.line(Instant::now() + LIMIT).map_err(|_| ReadTrouble::CameraSilent)?)
}

/// What the process printed.
fn understood(printed: &[u8]) -> Result<CameraControls, ReadTrouble> {
    let said = serde_json::from_slice::<Result<CameraControls, ReadTrouble>>(printed);
    said.unwrap_or(Err(ReadTrouble::Unreadable)).map(CameraControls::cleaned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenscap_core::controls::ControlTrouble;

    #[test]
    fn what_the_process_prints_is_understood_or_said_to_be_wrong() {
        let list = CameraControls { camera: "usb-1".into(), ..CameraControls::default() };
        let printed = serde_json::to_vec(&Ok::<_, ReadTrouble>(list.clone())).unwrap();
        assert_eq!(understood(&printed), Ok(list.clone()));
        let refused = ReadTrouble::NotOpened { camera: "Foo".into() };
        let printed = serde_json::to_vec(&Err::<CameraControls, _>(refused.clone())).unwrap();
        assert_eq!(understood(&printed), Err(refused));
        assert!(understood(b"core dumped").is_err());
        let printed = br#"{"Ok":{"camera":"usb\u001b[1m","controls":[],"problems":[{"absent":{"key":"a\u0007\nb"}}]}}"#;
        let cleaned = understood(printed).unwrap();
        let absent = ControlTrouble::Absent { key: "a b".into() };
        assert_eq!((cleaned.camera.as_str(), cleaned.problems), ("usb [1m", vec![absent]));
        // As a worker before this one said it.
        let older = br#"{"Ok":{"camera":"usb-1","controls":[],"problems":["A sentence."]}}"#;
        assert_eq!(understood(older), Err(ReadTrouble::Unreadable));
        let evil = understood(br#"{"Err":{"not-opened":{"camera":"No\u001b[2J\ncamera"}}}"#);
        assert_eq!(evil, Err(ReadTrouble::NotOpened { camera: "No [2J camera".into() }));
    }
}
