//! The preferences: a program of its own.

use std::process::Command;

use lenscap_api::Request;

use super::Desktop;
use lenscap::app::program;
use lenscap_core::trouble::start::StartTrouble;
use lenscap_text::Detail;
use lenscap_words::start::sentence;

impl Desktop {
    pub(super) fn open_window(&self, request: &Request, token: Option<String>) {
        let argument = match request {
            Request::Extension => return self.offer_extension(token),
            Request::Diagnose => Some("--diagnose"),
            Request::SetUp => Some("--set-up"),
            Request::About => Some("--about"),
            _ => None,
        };
        let spawn = || -> Result<(), StartTrouble> {
            let path = program("lenscap-preferences")?;
            let mut command = Command::new(&path);
            command.args(argument);
            if let Some(token) = token {
                command.env("XDG_ACTIVATION_TOKEN", token);
            }
            let settings = self.relay.borrow().settings_path().to_owned();
            // The usual file's window is the one there is; one of another file stands for itself.
            if self.usual_settings.as_ref().is_some_and(|usual| *usual != settings) {
                command.arg("--config").arg(settings);
            }
            let mut window = command
                .spawn()
                .map_err(|error| StartTrouble::Preferences { program: Detail::of_path(&path), cause: error.into() })?;
            // Reaps it.
            self.tasks.run(async move { drop(blocking::unblock(move || window.wait()).await) });
            Ok(())
        };
        if let Err(trouble) = spawn() {
            self.complain(&sentence(&trouble));
        }
    }
}
