//! What the user allows, as the machine needs it: the validated settings without their I/O part.

use std::time::Duration;

use super::app::{AppId, Rule};
use super::presence::Client;
use super::source::{Orientation, Rotation};

/// Times and permissions. Defaults are those of the settings file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// How long a client must be there before the camera starts; `None`: no delay where streaming is known, and
    /// [`Policy::BLIND_DELAY`] where only opening can be seen.
    pub activation_delay: Option<Duration>,
    /// How long the camera stays on after the last client stopped.
    pub cooldown: Duration,
    /// What the user lets applications do, by their ids (compared without regard to case).
    pub rules: Vec<(AppId, Rule)>,
    /// What others may do.
    pub unknown: Rule,
    /// The source as the user wrote it; a change restarts the camera.
    pub source: String,
    /// How the picture is laid; a quarter turn restarts the camera.
    pub orientation: Orientation,
    /// Whether there is no camera while the session is locked.
    pub pause_while_locked: bool,
}

impl Policy {
    /// The delay for a client of which only the opening can be seen; ipu6-camera-daemon's default.
    pub const BLIND_DELAY: Duration = Duration::from_millis(1000);

    /// The default cooldown; ipu6-camera-daemon's.
    pub const DEFAULT_COOLDOWN: Duration = Duration::from_millis(5000);

    /// What this client may do: by the rule for its application, else by that for its program.
    pub fn rule(&self, client: &Client) -> Rule {
        self.rule_for(&client.app_ids())
    }

    /// As [`Self::rule`], for a client with these [`Client::app_ids`].
    pub fn rule_for(&self, ids: &[AppId; 2]) -> Rule {
        let rule = ids.iter().find_map(|id| self.rules.iter().find(|(known, _)| known.is(id)));
        rule.map_or(self.unknown, |(_, rule)| *rule)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            activation_delay: None,
            cooldown: Self::DEFAULT_COOLDOWN,
            rules: Vec::new(),
            unknown: Rule::default(),
            source: "auto".into(),
            orientation: Orientation { rotation: Rotation::Automatic, ..Orientation::default() },
            pause_while_locked: true,
        }
    }
}
