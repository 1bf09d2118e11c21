//! Which camera had which number. A source by number (`v4l2:/dev/video2`) means the camera that its user saw there; after a
//! restart, or when another was plugged in first, the number may be another camera's. That one is not filmed with unasked:
//! the reason names both, and choosing a source is the answer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::System;
use lenscap_core::source::Source;
use lenscap_core::trouble::Trouble;
use lenscap_text::Text;

/// Numbers that are remembered at most.
const MOST: usize = 64;

/// What a camera is called by that stays the same, and by people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// udev's links to it that are its own, and where it is plugged in. One that is the same is enough: by what it is after
    /// it was plugged in elsewhere, by its place when a twin came, or before udev has made its links.
    pub names: Vec<String>,
    /// For people.
    pub camera: String,
}

impl Identity {
    /// Another product at the same place is another camera.
    fn is(&self, other: &Self) -> bool {
        self.camera == other.camera && self.names.iter().any(|name| other.names.contains(name))
    }
}

/// The cameras that were started by their numbers.
#[derive(Debug, Default)]
pub struct Numbers {
    known: BTreeMap<PathBuf, Identity>,
    /// The one that is being started.
    started: Option<(PathBuf, Identity)>,
    /// Where they are kept; `None`: nowhere.
    file: Option<PathBuf>,
}

impl Numbers {
    /// Where they are kept, for this user.
    pub fn default_file() -> Option<PathBuf> {
        Some(directories::BaseDirs::new()?.state_dir()?.join("lenscap/numbers.json"))
    }

    /// Those that were kept in this file; a file that cannot be read is as good as none.
    pub fn load(file: PathBuf) -> Self {
        let text = std::fs::read(&file).unwrap_or_default();
        let mut known: BTreeMap<PathBuf, Identity> = serde_json::from_slice(&text).unwrap_or_default();
        known.retain(|path, _| is_number(path));
        while known.len() > MOST {
            known.pop_last();
        }
        Self { known, started: None, file: Some(file) }
    }

    /// The source is about to be started.
    ///
    /// # Errors
    /// Its number is another camera's now.
    pub fn check(&mut self, source: &Source, system: &System) -> Result<(), Trouble> {
        self.started = None;
        let Source::V4l2(path) = source else { return Ok(()) };
        if !is_number(path) {
            return Ok(());
        }
        // One that is not there is for the worker to say.
        let Some(now) = system.identity_of(path) else { return Ok(()) };
        match self.known.get(path) {
            Some(before) if !before.is(&now) => Err(Trouble::CameraChanged {
                node: Text::of_path(path),
                old: before.camera.as_str().into(),
                new: now.camera.as_str().into(),
            }),
            _ => {
                self.started = Some((path.clone(), now));
                Ok(())
            }
        }
    }

    /// It gave a picture: this is the camera that is meant.
    pub fn started(&mut self) {
        if let Some((path, identity)) = self.started.take()
            && self.known.get(&path) != Some(&identity)
            && (self.known.len() < MOST || self.known.contains_key(&path))
        {
            self.known.insert(path, identity);
            self.keep();
        }
    }

    /// The user has chosen this source just now: whatever is there is meant.
    pub fn chosen(&mut self, source: &Source) {
        if let Source::V4l2(path) = source
            && self.known.remove(path).is_some()
        {
            self.keep();
        }
    }

    /// Written elsewhere, and nobody waits for that: a home on a network may hang. What is not written is asked less.
    fn keep(&self) {
        let Some(file) = self.file.clone() else { return };
        let Ok(text) = serde_json::to_vec_pretty(&self.known) else { return };
        let write = move || {
            if let Err(error) = write(&file, &text) {
                tracing::debug!("which camera has which number is not kept: {error}");
            }
        };
        if let Err(error) = std::thread::Builder::new().name("numbers".into()).spawn(write) {
            tracing::debug!("which camera has which number is not kept: {error}");
        }
    }
}

