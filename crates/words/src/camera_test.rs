//! What a test of the camera said.

use std::time::Duration;

use lenscap_text::Cause;

use crate::cause::why;
use crate::numbers::size;
use crate::{tr, trf};

/// What came of it; beside its sentences, as the doctor's findings are: nothing is decided on it but [`Self::is_fine`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)] // the sentences below say it
pub enum CameraTest {
    /// So many in the time `counted`; `first`: from the start to the camera's first picture.
    Works { width: u32, height: u32, frames: u32, counted: Duration, first: Duration },
    /// The relay does not or cannot switch it on; `summary` says why.
    Off { summary: String },
    /// The relay was there and is not; `sentence` has its own next step.
    Lost { sentence: String },
    /// There is none of the name that the settings say.
    NoNode,
    /// It cannot be opened, or another program streams.
    Unreadable { cause: Cause },
    /// None in this time.
    NoPicture { seconds: u64 },
}

impl CameraTest {
    /// Whether the camera gives pictures.
    pub fn is_fine(&self) -> bool {
        matches!(self, CameraTest::Works { .. })
    }
}

/// What is said before the camera is touched.
pub fn warning() -> String {
    tr("The camera is switched on for some seconds: its light goes on.")
}

/// What came of it.
pub fn sentence(test: &CameraTest) -> String {
    match test {
        CameraTest::Works { width, height, frames, counted, first } => trf!(
            "The camera works: {frames} pictures of {size} in {seconds} s, {rate} per second; the first one after {first} s.",
            frames = frames,
            size = size(width, height),
            seconds = format!("{:.1}", counted.as_secs_f64()),
            rate = format!("{:.1}", f64::from(*frames) / counted.as_secs_f64().max(0.1)),
            first = format!("{:.1}", first.as_secs_f64())
        ),
        CameraTest::Off { summary } => summary.clone(),
        CameraTest::Lost { sentence } => sentence.clone(),
        CameraTest::NoNode => tr("There is no device to test: \"lenscap doctor\" says what is missing."),
        CameraTest::Unreadable { cause } => trf!(
            "The device cannot be read{why}: close the program that uses the camera, and test again.",
            why = why(cause)
        ),
        CameraTest::NoPicture { seconds } => trf!(
            "No picture came from the camera within {seconds} s: choose another camera, or see \"lenscap doctor\".",
            seconds = seconds
        ),
    }
}
