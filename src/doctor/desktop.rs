//! The session's bus and who is there, asked once for all checks; nothing is started, and no camera is touched.
//!
//! Without a display there is nobody to see an icon or a notification, and in a Flatpak the bus shows few names: nothing is
//! asked there, and nothing said.

use std::ffi::OsString;
use std::io;
use std::time::Duration;

use crate::dbus::{Address, Argument, Client, Message};
use crate::i18n::doctor::Desktop as Kind;

/// For all that is asked: a bus answers within a millisecond.
const LIMIT: Duration = Duration::from_secs(2);

/// What tray icons are registered with.
pub(super) const WATCHER: &str = "org.kde.StatusNotifierWatcher";
pub(super) const NOTIFICATIONS: &str = "org.freedesktop.Notifications";
pub(super) const PORTAL: &str = "org.freedesktop.portal.Desktop";
const CAMERA_PORTAL: &str = "org.freedesktop.portal.Camera";
/// Who may do what, for the portal.
const PERMISSIONS: &str = "org.freedesktop.impl.portal.PermissionStore";

/// Words of XDG_CURRENT_DESKTOP; the first here counts, as some name two desktops.
const KINDS: [(&str, Kind); 15] = [
    ("Budgie", Kind::Other),
    ("GNOME-Flashback", Kind::Other),
    ("GNOME", Kind::Gnome),
    ("KDE", Kind::Kde),
    ("XFCE", Kind::Xfce),
    ("MATE", Kind::Mate),
    ("LXQt", Kind::Lxqt),
    ("X-Cinnamon", Kind::Cinnamon),
    ("sway", Kind::Compositor),
    ("Hyprland", Kind::Compositor),
    ("niri", Kind::Compositor),
    ("river", Kind::Compositor),
    ("labwc", Kind::Compositor),
    ("wayfire", Kind::Compositor),
    ("wlroots", Kind::Compositor),
];

/// The desktop around us.
#[derive(Debug, Clone, Default)]
pub(super) struct Desktop {
    pub(super) kind: Kind,
    pub(super) bus: SessionBus,
}

/// What became of asking.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum SessionBus {
    /// Not asked, or in vain: nothing is known.
    #[default]
    Unknown,
    /// Nobody listens.
    Absent,
    /// Somebody listens and does not answer.
    Silent,
    Answers(Answers),
}

/// What is known of the session; what is not answered in time is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Answers {
    /// The names that somebody has.
    pub(super) owned: Vec<String>,
    /// Those for which somebody would be started.
    pub(super) startable: Vec<String>,
    /// Whether somebody shows what is registered with the watcher.
    pub(super) has_tray: Option<bool>,
    /// Whether the portal gives cameras.
    pub(super) has_cameras: Option<bool>,
    /// Applications to which the portal refuses them.
    pub(super) refused: Vec<String>,
}

impl Desktop {
    /// This process's. Waits for the bus, two seconds at most.
    pub(super) fn from_environment() -> Self {
        Self::of(&|name| std::env::var_os(name).filter(|value| !value.is_empty()))
    }

    fn of(variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let named = variable("XDG_CURRENT_DESKTOP").unwrap_or_default();
        let named = named.to_string_lossy();
        let kind = KINDS.iter().find(|(word, _)| named.split(':').any(|named| named == *word));
        // A display that SSH brings belongs to another computer's session.
        let is_here = variable("SSH_CONNECTION").is_none() && variable("FLATPAK_ID").is_none();
        let has_display = ["WAYLAND_DISPLAY", "DISPLAY"].iter().any(|name| variable(name).is_some());
        let address = if is_here && has_display { Address::of_session_bus(variable) } else { None };
        Self {
            kind: kind.map(|(_, kind)| *kind).unwrap_or_default(),
            bus: address.map_or(SessionBus::Unknown, |address| SessionBus::ask(&address)),
        }
    }
}

impl SessionBus {
    fn ask(address: &Address) -> Self {
        match Answers::of(address) {
            Ok(answers) => Self::Answers(answers),
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Self::Absent,
                io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::Silent,
                // It does not let us in, as a user's does with root.
                _ => Self::Unknown,
            },
        }
    }

    /// What is known, where the bus answers.
    pub(super) fn answers(&self) -> Option<&Answers> {
        match self {
            Self::Answers(answers) => Some(answers),
            Self::Unknown | Self::Absent | Self::Silent => None,
        }
    }
}

impl Answers {
    fn of(address: &Address) -> io::Result<Self> {
        let mut bus = Client::connect(address, LIMIT)?;
        let mut names = |method| -> io::Result<Vec<String>> {
            let answer = bus.ask_bus(method, &[])?;
            answer.and_then(|answer| answer.list()).ok_or_else(|| io::ErrorKind::InvalidData.into())
        };
        let mut answers =
            Self { owned: names("ListNames")?, startable: names("ListActivatableNames")?, ..Self::default() };
        // The bus is there: who hangs behind it is not known.
        if answers.has(WATCHER) {
            let answer = bus.get(WATCHER, "/StatusNotifierWatcher", WATCHER, "IsStatusNotifierHostRegistered");
            answers.has_tray = answer.ok().flatten().and_then(|answer| answer.truth());
        }
        if answers.has(PORTAL) {
            // An interface that is not there has no properties. IsCameraPresent would be answered as cheaply, and says less.
            let answer = bus.get(PORTAL, "/org/freedesktop/portal/desktop", CAMERA_PORTAL, "version");
            answers.has_cameras = answer.ok().map(|answer| answer.is_some());
        }
        if answers.has(PERMISSIONS) {
            let path = format!("/{}", PERMISSIONS.replace('.', "/"));
            let what = ["devices", "camera"].map(Argument::Text);
            let answer = bus.ask(PERMISSIONS, &path, PERMISSIONS, "Lookup", &what);
            let applications = answer.ok().flatten().as_ref().and_then(Message::lists).unwrap_or_default();
            let refused = applications.into_iter().filter(|(_, said)| said.iter().any(|said| said == "no"));
            answers.refused = refused.map(|(application, _)| application).collect();
        }
        Ok(answers)
    }

    /// Whether somebody has this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.owned.iter().any(|owned| owned == name)
    }

    /// Whether somebody has it, or would be started for it.
    pub(super) fn can_have(&self, name: &str) -> bool {
        self.has(name) || self.startable.iter().any(|startable| startable == name)
    }
}

#[cfg(test)]
mod tests;
