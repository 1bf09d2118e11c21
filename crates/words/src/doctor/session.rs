//! What the doctor can find of the user's session: its bus, what shows icons and notifications, the portal.

use serde::Serialize;

use crate::distro::Family;
use crate::remedy::Remedy;
use crate::{tr, trf};

/// As [`super::Diagnosis`], whose part it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[allow(missing_docs)] // the sentences below say it
pub enum SessionDiagnosis {
    /// With a display, and without a bus.
    SessionBusAbsent,
    /// It takes connections and says nothing.
    SessionBusSilent,
    /// Nobody asks for icons; `has_watcher`: items can register all the same.
    TrayAbsent { desktop: Desktop, has_watcher: bool },
    /// Nobody shows notifications, and nobody would be started for them.
    NotificationsAbsent,
    /// No portal, and none would be started.
    PortalAbsent,
    /// It runs without its interface for cameras.
    PortalWithoutCamera,
    /// The portal refuses cameras to this application, as it was told once; an empty `id` stands for all that are in no sandbox.
    PortalRefuses { name: String, id: String },
    /// A Flatpak that was never given devices.
    FlatpakPortalOnly { name: String, id: String },
    /// A Flatpak from which the file `by` takes devices.
    FlatpakDevicesTaken { name: String, id: String, by: String },
    /// A Snap whose plug for cameras is not connected.
    SnapNotConnected { name: String, id: String },
}

/// A desktop, as far as it is known where its tray is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // they are called so
pub enum Desktop {
    Cinnamon,
    Gnome,
    Kde,
    Lxqt,
    Mate,
    Xfce,
    /// A compositor, whose bar is another program.
    Compositor,
    #[default]
    Other,
}

pub(super) fn sentence(diagnosis: &SessionDiagnosis) -> String {
    match diagnosis {
        SessionDiagnosis::SessionBusAbsent => {
            tr("There is no session bus: the icon, notifications and portals cannot work.")
        }
        SessionDiagnosis::SessionBusSilent => {
            tr("The session bus does not answer: the icon, notifications and portals cannot work.")
        }
        SessionDiagnosis::TrayAbsent { .. } => tr("The desktop has no tray: Lenscap's icon is not shown."),
        SessionDiagnosis::NotificationsAbsent => tr("Nothing on this desktop shows notifications."),
        SessionDiagnosis::PortalAbsent => {
            tr("There is no portal: applications in a sandbox cannot ask for the camera.")
        }
        SessionDiagnosis::PortalWithoutCamera => {
            tr("The portal has no cameras: applications in a sandbox cannot ask for one.")
        }
        SessionDiagnosis::PortalRefuses { name, .. } if name.is_empty() => {
            tr("The portal refuses cameras to applications outside of sandboxes, as it was told once.")
        }
        SessionDiagnosis::PortalRefuses { name, .. } => {
            trf!("The portal refuses cameras to {application}, as it was told once.", application = name)
        }
        SessionDiagnosis::FlatpakPortalOnly { name, .. } => trf!(
            "{application} is a Flatpak without access to devices: it reaches cameras through the portal only.",
            application = name
        ),
        SessionDiagnosis::FlatpakDevicesTaken { name, .. } => trf!(
            "{application} is a Flatpak from which a setting takes its access to devices: it reaches cameras through the portal only.",
            application = name
        ),
        SessionDiagnosis::SnapNotConnected { name, .. } => {
            trf!("{application} is a Snap that may not use cameras.", application = name)
        }
    }
}

pub(super) fn evidence(diagnosis: &SessionDiagnosis) -> Option<String> {
    Some(match diagnosis {
        SessionDiagnosis::TrayAbsent { has_watcher: false, .. } => "org.kde.StatusNotifierWatcher".to_owned(),
        SessionDiagnosis::TrayAbsent { has_watcher: true, .. } => {
            "org.kde.StatusNotifierWatcher: IsStatusNotifierHostRegistered = false".to_owned()
        }
        SessionDiagnosis::NotificationsAbsent => "org.freedesktop.Notifications".to_owned(),
        SessionDiagnosis::PortalAbsent => "org.freedesktop.portal.Desktop".to_owned(),
        SessionDiagnosis::PortalWithoutCamera => "org.freedesktop.portal.Camera".to_owned(),
        SessionDiagnosis::FlatpakPortalOnly { id, .. } => id.clone(),
        SessionDiagnosis::FlatpakDevicesTaken { by, .. } => by.clone(),
        SessionDiagnosis::SnapNotConnected { id, .. } => format!("{id}:camera"),
        SessionDiagnosis::PortalRefuses { id, .. } => format!("devices/camera/{id}"),
        SessionDiagnosis::SessionBusAbsent | SessionDiagnosis::SessionBusSilent => return None,
    })
}

