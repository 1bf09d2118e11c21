//! What the applet says of itself on D-Bus, as far as the preferences window shows it; see
//! `data/io.github.lenscap.Lenscap.xml`.

use lenscap_core::status::StateName;

/// The applet's properties on D-Bus.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppletStatus {
    /// [`StateName`]'s word, or one of a later version.
    pub state: String,
    /// Who has the camera open, or streams.
    pub clients: Vec<String>,
    /// The camera's name.
    pub camera: String,
    /// Why, in words; empty: no reason.
    pub reason: String,
    /// What the camera gives less of than was asked for, in words; empty: nothing.
    pub shortfall: String,
    /// Since when the camera is on, Unix seconds; 0: it is off.
    pub live_since: i64,
    /// Until when it is paused, Unix seconds; 0: not paused, -1: until resumed.
    pub paused_until: i64,
    /// The loopback node; empty: none.
    pub node: String,
    /// Why there is no second one though one is wanted; empty: all is well.
    pub second_device: String,
}

impl AppletStatus {
    /// The state; `None`: one that this version does not know.
    pub fn state_name(&self) -> Option<StateName> {
        StateName::ALL.into_iter().find(|name| name.as_str() == self.state)
    }
}
