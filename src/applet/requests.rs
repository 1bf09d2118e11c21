//! What is asked from the tray, a notification or the bus, carried out.

use std::rc::Rc;
use std::time::Duration;

use lenscap_api::Request;

use super::Desktop;
use super::notify::{self, Subject};
use crate::app::relay::Window;
use crate::core::trouble::refusal::Refusal;
use crate::i18n::refusal;
use crate::ipc::Answer;
use crate::ui::Ask;

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
        let answer = match (Window::of(&ask.wanted), ask.token) {
            // The click's token brings it to the front.
            (Some(window), token @ Some(_)) => {
                self.open_window(window, token);
                Answer::Now(Ok(()))
            }
            _ => self.obey(ask.wanted),
        };
        let desktop = Rc::downgrade(self);
        let then = move |done: Result<(), Refusal>| {
            if let (Err(refused), Some(desktop)) = (done, desktop.upgrade()) {
                desktop.complain(&refusal::sentence(&refused));
            }
        };
        self.when_done(answer, Box::new(then));
    }

    pub(super) fn complain(&self, sentence: &str) {
        tracing::warn!("{sentence}");
        self.front.borrow().notify(Subject::Complaint, Some(notify::complaint(sentence)));
    }
}
