//! The page "Camera": its state, what applications see, and where the picture comes from.

use std::path::PathBuf;
use std::rc::Rc;

use adw::prelude::*;

use super::cameras::Cameras;
use super::page::Page;
use super::preview::PreviewRow;
use super::relay::{Applet, Relay};
use super::rows::{self, Choices, Range};
use super::store::Store;
use super::{Context, elements, framing};
use lenscap_cameras::modes::{self, Format};
use lenscap_cameras::{self as camera, choice};
use lenscap_core::source::{Rotation, Source};
use lenscap_picture::format::VideoFormat;
use lenscap_settings::Settings;
use lenscap_words::{tr, trf};

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

/// A line of the list of sources.
#[derive(Debug, Clone, PartialEq)]
enum Pick {
    /// This one.
    Source(Source),
    /// The description in the entry.
    Own,
}

pub(super) fn page(context: &Context) -> adw::PreferencesPage {
    let store = &context.store;
    let page = Page::new(store, "camera", &tr("Camera"), "camera-video-symbolic");
    let cameras = Cameras::new(&context.surroundings.class);
    page.widget.add(&live(context));

    let group = adw::PreferencesGroup::builder().title(tr("Source")).build();
    let description = rows::entry(store, &tr("Pipeline description (GStreamer)"), description, set_description);
    group.add(&source(context, &cameras, &description));
    description.add_to(&group);
    page.add(&group);

    let group = adw::PreferencesGroup::builder().title(tr("Picture")).build();
    group.add(&resolution(context, &cameras));
    group.add(&framerate(context, &cameras));
    group.add(&rows::switch(
        store,
        &tr("Mirror"),
        &tr("Swap left and right."),
        |settings| settings.camera.orientation.mirror,
        |settings, value| settings.camera.orientation.mirror = value,
    ));
    group.add(&rows::choice(
        store,
        &tr("Rotation"),
        "",
        |_| {
            let label = |rotation: Rotation| match rotation {
                Rotation::None => tr("None"),
                turned => trf!("{degrees}° clockwise", degrees = turned.degrees()),
            };
            Rotation::ALL.into_iter().map(|rotation| (label(rotation), rotation)).collect()
        },
        |settings| settings.camera.orientation.rotation,
        |store, rotation| store.change(|settings| settings.camera.orientation.rotation = rotation),
    ));
    page.add(&group);
    page.add(&framing::group(store));

    let group = adw::PreferencesGroup::new();
    let expander = adw::ExpanderRow::builder().title(tr("Advanced")).build();
    expander.add_row(&rows::number(
        store,
        &tr("Buffers"),
        &tr("Between the camera and the pipeline. More are steadier, fewer are quicker. A driver may give another number."),
        Range::whole(1, 16, 1),
        |settings| f64::from(settings.camera.buffer_count),
        |settings, value| settings.camera.buffer_count = value as u32,
    ));
    group.add(&expander);
    page.add(&group);

    page.add_reset(&context.window, &tr("Camera settings are reset"), |settings, from| {
        // The pixel format stands on another page.
        let pixel_format = settings.camera.format.pixel_format;
        settings.camera = from.camera.clone();
        settings.camera.format.pixel_format = pixel_format;
    });
    cameras.follow(store, &context.relay, &page.widget);
    page.widget
}

