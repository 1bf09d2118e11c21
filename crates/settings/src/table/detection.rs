//! `[detection]`: how clients are noticed.

use std::time::Duration;

use crate::table::{ActsOn, CommandOption, OptionPath, Unit};
use lenscap_core::trouble::settings::Limits;

/// `[detection]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    /// How often clients are looked for where the kernel reports nothing.
    pub poll_interval: Duration,
}

impl Default for Detection {
    fn default() -> Self {
        Self { poll_interval: Duration::from_millis(50) }
    }
}

super::settings! { "detection":
    /// How often clients are looked for where the kernel reports nothing.
    POLL_INTERVAL at detection.poll_interval {
        key: "poll_interval_ms",
        limits: Limits::Whole { min: 1, max: 10_000 },
        unit: Unit::Milliseconds,
        acts_on: ActsOn::Detection,
        option: Some(CommandOption {
            order: 7,
            long: "poll-interval-ms",
            short: None,
            value_name: "MS",
            help: "Milliseconds between looks for applications where the kernel reports nothing",
            path: OptionPath::No,
        }),
    }
}
