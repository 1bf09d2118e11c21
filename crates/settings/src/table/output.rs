//! `[output]`: how programs see the camera, beside the device.

use std::borrow::Cow;

use crate::table::{ActsOn, Unit};
use lenscap_core::trouble::settings::Limits;

/// `[output]`: how programs see the camera, beside the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Output {
    /// A camera in PipeWire.
    pub pipewire: PipewireOutput,
    /// Whether it is the one that programs take there if they do not choose.
    pub default_camera: bool,
}

impl Default for Output {
    fn default() -> Self {
        Self { pipewire: PipewireOutput::default(), default_camera: true }
    }
}

/// The value of `output.pipewire`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PipewireOutput {
    /// Where PipeWire runs.
    #[default]
    Auto,
    /// As with `Auto`; where it cannot be, that is said.
    On,
    /// None.
    Off,
}

impl PipewireOutput {
    /// All of them.
    pub const ALL: [PipewireOutput; 3] = [PipewireOutput::Auto, PipewireOutput::On, PipewireOutput::Off];

    /// The word in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            PipewireOutput::Auto => "auto",
            PipewireOutput::On => "on",
            PipewireOutput::Off => "off",
        }
    }
}

super::settings! { "output":
    /// A camera in PipeWire.
    PIPEWIRE at output.pipewire {
        key: "pipewire",
        limits: Limits::Words {
            words: Cow::Borrowed(&[Cow::Borrowed("auto"), Cow::Borrowed("on"), Cow::Borrowed("off")]),
            any_case: false,
        },
        unit: Unit::None,
        acts_on: ActsOn::Devices,
        option: None,
    }

    /// Whether it is PipeWire's default camera.
    DEFAULT_CAMERA at output.default_camera {
        key: "default_camera",
        limits: Limits::Switch,
        unit: Unit::None,
        acts_on: ActsOn::Devices,
        option: None,
    }
}
