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

/// "May Zoom use the camera?"
pub fn asks(name: &str) -> NoticeText {
    let body = tr("It sees a card until you answer. Without an answer it gets no camera.");
    NoticeText { summary: crate::menu::asks(name), body }
}

/// Said where there are no buttons for it.
pub fn how_to_answer() -> String {
    tr("Answer in the icon's menu, or with \"lenscap allow\" or \"lenscap block\".")
}

/// Headline of a camera that cannot be switched off.
pub fn still_on() -> String {
    tr("The camera is still on")
}

/// Headline of what a key did: it may be on, or not.
pub fn toggled(is_allowed: bool) -> String {
    if is_allowed { tr("Camera is allowed") } else { tr("Camera is paused") }
}

/// Headline of a camera that another program has.
pub fn in_use() -> String {
    tr("The camera is in use")
}

/// Headline of any other failure.
pub fn does_not_work() -> String {
    tr("The camera does not work")
}

/// There is no tray, and how to get one. GNOME shows one line of the sentence, cut at about 50 characters, until it is
/// pointed at.
pub fn no_tray(is_gnome: bool) -> NoticeText {
    let body = if is_gnome {
        // TRANSLATORS: at most 50 characters; "AppIndicator" is the extension's name
        tr("GNOME needs the AppIndicator extension.")
    } else {
        tr("Add a tray to the panel. Until then, start Lenscap again to see its window.")
    };
    // TRANSLATORS: at most 40 characters
    NoticeText { summary: tr("Lenscap's icon is not shown"), body }
}

/// Something is missing at the first start.
pub fn not_set_up() -> NoticeText {
    // TRANSLATORS: at most 40 characters
    NoticeText { summary: tr("Lenscap is not set up yet"), body: tr("Something that the camera needs is missing.") }
}

/// Said where there is no button for it.
pub fn how_to_set_up() -> String {
    tr("To see what, run: lenscap preferences --set-up")
}

/// Button: the extension with which GNOME shows the icon.
pub fn get_extension() -> String {
    tr("Get Extension")
}

/// A web page that nothing opens.
pub fn cannot_open(page: &str) -> String {
    trf!("Nothing opens web pages here. The page is: {page}", page = page)
}

/// Headline of a click that came to nothing.
pub fn cannot_do_that() -> String {
    tr("Lenscap cannot do that")
}

/// Said where there is no button for it.
pub fn how_to_turn_off() -> String {
    tr("To turn the camera off, open the menu of Lenscap's icon, or run: lenscap off")
}

/// Button: opens the preferences.
pub fn preferences() -> String {
    tr("Preferences")
}
