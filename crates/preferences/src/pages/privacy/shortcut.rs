//! Whether the desktop is asked for a key, and what became of that.

use std::rc::Rc;

use adw::prelude::*;
use lenscap_api::Code;
use lenscap_core::shortcut::Shortcut;
use lenscap_settings::table::privacy;
use lenscap_words::shortcut::sentence;
use lenscap_words::tr;

use crate::applet::AppletState;
use crate::context::Context;
use crate::rows;

pub fn row(context: &Context) -> adw::ActionRow {
    let applet = Rc::downgrade(&context.applet);
    let words: rows::Subtitle =
        Rc::new(move || sentence(applet.upgrade().and_then(|applet| of(&applet.state())).as_ref()));
    let row = rows::switch_with(&context.store, &privacy::SHORTCUT, &tr("Keyboard shortcut"), Rc::clone(&words));
    let shown = row.downgrade();
    context.applet.on_change(move |_| {
        if let Some(row) = shown.upgrade() {
            rows::refresh(&row, &words);
        }
    });
    row
}

/// What the applet says of it; `None`: it did not ask, or does not run.
fn of(state: &AppletState) -> Option<Shortcut> {
    let AppletState::Running(status) = state else { return None };
    serde_json::from_value::<Code>(status.shortcut.clone().into()).ok()?.trouble()
}
