//! What sandboxes say of a process: the files and units that Flatpak and snapd make.

use freedesktop_desktop_entry::DesktopEntry;

use crate::command::Command;
use crate::process::Process;
use crate::unit::unescape;

/// Of Flatpak's description of a sandbox.
const MAX_INFO: u64 = 64 << 10;
/// Of a Flatpak's id, in bytes, as Flatpak has it.
const MAX_ID: usize = 255;

/// A process in a Flatpak.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flatpak {
    pub id: String,
    /// Only the unit's name says so.
    pub is_guess: bool,
}

/// Flatpak puts the description into the root of the sandbox, where the application cannot change it. A process that has none
/// is in no Flatpak, whatever its unit is called.
pub(crate) fn flatpak(process: &Process, unit: Option<&str>) -> Option<Flatpak> {
    use rustix::io::Errno;
    match process.file(".flatpak-info", MAX_INFO) {
        Ok(info) => {
            let id = application_of(&String::from_utf8_lossy(&info?.bytes))?;
            Some(Flatpak { id, is_guess: false })
        }
        Err(Errno::ACCESS | Errno::PERM) => Some(Flatpak { id: of_unit(unit?)?, is_guess: true }),
        Err(_) => None,
    }
}

/// The application of `.flatpak-info`, a key file as desktop files are.
pub(crate) fn application_of(info: &str) -> Option<String> {
    let info = DesktopEntry::from_str("info.desktop", info, Some(&[] as &[&str])).ok()?;
    info.groups.group("Application")?.entry("name").filter(|id| is_id(id)).map(str::to_owned)
}

/// "app-flatpak-ID-NUMBER.scope".
fn of_unit(unit: &str) -> Option<String> {
    let (id, _) = unit.strip_prefix("app-flatpak-")?.strip_suffix(".scope")?.rsplit_once('-')?;
    Some(unescape(id)).filter(|id| is_id(id))
}

fn is_id(id: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    id.len() <= MAX_ID && id.contains('.') && id.split('.').all(is_part)
}

/// A unit of snapd's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Snap {
    pub name: String,
    app: String,
}

/// "snap.NAME.APP-UUID.scope", before snapd 2.61 "snap.NAME.APP.UUID.scope", and "snap.NAME.APP.service".
pub(crate) fn snap(unit: &str) -> Option<Snap> {
    let unit = unit.strip_prefix("snap.")?;
    let unit = unit.strip_suffix(".scope").or_else(|| unit.strip_suffix(".service"))?;
    let (name, rest) = unit.split_once('.')?;
    let is_uuid = |text: &str| text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let start = rest.len().checked_sub(37).filter(|start| rest.is_char_boundary(*start));
    let app = match start.map(|start| rest.split_at(start)) {
        Some((app, number)) if number.strip_prefix(['-', '.']).is_some_and(is_uuid) => app,
        _ => rest,
    };
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    let snap = Snap { name: unescape(name), app: unescape(app) };
    (is_name(&snap.name) && is_name(&snap.app)).then_some(snap)
}

impl Snap {
    /// Its desktop files, the likeliest first.
    pub(crate) fn ids(&self) -> [String; 2] {
        [format!("{0}_{1}", self.name, self.app), format!("{0}_{0}", self.name)]
    }

    /// Whether this is its own: a snap's terminal starts others' programs in the same unit.
    pub(crate) fn has(&self, command: &Command) -> bool {
        ["/snap", "/var/lib/snapd/snap"].iter().any(|root| {
            let inside = command.target.strip_prefix(root);
            inside.is_ok_and(|inside| inside.starts_with(&self.name))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_names_its_application() {
        let info = "[Application]\nname=org.x.App\nruntime=runtime/org.x.Platform\n\n[Instance]\napp-path=/var/lib/x\n";
        assert_eq!(application_of(info).as_deref(), Some("org.x.App"));
        for wrong in
            ["", "[Runtime]\nname=org.x.App\n", "[Application]\nname=../x\n", "[Application]\nname=x\n", "name=org.x"]
        {
            assert_eq!(application_of(wrong), None, "{wrong}");
        }
        assert_eq!(of_unit("app-flatpak-org.x.App-77.scope").as_deref(), Some("org.x.App"));
        assert_eq!(of_unit(r"app-flatpak-org.x.My\x2dApp-77.scope").as_deref(), Some("org.x.My-App"));
        assert_eq!(of_unit("app-flatpak-77.scope"), None);
    }

    #[test]
    fn a_snaps_unit_names_it_and_its_app() {
        let uuid = "4bb6cbd4-3e0c-4b1f-a3ec-6d3b3a3a3a3a";
        for (unit, app) in [
            (format!("snap.firefox.firefox-{uuid}.scope"), "firefox"),
            (format!("snap.firefox.geckodriver.{uuid}.scope"), "geckodriver"),
            ("snap.firefox.daemon.service".into(), "daemon"),
        ] {
            assert_eq!(snap(&unit), Some(Snap { name: "firefox".into(), app: app.into() }), "{unit}");
        }
        for unit in ["snap.firefox.scope", "snap..x.scope", "snap.a/b.c.scope", "snapd.service", "snap.x.ä.scope"] {
            assert_eq!(snap(unit), None, "{unit}");
        }
    }
}
