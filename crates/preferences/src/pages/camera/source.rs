//! The row of sources, which decides whether the entry for a description is there.

use std::rc::Rc;

use adw::prelude::*;
use lenscap_cameras::choice::{self, Offer};
use lenscap_core::source::Source;
use lenscap_core::trouble::Trouble;
use lenscap_core::trouble::preferences::PreferencesTrouble;
use lenscap_settings::Settings;
use lenscap_settings::table::camera;
use lenscap_words::cameras::missing;
use lenscap_words::{source, tr};

use crate::cameras::Cameras;
use crate::context::Context;
use crate::elements;
use crate::error::WindowError;
use crate::rows::{self, Choices};
use crate::store::Store;

/// A line of the list of sources.
#[derive(Debug, Clone, PartialEq)]
enum Pick {
    /// This one.
    Source(Source),
    /// The description in the entry.
    Own,
}

pub fn row(context: &Context, cameras: &Rc<Cameras>, description: &rows::TextEntry) -> adw::ComboRow {
    let known = Rc::clone(cameras);
    let offer = move |present: &Pick| {
        let mut offered: Choices<Pick> = vec![
            (source::automatic(), Pick::Source(Source::Auto)),
            (tr("Intel IPU6/IPU7 (icamerasrc)"), Pick::Source(Source::Icamera(None))),
            (tr("libcamera"), Pick::Source(Source::Libcamera(None))),
        ];
        let source = match present {
            Pick::Source(source) => source,
            Pick::Own => &Source::Auto,
        };
        let offers = choice::offers(&known.list(), source);
        offered.extend(offers.into_iter().map(|offer| (label(&offer), Pick::Source(offer.source))));
        if let Pick::Source(source) = present
            && *source != Source::Test
            && !offered.iter().any(|(_, pick)| pick == present)
        {
            offered.push((source::unlisted(source), present.clone()));
        }
        offered.push((source::test_picture(), Pick::Source(Source::Test)));
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
    let words: rows::Subtitle = {
        let (cameras, store) = (Rc::clone(cameras), Rc::downgrade(&context.store));
        Rc::new(move || store.upgrade().map(|store| cameras.words(&store.settings())).unwrap_or_default())
    };
    let row = rows::choice_with(&context.store, &camera::SOURCE, &tr("Camera"), words, offer, pick, take);
    let entry = description.row.clone();
    context.store.follow(pick, move |pick| entry.set_visible(*pick == Pick::Own));
    row
}

fn label(offer: &Offer) -> String {
    if offer.is_missing { missing(&offer.label) } else { offer.label.clone() }
}

fn pick(settings: &Settings) -> Pick {
    match &settings.camera.source {
        Source::Pipeline(_) => Pick::Own,
        source => Pick::Source(source.clone()),
    }
}

/// Whether the source can work here, as far as that can be known without touching a camera.
fn check(source: &Source) -> Result<(), Trouble> {
    source.element().map_or(Ok(()), elements::require)
}

pub fn description(settings: &Settings) -> String {
    match &settings.camera.source {
        Source::Pipeline(description) => description.clone(),
        _ => String::new(),
    }
}

pub fn set_description(store: &Store, text: &str) -> Result<(), WindowError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(PreferencesTrouble::NoDescription.into());
    }
    elements::check_pipeline(text)?;
    store.change(|settings| settings.camera.source = Source::Pipeline(text.to_owned()))
}
