//! The row of sizes.

use std::rc::Rc;

use lenscap_cameras::modes::{self, Format};
use lenscap_picture::format::VideoFormat;
use lenscap_settings::Settings;
use lenscap_settings::table::camera;
use lenscap_words::{numbers, tr};

use crate::cameras::Cameras;
use crate::context::Context;
use crate::rows::{self, Choices};

/// Sizes that cameras have, 16:9 and 4:3.
const SIZES: [(u32, u32); 11] = [
    (640, 360),
    (960, 540),
    (1280, 720),
    (1920, 1080),
    (2560, 1440),
    (3840, 2160),
    (640, 480),
    (800, 600),
    (1024, 768),
    (1280, 960),
    (1600, 1200),
];

pub fn row(context: &Context, cameras: &Rc<Cameras>) -> adw::ComboRow {
    let store = &context.store;
    let words: rows::Subtitle = {
        let (cameras, store) = (Rc::clone(cameras), Rc::downgrade(store));
        Rc::new(move || {
            let settings = store.upgrade().map(|store| store.settings()).unwrap_or_default();
            let formats = cameras.chosen(&settings).and_then(|camera| camera.formats);
            size_words(&settings, formats.as_deref().unwrap_or_default())
        })
    };
    let offer = {
        let (cameras, store) = (Rc::clone(cameras), Rc::downgrade(store));
        move |size: &(u32, u32)| {
            let settings = store.upgrade().map(|store| store.settings()).unwrap_or_default();
            let formats = cameras.chosen(&settings).and_then(|camera| camera.formats);
            sizes(*size, formats.as_deref().unwrap_or_default(), settings.camera.orientation.is_upright())
        }
    };
    rows::choice_with(
        store,
        &camera::WIDTH,
        &tr("Resolution"),
        words,
        offer,
        |settings| (settings.camera.format.width, settings.camera.format.height),
        |store, (width, height)| {
            store.change(|settings| {
                settings.camera.format.width = width;
                settings.camera.format.height = height;
            })
        },
    )
}

fn size_words(settings: &Settings, formats: &[Format]) -> String {
    let wanted = (settings.camera.format.width, settings.camera.format.height);
    let served = served(settings, formats);
    lenscap_words::preferences::resolution(served, served.is_some_and(|(x, y)| wanted != (x, y) && wanted != (y, x)))
}

/// What the camera gives by itself, its own size marked, then what is scaled; where nothing is known, the usual sizes.
fn sizes(present: (u32, u32), formats: &[Format], is_upright: bool) -> Choices<(u32, u32)> {
    let laid = |(width, height): (u32, u32)| if is_upright { (width, height) } else { (height, width) };
    let native = modes::native(formats).map(laid);
    let label = |size: (u32, u32)| {
        let (width, height) = size;
        let own = modes::has_size(formats, laid(size));
        let note = match (width * 9 == height * 16, width * 3 == height * 4) {
            _ if native == Some(size) => format!(" ({})", tr("native")),
            _ if own => String::new(),
            // TRANSLATORS: a size that the camera does not give by itself
            _ if native.is_some() => format!(" ({})", tr("scaled")),
            (true, _) => " (16:9)".to_owned(),
            (_, true) => " (4:3)".to_owned(),
            _ => String::new(),
        };
        [numbers::size(width, height), note].concat()
    };
    // Applications take even sizes only.
    let is_possible = |(width, height): &(u32, u32)| {
        let possible = |side: u32| (2..=VideoFormat::MAX_SIDE).contains(&side) && side.is_multiple_of(2);
        possible(*width) && possible(*height)
    };
    let mut sizes: Vec<_> = modes::sizes(formats).into_iter().map(laid).filter(is_possible).collect();
    let (own, scaled): (Vec<_>, Vec<_>) =
        SIZES.into_iter().filter(|size| !sizes.contains(size)).partition(|size| modes::has_size(formats, laid(*size)));
    sizes.extend(own);
    sizes.extend(scaled);
    if !sizes.contains(&present) {
        sizes.push(present);
    }
    sizes.into_iter().map(|size| (label(size), size)).collect()
}

/// The size that the camera is asked for, as it lies in the camera.
pub fn served(settings: &Settings, formats: &[Format]) -> Option<(u32, u32)> {
    let VideoFormat { width, height, .. } = settings.camera.format;
    let size = if settings.camera.orientation.is_upright() { (width, height) } else { (height, width) };
    modes::serving(formats, size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenscap_cameras::modes::webcam;

    #[test]
    fn an_unusual_size_is_offered_when_it_is_the_present_one() {
        assert_eq!(sizes((1920, 1080), &[], true).len(), SIZES.len());
        let offered = sizes((1000, 700), &[], true);
        assert_eq!(offered.last(), Some(&("1000 × 700".to_owned(), (1000, 700))));
        assert!(offered.contains(&("1280 × 960 (4:3)".to_owned(), (1280, 960))));
    }

    #[test]
    fn what_the_camera_gives_comes_first_and_what_is_scaled_says_so() {
        let labels = |is_upright| {
            let offered = sizes((1280, 720), &webcam(), is_upright);
            offered.into_iter().map(|(label, _)| label).collect::<Vec<_>>()
        };
        let offered = labels(true);
        assert_eq!(&offered[..4], ["1920 × 1080 (native)", "1280 × 720", "640 × 480", "640 × 360 (scaled)"]);
        assert_eq!(offered.iter().filter(|label| label.starts_with("1280 × 720")).count(), 1);
        assert_eq!(labels(false)[0], "1080 × 1920 (native)", "of a picture that is turned");
    }

    #[test]
    fn what_the_camera_is_asked_for_is_said() {
        let words = |width, height, formats: &[Format]| {
            let mut settings = Settings::default();
            (settings.camera.format.width, settings.camera.format.height) = (width, height);
            size_words(&settings, formats)
        };
        assert_eq!(words(1280, 720, &[]), "What applications see.");
        assert!(words(1280, 720, &webcam()).ends_with("asked for 1280 × 720."));
        assert!(words(800, 600, &webcam()).ends_with("asked for 1280 × 720, and its picture is scaled."));
    }
}
