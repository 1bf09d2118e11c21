//! The promised video format: what every client of the output sees, whatever the camera gives.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A V4L2 pixel format the output can promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PixelFormat {
    /// Packed 4:2:2, V4L2 `YUYV`; every client takes it.
    #[default]
    Yuy2,
    /// Semi-planar 4:2:0, V4L2 `NV12`.
    Nv12,
    /// Planar 4:2:0, V4L2 `YU12`.
    I420,
}

impl PixelFormat {
    /// All of them.
    pub const ALL: [PixelFormat; 3] = [PixelFormat::Yuy2, PixelFormat::Nv12, PixelFormat::I420];

    /// The V4L2 four-character code, little endian.
    pub fn fourcc(self) -> u32 {
        u32::from_le_bytes(match self {
            PixelFormat::Yuy2 => *b"YUYV",
            PixelFormat::Nv12 => *b"NV12",
            PixelFormat::I420 => *b"YU12",
        })
    }

    /// The name GStreamer uses in `video/x-raw` caps; also the name in the settings.
    pub fn gst_name(self) -> &'static str {
        match self {
            PixelFormat::Yuy2 => "YUY2",
            PixelFormat::Nv12 => "NV12",
            PixelFormat::I420 => "I420",
        }
    }
}

impl fmt::Display for PixelFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.gst_name())
    }
}

impl FromStr for PixelFormat {
    type Err = FormatTrouble;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.gst_name().eq_ignore_ascii_case(s))
            .ok_or_else(|| FormatTrouble::UnknownPixelFormat { text: s.to_owned() })
    }
}

/// A side of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Across.
    Width,
    /// Down.
    Height,
}

impl Side {
    /// The setting's name.
    pub fn name(self) -> &'static str {
        match self {
            Side::Width => "width",
            Side::Height => "height",
        }
    }
}

/// What is wrong with a [`VideoFormat`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormatTrouble {
    /// Not 2 to [`VideoFormat::MAX_SIDE`] pixels.
    SideOutOfRange {
        /// Width or height.
        side: Side,
        /// As given, in pixels.
        value: u32,
    },
    /// Chroma is shared by two pixels.
    SideOdd {
        /// Width or height.
        side: Side,
        /// As given, in pixels.
        value: u32,
    },
    /// Not 1 to [`VideoFormat::MAX_FRAMERATE`] frames a second.
    FramerateOutOfRange {
        /// In frames a second.
        value: u32,
    },
    /// None that the output has.
    UnknownPixelFormat {
        /// As it was written, not cleaned.
        text: String,
    },
}

/// Size, pixel format and framerate of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VideoFormat {
    /// Pixel format.
    pub pixel_format: PixelFormat,
    /// Width in pixels, even.
    pub width: u32,
    /// Height in pixels, even.
    pub height: u32,
    /// Frames per second.
    pub framerate: u32,
}

impl VideoFormat {
    /// Largest side the output takes; v4l2loopback's default `max_width` and `max_height`.
    pub const MAX_SIDE: u32 = 8192;
    /// Highest framerate taken.
    pub const MAX_FRAMERATE: u32 = 240;

    /// Checks the numbers: sides even, 2 to 8192; framerate 1 to 240.
    ///
    /// # Errors
    /// Which of them is wrong.
    pub fn new(pixel_format: PixelFormat, width: u32, height: u32, framerate: u32) -> Result<Self, FormatTrouble> {
        for (side, value) in [(Side::Width, width), (Side::Height, height)] {
            if value == 0 || value > Self::MAX_SIDE {
                return Err(FormatTrouble::SideOutOfRange { side, value });
            }
            if value % 2 != 0 {
                return Err(FormatTrouble::SideOdd { side, value });
            }
        }
        if framerate == 0 || framerate > Self::MAX_FRAMERATE {
            return Err(FormatTrouble::FramerateOutOfRange { value: framerate });
        }
        Ok(Self { pixel_format, width, height, framerate })
    }

    /// Bytes from one row to the next of the first plane (V4L2's `bytesperline`), without padding.
    pub fn bytes_per_line(&self) -> u32 {
        match self.pixel_format {
            PixelFormat::Yuy2 => self.width * 2,
            PixelFormat::Nv12 | PixelFormat::I420 => self.width,
        }
    }

    /// Bytes of one whole picture (V4L2's `sizeimage`), without padding.
    pub fn size_image(&self) -> u32 {
        match self.pixel_format {
            PixelFormat::Yuy2 => self.width * self.height * 2,
            PixelFormat::Nv12 | PixelFormat::I420 => self.width * self.height * 3 / 2,
        }
    }

    /// The time from one frame to the next.
    pub fn frame_interval(&self) -> std::time::Duration {
        std::time::Duration::from_secs(1) / self.framerate
    }
}

impl fmt::Display for VideoFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}x{}@{}", self.pixel_format, self.width, self.height, self.framerate)
    }
}
