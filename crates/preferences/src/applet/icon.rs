//! How the window shows the applet's state at a glance: by the tray's icons.

use lenscap_api::AppletState;
use lenscap_core::status::{Look, StateName};
use lenscap_sys::install::APP_ID;

/// The name of an icon whose shape and colour show the state.
pub fn icon(state: &AppletState) -> String {
    let AppletState::Running(status) = state else { return "system-shutdown-symbolic".into() };
    let look = status.state_name().map_or(Look::Off, StateName::look);
    format!("{APP_ID}-{}-symbolic", look.shape())
}

#[cfg(test)]
mod tests {
    use lenscap_api::AppletStatus;

    use super::*;

    #[test]
    fn the_icon_of_a_camera_that_is_on_is_one_of_those_with_a_signal() {
        for name in StateName::ALL {
            let is_on = matches!(name, StateName::Starting | StateName::Live | StateName::Cooldown);
            let running =
                AppletState::Running(Box::new(AppletStatus { state: name.as_str().into(), ..Default::default() }));
            let is_lit = ["starting", "live", "cooldown"].iter().any(|shape| icon(&running).contains(shape));
            assert_eq!(is_on, is_lit, "{name}");
        }
    }
}
