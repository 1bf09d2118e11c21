//! `[notifications]`: which are sent.

use crate::table::{ActsOn, Unit};
use lenscap_core::trouble::settings::Limits;

/// `[notifications]`: which are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notifications {
    /// An application uses the camera.
    pub activation: bool,
    /// The camera does not work.
    pub failure: bool,
    /// The camera is in use elsewhere.
    pub busy: bool,
    /// A key paused the camera, or resumed it.
    pub toggle: bool,
}

impl Default for Notifications {
    fn default() -> Self {
        Self { activation: true, failure: true, busy: true, toggle: true }
    }
}

super::settings! { "notifications":
    /// An application uses the camera.
    ACTIVATION at notifications.activation {
        key: "activation",
        limits: Limits::Switch,
        unit: Unit::None,
        acts_on: ActsOn::Notifications,
        option: None,
    }

    /// The camera does not work.
    FAILURE at notifications.failure {
        key: "failure",
        limits: Limits::Switch,
        unit: Unit::None,
        acts_on: ActsOn::Notifications,
        option: None,
    }

    /// The camera is in use elsewhere.
    BUSY at notifications.busy {
        key: "busy",
        limits: Limits::Switch,
        unit: Unit::None,
        acts_on: ActsOn::Notifications,
        option: None,
    }

    /// A key paused the camera, or resumed it.
    TOGGLE at notifications.toggle {
        key: "toggle",
        limits: Limits::Switch,
        unit: Unit::None,
        acts_on: ActsOn::Notifications,
        option: None,
    }
}
