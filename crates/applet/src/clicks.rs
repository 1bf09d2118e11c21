//! Clicks in the tray and on notifications.

use std::rc::Rc;

use lenscap_api::Request;

use super::Desktop;
use super::notify::{self, Subject};
use lenscap_core::trouble::refusal::Refusal;
use lenscap_relay::server::Answer;
use lenscap_words::refusal;

/// A request that somebody made by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Click {
    /// What is asked for.
    pub request: Request,
    /// With it a window may come to the front; see XDG activation.
    pub token: Option<String>,
}

impl Desktop {
    /// Carries it out; what cannot be done is said in a notification.
    pub(super) fn clicked(self: &Rc<Self>, click: Click) {
        let answer = match click.token {
            // The click's token brings it to the front.
            token @ Some(_) if click.request.opens_window() => {
                self.open_window(&click.request, token);
                Answer::Now(Ok(()))
            }
            _ => self.obey(click.request),
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
