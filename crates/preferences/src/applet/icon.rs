//! How the window shows the applet's state at a glance.

use lenscap_api::AppletState;
use lenscap_core::status::{Look, StateName};

/// A symbol whose shape shows the state.
pub fn icon(state: &AppletState) -> &'static str {
    let AppletState::Running(status) = state else { return "system-shutdown-symbolic" };
    match status.state_name().map(StateName::look) {
        Some(Look::Starting | Look::On | Look::StillOn) => "camera-video-symbolic",
        Some(Look::Paused) => "media-playback-pause-symbolic",
        Some(Look::Blocked) => "action-unavailable-symbolic",
        Some(Look::Attention) => "dialog-warning-symbolic",
        Some(Look::Off) | None => "camera-disabled-symbolic",
    }
}

#[cfg(test)]
mod tests {
    use lenscap_api::AppletStatus;

    use super::*;

    #[test]
    fn the_icon_of_a_camera_that_is_on_is_a_camera() {
        for name in StateName::ALL {
            let is_on = matches!(name, StateName::Starting | StateName::Live | StateName::Cooldown);
            let running =
                AppletState::Running(Box::new(AppletStatus { state: name.as_str().into(), ..Default::default() }));
            assert_eq!(is_on, icon(&running) == "camera-video-symbolic", "{name}");
        }
    }
}
