//! The name of the icon that shows a state, in the tray and on notifications.

use lenscap_core::status::{Look, Status};

/// Each state has a shape of its own; `has_problem`: the settings file is not the one in use.
pub fn icon_name(status: &Status, has_problem: bool) -> String {
    let look = match status.state.look() {
        look @ (Look::Starting | Look::StillOn) if status.camera_live => look,
        // Whatever else is wrong: a camera is on.
        _ if status.is_any_camera_on() => Look::On,
        Look::Attention => Look::Attention,
        _ if has_problem => Look::Attention,
        look @ (Look::Paused | Look::Asking | Look::Blocked) => look,
        Look::Off | Look::Starting | Look::On | Look::StillOn => Look::Off,
    };
    format!("{}-{}-symbolic", lenscap::APP_ID, look.shape())
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenscap_core::machine::Machine;
    use lenscap_core::policy::Policy;
    use lenscap_core::status::{OtherCamera, StateName};

    fn status(state: StateName, camera_live: bool) -> Status {
        Status { state, camera_live, ..Machine::new(Policy::default()).status() }
    }

    fn is_lit(name: &str) -> bool {
        ["live", "starting", "cooldown"].iter().any(|shape| name.contains(shape))
    }

    #[test]
    fn a_lit_sensor_is_never_shown_as_off() {
        for state in StateName::ALL {
            for has_problem in [false, true] {
                let shown = icon_name(&status(state, true), has_problem);
                assert!(is_lit(&shown), "{state}: {shown}");
                let shown = icon_name(&status(state, false), has_problem);
                assert!(!is_lit(&shown), "{state}: {shown}");
            }
        }
    }

    #[test]
    fn another_camera_is_shown_as_on_whatever_the_relay_does() {
        let other = OtherCamera { camera: "Foo".into(), node: "/dev/video2".into(), clients: Vec::new() };
        for state in StateName::ALL {
            for (live, has_problem) in [(false, false), (false, true), (true, false), (true, true)] {
                let shown = icon_name(&Status { others: vec![other.clone()], ..status(state, live) }, has_problem);
                assert!(is_lit(&shown), "{state}: {shown}");
            }
        }
    }
}
