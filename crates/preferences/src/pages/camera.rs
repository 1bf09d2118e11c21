//! The page "Camera": its state, what applications see, and where the picture comes from.

mod framerate;
mod framing;
mod resolution;
mod source;
mod status;

use std::rc::Rc;

use adw::prelude::*;
use lenscap_core::source::Rotation;
use lenscap_settings::table::camera;
use lenscap_words::{tr, trf};

use crate::cameras::Cameras;
use crate::context::Context;
use crate::page::Page;
use crate::rows::{self, NumberOf};
use crate::widgets;

pub(super) fn page(context: &Context) -> adw::PreferencesPage {
    let store = &context.store;
    let page = Page::new(store, "camera", &tr("Camera"), "camera-video-symbolic");
    let cameras = Cameras::new(&context.surroundings.class);
    status::groups(context).iter().for_each(|group| page.widget.add(group));

    let group = widgets::group(&tr("Camera"));
    let description = rows::entry(
        store,
        &camera::SOURCE,
        &tr("Pipeline description (GStreamer)"),
        source::description,
        source::set_description,
    );
    group.add(&source::row(context, &cameras, &description));
    description.add_to(&group);
    page.add(&group);

    page.add(&picture(context, &cameras));
    page.add(&framing::group(store));

    page.add(&advanced(context));

    page.add_reset(&context.toasts, &tr("Camera settings are reset"), |settings, from| {
        // The pixel format stands on another page.
        let pixel_format = settings.camera.format.pixel_format;
        settings.camera = from.camera.clone();
        settings.camera.format.pixel_format = pixel_format;
    });
    cameras.follow(store, &context.applet, &page.widget);
    page.widget
}

fn picture(context: &Context, cameras: &Rc<Cameras>) -> adw::PreferencesGroup {
    let store = &context.store;
    let group = widgets::group(&tr("Picture"));
    group.add(&resolution::row(context, cameras));
    group.add(&framerate::row(context, cameras));
    group.add(&rows::switch(store, &camera::MIRROR, &tr("Mirror"), &tr("Swap left and right. Kept for each camera.")));
    group.add(&rows::choice(
        store,
        &camera::ROTATION,
        &tr("Rotation"),
        &tr("Automatic: as the camera says that its sensor is built in. Kept for each camera."),
        |_| {
            let label = |rotation: Rotation| match rotation.degrees() {
                None => tr("Automatic"),
                Some(0) => tr("None"),
                Some(degrees) => trf!("{degrees}° clockwise", degrees = degrees),
            };
            let fixed = Rotation::ALL.into_iter().filter(|rotation| *rotation != Rotation::Automatic);
            let all = std::iter::once(Rotation::Automatic).chain(fixed);
            all.map(|rotation| (label(rotation), rotation)).collect()
        },
        |settings| settings.camera.orientation.rotation,
        |store, rotation| store.change(|settings| settings.camera.orientation.rotation = rotation),
    ));
    group
}

fn advanced(context: &Context) -> adw::PreferencesGroup {
    let store = &context.store;
    let group = adw::PreferencesGroup::new();
    let expander = adw::ExpanderRow::builder().title(tr("Advanced")).build();
    expander.add_row(&rows::number(
        store,
        NumberOf::whole(&camera::BUFFER_COUNT, 1),
        &tr("Buffers"),
        &tr("Between the camera and the pipeline. More are steadier, fewer are quicker. A driver may give another number."),
    ));
    group.add(&expander);
    group
}
