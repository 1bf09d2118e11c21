//! `[icon]`: when the tray shows it.

use crate::table::{ActsOn, Unit};
use lenscap_core::trouble::settings::Limits;

/// `[icon]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IconSettings {
    /// Whether it is hidden while no camera is on and nothing asks for the user.
    pub only_while_on: bool,
}

super::settings! { "icon":
    /// Hidden while no camera is on and nothing asks for the user.
    ONLY_WHILE_ON at icon.only_while_on {
        key: "only_while_on",
        limits: Limits::Switch,
        unit: Unit::None,
        acts_on: ActsOn::Indicator,
        option: None,
    }
}
