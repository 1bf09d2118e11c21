//! Asks the helper on the system bus, as the window and a user without a terminal do.

use gio::{DBusCallFlags, DBusError};
use lenscap_api::{SETUP_NAME, SETUP_PATH, SetupReport, SetupVerb};
use lenscap_core::trouble::setup::SetupTrouble;
use lenscap_text::Cause;

/// In milliseconds. The helper gives up its question to polkit after 10 minutes ([`crate::Patience`]), another setup after 3, and each
/// program that it runs after 2: who waits longer than this waits for a helper that hangs.
const LONGEST: i32 = 20 * 60 * 1000;

/// Has this done; waits as long as the user takes for the password, within bounds.
pub fn ask(verb: SetupVerb) -> SetupReport {
    let refused = |trouble| SetupReport::refused(verb, trouble);
    let answer = match call(verb) {
        Ok(answer) => answer,
        Err(error) => return refused(trouble(&error)),
    };
    let report = answer.get::<(String,)>().and_then(|(json,)| serde_json::from_str(&json).ok());
    report.unwrap_or_else(|| refused(SetupTrouble::Helper { cause: Cause::other("an answer of another version") }))
}

fn call(verb: SetupVerb) -> Result<glib::Variant, glib::Error> {
    let bus = gio::bus_get_sync(gio::BusType::System, None::<&gio::Cancellable>)?;
    bus.call_sync(
        Some(SETUP_NAME),
        SETUP_PATH,
        SETUP_NAME,
        verb.method(),
        None,
        None,
        DBusCallFlags::ALLOW_INTERACTIVE_AUTHORIZATION,
        LONGEST,
        None::<&gio::Cancellable>,
    )
}

fn trouble(error: &glib::Error) -> SetupTrouble {
    match error.kind::<DBusError>() {
        Some(DBusError::AccessDenied | DBusError::AuthFailed) => SetupTrouble::Forbidden,
        Some(DBusError::LimitsExceeded) => SetupTrouble::Busy,
        // Nobody has the name and nobody can be started for it, or polkit is missing.
        Some(DBusError::ServiceUnknown | DBusError::NameHasNoOwner | DBusError::NotSupported) => SetupTrouble::NoWay,
        Some(_) => SetupTrouble::Helper { cause: Cause::other(error) },
        // No bus at all.
        None => SetupTrouble::NoWay,
    }
}
