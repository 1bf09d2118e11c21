//! Requests on their way through the relay: done at once, or when the settings file is written.

use std::rc::Rc;
use std::time::Duration;

use lenscap_api::Request;

use super::Desktop;
use super::tasks::within;
use lenscap_core::trouble::refusal::Refusal;
use lenscap_relay::server::Answer;

/// How long whoever asked over D-Bus waits for the settings file.
const SETTINGS_LIMIT: Duration = Duration::from_millis(2500);

/// Hears that something is done, or why not.
pub(super) type Then = Box<dyn FnOnce(Result<(), Refusal>)>;

impl Desktop {
    pub(super) fn obey(self: &Rc<Self>, request: Request) -> Answer {
        let mut relay = self.relay.borrow_mut();
        let answer = relay.obey(request);
        let events = relay.take_events();
        drop(relay);
        self.see_to(events);
        answer
    }

    pub(super) fn when_done(&self, answer: Answer, then: Then) {
        match answer {
            Answer::Now(result) => then(result),
            Answer::Later(ticket) => drop(self.waiting.borrow_mut().insert(ticket, then)),
        }
    }

    pub(super) async fn done(&self, answer: Answer) -> Result<(), Refusal> {
        let (sender, done) = async_channel::bounded(1);
        let then = move |result| drop(sender.try_send(result));
        self.when_done(answer, Box::new(then));
        match within(SETTINGS_LIMIT, done.recv()).await {
            Some(result) => result.unwrap_or(Ok(())),
            None => Err(Refusal::SettingsSilent),
        }
    }
}
