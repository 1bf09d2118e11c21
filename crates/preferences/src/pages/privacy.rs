//! The page "Privacy": when the camera is on, for whom, what is notified, and what is shown else.

mod apps;
mod card;
mod notifications;
mod shortcut;

use std::rc::Rc;

use adw::prelude::*;
use lenscap_core::policy::Policy;
use lenscap_settings::table::privacy;
use lenscap_words::tr;

use crate::context::Context;
use crate::page::Page;
use crate::rows::{self, NumberOf};
use crate::store::Store;
use crate::widgets;

pub(super) fn page(context: &Context) -> adw::PreferencesPage {
    let store = &context.store;
    // TRANSLATORS: a page; in a narrow window there is room for some eight letters
    let page = Page::new(store, "privacy", &tr("Privacy"), "security-high-symbolic");
    let times = times(store);
    times.add(&shortcut::row(context));
    page.add(&times);
    page.add(&card::group(context));
    page.add(&notifications::group(store));
    page.add(&apps::group(context));
    page.add_reset(&context.toasts, &tr("Privacy settings are reset"), |settings, from| {
        settings.privacy = from.privacy.clone();
        settings.apps = from.apps.clone();
        settings.notifications = from.notifications;
    });
    page.widget
}

fn times(store: &Rc<Store>) -> adw::PreferencesGroup {
    let group = widgets::group(&tr("When the camera is on"));
    let delay = rows::number(
        store,
        NumberOf::whole(&privacy::ACTIVATION_DELAY, 100).when_auto(Policy::BLIND_DELAY.as_millis() as f64),
        &tr("Activation delay"),
        &tr("Milliseconds an application must be there before the camera starts."),
    );
    group.add(&rows::switch_of(
        store,
        &tr("Automatic activation delay"),
        &tr("None where the kernel reports who streams, one second where it only reports who opens the camera."),
        |settings| settings.privacy.activation_delay.is_none(),
        |settings, automatic| settings.privacy.activation_delay = (!automatic).then_some(Policy::BLIND_DELAY),
    ));
    group.add(&delay);
    store.follow(|settings| settings.privacy.activation_delay.is_some(), move |is_own| delay.set_visible(*is_own));
    group.add(&rows::number(
        store,
        NumberOf::seconds(&privacy::COOLDOWN),
        &tr("Cooldown"),
        &tr("Seconds the camera stays on after the last application stopped."),
    ));
    group.add(&rows::switch(store, &privacy::START_PAUSED, &tr("Start paused"), &tr("No camera until you resume.")));
    group.add(&rows::switch(
        store,
        &privacy::PAUSE_WHILE_LOCKED,
        &tr("Off while locked"),
        &tr("Pause while the session is locked."),
    ));
    group.add(&rows::switch(
        store,
        &privacy::WATCH_OTHER_CAMERAS,
        &tr("Watch other cameras"),
        &tr("Light the icon also when a program uses a USB camera directly, past Lenscap."),
    ));
    group.add(&rows::switch(
        store,
        &privacy::SANDBOX,
        &tr("Confine the camera process"),
        &tr("Keep it from your files and from the network. Switch this off only where a camera works no other way."),
    ));
    group
}
