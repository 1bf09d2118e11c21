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
}
