//! Asks the helper on the system bus, for the window and a user without a terminal.

use std::io;

use gio::{DBusCallFlags, DBusError};
use lenscap_api::{SETUP_NAME, SETUP_PATH, SetupReport, SetupVerb};
use lenscap_core::trouble::setup::SetupTrouble;
use lenscap_text::Cause;

/// In milliseconds. The helper gives up its question to polkit after 10 minutes ([`crate::Patience`]), another setup after 3, and each
/// program that it runs after 2: who waits longer than this waits for a helper that hangs.
const LONGEST: i32 = 20 * 60 * 1000;

/// Has this done; waits as long as the user takes for the password, within bounds.
pub fn ask(verb: SetupVerb) -> SetupReport {
    call(verb).unwrap_or_else(|trouble| SetupReport::refused(verb, trouble))
}

fn call(verb: SetupVerb) -> Result<SetupReport, SetupTrouble> {
    let none = None::<&gio::Cancellable>;
    let bus = gio::bus_get_sync(gio::BusType::System, none).map_err(|_| SetupTrouble::NoWay)?;
    let flags = DBusCallFlags::ALLOW_INTERACTIVE_AUTHORIZATION;
    let name = Some(SETUP_NAME);
    let answer = bus.call_sync(name, SETUP_PATH, SETUP_NAME, verb.method(), None, None, flags, LONGEST, none);
    let answer = answer.map_err(|error| trouble(&error))?;
    let report = answer.get::<(String,)>().and_then(|(json,)| serde_json::from_str(&json).ok());
    report.ok_or_else(|| SetupTrouble::Helper { cause: Cause::other("an answer of another version") })
}

fn trouble(error: &glib::Error) -> SetupTrouble {
    use DBusError as Kind;

    match error.kind::<Kind>() {
        Some(Kind::AccessDenied | Kind::AuthFailed) => SetupTrouble::Forbidden,
        Some(Kind::LimitsExceeded) => SetupTrouble::Busy,
        // Nobody has the name and nobody can be started for it, or polkit is missing.
        Some(Kind::ServiceUnknown | Kind::NameHasNoOwner | Kind::SpawnServiceNotFound | Kind::NotSupported) => {
            SetupTrouble::NoWay
        }
        _ if error.matches(gio::IOErrorEnum::TimedOut) => {
            SetupTrouble::Helper { cause: io::Error::from(io::ErrorKind::TimedOut).into() }
        }
        // It ended, or the bus did.
        _ => SetupTrouble::Helper { cause: Cause::other(error) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_of_the_bus_is_a_trouble_of_its_own() {
        let of = |kind| trouble(&glib::Error::new(kind, "x"));
        assert_eq!(of(DBusError::AccessDenied), SetupTrouble::Forbidden);
        assert_eq!(of(DBusError::ServiceUnknown), SetupTrouble::NoWay);
        assert_eq!(of(DBusError::LimitsExceeded), SetupTrouble::Busy);
        let late = trouble(&glib::Error::new(gio::IOErrorEnum::TimedOut, "x"));
        assert_eq!(late, SetupTrouble::Helper { cause: io::Error::from(io::ErrorKind::TimedOut).into() });
        assert!(matches!(of(DBusError::NoReply), SetupTrouble::Helper { .. }));
    }
}
