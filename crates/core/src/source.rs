//! Where the pictures come from, as a user writes it: one word, with a detail after a colon where there is one.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use lenscap_text::Text;

/// A camera, or what stands in for one. Written and read as text everywhere: settings, command line, wire.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Source {
    /// The first that is there: `icamerasrc`, `libcamerasrc`, a V4L2 camera.
    #[default]
    Auto,
    /// Intel's `icamerasrc`; the value of its `device-name`, or its default camera.
    Icamera(Option<String>),
    /// `libcamerasrc`; the value of its `camera-name` (libcamera's id, which may hold backslashes), or its first camera.
    Libcamera(Option<String>),
    /// A V4L2 capture node.
    V4l2(PathBuf),
    /// A moving test picture; no camera.
    Test,
    /// `pipewiresrc`; the value of its `target-object`, or PipeWire's default camera.
    PipeWire(Option<String>),
    /// A description of a part of a GStreamer pipeline that ends in video.
    Pipeline(String),
}

/// How far the picture is turned, clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[allow(missing_docs)] // the names are the degrees
pub enum Rotation {
    #[default]
    None,
    Quarter,
    Half,
    ThreeQuarters,
}

impl Rotation {
    /// All of them.
    pub const ALL: [Rotation; 4] = [Rotation::None, Rotation::Quarter, Rotation::Half, Rotation::ThreeQuarters];

    /// 0, 90, 180 or 270.
    pub fn degrees(self) -> u32 {
        match self {
            Rotation::None => 0,
            Rotation::Quarter => 90,
            Rotation::Half => 180,
            Rotation::ThreeQuarters => 270,
        }
    }
}

/// Which part of the picture is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Framing {
    /// How much larger things are shown, in percent, 100 to 400.
    pub zoom: u32,
    /// Where to look, in percent of the room left: -100 is the left edge as it is seen, 0 the middle, 100 the right edge.
    pub pan_x: i32,
    /// Likewise from the upper to the lower edge.
    pub pan_y: i32,
}

impl Framing {
    /// The most that is zoomed, in percent.
    pub const MAX_ZOOM: u32 = 400;

    /// Whether everything is shown.
    pub fn is_whole(self) -> bool {
        self.zoom <= 100
    }
}

impl Default for Framing {
    fn default() -> Self {
        Self { zoom: 100, pan_x: 0, pan_y: 0 }
    }
}

/// How the camera's picture is laid before it is shown: turned first, then mirrored, and of that a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Orientation {
    /// How far it is turned.
    pub rotation: Rotation,
    /// Whether left and right are swapped then.
    pub mirror: bool,
    /// Which part of it is shown.
    pub framing: Framing,
}

impl Orientation {
    /// Whether width and height stay what they are.
    pub fn is_upright(self) -> bool {
        matches!(self.rotation, Rotation::None | Rotation::Half)
    }
}

/// Longest text taken; a description by hand is far shorter.
pub const MAX_LENGTH: usize = 8192;

/// What is wrong with a source as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceTrouble {
    /// More than so many bytes, or a NUL among them.
    TooLong {
        /// [`MAX_LENGTH`].
        max: usize,
    },
    /// Nothing after the colon.
    EndsInColon {
        /// The whole.
        text: Text,
        /// What stands before it.
        word: Text,
    },
    /// Something after a word that stands alone.
    TakesNothing {
        /// The word.
        word: Text,
    },
    /// `v4l2` without an absolute path.
    NeedsPath,
    /// `pipeline` without a description.
    NeedsDescription,
    /// Another word.
    Unknown {
        /// The whole.
        text: Text,
    },
}