fn write(file: &Path, text: &[u8]) -> std::io::Result<()> {
    if let Some(directory) = file.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let new = file.with_extension(format!("{}.new", std::process::id()));
    std::fs::write(&new, text)?;
    std::fs::rename(&new, file)
}

/// `/dev/video2`: what the kernel numbered.
fn is_number(path: &Path) -> bool {
    let number = path.to_str().and_then(|path| path.strip_prefix("/dev/video"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::super::system::tests::Fake;
    use super::*;
    use std::time::{Duration, Instant};

    fn source(text: &str) -> Source {
        text.parse().unwrap()
    }

    #[test]
    fn a_number_that_is_another_cameras_is_questioned_until_a_source_is_chosen() {
        let by_number = source("v4l2:/dev/video0");
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("lenscap/numbers.json");
        let before = Fake::new();
        before.usb(0, "1-5", "Office Webcam", Some("0001"));
        let mut numbers = Numbers::load(file.clone());
        assert_eq!(numbers.check(&by_number, &before.system()), Ok(()));
        numbers.started();
        let until = Instant::now() + Duration::from_secs(10);
        while !file.exists() {
            assert!(Instant::now() < until, "it is kept");
            std::thread::sleep(Duration::from_millis(5));
        }
        // The next day the cameras came in another order.
        let after = Fake::new();
        after.usb(0, "1-4", "Door Camera", Some("0002"));
        after.usb(2, "1-5", "Office Webcam", Some("0001"));
        let mut numbers = Numbers::load(file);
        let reason = numbers.check(&by_number, &after.system()).unwrap_err();
        assert!(
            matches!(&reason, Trouble::CameraChanged { old, new, .. } if &**old == "Office Webcam" && &**new == "Door Camera"),
            "{reason:?}"
        );
        assert_eq!(reason.kind(), lenscap_core::trouble::TroubleKind::Missing, "it is tried again when a camera comes");
        numbers.started();
        assert!(numbers.check(&by_number, &after.system()).is_err(), "nothing was started");
        // The same camera at another port, and back at its number.
        let elsewhere = Fake::new();
        elsewhere.usb(0, "2-1", "Office Webcam", Some("0001"));
        assert_eq!(numbers.check(&by_number, &elsewhere.system()), Ok(()));
        numbers.chosen(&by_number);
        assert_eq!(numbers.check(&by_number, &after.system()), Ok(()));
    }

    #[test]
    fn a_twin_that_comes_makes_no_other_camera_of_the_one_that_is_there() {
        let by_number = source("v4l2:/dev/video0");
        let fake = Fake::new();
        fake.usb(0, "1-5", "Webcam", None);
        let mut numbers = Numbers::default();
        assert_eq!(numbers.check(&by_number, &fake.system()), Ok(()));
        numbers.started();
        fake.usb(2, "1-6", "Webcam", None);
        assert_eq!(numbers.check(&by_number, &fake.system()), Ok(()));
        let swapped = Fake::new();
        swapped.usb(0, "1-6", "Webcam", None);
        swapped.usb(2, "1-5", "Webcam", None);
        assert!(numbers.check(&by_number, &swapped.system()).is_err());
    }

    #[test]
    fn only_numbers_are_questioned() {
        for (text, expected) in [
            ("/dev/video0", true),
            ("/dev/video12", true),
            ("/dev/video", false),
            ("/dev/videos", false),
            ("/dev/v4l/by-id/usb-x-video-index0", false),
            ("/tmp/dev/video0", false),
        ] {
            assert_eq!(is_number(Path::new(text)), expected, "{text}");
        }
        let mut numbers = Numbers::default();
        let system = Fake::new().system();
        for text in ["auto", "test", "v4l2:/dev/video7"] {
            assert_eq!(numbers.check(&source(text), &system), Ok(()), "{text}");
            numbers.started();
        }
    }
}
