//! What is asked from the tray, a notification or the bus, carried out.

use std::rc::Rc;
use std::time::Duration;

use lenscap_api::Request;

use super::Desktop;
use super::notify::{Notice, Subject};
use crate::config::Settings;
use crate::core::trouble::refusal::Refusal;
use crate::i18n::{refusal, tr};
use crate::ipc::Answer;
use crate::ui::{Ask, Wanted};

/// How long whoever asked over D-Bus waits for the settings file.
const SETTINGS_LIMIT: Duration = Duration::from_millis(2500);

/// Hears that something is done, or why not.
pub(super) type Then = Box<dyn FnOnce(Result<(), Refusal>)>;

impl Desktop {
    pub(super) fn obey(&self, request: Request) -> Answer {
        let mut relay = self.relay.borrow_mut();
        let answer = relay.obey(request);
        let wishes = relay.wishes();
        drop(relay);
        self.see_to(wishes);
        answer
    }

    fn when_done(&self, answer: Answer, then: Then) {
        match answer {
            Answer::Now(result) => then(result),
            Answer::Later(ticket) => drop(self.waiting.borrow_mut().insert(ticket, then)),
        }
    }

    pub(super) async fn done(&self, answer: Answer) -> Result<(), Refusal> {
        let (sender, done) = async_channel::bounded(1);
        let then = move |result| drop(sender.try_send(result));
        self.when_done(answer, Box::new(then));
        match glib::future_with_timeout(SETTINGS_LIMIT, done.recv()).await {
            Ok(result) => result.unwrap_or(Ok(())),
            Err(_) => Err(Refusal::SettingsSilent),
        }
    }

    pub(super) fn answer(self: &Rc<Self>, ask: Ask) {
        let answer = match ask.wanted {
            Wanted::Pause(time) => self.obey(Request::Pause { seconds: time.map(|time| time.as_secs()) }),
            Wanted::Resume => self.obey(Request::Resume),
            Wanted::Toggle => self.obey(Request::Toggle),
            Wanted::TurnOff => self.obey(Request::TurnOff),
            Wanted::Quit => self.obey(Request::Quit),
            Wanted::Source(source) => self.set(move |settings| settings.camera.source = source),
            Wanted::Size(width, height) => self.set(move |settings| {
                (settings.camera.format.width, settings.camera.format.height) = (width, height);
            }),
            Wanted::Preferences => {
                self.open_window(&[], ask.token);
                Answer::Now(Ok(()))
            }
            Wanted::Diagnose => {
                self.open_window(&["--diagnose"], ask.token);
                Answer::Now(Ok(()))
            }
            Wanted::About => {
                self.open_window(&["--about"], ask.token);
                Answer::Now(Ok(()))
            }
            Wanted::HostIsThere => {
                self.front.borrow_mut().has_host = true;
                Answer::Now(Ok(()))
            }
            Wanted::HostIsGone => {
                self.tray_is_gone();
                Answer::Now(Ok(()))
            }
        };
        let desktop = Rc::downgrade(self);
        let then = move |done: Result<(), Refusal>| {
            if let (Err(refused), Some(desktop)) = (done, desktop.upgrade()) {
                desktop.complain(&refusal::sentence(&refused));
            }
        };
        self.when_done(answer, Box::new(then));
    }

    /// Writes a setting, and takes it.
    fn set(&self, change: impl FnOnce(&mut Settings) + Send + 'static) -> Answer {
        self.relay.borrow_mut().change_settings(Box::new(change))
    }

    pub(super) fn complain(&self, sentence: &str) {
        tracing::warn!("{sentence}");
        let notice = Notice {
            summary: tr("Lenscap cannot do that"),
            body: sentence.to_owned(),
            icon: crate::APP_ID.into(),
            actions: Vec::new(),
            urgent: false,
        };
        self.front.borrow().notify(Subject::Complaint, Some(notice));
    }
}
