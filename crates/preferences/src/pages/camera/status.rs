//! The row of the applet's state, with a button that starts it.

use std::rc::Rc;

use adw::prelude::*;
use lenscap_words::tr;

use crate::applet::{self, AppletProxy, AppletState};
use crate::error::WindowError;
use crate::rows;

pub fn row(proxy: &Rc<AppletProxy>) -> adw::ActionRow {
    let row = rows::plain("", "");
    let icon = gtk::Image::new();
    row.add_prefix(&icon);
    let start = gtk::Button::builder()
        .label(tr("Start"))
        .valign(gtk::Align::Center)
        .css_classes(["suggested-action"])
        .visible(false)
        .build();
    row.add_suffix(&start);
    {
        let row = row.downgrade();
        start.connect_clicked(move |start| {
            let (row, start) = (row.clone(), start.clone());
            start.set_sensitive(false);
            glib::spawn_future_local(async move {
                let done = applet::start().await.map_err(WindowError::from);
                start.set_sensitive(true);
                if let (Some(row), Err(_)) = (row.upgrade(), &done) {
                    rows::report(&row, "", &done);
                }
            });
        });
    }
    let shown = row.downgrade();
    proxy.on_change(move |state| {
        let Some(row) = shown.upgrade() else { return };
        let (title, subtitle) = lenscap_words::preferences::applet(state);
        row.set_title(&title);
        rows::report(&row, &subtitle, &Ok(()));
        icon.set_icon_name(Some(&applet::icon(state)));
        let can_start = *state == AppletState::NotRunning;
        start.set_visible(can_start);
        row.set_activatable_widget(can_start.then_some(&start));
    });
    row
}
