//! What a start shows besides the icon. At the first one with something missing that is how to set it up: in the window, or, where
//! nobody asked for a window, in a notification with a button.

use std::rc::Rc;

use lenscap_api::Request;

use super::notify::{Subject, welcome};
use super::{Desktop, StartedBy};
use lenscap::app::relay::is_demonstration;
use lenscap::autostart::{Entries, Once};
use lenscap::{config, doctor};
use lenscap_words::status::published;

impl Desktop {
    /// A start by hand, or from a menu.
    pub(super) fn show_window(self: &Rc<Self>) {
        let desktop = self.clone();
        self.tasks.run(async move {
            if desktop.may_welcome().await {
                desktop.open_window(&Request::SetUp, None);
            } else if desktop.started_by == StartedBy::Menu {
                desktop.open_window(&Request::Preferences, None);
            }
        });
    }

    /// A start by D-Bus or with the session, as soon as there is a bus.
    pub(super) fn offer_set_up(self: &Rc<Self>) {
        let desktop = self.clone();
        self.tasks.run(async move {
            if desktop.may_welcome().await {
                desktop.front.borrow().notify(Subject::Welcome, Some(welcome()));
            }
        });
    }

    /// Whether something is to be set up, and the user was not shown it yet; from now on he was.
    async fn may_welcome(&self) -> bool {
        if is_demonstration() {
            return false;
        }
        let (layers, status) = {
            let relay = self.relay.borrow();
            (config::Layers::with_user(relay.settings_path().to_owned()), published(&relay.status()))
        };
        // The home may be on a network, and the answer may take its time.
        blocking::unblock(move || {
            let (once, entries) = (Once::welcome(), Entries::from_environment());
            if once.is_said() {
                return false;
            }
            let starts_with_session = entries.is_on() || entries.unit_is_enabled();
            if starts_with_session && !doctor::lacks_essentials(layers, status) {
                return false;
            }
            if let Err(error) = once.say() {
                tracing::debug!("cannot remember that the welcome was shown: {error}");
            }
            true
        })
        .await
    }
}
