//! The rows of zoom and pan, on the page "Camera". What they change is seen at once, also while the camera is on.

use std::rc::Rc;

use adw::prelude::*;
use lenscap_core::source::Framing;
use lenscap_words::tr;

use crate::rows::{self, Range};
use crate::store::Store;

/// Percent of the room left, both ways.
const PAN: Range = Range { min: -100.0, max: 100.0, step: 5.0, whole: true };

pub fn group(store: &Rc<Store>) -> adw::PreferencesGroup {
    let group = adw::PreferencesGroup::builder()
        .title(tr("Framing"))
        .description(tr("Which part of the picture is shown."))
        .build();
    group.add(&rows::number(
        store,
        &tr("Zoom"),
        &tr("In percent. 100 shows everything."),
        Range::whole(100, Framing::MAX_ZOOM, 10),
        |settings| f64::from(settings.camera.orientation.framing.zoom),
        |settings, value| settings.camera.orientation.framing.zoom = value as u32,
    ));
    group.add(&rows::number(
        store,
        &tr("Left or right"),
        &tr("In percent of what the zoom leaves out. -100 is the left edge, 0 the middle, 100 the right edge."),
        PAN,
        |settings| f64::from(settings.camera.orientation.framing.pan_x),
        |settings, value| settings.camera.orientation.framing.pan_x = value as i32,
    ));
    group.add(&rows::number(
        store,
        &tr("Up or down"),
        &tr("In percent of what the zoom leaves out. -100 is the upper edge, 0 the middle, 100 the lower edge."),
        PAN,
        |settings| f64::from(settings.camera.orientation.framing.pan_y),
        |settings, value| settings.camera.orientation.framing.pan_y = value as i32,
    ));
    group
}
