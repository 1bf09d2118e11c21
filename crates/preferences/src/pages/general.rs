//! The page "General": the session's start, the icon, the settings file, the diagnosis.

use std::cell::Cell;
use std::rc::Rc;

use adw::prelude::*;
use lenscap_settings::table::icon;
use lenscap_words::tr;

use crate::autostart::Autostart;
use crate::context::Context;
use crate::{rows, widgets};

pub(super) fn page(context: &Context) -> adw::PreferencesPage {
    let page = adw::PreferencesPage::builder()
        .name("general")
        .title(tr("General"))
        .icon_name("preferences-system-symbolic")
        .build();
    let group = adw::PreferencesGroup::new();
    group.add(&autostart(&context.surroundings.autostart, &context.window));
    group.add(&rows::switch(
        &context.store,
        &icon::ONLY_WHILE_ON,
        &tr("Icon only while a camera is on"),
        &tr("It also shows when something is wrong, or when an app waits for a camera that you keep off."),
    ));
    page.add(&group);

    let group = adw::PreferencesGroup::new();
    let path = context.store.path().to_owned();
    let file = rows::plain(&tr("Settings file"), &path.display().to_string());
    let button = gtk::Button::builder().label(tr("Open")).valign(gtk::Align::Center).build();
    file.add_suffix(&button);
    file.set_activatable_widget(Some(&button));
    button.connect_clicked(move |button| widgets::open(button, &path));
    group.add(&file);
    let diagnosis = rows::plain(&tr("Diagnose"), &tr("Look for what may keep the camera from working."));
    diagnosis.set_activatable(true);
    diagnosis.set_action_name(Some("win.diagnose"));
    diagnosis.add_suffix(&gtk::Image::from_icon_name("go-next-symbolic"));
    group.add(&diagnosis);
    page.add(&group);
    page
}

/// The switch of the session's start, in this window.
pub fn autostart(autostart: &Autostart, window: &impl IsA<gtk::Window>) -> adw::ActionRow {
    let subtitle = tr("The camera is there for applications as soon as you are logged in.");
    let row = rows::plain(&tr("Start with the session"), &subtitle);
    let switch = gtk::Switch::builder().valign(gtk::Align::Center).build();
    row.add_suffix(&switch);
    row.set_activatable_widget(Some(&switch));
    let autostart = autostart.clone();
    let showing = Rc::new(Cell::new(false));
    let show: Rc<dyn Fn()> = {
        let (autostart, row, switch, showing, subtitle) =
            (autostart.clone(), row.downgrade(), switch.downgrade(), Rc::clone(&showing), subtitle.clone());
        Rc::new(move || {
            let (Some(row), Some(switch)) = (row.upgrade(), switch.upgrade()) else { return };
            let has_unit = autostart.unit_is_enabled();
            showing.set(true);
            switch.set_active(has_unit || autostart.is_on());
            showing.set(false);
            row.set_sensitive(!has_unit);
            if has_unit {
                row.set_subtitle(&tr("The systemd user unit lenscap.service does that already."));
            } else if !row.has_css_class("error") {
                row.set_subtitle(&subtitle);
            }
        })
    };
    show();
    {
        let row = row.downgrade();
        let show = Rc::clone(&show);
        switch.connect_active_notify(move |switch| {
            let wanted = switch.is_active();
            if showing.get() || wanted == autostart.is_on() {
                return;
            }
            let (row, subtitle, autostart, show) = (row.clone(), subtitle.clone(), autostart.clone(), show.clone());
            glib::spawn_future_local(async move {
                let done = autostart.set(wanted).await;
                if let Some(row) = row.upgrade() {
                    rows::report(&row, &subtitle, &done);
                }
                show();
            });
        });
    }
    window.connect_is_active_notify(move |_| show());
    row
}
