//! What is known of the applet, and how the window shows it.

use lenscap_core::status::StateName;
use lenscap_words::{tr, trf};

/// What the applet says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppletStatus {
    /// [`StateName`]'s word.
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
    fn name(&self) -> Option<StateName> {
        StateName::ALL.into_iter().find(|name| name.as_str() == self.state)
    }

    fn words(&self) -> (String, String) {
        let apps = self.clients.join(", ");
        let or_reason = |text: String| if self.reason.is_empty() { text } else { self.reason.clone() };
        match self.name() {
            Some(StateName::Idle) => (tr("Camera is off"), tr("No application uses it.")),
            Some(StateName::Pending) => (tr("Camera is off"), trf!("{app} has it open.", app = apps)),
            Some(StateName::Starting) => (tr("Camera is starting"), apps),
            Some(StateName::Live) => {
                let title = match apps.as_str() {
                    "" => tr("Camera is on"),
                    apps => trf!("Camera is on: {app}", app = apps),
                };
                let since = self.since();
                (title, if self.shortfall.is_empty() { since } else { format!("{since} {}", self.shortfall) })
            }
            Some(StateName::Cooldown) => (tr("Camera is still on"), tr("It goes off soon.")),
            Some(StateName::Paused) => (
                tr("Camera is paused"),
                match clock(self.paused_until) {
                    Some(time) => trf!("Until {time}.", time = time),
                    None => tr("Until you resume."),
                },
            ),
            Some(StateName::Blocked) => (tr("Camera is blocked"), or_reason(apps)),
            Some(StateName::Failed) => (tr("Camera does not work"), self.reason.clone()),
            Some(StateName::NoDevice) => (tr("Applications see no camera"), self.reason.clone()),
            None => (tr("Camera's state is unknown"), or_reason(self.state.clone())),
        }
    }

    fn since(&self) -> String {
        match clock(self.live_since) {
            Some(time) if self.camera.is_empty() => trf!("Since {time}.", time = time),
            Some(time) => trf!("{camera}, since {time}.", camera = self.camera, time = time),
            None => self.camera.clone(),
        }
    }
}

/// What is known of the applet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AppletState {
    /// Not asked yet.
    #[default]
    Unknown,
    /// There is no session bus to ask on.
    NoBus,
    /// Nobody owns its name.
    NotRunning,
    /// It runs.
    Running(AppletStatus),
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
            AppletState::Running(view) => view.words(),
        }
    }

    /// A symbol whose shape tells the state.
    pub fn icon(&self) -> &'static str {
        let AppletState::Running(view) = self else { return "system-shutdown-symbolic" };
        match view.name() {
            Some(StateName::Starting | StateName::Live | StateName::Cooldown) => "camera-video-symbolic",
            Some(StateName::Paused) => "media-playback-pause-symbolic",
            Some(StateName::Blocked) => "action-unavailable-symbolic",
            Some(StateName::Failed | StateName::NoDevice) => "dialog-warning-symbolic",
            Some(StateName::Idle | StateName::Pending) | None => "camera-disabled-symbolic",
        }
    }
}

/// Hours and minutes of the local day; `None` for no time.
fn clock(seconds: i64) -> Option<String> {
    (seconds > 0).then_some(())?;
    Some(glib::DateTime::from_unix_local(seconds).ok()?.format("%H:%M").ok()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(state: &str) -> AppletStatus {
        AppletStatus { state: state.into(), ..AppletStatus::default() }
    }

    #[test]
    fn every_state_has_words_and_a_camera_that_is_on_never_reads_as_off() {
        for name in StateName::ALL {
            let (title, _) = running(name.as_str()).words();
            let is_on = matches!(name, StateName::Starting | StateName::Live | StateName::Cooldown);
            assert!(!title.contains("unknown"), "{name}");
            let reads_as_on = ["Camera is starting", "Camera is on", "Camera is still on"].contains(&title.as_str());
            assert_eq!(is_on, reads_as_on, "{title}");
            assert_eq!(is_on, AppletState::Running(running(name.as_str())).icon() == "camera-video-symbolic", "{name}");
        }
        assert!(running("later").words().0.contains("unknown"));
    }

    #[test]
    fn who_and_until_when_is_said() {
        let live =
            AppletStatus { clients: vec!["Zoom".into(), "Cheese".into()], camera: "Webcam".into(), ..running("live") };
        assert_eq!(live.words(), ("Camera is on: Zoom, Cheese".into(), "Webcam".into()));
        let paused = AppletStatus { paused_until: -1, ..running("paused") };
        assert_eq!(paused.words().1, "Until you resume.");
        let paused = AppletStatus { paused_until: 1_700_000_000, ..running("paused") };
        assert!(paused.words().1.contains(':'), "{:?}", paused.words());
        let failed = AppletStatus { reason: "It is unplugged.".into(), ..running("failed") };
        assert_eq!(failed.words().1, "It is unplugged.");
    }
}
