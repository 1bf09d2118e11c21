//! What the preferences window says of trouble, and of the running applet.

use std::path::Path;

use lenscap_api::{AppletState, AppletStatus};
use lenscap_core::status::StateName;
use lenscap_core::trouble::preferences::PreferencesTrouble;

use crate::cause::{parenthesis, why};
use crate::state::{State, clock};
use crate::{listed, tr, trf};

/// What is wrong: one sentence with the next step.
pub fn sentence(trouble: &PreferencesTrouble) -> String {
    match trouble {
        PreferencesTrouble::NotAnOption { argument } => {
            trf!("\"{argument}\" is not an option: see lenscap-preferences --help.", argument = argument)
        }
        PreferencesTrouble::NoConfigPath => tr("--config needs a path, as in --config ~/.config/lenscap/config.toml."),
        PreferencesTrouble::NoConfigFile { path } => {
            trf!("There is no settings file {path}: name one that is there.", path = path.display())
        }
        PreferencesTrouble::NoDisplay => {
            tr("there is no display to show the window on: start it in a desktop session, or edit the settings file.")
        }

        PreferencesTrouble::NotWithin { value, min, max, is_whole: true } => {
            trf!(
                "Must be a whole number from {min} to {max}, not {value}.",
                min = min,
                max = max,
                value = quoted(value)
            )
        }
        PreferencesTrouble::NotWithin { value, min, max, is_whole: false } => {
            trf!("Must be a number from {min} to {max}, not {value}.", min = min, max = max, value = quoted(value))
        }
        PreferencesTrouble::NoDescription => {
            tr("Write a description as in \"videotestsrc pattern=smpte\": until then the camera stays as it was.")
        }
        PreferencesTrouble::NoProgramName => tr("Write the program's name, as in \"zoom\"."),
        PreferencesTrouble::BlockedAlready { program } => trf!("{program} is blocked already.", program = program),
        PreferencesTrouble::NoPicture => tr("There is no picture yet: choose one below."),
        PreferencesTrouble::NotAPicture { path } => trf!("{file} is not a picture.", file = file_name(path)),

        PreferencesTrouble::NodeMissing { node } => {
            trf!("{device} is not there: choose another device on the page \"Device\".", device = file_name(node))
        }
        PreferencesTrouble::NoNode => tr(
            "There is no device that applications could see: load the kernel module v4l2loopback, then start Lenscap.",
        ),
        PreferencesTrouble::PreviewUnusable { cause } => trf!("The preview cannot be shown{why}.", why = why(cause)),
        PreferencesTrouble::PreviewEnded => tr("The picture ended."),
        PreferencesTrouble::PreviewFailed { cause } => trf!(
            "The camera that applications see gives no picture{why}: see whether Lenscap is running.",
            why = why(cause)
        ),

        PreferencesTrouble::NotRunning => tr("Lenscap is not running: start it, then try again."),
        PreferencesTrouble::OtherVersion => tr("The running Lenscap is of another version: restart it."),
        PreferencesTrouble::NotStarted { cause } => not_started(&why(cause)),
        PreferencesTrouble::EndedAtOnce => not_started(&parenthesis(&tr("it ended at once"))),

        PreferencesTrouble::AutostartUnwritable { path: _, cause } => trf!(
            "The start with the session cannot be saved{why}: make the directory \"autostart\" of your settings writable.",
            why = why(cause)
        ),
        PreferencesTrouble::NoPortal { cause } => trf!(
            "The desktop takes no autostart from a sandbox{why}: add Lenscap in its own settings.",
            why = why(cause)
        ),
        PreferencesTrouble::PortalRefused => {
            tr("The desktop did not allow it: allow Lenscap there to run in the background.")
        }

        PreferencesTrouble::DoctorUnusable { cause } => {
            trf!("The diagnosis cannot be asked for{why}: reinstall Lenscap.", why = why(cause))
        }

        PreferencesTrouble::SetupPlanUnusable { cause } => {
            trf!("It is not known what would be changed{why}: run \"lenscap setup\" in a terminal.", why = why(cause))
        }
    }
}

/// As written; what is no number in quotation marks.
fn quoted(value: &str) -> String {
    if value.parse::<f64>().is_ok() { value.to_owned() } else { format!("\"{value}\"") }
}

fn not_started(why: &str) -> String {
    trf!("Lenscap could not be started{why}: run \"lenscap\" in a terminal to see more.", why = why)
}

/// What people know it by.
fn file_name(path: &Path) -> impl std::fmt::Display {
    path.file_name().unwrap_or(path.as_os_str()).display()
}

/// What the size in the settings is: `asked`: what the camera is asked for, in pixels, where that is known.
pub fn resolution(asked: Option<(u32, u32)>, is_scaled: bool) -> String {
    let Some((width, height)) = asked else { return tr("What applications see.") };
    let size = crate::numbers::size(width, height);
    match is_scaled {
        false => trf!("What applications see. The camera is asked for {size}.", size = size),
        true => trf!("What applications see. The camera is asked for {size}, and its picture is scaled.", size = size),
    }
}

/// What the frame rate in the settings is; `rates`: those that the camera has, in frames per second, where they are known.
pub fn framerate(rates: &[f64]) -> String {
    if rates.is_empty() {
        return tr("Pictures per second.");
    }
    trf!(
        "Pictures per second. At this size the camera gives {rates}.",
        rates = listed(rates.iter().map(f64::to_string))
    )
}

