//! A key of the desktop's that pauses the camera and resumes it, while the setting asks for one.

mod portal;

use std::rc::Rc;

use lenscap_api::{Code, Request};

use super::Desktop;
use lenscap_core::shortcut::Shortcut;
use lenscap_words::shortcut::sentence;
use portal::Heard;

impl Desktop {
    /// Asks for a key, or gives it back, as the settings say.
    pub(super) fn mind_shortcut(self: &Rc<Self>) {
        let (is_wanted, is_asked) = {
            let front = self.front.borrow();
            (front.connection.is_some() && front.settings.privacy.shortcut, front.shortcut.is_some())
        };
        if is_wanted == is_asked {
            return;
        }
        let task = is_wanted.then(|| {
            let desktop = Rc::downgrade(self);
            self.tasks.run_while_held(async move {
                let hear = |heard| {
                    if let Some(desktop) = desktop.upgrade() {
                        desktop.heard_of_shortcut(heard);
                    }
                };
                if let Err(error) = portal::keep_key(&hear).await {
                    tracing::warn!("no keyboard shortcut: {error}");
                }
            })
        });
        self.front.borrow_mut().shortcut = task;
        if !is_wanted {
            self.shortcut_is(None);
        }
    }

    fn heard_of_shortcut(self: &Rc<Self>, heard: Heard) {
        match heard {
            // Done at once.
            Heard::Press => drop(self.obey(Request::Toggle { notify: true })),
            Heard::State(shortcut) => {
                tracing::info!(code = %Code::of(&shortcut), "keyboard shortcut: {}", sentence(Some(&shortcut)));
                self.shortcut_is(Some(&shortcut));
                if shortcut == Shortcut::Refused {
                    // Or the user would be asked again at each start.
                    self.front.borrow_mut().shortcut = None;
                    let off =
                        self.relay.borrow_mut().change_settings(Box::new(|settings| settings.privacy.shortcut = false));
                    self.when_done(off, Box::new(drop));
                }
            }
        }
    }

    fn shortcut_is(&self, shortcut: Option<&Shortcut>) {
        let code = shortcut.map(Code::of);
        self.relay.borrow_mut().shortcut_is(code.clone());
        self.front.borrow_mut().shortcut_is(code);
    }
}
