//! What the pictures are, and what is agreed on about them with readers.

use crate::ffi::{self, MetaHeader};
use crate::memory::Memory;
use crate::pod::{Pod, Value, objects};

/// Fewer buffers than this make a reader lose pictures (2: pipewiresrc gets 10 a second; 4 are enough; facts: pipewire).
const MIN_BUFFERS: i32 = 4;

/// What the pictures are made of; `stride` is that of the first plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pixels {
    /// Packed 4:2:2.
    Yuy2,
    /// Semi-planar 4:2:0.
    Nv12,
    /// Planar 4:2:0.
    I420,
}

/// The pictures: one format and one size. A second reader is handed the first one's format, whatever it asked for: so there
/// must not be two (facts: pipewire).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Video {
    /// Their pixels.
    pub pixels: Pixels,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Bytes from row to row.
    pub stride: u32,
    /// Bytes of one picture; at most a slot.
    pub size: u32,
    /// Pictures in a second, the wished one first. An enumeration, since Chromium settles at the low end of a range and a
    /// reader that insists on another rate than the only one does not link (facts: pipewire).
    pub rates: Vec<u32>,
}

/// The format that readers can have.
pub(crate) fn format(video: &Video) -> Pod {
    // SPA_MEDIA_TYPE_video, SPA_MEDIA_SUBTYPE_raw, SPA_VIDEO_FORMAT_*; the keys are SPA_FORMAT_*.
    let pixels = match video.pixels {
        Pixels::I420 => 2,
        Pixels::Yuy2 => 4,
        Pixels::Nv12 => 23,
    };
    Pod::object(
        objects::ENUM_FORMAT,
        &[
            (1, Value::Id(2)),
            (2, Value::Id(1)),
            (0x2_0001, Value::Id(pixels)),
            (0x2_0003, Value::Rectangle(video.width, video.height)),
            (0x2_0004, Value::RateEnum(video.rates.clone())),
        ],
    )
}

/// As many buffers as there are slots, or fewer; one file each, never a pointer, which a reader could not follow.
pub(crate) fn buffers(memory: &Memory, video: &Video) -> Pod {
    let int = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let most = int(memory.slots);
    // SPA_PARAM_BUFFERS_*: buffers, blocks, size, stride, dataType.
    Pod::object(
        objects::BUFFERS,
        &[
            (1, Value::IntRange(most, MIN_BUFFERS.min(most), most)),
            (2, Value::Int(1)),
            (3, Value::Int(int(video.size))),
            (4, Value::Int(int(video.stride))),
            (6, Value::IntFlags(1 << ffi::DATA_MEM_FD)),
        ],
    )
}

/// Each picture has its time and number with it.
pub(crate) fn header() -> Pod {
    let size = i32::try_from(size_of::<MetaHeader>()).unwrap_or(0);
    // SPA_PARAM_META_type and _size.
    Pod::object(objects::META, &[(1, Value::Id(ffi::META_HEADER)), (2, Value::Int(size))])
}
