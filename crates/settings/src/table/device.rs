//! `[device]`: the loopback nodes that applications open.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::model::SecondNode;
use crate::table::{ActsOn, CommandOption, OptionPath, Unit};
use lenscap_core::presence::Further;
use lenscap_core::trouble::settings::Limits;

/// `[device]` without its format, which stands in [`super::camera::CameraSettings`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The output node; `None` is `"auto"`: found by driver and label.
    pub node: Option<PathBuf>,
    /// The label by which the node is found and made.
    pub label: String,
    /// How many nodes there are with the same picture, from 1; see [`Device::further`].
    pub count: u32,
    /// Where the second one is; more than `off` asks for it, whatever `count` says.
    pub second: SecondNode,
}

/// Most nodes that there are.
pub const MAX_COUNT: u32 = 1 + Further::ALL.len() as u32;

impl Device {
    /// How many nodes are asked for, from 1.
    pub fn nodes(&self) -> u32 {
        1 + self.further().len() as u32
    }

    /// The nodes beside the first, each where it is: `None`: found by driver and label.
    pub fn further(&self) -> Vec<(Further, Option<&Path>)> {
        let is_wanted = |further: &Further| {
            further.number() <= self.count || (*further == Further::Second && self.second != SecondNode::Off)
        };
        let path = |further| match &self.second {
            SecondNode::Path(path) if further == Further::Second => Some(path.as_path()),
            SecondNode::Path(_) | SecondNode::Auto | SecondNode::Off => None,
        };
        Further::ALL.into_iter().filter(is_wanted).map(|further| (further, path(further))).collect()
    }
}

impl Default for Device {
    fn default() -> Self {
        Self { node: None, label: "Lenscap".into(), count: 1, second: SecondNode::Off }
    }
}

super::settings! { "device":
    /// The output node.
    NODE at device.node {
        key: "node",
        limits: Limits::Device {
            words: Cow::Borrowed(&[Cow::Borrowed("auto")]),
            example: Cow::Borrowed("/dev/video10"),
        },
        unit: Unit::None,
        acts_on: ActsOn::Devices,
        option: Some(CommandOption {
            order: 0,
            long: "device",
            short: Some('d'),
            value_name: "PATH",
            help: "Output node, or \"auto\": found by driver and label",
            path: OptionPath::Full,
        }),
    }

    /// How many there are.
    COUNT at device.count {
        key: "count",
        limits: Limits::Whole { min: 1, max: MAX_COUNT as i64 },
        unit: Unit::None,
        acts_on: ActsOn::Devices,
        option: Some(CommandOption {
            order: 14,
            long: "devices",
            short: None,
            value_name: "N",
            help: "How many output nodes with the same picture, for so many applications at once: 1 to 4",
            path: OptionPath::No,
        }),
    }

    /// The second one.
    SECOND_NODE at device.second {
        key: "second_node",
        limits: Limits::Device {
            words: Cow::Borrowed(&[Cow::Borrowed("off"), Cow::Borrowed("auto")]),
            example: Cow::Borrowed("/dev/video11"),
        },
        unit: Unit::None,
        acts_on: ActsOn::Devices,
        option: Some(CommandOption {
            order: 1,
            long: "second-device",
            short: None,
            value_name: "PATH",
            help: "Where the second output node is: a path, \"auto\", or \"off\": as --devices says",
            path: OptionPath::Full,
        }),
    }

    /// The name that applications show: as long as the module's card name without its NUL.
    LABEL at device.label {
        key: "label",
        limits: Limits::Name { max_bytes: 31 },
        unit: Unit::None,
        acts_on: ActsOn::Devices,
        option: Some(CommandOption {
            order: 11,
            long: "label",
            short: None,
            value_name: "NAME",
            help: "Name under which applications list the camera",
            path: OptionPath::No,
        }),
    }

    /// Of the pictures that applications get.
    FORMAT at camera.format.pixel_format {
        key: "format",
        limits: Limits::Words {
            words: Cow::Borrowed(&[Cow::Borrowed("YUY2"), Cow::Borrowed("NV12"), Cow::Borrowed("I420")]),
            any_case: true,
        },
        unit: Unit::None,
        acts_on: ActsOn::Format,
        option: Some(CommandOption {
            order: 10,
            long: "format",
            short: None,
            value_name: "FORMAT",
            help: "Pixel format applications see: YUY2, NV12 or I420",
            path: OptionPath::No,
        }),
    }
}
