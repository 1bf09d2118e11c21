//! What applications see while the camera is off.

mod colour;
mod preview;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use adw::prelude::*;
use lenscap_core::trouble::preferences::PreferencesTrouble;
use lenscap_picture::card::{CardKind, CardStyle, Picture, PictureTrouble};
use lenscap_picture::format::{PixelFormat, VideoFormat};
use lenscap_settings::table::privacy;
use lenscap_settings::{CardChoice, Settings};
use lenscap_sys::install;
use lenscap_wire::cards::{self, CardOrder};
use lenscap_words::tr;

use crate::context::Context;
use crate::error::WindowError;
use crate::rows;
use crate::store::Store;
use crate::widgets;

/// How long drawing may take.
const LIMIT: Duration = Duration::from_secs(10);
/// What is drawn to see whether a picture can be: the smallest of the common shape.
const SMALL: (u32, u32) = (64, 36);

pub fn group(context: &Context) -> adw::PreferencesGroup {
    let store = &context.store;
    let group = widgets::group(&tr("While the camera is off"));
    group.add(&rows::choice(
        store,
        &privacy::CARD,
        &tr("Applications see"),
        "",
        |_| {
            let label = |card| match card {
                CardChoice::Text => tr("A sign with words"),
                CardChoice::Black => tr("Black"),
                CardChoice::Picture => tr("A picture"),
            };
            CardChoice::ALL.into_iter().map(|card| (label(card), card)).collect()
        },
        |settings| settings.privacy.card,
        |store, card| {
            if card == CardChoice::Picture {
                let Some(path) = store.settings().privacy.picture else {
                    return Err(PreferencesTrouble::NoPicture.into());
                };
                check_picture(&program(), &path).map_err(WindowError::Card)?;
            }
            store.change(|settings| settings.privacy.card = card)
        },
    ));
    group.add(&picture(context));
    let text = rows::entry(
        store,
        &privacy::CARD_TEXT,
        &tr("Text below the words"),
        |settings| settings.privacy.card_text.clone(),
        |store, text| store.change(|settings| settings.privacy.card_text = text.to_owned()),
    );
    text.add_to(&group);
    let colours = colour::rows(store);
    colours.iter().for_each(|row| group.add(row));
    store.follow(
        |settings| settings.privacy.card == CardChoice::Text,
        move |has_words| {
            text.row.set_visible(*has_words);
            colours.iter().for_each(|row| row.set_visible(*has_words));
        },
    );
    group.add(&preview::row(store));
    group
}

/// The program that draws cards.
fn program() -> PathBuf {
    // Without an own place there is no other program either; drawing says so.
    install::program("lenscap-cards").unwrap_or_default()
}

/// The full path of the user's picture.
fn full(path: &Path) -> PathBuf {
    path.strip_prefix("~").map_or_else(|_| path.to_owned(), |rest| glib::home_dir().join(rest))
}

/// The picture and the button that chooses another.
fn picture(context: &Context) -> adw::ActionRow {
    let row = rows::plain(&tr("Picture"), "");
    rows::name(&row, &privacy::PICTURE);
    let button = gtk::Button::builder().label(tr("Choose…")).valign(gtk::Align::Center).build();
    row.add_suffix(&button);
    row.set_activatable_widget(Some(&button));
    let shown = row.downgrade();
    context.store.follow(picture_shown, move |text| {
        if let Some(row) = shown.upgrade() {
            rows::report(&row, text, &Ok(()));
        }
    });
    let (store, window, shown) = (Rc::downgrade(&context.store), context.window.downgrade(), row.downgrade());
    // A native dialog goes when nobody keeps it.
    let open: Rc<RefCell<Option<gtk::FileChooserNative>>> = Rc::default();
    button.connect_clicked(move |_| {
        let dialog = gtk::FileChooserNative::new(
            Some(&tr("Choose a Picture")),
            window.upgrade().as_ref(),
            gtk::FileChooserAction::Open,
            None,
            None,
        );
        dialog.set_modal(true);
        let filter = gtk::FileFilter::new();
        filter.set_name(Some(&tr("PNG and JPEG pictures")));
        filter.add_mime_type("image/png");
        filter.add_mime_type("image/jpeg");
        dialog.add_filter(&filter);
        let (store, shown, kept) = (store.clone(), shown.clone(), Rc::downgrade(&open));
        dialog.connect_response(move |dialog, response| {
            if let Some(kept) = kept.upgrade() {
                kept.replace(None);
            }
            let path = dialog.file().and_then(|file| file.path());
            let (Some(store), Some(row)) = (store.upgrade(), shown.upgrade()) else { return };
            if response == gtk::ResponseType::Accept
                && let Some(path) = path
            {
                glib::spawn_future_local(async move { take_picture(&store, &row, path).await });
            }
        });
        dialog.show();
        open.replace(Some(dialog));
    });
    row
}

fn picture_shown(settings: &Settings) -> String {
    match &settings.privacy.picture {
        Some(path) => path.display().to_string(),
        None => tr("None chosen; a PNG or JPEG."),
    }
}

/// Takes a picture that was chosen, and shows it from now on: who chooses one wants to see it.
async fn take_picture(store: &Store, row: &adw::ActionRow, path: PathBuf) {
    // A large one takes a while.
    let checked = {
        let path = path.clone();
        gio::spawn_blocking(move || check_picture(&program(), &path)).await
    };
    let done = match checked {
        Ok(checked) => checked.map_err(WindowError::Card),
        Err(_) => Err(PreferencesTrouble::NotAPicture { path: path.clone() }.into()),
    };
    let done = done.and_then(|()| {
        store.change(|settings| {
            settings.privacy.picture = Some(path);
            settings.privacy.card = CardChoice::Picture;
        })
    });
    rows::report(row, &picture_shown(&store.settings()), &done);
}

/// Has it drawn, small: the surest sign that it can be.
fn check_picture(program: &Path, path: &Path) -> Result<(), PictureTrouble> {
    let path = full(path);
    let style = CardStyle { kind: CardKind::Picture(Picture::look(&path)), ..CardStyle::default() };
    let Ok(format) = VideoFormat::new(PixelFormat::default(), SMALL.0, SMALL.1, 1) else { return Ok(()) };
    let order = CardOrder::new(&style, Default::default(), format);
    // Where nothing can be drawn, nothing is known against the picture.
    let problem =
        cards::draw(program, &style, order, Instant::now() + LIMIT, |_| ()).ok().and_then(|drawn| drawn.problem);
    problem.map_or(Ok(()), |problem| Err(PictureTrouble { path, problem }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_cannot_be_shown_is_refused_in_one_sentence() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let cards = lenscap_test_support::programs::program("lenscap-cards");
        std::fs::write(at("empty.png"), "").unwrap();
        std::fs::write(at("text.jpg"), "not a picture").unwrap();
        image::RgbImage::new(20_000, 2).save(at("wide.png")).unwrap();
        image::RgbImage::new(32, 18).save(at("good.png")).unwrap();
        for name in ["empty.png", "text.jpg", "wide.png", "missing.png", "."] {
            let sentence = WindowError::Card(check_picture(&cards, &at(name)).unwrap_err()).to_string();
            assert!(sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
            assert!(sentence.contains("choose a PNG or JPEG"), "{sentence}");
        }
        assert_eq!(check_picture(&cards, &at("good.png")), Ok(()));
    }
}
