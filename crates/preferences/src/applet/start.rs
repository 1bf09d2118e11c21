//! The applet's start.

use std::time::Duration;

use gio::prelude::*;
use lenscap_core::trouble::preferences::PreferencesTrouble;
use lenscap_sys::install::APP_ID;

use crate::program::GL_VARIABLES;
use crate::programs;
use lenscap_text::Cause;

/// How long a start may take.
const START_LIMIT_MS: i32 = 10_000;

/// Starts the applet: by D-Bus activation where that is installed, else the program beside this one.
///
/// # Errors
/// It cannot be started, or ended at once.
pub async fn start() -> Result<(), PreferencesTrouble> {
    if let Ok(bus) = gio::bus_get_future(gio::BusType::Session).await {
        let (name, path) = ("org.freedesktop.DBus", "/org/freedesktop/DBus");
        let parameters = (APP_ID, 0u32).to_variant();
        let flags = gio::DBusCallFlags::NONE;
        let method = "StartServiceByName";
        let answer = bus.call_future(Some(name), path, name, method, Some(&parameters), None, flags, START_LIMIT_MS);
        match answer.await {
            Ok(_) => return Ok(()),
            Err(error) if !error.matches(gio::DBusError::ServiceUnknown) => return Err(failed(&error)),
            Err(_) => {}
        }
    }
    let launcher = gio::SubprocessLauncher::new(gio::SubprocessFlags::NONE);
    for variable in GL_VARIABLES {
        launcher.unsetenv(variable);
    }
    let program = programs::command_line();
    let started = launcher.spawn(&[program.as_os_str()]).map_err(|error| failed(&error))?;
    // Whoever stays is well; a second sees to it that its state is shown.
    let ended = glib::future_with_timeout(Duration::from_secs(2), started.wait_future());
    match ended.await {
        Ok(Ok(())) if !started.is_successful() => Err(PreferencesTrouble::EndedAtOnce),
        _ => Ok(()),
    }
}

fn failed(error: &glib::Error) -> PreferencesTrouble {
    PreferencesTrouble::NotStarted { cause: Cause::other(error) }
}
