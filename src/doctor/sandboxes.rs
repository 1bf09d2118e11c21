//! May browsers and meeting applications use cameras that come as a Flatpak or a Snap? From their files; only those of the table
//! are looked for.
//!
//! 1. A Flatpak sees camera devices with "all" of `devices` in its metadata's context, or in a file of overrides: those of the
//!    system's installation, for all applications and for this one, hold for what is installed there; then those of the user's (flatpak,
//!    common/flatpak-dir.c). Without, it has the portal.
//! 2. A Snap whose plug "camera" is connected has a rule for `video[0-9]*` among its rules for udev, which anybody may read
//!    (snapd, interfaces/builtin/camera.go, interfaces/udev/backend.go). Without any rules nothing is known: in a container snapd
//!    writes none.

use super::{Finding, Patient, SessionDiagnosis, Verdict, found};
use crate::config::import::systemd::{assignment, lines};

const CHECK: &str = "sandboxes";
/// Where Flatpak installs for everybody.
const SYSTEM: &str = "/var/lib/flatpak";
/// Where Snaps are; the second on Fedora and Arch.
const SNAPS: [&str; 2] = ["/snap", "/var/lib/snapd/snap"];
/// Of a Snap that may do everything.
const NON_STRICT: &str = "non-strict";

/// An application that people use cameras with.
struct Application {
    name: &'static str,
    /// Its id in Flatpak.
    flatpak: &'static str,
    /// Its name in the Snap Store; empty where it is not there.
    snap: &'static str,
}

const fn application(name: &'static str, flatpak: &'static str, snap: &'static str) -> Application {
    Application { name, flatpak, snap }
}

const APPLICATIONS: [Application; 19] = [
    application("Firefox", "org.mozilla.firefox", "firefox"),
    application("Chromium", "org.chromium.Chromium", "chromium"),
    application("Chrome", "com.google.Chrome", ""),
    application("Brave", "com.brave.Browser", "brave"),
    application("Edge", "com.microsoft.Edge", ""),
    application("Vivaldi", "com.vivaldi.Vivaldi", "vivaldi"),
    application("Opera", "com.opera.Opera", "opera"),
    application("LibreWolf", "io.gitlab.librewolf-community", ""),
    application("Zen", "app.zen_browser.zen", ""),
    application("Zoom", "us.zoom.Zoom", "zoom-client"),
    application("Teams", "com.github.IsmaelMartinez.teams_for_linux", "teams-for-linux"),
    application("Slack", "com.slack.Slack", "slack"),
    application("Discord", "com.discordapp.Discord", "discord"),
    application("Signal", "org.signal.Signal", "signal-desktop"),
    application("Telegram", "org.telegram.desktop", "telegram-desktop"),
    application("Element", "im.riot.Riot", "element-desktop"),
    application("Jitsi", "org.jitsi.jitsi-meet", ""),
    application("Skype", "com.skype.Client", "skype"),
    application("OBS", "com.obsproject.Studio", "obs-studio"),
];

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let of_both = |application| [flatpak(patient, application), snap(patient, application)];
    let found_there = APPLICATIONS.iter().flat_map(of_both).flatten();
    found_there.map(|diagnosis| found(CHECK, Verdict::Note, &diagnosis.into())).collect()
}

/// The name of an application with this id of Flatpak's, or of the portal's for a Snap.
pub(super) fn name_of(id: &str) -> Option<&'static str> {
    let snap = id.strip_prefix("snap.").filter(|snap| !snap.is_empty());
    let has_id = |it: &&Application| it.flatpak == id || snap.is_some_and(|snap| it.snap == snap);
    APPLICATIONS.iter().find(has_id).map(|it| it.name)
}

/// Whether this is a name or an id of the table: it says nothing of the user.
pub(super) fn is_known(said: &str) -> bool {
    !said.is_empty() && (name_of(said).is_some() || APPLICATIONS.iter().any(|it| [it.name, it.snap].contains(&said)))
}

fn flatpak(patient: &Patient, application: &Application) -> Option<SessionDiagnosis> {
    let (name, id) = (application.name.to_owned(), application.flatpak.to_owned());
    let own = patient.data_home.join("flatpak").to_string_lossy().into_owned();
    let metadata = |installation: &str| patient.read(&format!("{installation}/app/{id}/current/active/metadata"));
    let (metadata, overriding) = match metadata(&own) {
        Some(metadata) => (metadata, vec![own]),
        None => (metadata(SYSTEM)?, vec![SYSTEM.to_owned(), own]),
    };
    let files = overriding.iter().flat_map(|there| ["global", &id].map(|file| format!("{there}/overrides/{file}")));
    let said = files.filter_map(|path| Some((has_devices(&patient.read(&path)?)?, Some(path))));
    let first = (has_devices(&metadata).unwrap_or_default(), None);
    match std::iter::once(first).chain(said).last()? {
        (true, _) => None,
        (false, Some(by)) => Some(SessionDiagnosis::FlatpakDevicesTaken { name, id, by }),
        (false, None) => Some(SessionDiagnosis::FlatpakPortalOnly { name, id }),
    }
}

/// Whether all devices are given or taken; the last word counts.
fn has_devices(text: &str) -> Option<bool> {
    let lines = lines(text);
    let context =
        lines.iter().skip_while(|line| *line != "[Context]").skip(1).take_while(|line| !line.starts_with('['));
    let devices = context.filter_map(|line| assignment(line)).filter(|(key, _)| *key == "devices");
    let words = devices.flat_map(|(_, value)| value.split(';'));
    words.filter(|word| ["all", "!all"].contains(word)).last().map(|word| word == "all")
}

fn snap(patient: &Patient, application: &Application) -> Option<SessionDiagnosis> {
    let (name, id) = (application.name.to_owned(), application.snap.to_owned());
    let own = |snaps: &str| patient.read(&format!("{snaps}/{id}/current/meta/snap.yaml"));
    let own = SNAPS.iter().filter(|_| !id.is_empty()).find_map(|snaps| own(snaps))?;
    // As a plug of its own, or in a program's list of them.
    let has_plug = own.lines().any(|line| ["camera:", "- camera"].contains(&line.trim()));
    let rules = patient.read(&format!("/etc/udev/rules.d/70-snap.{id}.rules"))?;
    let may_use = rules.contains("\"video[0-9]*\"") || rules.contains(NON_STRICT);
    (has_plug && !may_use).then_some(SessionDiagnosis::SnapNotConnected { name, id })
}
