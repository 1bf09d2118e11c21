//! What is known of the applet, and how the window shows it.

use lenscap_api::AppletStatus;
use lenscap_core::status::{Look, StateName};
use lenscap_words::tr;

/// What is known of the applet.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum AppletState {
    /// Not asked yet.
    #[default]
    Unknown,
    /// There is no session bus to ask on.
    NoBus,
    /// Nobody owns its name.
    NotRunning,
    /// It runs.
    Running(Box<AppletStatus>),
}

impl AppletState {
    /// A title and a line below it.
    pub fn words(&self) -> (String, String) {
        match self {
            AppletState::Unknown => (tr("Asking Lenscap…"), String::new()),
            AppletState::NoBus => {
                (tr("Lenscap cannot be asked"), tr("There is no session bus: start this window in a desktop session."))
            }
            AppletState::NotRunning => {
                (tr("Lenscap is not running"), tr("Applications get no camera from it until it is started."))
            }
            AppletState::Running(status) => lenscap_words::preferences::applet(status),
        }
    }

    /// A symbol whose shape shows the state.
    pub fn icon(&self) -> &'static str {
        let AppletState::Running(status) = self else { return "system-shutdown-symbolic" };
        match status.state_name().map(StateName::look) {
            Some(Look::Starting | Look::On | Look::StillOn) => "camera-video-symbolic",
            Some(Look::Paused) => "media-playback-pause-symbolic",
            Some(Look::Blocked) => "action-unavailable-symbolic",
            Some(Look::Attention) => "dialog-warning-symbolic",
            Some(Look::Off) | None => "camera-disabled-symbolic",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_icon_of_a_camera_that_is_on_is_a_camera() {
        for name in StateName::ALL {
            let is_on = matches!(name, StateName::Starting | StateName::Live | StateName::Cooldown);
            let running =
                AppletState::Running(Box::new(AppletStatus { state: name.as_str().into(), ..Default::default() }));
            assert_eq!(is_on, running.icon() == "camera-video-symbolic", "{name}");
        }
    }
}
