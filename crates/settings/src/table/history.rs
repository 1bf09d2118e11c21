//! `[history]`: what is kept of who used a camera.

use lenscap_core::trouble::settings::Limits;

use crate::table::{ActsOn, Unit};

/// `[history]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// How many days an entry is kept; 0: nothing is kept from now on.
    pub days: u32,
}

impl Default for History {
    fn default() -> Self {
        Self { days: 30 }
    }
}

super::settings! { "history":
    /// How long entries are kept.
    DAYS at history.days {
        key: "days",
        limits: Limits::Whole { min: 0, max: 365 },
        unit: Unit::None,
        acts_on: ActsOn::History,
        option: None,
    }
}
