//! The rows of zoom and pan, on the page "Camera". What they change is seen at once, also while the camera is on.

use std::rc::Rc;

use adw::prelude::*;
use lenscap_settings::table::camera;
use lenscap_words::tr;

use crate::rows::{self, NumberOf};
use crate::store::Store;
use crate::widgets;

pub fn group(store: &Rc<Store>) -> adw::PreferencesGroup {
    let group = widgets::group(&tr("Framing"));
    group.set_description(Some(&tr(
        "Which part of the picture is shown, kept for each camera. Drag and scroll on the preview, or give numbers.",
    )));
    group.add(&rows::number(
        store,
        NumberOf::whole(&camera::ZOOM, 10),
        &tr("Zoom"),
        &tr("In percent. 100 shows everything."),
    ));
    group.add(&rows::number(
        store,
        NumberOf::whole(&camera::PAN_X, 5),
        &tr("Left or right"),
        &tr("In percent of what the zoom leaves out. -100 is the left edge, 0 the middle, 100 the right edge."),
    ));
    group.add(&rows::number(
        store,
        NumberOf::whole(&camera::PAN_Y, 5),
        &tr("Up or down"),
        &tr("In percent of what the zoom leaves out. -100 is the upper edge, 0 the middle, 100 the lower edge."),
    ));
    group
}