fn resolution(context: &Context, cameras: &Rc<Cameras>) -> adw::ComboRow {
    let store = &context.store;
    let words: rows::Words = {
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

fn framerate(context: &Context, cameras: &Rc<Cameras>) -> adw::ActionRow {
    let store = &context.store;
    let reached: Rc<dyn Fn() -> Vec<f64>> = {
        let (cameras, store) = (Rc::clone(cameras), Rc::downgrade(store));
        Rc::new(move || {
            let settings = store.upgrade().map(|store| store.settings()).unwrap_or_default();
            let formats = cameras.chosen(&settings).and_then(|camera| camera.formats).unwrap_or_default();
            served(&settings, &formats).map(|size| modes::rates(&formats, size)).unwrap_or_default()
        })
    };
    let limits = {
        let reached = Rc::clone(&reached);
        Rc::new(move || Range::whole(1, fastest(&reached()).unwrap_or(VideoFormat::MAX_FRAMERATE), 5))
    };
    rows::number_within(
        store,
        &tr("Framerate"),
        Rc::new(move || rate_words(&reached())),
        limits,
        |settings| f64::from(settings.camera.format.framerate),
        |settings, value| settings.camera.format.framerate = value as u32,
    )
}

/// The size that the camera is asked for, as it lies in the camera.
fn served(settings: &Settings, formats: &[Format]) -> Option<(u32, u32)> {
    let VideoFormat { width, height, .. } = settings.camera.format;
    let size = if settings.camera.orientation.is_upright() { (width, height) } else { (height, width) };
    modes::serving(formats, size)
}

fn size_words(settings: &Settings, formats: &[Format]) -> String {
    let wanted = (settings.camera.format.width, settings.camera.format.height);
    let size = |(width, height): (u32, u32)| format!("{width} × {height}");
    match served(settings, formats) {
        None => tr("What applications see."),
        Some((width, height)) if wanted == (width, height) || wanted == (height, width) => {
            trf!("What applications see. The camera is asked for {size}.", size = size((width, height)))
        }
        Some(served) => trf!(
            "What applications see. The camera is asked for {size}, and its picture is scaled.",
            size = size(served)
        ),
    }
}

fn rate_words(rates: &[f64]) -> String {
    if rates.is_empty() {
        return tr("Pictures per second.");
    }
    let rates: Vec<_> = rates.iter().map(f64::to_string).collect();
    trf!("Pictures per second. At this size the camera gives {rates}.", rates = rates.join(", "))
}

/// The highest rate as a whole number: 29.97 is what people call 30.
fn fastest(rates: &[f64]) -> Option<u32> {
    let rate = rates.iter().copied().fold(0.0, f64::max);
    let whole = if rate / rate.round() >= 0.98 { rate.round() } else { rate.floor() };
    (whole >= 1.0).then_some((whole as u32).min(VideoFormat::MAX_FRAMERATE))
}

/// The applet's state, and the preview.
fn live(context: &Context) -> adw::PreferencesGroup {
    let group = adw::PreferencesGroup::new();
    group.add(&state(&context.relay));
    let (relay, store, class) =
        (Rc::clone(&context.relay), Rc::clone(&context.store), context.surroundings.class.clone());
    let preview = PreviewRow::new(context.surroundings.preview_source.clone(), move || node(&relay, &store, &class));
    group.add(&preview.row);
    group.add(&preview.screen);
    group
}

fn state(relay: &Rc<Relay>) -> adw::ActionRow {
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
                let done = Relay::start().await;
                start.set_sensitive(true);
                if let (Some(row), Err(_)) = (row.upgrade(), &done) {
                    rows::report(&row, "", &done);
                }
            });
        });
    }
    let shown = row.downgrade();
    relay.on_change(move |applet| {
        let Some(row) = shown.upgrade() else { return };
        let (title, subtitle) = applet.words();
        row.set_title(&title);
        rows::report(&row, &subtitle, &Ok(()));
        icon.set_icon_name(Some(applet.icon()));
        let can_start = *applet == Applet::NotRunning;
        start.set_visible(can_start);
        row.set_activatable_widget(can_start.then_some(&start));
    });
    row
}

/// The node that applications open: the one the applet says it holds, else the one the settings name.
pub(super) fn node(relay: &Relay, store: &Store, class: &std::path::Path) -> Result<PathBuf, String> {
    if let Applet::Running(view) = relay.applet()
        && !view.node.is_empty()
    {
        return Ok(view.node.into());
    }
    let device = store.settings().device;
    if let Some(node) = device.node {
        return match node.exists() {
            true => Ok(node),
            false => {
                Err(trf!("{node} is not there: choose another device on the page \"Device\".", node = node.display()))
            }
        };
    }
    camera::loopbacks(class).into_iter().find(|node| node.name == device.label).map(|node| node.path).ok_or_else(|| {
        tr("There is no device that applications could see: load the kernel module v4l2loopback, then start Lenscap.")
    })
}

