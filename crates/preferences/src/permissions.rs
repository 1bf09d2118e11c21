//! What the desktop's own permissions say about cameras: those that its portal asked the user for, by application.
//!
//! The portal keeps them in the permission store: table "devices", id "camera", a text an application
//! (xdg-desktop-portal, camera.c and xdg-permissions.c). They hold for who comes through the portal: Flatpaks and browsers.

use std::collections::HashMap;

use glib::variant::{ToVariant, Variant};
use lenscap_core::app::AppId;

const NAME: &str = "org.freedesktop.impl.portal.PermissionStore";
const OBJECT: &str = "/org/freedesktop/impl/portal/PermissionStore";
/// Longest wait, in milliseconds: a store reads one small file.
const LIMIT_MS: i32 = 2000;
/// Most applications that are shown.
const MAX_SHOWN: usize = 64;

/// The applications that may not have a camera; none where there is no store, which is not started for this.
pub async fn refused() -> Vec<AppId> {
    let Ok(bus) = gio::bus_get_future(gio::BusType::Session).await else { return Vec::new() };
    let flags = gio::DBusCallFlags::NO_AUTO_START;
    let arguments = ("devices", "camera").to_variant();
    let answer = bus.call_future(Some(NAME), OBJECT, NAME, "Lookup", Some(&arguments), None, flags, LIMIT_MS).await;
    answer.map(|answer| refused_in(&answer)).unwrap_or_default()
}

fn refused_in(answer: &Variant) -> Vec<AppId> {
    let permissions = answer.try_child_value(0).and_then(|all| all.get::<HashMap<String, Vec<String>>>());
    let permissions = permissions.unwrap_or_default().into_iter();
    let refused = permissions.filter(|(id, said)| !id.is_empty() && said.iter().any(|word| word == "no"));
    let mut refused: Vec<AppId> = refused.map(|(id, _)| id.into()).collect();
    refused.sort();
    refused.truncate(MAX_SHOWN);
    refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_are_refused_of_whom_the_store_says_no() {
        let said = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let all = HashMap::from([
            ("us.zoom.Zoom".to_owned(), said(&["no"])),
            ("org.gnome.Snapshot".to_owned(), said(&["yes"])),
            ("a\u{202e}b\n".to_owned(), said(&["no"])),
            (String::new(), said(&["no"])),
            ("org.example.Asked".to_owned(), said(&["ask"])),
        ]);
        let refused = refused_in(&(all, "data".to_variant()).to_variant());
        let shown: Vec<_> = refused.iter().map(AppId::as_str).collect();
        assert_eq!(shown.len(), 2, "{shown:?}");
        assert!(shown.contains(&"us.zoom.Zoom") && shown.iter().all(|id| !id.contains(['\n', '\u{202e}'])));
        assert!(refused_in(&("odd",).to_variant()).is_empty());
    }
}