pub(super) fn remedy(diagnosis: &SessionDiagnosis) -> Remedy {
    match diagnosis {
        SessionDiagnosis::SessionBusAbsent => {
            tr("Log in by a login screen, or start the desktop with \"dbus-run-session\" in front of its command.")
                .into()
        }
        SessionDiagnosis::SessionBusSilent => tr("Log in again.").into(),
        SessionDiagnosis::TrayAbsent { desktop, .. } => tray(*desktop),
        SessionDiagnosis::NotificationsAbsent => {
            Remedy { text: tr("Install a service for them, dunst for example."), ..install("dunst") }
        }
        SessionDiagnosis::PortalAbsent => Remedy {
            text: tr("Install it with a part for your desktop, this one for example, and log in again."),
            ..install("xdg-desktop-portal xdg-desktop-portal-gtk")
        },
        SessionDiagnosis::PortalWithoutCamera => Remedy {
            text: tr("It needs PipeWire, and a part that can ask you, this one for example. Then log in again."),
            ..install("xdg-desktop-portal-gtk")
        },
        SessionDiagnosis::PortalRefuses { id, .. } => {
            const STORE: &str = "org.freedesktop.impl.portal.PermissionStore";
            let path = format!("/{}", STORE.replace('.', "/"));
            Remedy::new(
                tr("Have it ask you again."),
                [format!("busctl --user call {STORE} {path} {STORE} DeletePermission sss devices camera \"{id}\"")],
            )
        }
        SessionDiagnosis::FlatpakPortalOnly { id, .. } => Remedy::new(
            tr(
                "It sees Lenscap where it can use cameras of PipeWire. Where it cannot, this gives it all devices that you may use, not cameras alone.",
            ),
            [give_devices(id)],
        ),
        SessionDiagnosis::FlatpakDevicesTaken { id, .. } => {
            Remedy::new(tr("Give it back, and start the application again."), [give_devices(id)])
        }
        SessionDiagnosis::SnapNotConnected { id, .. } => {
            Remedy::new(tr("Connect it, and start it again."), [format!("sudo snap connect {id}:camera")])
        }
    }
}

fn give_devices(id: &str) -> String {
    format!("flatpak override --user --device=all {id}")
}

/// Packages that are called so everywhere.
fn install(packages: &str) -> Remedy {
    let remedy = Family::here().install(packages, packages, packages);
    Remedy { text: String::new(), ..remedy }
}

fn tray(desktop: Desktop) -> Remedy {
    let part = match desktop {
        Desktop::Gnome => {
            return Remedy {
                text: tr(
                    "Install the extension \"AppIndicator and KStatusNotifierItem Support\", log in again, and switch it on in \"Extensions\". Or switch on \"Lenscap\" there: the camera is in the quick settings then, without an icon.",
                ),
                ..install("gnome-shell-extension-appindicator")
            };
        }
        Desktop::Compositor => {
            return tr("Add the module \"tray\" to Waybar, or \"tray_output *\" to the bar of sway.").into();
        }
        Desktop::Other => {
            return tr("Add a tray to the panel, one that knows StatusNotifierItem. Until then start Lenscap again to see its window.").into();
        }
        Desktop::Cinnamon => "XApp Status Applet",
        Desktop::Kde => "System Tray",
        Desktop::Lxqt => "Status Notifier Plugin",
        Desktop::Mate => "Notification Area",
        Desktop::Xfce => "Status Tray Plugin",
    };
    trf!("Add \"{part}\" to the panel.", part = part).into()
}
