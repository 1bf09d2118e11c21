//! `[device]`: the loopback nodes that applications open.

use std::borrow::Cow;
use std::path::PathBuf;

use crate::model::SecondNode;
use crate::table::{ActsOn, CommandOption, OptionPath, Unit};
use lenscap_core::trouble::settings::Limits;

/// `[device]` without its format, which stands in [`super::camera::CameraSettings`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The output node; `None` is `"auto"`: found by driver and label.
    pub node: Option<PathBuf>,
    /// The label by which the node is found and made.
    pub label: String,
    /// A second one with the same picture.
    pub second: SecondNode,
}

impl Default for Device {
    fn default() -> Self {
        Self { node: None, label: "Lenscap".into(), second: SecondNode::Off }
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
            help: "Second output node for a second application, \"auto\", or \"off\"",
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
