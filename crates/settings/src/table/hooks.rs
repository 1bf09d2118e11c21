//! `[hooks]`: what is run when something happens to the camera.

use lenscap_core::hook::Hook;
use lenscap_core::trouble::settings::Limits;

use crate::table::{ActsOn, Unit};

/// A program and its arguments: so many, each so long.
const COMMAND: Limits = Limits::Command { max_count: 64, max_bytes: 4095 };

/// `[hooks]`: each a program and its arguments; none where it is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs)] // the names are those of `Hook`
pub struct Hooks {
    pub live: Vec<String>,
    pub idle: Vec<String>,
    pub paused: Vec<String>,
    pub failed: Vec<String>,
    pub asked: Vec<String>,
}

impl Hooks {
    /// What is run then. The program may begin with `~/`.
    pub fn command(&self, hook: Hook) -> &[String] {
        match hook {
            Hook::Live => &self.live,
            Hook::Idle => &self.idle,
            Hook::Paused => &self.paused,
            Hook::Failed => &self.failed,
            Hook::Asked => &self.asked,
        }
    }
}

super::settings! { "hooks":
    /// The camera is on, and an application sees it.
    LIVE at hooks.live {
        key: "live",
        limits: COMMAND,
        unit: Unit::None,
        acts_on: ActsOn::Hooks,
        option: None,
    }

    /// The camera is off, and may come on.
    IDLE at hooks.idle {
        key: "idle",
        limits: COMMAND,
        unit: Unit::None,
        acts_on: ActsOn::Hooks,
        option: None,
    }

    /// The user paused it.
    PAUSED at hooks.paused {
        key: "paused",
        limits: COMMAND,
        unit: Unit::None,
        acts_on: ActsOn::Hooks,
        option: None,
    }

    /// It does not work.
    FAILED at hooks.failed {
        key: "failed",
        limits: COMMAND,
        unit: Unit::None,
        acts_on: ActsOn::Hooks,
        option: None,
    }

    /// The user is asked about an application.
    ASKED at hooks.asked {
        key: "asked",
        limits: COMMAND,
        unit: Unit::None,
        acts_on: ActsOn::Hooks,
        option: None,
    }
}
