//! Where the pictures come from, as a user writes it: one word, with a detail after a colon where there is one.

mod orientation;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use lenscap_text::Text;

pub use orientation::{Framing, Orientation, Rotation};

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

/// Through what a camera that can be listed is read, in the order that `auto` prefers; PipeWire's it does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CameraApi {
    /// Intel's library.
    Icamera,
    /// libcamera.
    Libcamera,
    /// The kernel alone.
    V4l2,
    /// PipeWire, where the camera is in none of the others.
    Pipewire,
}

impl CameraApi {
    /// All of them, in that order.
    pub const ALL: [CameraApi; 4] = [CameraApi::Icamera, CameraApi::Libcamera, CameraApi::V4l2, CameraApi::Pipewire];

    /// A camera's source: the library's name for it, or its node's path; without a name the library's first. `None`: a node
    /// has a path.
    pub fn source(self, name: Option<String>) -> Option<Source> {
        match self {
            CameraApi::Icamera => Some(Source::Icamera(name)),
            CameraApi::Libcamera => Some(Source::Libcamera(name)),
            CameraApi::V4l2 => Some(Source::V4l2(name?.into())),
            CameraApi::Pipewire => Some(Source::PipeWire(name)),
        }
    }

    /// The element of GStreamer's that reads it.
    pub fn element(self) -> &'static str {
        match self {
            CameraApi::Icamera => "icamerasrc",
            CameraApi::Libcamera => "libcamerasrc",
            CameraApi::V4l2 => "v4l2src",
            CameraApi::Pipewire => "pipewiresrc",
        }
    }

    /// As settings and JSON name it.
    pub fn as_str(self) -> &'static str {
        match self {
            CameraApi::Icamera => "icamera",
            CameraApi::Libcamera => "libcamera",
            CameraApi::V4l2 => "v4l2",
            CameraApi::Pipewire => "pipewire",
        }
    }

    /// Whether the worker's program lists its cameras; else the kernel lists them.
    pub fn is_library(self) -> bool {
        self != CameraApi::V4l2
    }

    /// Whether `auto` takes its cameras: what PipeWire alone has may be another program's picture.
    pub fn is_automatic(self) -> bool {
        self != CameraApi::Pipewire
    }
}

/// How the camera that is on is read, where that is worth a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Through PipeWire, as the settings say.
    Pipewire,
    /// Through PipeWire, for another program holds the camera itself.
    PipewireForBusy,
}

/// What a camera is called that says no name of itself. In English, as a part of troubles and of the status;
/// `lenscap_words::source::camera` is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GenericName {
    /// One that a vendor's library chose.
    BuiltIn,
    /// Whatever the user's description reads.
    OwnPipeline,
    /// PipeWire's default camera.
    PipeWire,
    /// No camera.
    TestPicture,
}

impl GenericName {
    /// All of them.
    pub const ALL: [GenericName; 4] =
        [GenericName::BuiltIn, GenericName::OwnPipeline, GenericName::PipeWire, GenericName::TestPicture];

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            GenericName::BuiltIn => "Built-in camera",
            GenericName::OwnPipeline => "Own pipeline",
            GenericName::PipeWire => "PipeWire camera",
            GenericName::TestPicture => "Test picture",
        }
    }

    /// The one that is called so.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|generic| generic.as_str() == name)
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

    /// The element of GStreamer's that reads it, where it is always the same one.
    pub fn element(&self) -> Option<&'static str> {
        match (self, self.api()) {
            (_, Some((api, _))) => Some(api.element()),
            (Source::PipeWire(_), None) => Some("pipewiresrc"),
            (Source::Test, None) => Some("videotestsrc"),
            (_, None) => None,
        }
    }

    /// Through what it is read, where its cameras can be listed, and which of them it names.
    pub fn api(&self) -> Option<(CameraApi, Option<&str>)> {
        match self {
            Source::Icamera(name) => Some((CameraApi::Icamera, name.as_deref())),
            Source::Libcamera(name) => Some((CameraApi::Libcamera, name.as_deref())),
            Source::V4l2(path) => Some((CameraApi::V4l2, path.to_str())),
            Source::Auto | Source::Test | Source::PipeWire(_) | Source::Pipeline(_) => None,
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
mod tests;