/// That no page changes anything while the settings file has this problem.
pub fn locked(problem: &str) -> String {
    format!("{problem} {}", tr("Nothing is changed here until then."))
}

/// A title and a line below it for the applet.
pub fn applet(state: &AppletState) -> (String, String) {
    match state {
        AppletState::Unknown => (tr("Asking Lenscap…"), String::new()),
        AppletState::NoBus => {
            (tr("Lenscap cannot be asked"), tr("There is no session bus: start this window in a desktop session."))
        }
        AppletState::NotRunning => {
            (tr("Lenscap is not running"), tr("Applications get no camera from it until it is started."))
        }
        AppletState::Running(status) => running(status),
    }
}

fn running(status: &AppletStatus) -> (String, String) {
    let names = status.clients.0.iter().map(|client| client.name.as_str()).filter(|name| !name.is_empty());
    let apps = listed(names);
    let or_reason = |text: String| if status.reason.is_empty() { text } else { status.reason.clone() };
    let Some(name) = status.state_name() else {
        return (tr("Camera's state is unknown"), or_reason(status.state.clone()));
    };
    let state = State {
        name,
        // These are states of a camera that is on.
        is_live: status.camera_live || matches!(name, StateName::Starting | StateName::Live | StateName::Cooldown),
        is_stuck: status.stuck,
        offers: &status.offers.0,
        until: clock(status.paused_until),
    };
    match name {
        StateName::Idle => (state.title(), tr("No application uses it.")),
        StateName::Pending => (state.title(), trf!("{app} has it open.", app = apps)),
        StateName::Starting => (state.title(), apps),
        StateName::Live => {
            let since = since(status);
            let details = if status.shortfall.is_empty() { since } else { format!("{since} {}", status.shortfall) };
            (state.with_names((!apps.is_empty()).then_some(apps.as_str())), details)
        }
        StateName::Cooldown if status.stuck => (state.title(), status.reason.clone()),
        StateName::Cooldown => (state.title(), tr("It goes off soon.")),
        StateName::Paused if state.until.is_none() => (state.title(), or_reason(tr("Until you resume."))),
        StateName::Paused | StateName::Asking | StateName::Blocked | StateName::Failed | StateName::NoDevice => {
            (state.title(), status.reason.clone())
        }
    }
}

/// What a program with the camera open does; `usage`: the word that the applet publishes.
pub fn usage(usage: &str, state: Option<StateName>) -> String {
    match usage {
        "streaming" if state == Some(StateName::Live) => tr("Sees the picture."),
        "streaming" => tr("Sees a card instead of the picture."),
        "open" => tr("Has the camera open and sees no picture."),
        _ => tr("Has the camera open."),
    }
}

fn since(status: &AppletStatus) -> String {
    match clock(status.live_since) {
        Some(time) if status.camera.is_empty() => trf!("Since {time}.", time = time),
        Some(time) => trf!("{camera}, since {time}.", camera = status.camera, time = time),
        None => status.camera.clone(),
    }
}

#[cfg(test)]
mod tests {
    use lenscap_api::{AppletClient, AppletClients};

    use super::*;

    fn in_state(state: &str) -> AppletStatus {
        AppletStatus { state: state.into(), ..AppletStatus::default() }
    }

    #[test]
    fn every_state_has_words_and_a_camera_that_is_on_never_reads_as_off() {
        for name in StateName::ALL {
            let (title, _) = running(&in_state(name.as_str()));
            let is_on = matches!(name, StateName::Starting | StateName::Live | StateName::Cooldown);
            assert!(!title.contains("unknown"), "{name}");
            let on = ["Camera is starting", "Camera is on", "Camera is being switched off"];
            let reads_as_on = on.contains(&title.as_str());
            assert_eq!(is_on, reads_as_on, "{title}");
        }
        assert!(running(&in_state("later")).0.contains("unknown"));
    }

    #[test]
    fn a_program_sees_the_picture_only_while_the_camera_is_live() {
        for name in StateName::ALL {
            assert_eq!(usage("streaming", Some(name)) == "Sees the picture.", name == StateName::Live, "{name}");
            assert!(usage("open", Some(name)).contains("no picture"));
        }
    }

    #[test]
    fn the_frame_rates_of_the_camera_are_said() {
        assert!(framerate(&[30.0, 12.5]).ends_with("gives 30, 12.5."));
        assert_eq!(framerate(&[]), "Pictures per second.");
    }

    #[test]
    fn who_and_until_when_is_said() {
        let clients = ["Zoom", "", "Cheese"].map(|name| AppletClient { name: name.into(), ..Default::default() });
        let clients = AppletClients(clients.into());
        let live = AppletStatus { clients, camera: "Webcam".into(), ..in_state("live") };
        assert_eq!(running(&live), ("Camera is on: Zoom, Cheese".into(), "Webcam".into()));
        let paused = AppletStatus { paused_until: -1, ..in_state("paused") };
        assert_eq!(running(&paused).1, "Until you resume.");
        let paused = AppletStatus { paused_until: 1_700_000_000, ..in_state("paused") };
        assert!(running(&paused).0.contains(':'), "{:?}", running(&paused));
        let failed = AppletStatus { reason: "It is unplugged.".into(), ..in_state("failed") };
        assert_eq!(running(&failed).1, "It is unplugged.");
    }
}
