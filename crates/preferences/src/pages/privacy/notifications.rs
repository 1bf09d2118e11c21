//! What notifications there are.

use std::rc::Rc;

use adw::prelude::*;
use lenscap_words::tr;

use crate::rows;
use crate::store::Store;

pub fn group(store: &Rc<Store>) -> adw::PreferencesGroup {
    let group = adw::PreferencesGroup::builder().title(tr("Notifications")).build();
    group.add(&rows::switch(
        store,
        &tr("An application uses the camera"),
        "",
        |settings| settings.notifications.activation,
        |settings, value| settings.notifications.activation = value,
    ));
    group.add(&rows::switch(
        store,
        &tr("The camera does not work"),
        "",
        |settings| settings.notifications.failure,
        |settings, value| settings.notifications.failure = value,
    ));
    group.add(&rows::switch(
        store,
        &tr("The camera is in use by another program"),
        "",
        |settings| settings.notifications.busy,
        |settings, value| settings.notifications.busy = value,
    ));
    group
}
