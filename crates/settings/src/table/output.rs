//! `[output]`: how programs see the camera, beside the device.

use std::borrow::Cow;

use crate::table::{ActsOn, Unit};
use lenscap_core::trouble::settings::Limits;

/// `[output]`: how programs see the camera, beside the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Output {
    /// A camera in PipeWire.
    pub pipewire: PipewireOutput,
}

/// The value of `output.pipewire`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PipewireOutput {
    /// There is none.
    #[default]
    Off,
    /// As soon as and as long as there is a server.
    On,
}

impl PipewireOutput {
    /// All of them.
    pub const ALL: [PipewireOutput; 2] = [PipewireOutput::Off, PipewireOutput::On];

    /// The word in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            PipewireOutput::Off => "off",
            PipewireOutput::On => "on",
        }
    }
}

super::settings! { "output":
    /// A camera in PipeWire.
    PIPEWIRE at output.pipewire {
        key: "pipewire",
        limits: Limits::Words {
            words: Cow::Borrowed(&[Cow::Borrowed("off"), Cow::Borrowed("on")]),
            any_case: false,
        },
        unit: Unit::None,
        acts_on: ActsOn::Devices,
        option: None,
    }
}
