//! A key of the desktop's that pauses the camera and resumes it, while the setting asks for one.

mod portal;

use std::rc::Rc;

use async_executor::Task;
use lenscap_api::{Code, Request};

use super::Desktop;
use lenscap_core::shortcut::Shortcut;
use lenscap_core::trouble::refusal::Refusal;
use lenscap_words::refusal;
use lenscap_words::shortcut::sentence;
use portal::Heard;

/// That a key is asked for, or that the user said no, which the settings do not say yet.
pub(super) struct Key {
    _task: Task<()>,
    is_refused: bool,
}

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
        let key = is_wanted.then(|| {
            let desktop = Rc::downgrade(self);
            let task = self.tasks.run_while_held(async move {
                let hear = |heard| {
                    if let Some(desktop) = desktop.upgrade() {
                        desktop.heard_of_shortcut(heard);
                    }
                };
                portal::keep_key(&hear).await;
                if let Some(desktop) = desktop.upgrade() {
                    // It is asked for again when settings change, or with the next bus; but who said no is not.
                    let mut front = desktop.front.borrow_mut();
                    front.shortcut.take_if(|key| !key.is_refused);
                }
            });
            Key { _task: task, is_refused: false }
        });
        let before = std::mem::replace(&mut self.front.borrow_mut().shortcut, key);
        // That the user said no is still to be read.
        if !is_wanted && !before.is_some_and(|key| key.is_refused) {
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
                    if let Some(key) = &mut self.front.borrow_mut().shortcut {
                        key.is_refused = true;
                    }
                    // Or the user would be asked again at each start.
                    let off =
                        self.relay.borrow_mut().change_settings(Box::new(|settings| settings.privacy.shortcut = false));
                    let desktop = Rc::downgrade(self);
                    let complain = move |done: Result<(), Refusal>| {
                        if let (Some(desktop), Err(refusal)) = (desktop.upgrade(), done) {
                            desktop.complain(&refusal::sentence(&refusal));
                        }
                    };
                    self.when_done(off, Box::new(complain));
                }
            }
        }
    }

    pub(super) fn shortcut_is(&self, shortcut: Option<&Shortcut>) {
        let code = shortcut.map(Code::of);
        self.relay.borrow_mut().shortcut_is(code.clone());
        self.front.borrow_mut().shortcut_is(code);
    }
}
