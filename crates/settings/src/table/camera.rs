//! `[camera]`: where the pictures come from, and what applications see of them.

use std::borrow::Cow;

use lenscap_core::source::{Framing, Orientation, Rotation, Source};
use lenscap_picture::format::{PixelFormat, VideoFormat};

use crate::table::{ActsOn, CommandOption, OptionPath, Unit};
use lenscap_core::trouble::settings::Limits;

/// `[camera]`, and `device.format`, which is part of the promised format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CameraSettings {
    /// Where the pictures come from.
    pub source: Source,
    /// What every client sees.
    pub format: VideoFormat,
    /// Buffers between camera and pipeline; each source keeps to its own limits: V4L2 1 to 16, `icamerasrc` 2 to 10.
    pub buffer_count: u32,
    /// How the picture is laid, of a camera that has no values of its own.
    pub orientation: Orientation,
}

impl Default for CameraSettings {
    fn default() -> Self {
        let format = VideoFormat { pixel_format: PixelFormat::default(), width: 1920, height: 1080, framerate: 30 };
        Self {
            source: Source::default(),
            format,
            buffer_count: 7,
            orientation: Orientation { rotation: Rotation::Automatic, ..Orientation::default() },
        }
    }
}

const SIDE: Limits = Limits::Even { min: 2, max: VideoFormat::MAX_SIDE as i64 };
const PAN: Limits = Limits::Whole { min: -100, max: 100 };

super::settings! { "camera":
    /// A camera, or what stands in for one.
    SOURCE at camera.source {
        key: "source",
        limits: Limits::Source,
        unit: Unit::None,
        acts_on: ActsOn::Machine,
        option: Some(CommandOption {
            order: 9,
            long: "source",
            short: None,
            value_name: "SOURCE",
            help: "auto, icamera[:NAME], libcamera[:ID], v4l2:PATH, pipewire[:TARGET], test or pipeline:DESCRIPTION",
            path: OptionPath::No,
        }),
    }

    /// Of what applications see.
    WIDTH at camera.format.width {
        key: "width",
        limits: SIDE,
        unit: Unit::Pixels,
        acts_on: ActsOn::Format,
        option: Some(CommandOption {
            order: 2,
            long: "width",
            short: Some('w'),
            value_name: "PIXELS",
            help: "Width applications see",
            path: OptionPath::No,
        }),
    }

    /// Likewise.
    HEIGHT at camera.format.height {
        key: "height",
        limits: SIDE,
        unit: Unit::Pixels,
        acts_on: ActsOn::Format,
        option: Some(CommandOption {
            order: 3,
            long: "height",
            short: Some('H'),
            value_name: "PIXELS",
            help: "Height applications see",
            path: OptionPath::No,
        }),
    }

    /// Likewise.
    FRAMERATE at camera.format.framerate {
        key: "framerate",
        limits: Limits::Whole { min: 1, max: VideoFormat::MAX_FRAMERATE as i64 },
        unit: Unit::FramesPerSecond,
        acts_on: ActsOn::Format,
        option: Some(CommandOption {
            order: 4,
            long: "framerate",
            short: Some('f'),
            value_name: "FPS",
            help: "Frames per second applications see",
            path: OptionPath::No,
        }),
    }

    /// Between the camera and the pipeline.
    BUFFER_COUNT at camera.buffer_count {
        key: "buffer_count",
        limits: Limits::Whole { min: 1, max: 16 },
        unit: Unit::None,
        acts_on: ActsOn::Camera,
        option: Some(CommandOption {
            order: 6,
            long: "buffer-count",
            short: Some('b'),
            value_name: "COUNT",
            help: "Buffers between the camera and the pipeline",
            path: OptionPath::No,
        }),
    }

    /// Left and right swapped.
    MIRROR at camera.orientation.mirror {
        key: "mirror",
        limits: Limits::Switch,
        unit: Unit::None,
        acts_on: ActsOn::Machine,
        option: None,
    }

    /// How far the picture is turned.
    ROTATION at camera.orientation.rotation {
        key: "rotation",
        limits: Limits::NumbersOrAuto(Cow::Borrowed(&[0, 90, 180, 270])),
        unit: Unit::Degrees,
        acts_on: ActsOn::Machine,
        option: None,
    }

    /// 100 shows everything.
    ZOOM at camera.orientation.framing.zoom {
        key: "zoom",
        limits: Limits::Whole { min: 100, max: Framing::MAX_ZOOM as i64 },
        unit: Unit::Percent,
        acts_on: ActsOn::Machine,
        option: None,
    }

    /// Of what the zoom leaves out; -100 is the left edge.
    PAN_X at camera.orientation.framing.pan_x {
        key: "pan_x",
        limits: PAN,
        unit: Unit::Percent,
        acts_on: ActsOn::Machine,
        option: None,
    }

    /// Likewise; -100 is the upper edge.
    PAN_Y at camera.orientation.framing.pan_y {
        key: "pan_y",
        limits: PAN,
        unit: Unit::Percent,
        acts_on: ActsOn::Machine,
        option: None,
    }
}
