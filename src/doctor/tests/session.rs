//! Worlds of the checks that look at the user's session.

use super::desktop::{Answers, NOTIFICATIONS, PORTAL, SessionBus, WATCHER};
use super::*;
use crate::i18n::doctor::Desktop as Kind;

/// A desktop where somebody has each of these names.
fn desktop(rig: &Rig, owned: &[&str]) {
    let owned = owned.iter().map(|name| (*name).to_owned()).collect();
    rig.2.borrow_mut().bus = SessionBus::Answers(Answers { owned, ..Answers::default() });
}

/// One where all is well, but for this.
fn but(rig: &Rig, change: impl FnOnce(&mut Answers)) {
    desktop(rig, &[WATCHER, NOTIFICATIONS, PORTAL]);
    if let SessionBus::Answers(answers) = &mut rig.2.borrow_mut().bus {
        change(answers);
    }
}

fn quiet(rig: &Rig) {
    let off = ["activation", "failure", "busy", "toggle"].map(|key| format!("{key} = false\n")).concat();
    rig.put("home/.config/lenscap/config.toml", &format!("[notifications]\n{off}"));
}

pub(super) const BROKEN: &[(&str, Change)] = &[
    ("session-bus: There is no session bus", |rig| rig.2.borrow_mut().bus = SessionBus::Absent),
    ("session-bus: The session bus does not answer", |rig| rig.2.borrow_mut().bus = SessionBus::Silent),
    ("tray: The desktop has no tray", |rig| {
        desktop(rig, &[NOTIFICATIONS, PORTAL]);
        rig.2.borrow_mut().kind = Kind::Gnome;
    }),
    ("tray: The desktop has no tray", |rig| but(rig, |answers| answers.has_tray = Some(false))),
    ("notifications: Nothing on this desktop shows notifications", |rig| desktop(rig, &[WATCHER, PORTAL])),
    ("portals: There is no portal", |rig| desktop(rig, &[WATCHER, NOTIFICATIONS])),
    ("portals: The portal has no cameras", |rig| but(rig, |answers| answers.has_cameras = Some(false))),
    ("portals: The portal refuses cameras to org.mozilla.firefox", |rig| {
        but(rig, |answers| answers.refused = vec!["org.mozilla.firefox".into()]);
    }),
    ("portals: The portal refuses cameras to applications outside", |rig| {
        but(rig, |answers| answers.refused = vec![String::new()]);
    }),
];

pub(super) const WHOLE: &[(&str, Change)] = &[
    ("session-bus", |rig| rig.2.borrow_mut().bus = SessionBus::Unknown),
    ("tray", |rig| but(rig, |answers| answers.has_tray = Some(true))),
    // It does not say.
    ("tray", |rig| but(rig, |_| {})),
    ("notifications", |rig| {
        desktop(rig, &[WATCHER, PORTAL]);
        quiet(rig);
    }),
    // They are started when they are asked.
    ("notifications", |rig| {
        but(rig, |answers| answers.startable = std::mem::take(&mut answers.owned));
    }),
    ("portals", |rig| but(rig, |answers| answers.has_cameras = Some(true))),
];

#[test]
fn the_next_step_is_that_of_the_desktop() {
    for (kind, step) in [
        (Kind::Gnome, "Install the extension \"AppIndicator and KStatusNotifierItem Support\""),
        (Kind::Xfce, "Add \"Status Tray Plugin\" to the panel."),
        (Kind::Compositor, "Add the module \"tray\" to Waybar"),
        (Kind::Other, "Add a tray to the panel"),
    ] {
        let rig = Rig::new();
        desktop(&rig, &[NOTIFICATIONS, PORTAL]);
        rig.2.borrow_mut().kind = kind;
        let remedy = rig.findings().into_iter().find(|finding| finding.check == "tray").unwrap().remedy.unwrap();
        assert!(remedy.starts_with(step), "{remedy}");
    }
}
