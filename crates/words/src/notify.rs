//! What notifications say.

use lenscap_core::presence::Client;

use crate::programs::{names, programs};
use crate::{tr, trf, trn};

/// A headline, and a sentence below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeText {
    /// One short line.
    pub summary: String,
    /// A sentence or none.
    pub body: String,
}

/// "Zoom is using the camera"; `None` when nobody does.
pub fn is_using(clients: &[Client]) -> Option<NoticeText> {
    let names = names(clients)?;
    let count = programs(clients).len() as u64;
    let summary = trn!("{names} is using the camera", "{names} are using the camera", count, names = names);
    Some(NoticeText { summary, body: String::new() })
}

/// `comer` opens the camera while `user` streams from it, and there is room for one only.
pub fn finds_it_in_use(comer: &str, user: &str) -> NoticeText {
    NoticeText {
        summary: trf!("{name} finds the camera in use", name = comer),
        body: trf!(
            "{user} uses it, and only one application at a time can. Turn on the second device in the preferences for two.",
            user = user
        ),
    }
}

/// Headline of a camera that cannot be switched off.
pub fn still_on() -> String {
    tr("The camera is still on")
}

/// Headline of a camera that another program has.
pub fn in_use() -> String {
    tr("The camera is in use")
}

/// Headline of any other failure.
pub fn does_not_work() -> String {
    tr("The camera does not work")
}

/// There is no tray, and how to get one.
pub fn no_tray() -> NoticeText {
    NoticeText {
        summary: tr("Lenscap has no place for its icon"),
        body: tr(
            "On GNOME install the extension \"AppIndicator and KStatusNotifierItem Support\", elsewhere add a tray to the panel. \
             Meanwhile start Lenscap again to see its preferences.",
        ),
    }
}

/// Headline of a click that came to nothing.
pub fn cannot_do_that() -> String {
    tr("Lenscap cannot do that")
}

/// Button and default action: opens the preferences.
pub fn settings() -> String {
    tr("Settings")
}

/// Button: camera off for those who use it now.
pub fn turn_off() -> String {
    tr("Turn Off")
}

/// Button: starts a camera that failed.
pub fn try_again() -> String {
    tr("Try Again")
}