impl FromStr for Source {
    type Err = SourceTrouble;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.len() > MAX_LENGTH || text.contains('\0') {
            return Err(SourceTrouble::TooLong { max: MAX_LENGTH });
        }
        let (word, detail) = match text.split_once(':') {
            Some((word, detail)) => (word.trim_end(), Some(detail.trim())),
            None => (text, None),
        };
        let optional = || match detail {
            Some("") => Err(SourceTrouble::EndsInColon { text: text.into(), word: word.into() }),
            other => Ok(other.map(str::to_owned)),
        };
        match word {
            "auto" | "test" if detail.is_some() => Err(SourceTrouble::TakesNothing { word: word.into() }),
            "auto" => Ok(Source::Auto),
            "test" => Ok(Source::Test),
            "icamera" => Ok(Source::Icamera(optional()?)),
            "libcamera" => Ok(Source::Libcamera(optional()?)),
            "pipewire" => Ok(Source::PipeWire(optional()?)),
            "v4l2" => match detail {
                Some(path) if path.starts_with('/') => Ok(Source::V4l2(PathBuf::from(path))),
                _ => Err(SourceTrouble::NeedsPath),
            },
            "pipeline" => match detail {
                Some(description) if !description.is_empty() => Ok(Source::Pipeline(description.to_owned())),
                _ => Err(SourceTrouble::NeedsDescription),
            },
            _ => Err(SourceTrouble::Unknown { text: text.into() }),
        }
    }
}

impl Source {
    /// What stands before the colon.
    pub fn word(&self) -> &'static str {
        match self {
            Source::Auto => "auto",
            Source::Test => "test",
            Source::Icamera(_) => "icamera",
            Source::Libcamera(_) => "libcamera",
            Source::PipeWire(_) => "pipewire",
            Source::V4l2(_) => "v4l2",
            Source::Pipeline(_) => "pipeline",
        }
    }

    /// Its V4L2 node, where the kernel alone reads the camera.
    pub fn node(&self) -> Option<&Path> {
        if let Source::V4l2(node) = self { Some(node) } else { None }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word();
        match self {
            Source::Auto | Source::Test | Source::Icamera(None) | Source::Libcamera(None) | Source::PipeWire(None) => {
                f.write_str(word)
            }
            Source::Icamera(Some(name)) | Source::Libcamera(Some(name)) | Source::PipeWire(Some(name)) => {
                write!(f, "{word}:{name}")
            }
            Source::V4l2(path) => write!(f, "{word}:{}", path.display()),
            Source::Pipeline(description) => write!(f, "{word}:{description}"),
        }
    }
}

/// For serde, whose errors nobody is shown.
impl fmt::Display for SourceTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl TryFrom<String> for Source {
    type Error = SourceTrouble;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Source> for String {
    fn from(source: Source) -> Self {
        source.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_reads_back_what_it_writes() {
        for source in [
            Source::Auto,
            Source::Test,
            Source::Icamera(None),
            Source::Icamera(Some("ov01a10-uf".into())),
            Source::Libcamera(None),
            Source::Libcamera(Some(r"\_SB_.PC00.LNK1".into())),
            Source::V4l2("/dev/v4l/by-id/usb-a:b".into()),
            Source::PipeWire(None),
            Source::PipeWire(Some("42".into())),
            Source::Pipeline("videotestsrc ! video/x-raw,format=RGB".into()),
        ] {
            assert_eq!(source.to_string().parse(), Ok(source));
        }
    }

    #[test]
    fn nonsense_is_refused_with_what_to_write_instead() {
        let unknown = |text: &str| SourceTrouble::Unknown { text: text.into() };
        let ends = |word: &str| SourceTrouble::EndsInColon { text: format!("{word}:").into(), word: word.into() };
        for (text, trouble) in [
            ("", unknown("")),
            ("webcam", unknown("webcam")),
            ("auto:x", SourceTrouble::TakesNothing { word: "auto".into() }),
            ("test:", SourceTrouble::TakesNothing { word: "test".into() }),
            ("icamera:", ends("icamera")),
            ("v4l2", SourceTrouble::NeedsPath),
            ("v4l2:video0", SourceTrouble::NeedsPath),
            ("pipeline:  ", SourceTrouble::NeedsDescription),
        ] {
            assert_eq!(text.parse::<Source>(), Err(trouble));
        }
        assert!(format!("pipeline:{}", "x".repeat(MAX_LENGTH)).parse::<Source>().is_err());
    }

    #[test]
    fn spaces_around_the_parts_do_not_matter() {
        assert_eq!(" v4l2: /dev/video0 ".parse(), Ok(Source::V4l2("/dev/video0".into())));
    }
}
