//! What notifications there are.

use std::rc::Rc;

use adw::prelude::*;
use lenscap_settings::table::notifications;
use lenscap_words::tr;

use crate::rows;
use crate::store::Store;
use crate::widgets;

pub fn group(store: &Rc<Store>) -> adw::PreferencesGroup {
    let group = widgets::group(&tr("Notifications"));
    group.add(&rows::switch(store, &notifications::ACTIVATION, &tr("An application uses the camera"), ""));
    group.add(&rows::switch(store, &notifications::FAILURE, &tr("The camera does not work"), ""));
    group.add(&rows::switch(store, &notifications::BUSY, &tr("The camera is in use by another program"), ""));
    group.add(&rows::switch(
        store,
        &notifications::TOGGLE,
        &tr("A key paused or resumed the camera"),
        &tr("Shown for a moment."),
    ));
    group
}