fn source(context: &Context, cameras: &Rc<Cameras>, description: &rows::Entry) -> adw::ComboRow {
    let known = Rc::clone(cameras);
    let offer = move |present: &Pick| {
        let mut offered: Choices<Pick> = vec![
            (tr("Automatic"), Pick::Source(Source::Auto)),
            (tr("Intel IPU6/IPU7 (icamerasrc)"), Pick::Source(Source::Icamera(None))),
            (tr("libcamera"), Pick::Source(Source::Libcamera(None))),
        ];
        let source = match present {
            Pick::Source(source) => source,
            Pick::Own => &Source::Auto,
        };
        let offers = choice::offers(&known.list(), source);
        offered.extend(offers.into_iter().map(|(source, label)| (label, Pick::Source(source))));
        if let Pick::Source(source) = present
            && *source != Source::Test
            && !offered.iter().any(|(_, pick)| pick == present)
        {
            offered.push((source.to_string(), present.clone()));
        }
        offered.push((tr("Test picture"), Pick::Source(Source::Test)));
        offered.push((tr("Own pipeline"), Pick::Own));
        offered
    };
    let take = {
        let description = description.clone();
        move |store: &Store, pick| match pick {
            Pick::Source(source) => {
                description.row.set_visible(matches!(store.settings().camera.source, Source::Pipeline(_)));
                description.report(&Ok(()));
                check(&source)?;
                store.change(|settings| settings.camera.source = source)
            }
            // Written when there is something to write.
            Pick::Own => {
                description.row.set_visible(true);
                let text = description.row.text();
                if text.trim().is_empty() {
                    description.row.grab_focus();
                    return Ok(());
                }
                description.report(&set_description(store, &text));
                Ok(())
            }
        }
    };
    let words: rows::Words = {
        let (cameras, store) = (Rc::clone(cameras), Rc::downgrade(&context.store));
        Rc::new(move || store.upgrade().map(|store| cameras.words(&store.settings())).unwrap_or_default())
    };
    let row = rows::choice_with(&context.store, &tr("Camera"), words, offer, pick, take);
    let entry = description.row.clone();
    context.store.follow(pick, move |pick| entry.set_visible(*pick == Pick::Own));
    row
}

fn pick(settings: &Settings) -> Pick {
    match &settings.camera.source {
        Source::Pipeline(_) => Pick::Own,
        source => Pick::Source(source.clone()),
    }
}

/// Whether the source can work here, as far as that can be told without touching a camera.
fn check(source: &Source) -> Result<(), String> {
    match source {
        Source::Icamera(_) => elements::require("icamerasrc"),
        Source::Libcamera(_) => elements::require("libcamerasrc"),
        Source::PipeWire(_) => elements::require("pipewiresrc"),
        Source::V4l2(_) => elements::require("v4l2src"),
        Source::Auto | Source::Test | Source::Pipeline(_) => Ok(()),
    }
}

fn description(settings: &Settings) -> String {
    match &settings.camera.source {
        Source::Pipeline(description) => description.clone(),
        _ => String::new(),
    }
}

fn set_description(store: &Store, text: &str) -> Result<(), String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(tr(
            "Write a description as in \"videotestsrc pattern=smpte\": until then the source stays as it was.",
        ));
    }
    elements::check_pipeline(text)?;
    store.change(|settings| settings.camera.source = Source::Pipeline(text.to_owned()))
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
        format!("{width} × {height}{note}")
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
        assert!(rate_words(&[30.0, 12.5]).ends_with("gives 30, 12.5."));
        assert_eq!(fastest(&[29.97, 15.0]), Some(30));
        assert_eq!(fastest(&[12.5]), Some(12));
        assert_eq!((fastest(&[]), fastest(&[0.5])), (None, None));
    }
}
