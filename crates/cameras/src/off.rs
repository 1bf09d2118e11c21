//! The controls of a camera that is off, read and set by a process of its own: `lenscap-worker --controls SOURCE`. Nothing
//! streams there.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::helper_process::HelperProcess;
use lenscap_core::controls::CameraControls;
use lenscap_core::source::Source;
use lenscap_text as text;
use lenscap_words::{tr, trf};

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
/// One sentence: the program cannot be started or does not answer, there is no such camera or control, a value cannot work.
pub fn read(worker: &Path, arguments: &[OsString]) -> Result<CameraControls, String> {
    let asked = HelperProcess::new(Command::new(worker).args(arguments)).map_err(|error| {
        trf!(
            "The camera program {path} cannot be started ({error}): reinstall Lenscap.",
            path = worker.display(),
            error = error
        )
    })?;
    understood(&asked.line(Instant::now() + LIMIT).map_err(|_| no_answer())?)
}

/// That it did not answer.
pub fn no_answer() -> String {
    tr("The camera does not answer: unplug it or restart the computer.")
}

/// What the process printed.
fn understood(printed: &[u8]) -> Result<CameraControls, String> {
    let said = serde_json::from_slice::<Result<CameraControls, String>>(printed);
    said.map(|said| said.map(CameraControls::cleaned).map_err(|sentence| text::clean(sentence, text::SENTENCE)))
        .unwrap_or_else(|_| {
            Err(tr("The camera's controls cannot be read: if this happens again, restart the computer."))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_process_prints_is_understood_or_said_to_be_wrong() {
        let list = CameraControls { camera: "usb-1".into(), ..CameraControls::default() };
        let printed = serde_json::to_vec(&Ok::<_, String>(list.clone())).unwrap();
        assert_eq!(understood(&printed), Ok(list.clone()));
        assert_eq!(understood(br#"{"Err":"No camera."}"#), Err("No camera.".into()));
        assert!(understood(b"core dumped").is_err());
        let evil = CameraControls { camera: "usb\u{1b}[1m".into(), problems: vec!["a\u{7}\nb".into()], ..list };
        let printed = serde_json::to_vec(&Ok::<_, String>(evil)).unwrap();
        let cleaned = understood(&printed).unwrap();
        assert_eq!((cleaned.camera.as_str(), &cleaned.problems[..]), ("usb [1m", &["a b".to_owned()][..]));
        assert_eq!(understood(br#"{"Err":"No\u001b[2J\ncamera."}"#), Err("No [2J camera.".into()));
    }
}
