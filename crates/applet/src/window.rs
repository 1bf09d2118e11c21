//! The preferences: a program of its own.

use lenscap_api::Request;

use super::Desktop;
use lenscap::app::program;
use lenscap_core::trouble::start::StartTrouble;
use lenscap_text::Text;
use lenscap_words::start::sentence;

impl Desktop {
    pub(super) fn open_window(&self, request: &Request, token: Option<String>) {
        let argument = match request {
            Request::Diagnose => Some("--diagnose"),
            Request::About => Some("--about"),
            _ => None,
        };
        let spawn = || -> Result<(), StartTrouble> {
            let path = program("lenscap-preferences")?;
            let launcher = gio::SubprocessLauncher::new(gio::SubprocessFlags::NONE);
            if let Some(token) = token {
                launcher.setenv("XDG_ACTIVATION_TOKEN", &token, true);
            }
            let settings = self.relay.borrow().settings_path().to_owned();
            let mut words = vec![path.as_os_str()];
            words.extend(argument.map(std::ffi::OsStr::new));
            // The usual file's window is the one there is; one of another file stands for itself.
            if self.usual_settings.as_ref().is_some_and(|usual| *usual != settings) {
                words.extend([std::ffi::OsStr::new("--config"), settings.as_os_str()]);
            }
            let window = launcher.spawn(&words).map_err(|error| StartTrouble::Preferences {
                program: Text::of_path(&path),
                error: error.message().into(),
            })?;
            // Reaps it.
            glib::spawn_future_local(async move { window.wait_future().await });
            Ok(())
        };
        if let Err(trouble) = spawn() {
            self.complain(&sentence(&trouble));
        }
    }
}
