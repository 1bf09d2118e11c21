//! The page "Privacy": when the camera is on, for whom, what is told, and what is shown else.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use adw::prelude::*;

use super::Context;
use super::page::Page;
use super::rows::{self, Range};
use super::store::Store;
use lenscap_core::policy::Policy;
use lenscap_picture::placeholder::{CardKind, CardStyle, CardText, Painter, Picture};
use lenscap_settings::{CardChoice, Settings};
use lenscap_words::{tr, trf};

pub(super) fn page(context: &Context) -> adw::PreferencesPage {
    let store = &context.store;
    let page = Page::new(store, "privacy", &tr("Privacy"), "security-high-symbolic");
    page.add(&times(store));
    page.add(&card(context));
    page.add(&notifications(store));
    page.add(&blocked(store));
    page.add_reset(&context.window, &tr("Privacy settings are reset"), |settings, from| {
        settings.privacy = from.privacy.clone();
        settings.notifications = from.notifications;
    });
    page.widget
}

fn times(store: &Rc<Store>) -> adw::PreferencesGroup {
    let group = adw::PreferencesGroup::builder().title(tr("When the camera is on")).build();
    let delay = rows::number(
        store,
        &tr("Activation delay"),
        &tr("Milliseconds an application must be there before the camera starts."),
        Range::whole(0, 60_000, 100),
        |settings| milliseconds(delay_shown(settings)),
        |settings, value| settings.privacy.activation_delay = Some(Duration::from_millis(value as u64)),
    );
    group.add(&rows::switch(
        store,
        &tr("Automatic activation delay"),
        &tr("None where the kernel tells who streams, one second where it only tells who opens the camera."),
        |settings| settings.privacy.activation_delay.is_none(),
        |settings, automatic| settings.privacy.activation_delay = (!automatic).then_some(Policy::BLIND_DELAY),
    ));
    group.add(&delay);
    store.follow(|settings| settings.privacy.activation_delay.is_some(), move |is_own| delay.set_visible(*is_own));
    group.add(&rows::number(
        store,
        &tr("Cooldown"),
        &tr("Seconds the camera stays on after the last application stopped."),
        Range { min: 0.0, max: 3600.0, step: 1.0, whole: false },
        |settings| milliseconds(settings.privacy.cooldown) / 1000.0,
        |settings, value| settings.privacy.cooldown = Duration::from_millis((value * 1000.0).round() as u64),
    ));
    group.add(&rows::switch(
        store,
        &tr("Start paused"),
        &tr("No camera until you resume."),
        |settings| settings.privacy.start_paused,
        |settings, value| settings.privacy.start_paused = value,
    ));
    group.add(&rows::switch(
        store,
        &tr("Off while locked"),
        &tr("Pause while the session is locked."),
        |settings| settings.privacy.pause_while_locked,
        |settings, value| settings.privacy.pause_while_locked = value,
    ));
    group.add(&rows::switch(
        store,
        &tr("Watch other cameras"),
        &tr("Light the icon also when a program uses a USB camera directly, past Lenscap."),
        |settings| settings.privacy.watch_other_cameras,
        |settings, value| settings.privacy.watch_other_cameras = value,
    ));
    group.add(&rows::switch(
        store,
        &tr("Confine the camera process"),
        &tr("Keep it from your files and from the network. Switch this off only where a camera works no other way."),
        |settings| settings.privacy.sandbox,
        |settings, value| settings.privacy.sandbox = value,
    ));
    group
}

fn delay_shown(settings: &Settings) -> Duration {
    settings.privacy.activation_delay.unwrap_or(Policy::BLIND_DELAY)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_millis() as f64
}

fn notifications(store: &Rc<Store>) -> adw::PreferencesGroup {
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

fn card(context: &Context) -> adw::PreferencesGroup {
    let store = &context.store;
    let group = adw::PreferencesGroup::builder().title(tr("While the camera is off")).build();
    group.add(&rows::choice(
        store,
        &tr("Applications see"),
        "",
        |_| {
            let label = |card| match card {
                CardChoice::Text => tr("A text that says why"),
                CardChoice::Black => tr("Black"),
                CardChoice::Picture => tr("A picture"),
            };
            CardChoice::ALL.into_iter().map(|card| (label(card), card)).collect()
        },
        |settings| settings.privacy.card,
        |store, card| {
            if card == CardChoice::Picture {
                let Some(path) = store.settings().privacy.picture else {
                    return Err(tr("There is no picture yet: choose one below."));
                };
                check_picture(&path)?;
            }
            store.change(|settings| settings.privacy.card = card)
        },
    ));
    group.add(&picture(context));
    group
}

/// The picture and the button that chooses another.
fn picture(context: &Context) -> adw::ActionRow {
    let row = rows::plain(&tr("Picture"), "");
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
pub(super) async fn take_picture(store: &Store, row: &adw::ActionRow, path: PathBuf) {
    // A large one takes a while.
    let checked = {
        let path = path.clone();
        gio::spawn_blocking(move || check_picture(&path)).await
    };
    let done = checked.unwrap_or_else(|_| Err(trf!("{path} is not a picture.", path = path.display())));
    let done = done.and_then(|()| {
        store.change(|settings| {
            settings.privacy.picture = Some(path);
            settings.privacy.card = CardChoice::Picture;
        })
    });
    rows::report(row, &picture_shown(&store.settings()), &done);
}

/// Draws it, small: the surest sign that it can be drawn.
fn check_picture(path: &Path) -> Result<(), String> {
    let home = glib::home_dir();
    let path = path.strip_prefix("~").map_or_else(|_| path.to_owned(), |rest| home.join(rest));
    Painter::new(CardStyle { kind: CardKind::Picture(Picture::read(&path)) })
        .draw_rgb(&CardText::default(), 64, 36)
        .map(drop)
        .map_err(|trouble| format!("{}.", lenscap_words::picture::card(&trouble)))
}

/// The programs that never get the camera, and an entry for the next.
fn blocked(store: &Rc<Store>) -> adw::PreferencesGroup {
    let group = adw::PreferencesGroup::builder()
        .title(tr("Blocked programs"))
        .description(tr("They never get the camera. A program is named as in the list of processes, as in \"zoom\"."))
        .build();
    let entry = rows::bare_entry(&tr("Block a program"));
    let add_button = rows::symbol_button("list-add-symbolic", &tr("Block this program"));
    entry.row.add_suffix(&add_button);
    let add: Rc<dyn Fn()> = {
        let (store, entry) = (Rc::downgrade(store), entry.clone());
        Rc::new(move || {
            let Some(store) = store.upgrade() else { return };
            let done = block(&store, &entry.row.text());
            entry.report(&done);
            if done.is_ok() {
                entry.row.set_text("");
            }
        })
    };
    {
        let add = Rc::clone(&add);
        entry.row.connect_entry_activated(move |_| add());
    }
    add_button.connect_clicked(move |_| add());
    entry.add_to(&group);

    let rows: RefCell<Vec<adw::ActionRow>> = RefCell::default();
    let (list, weak) = (group.downgrade(), Rc::downgrade(store));
    store.follow(
        |settings| settings.privacy.blocked.clone(),
        move |names| {
            let Some(group) = list.upgrade() else { return };
            rows.take().iter().for_each(|row| group.remove(row));
            for name in names {
                let row = rows::plain(name, "");
                let button = rows::symbol_button("user-trash-symbolic", &trf!("Unblock {program}", program = name));
                let (store, unblocked, next, shown) = (weak.clone(), name.clone(), entry.row.clone(), row.downgrade());
                button.connect_clicked(move |_| {
                    let Some(store) = store.upgrade() else { return };
                    // The row goes, and the focus with it.
                    next.grab_focus();
                    let done = store.change(|settings| settings.privacy.blocked.retain(|name| *name != unblocked));
                    if let (Some(row), Err(_)) = (shown.upgrade(), &done) {
                        rows::report(&row, "", &done);
                    }
                });
                row.add_suffix(&button);
                group.add(&row);
                rows.borrow_mut().push(row);
            }
        },
    );
    group
}

fn block(store: &Store, name: &str) -> Result<(), String> {
    let name = name.trim();
    if name.is_empty() {
        return Err(tr("Write the program's name, as in \"zoom\"."));
    }
    if store.settings().privacy.blocked.iter().any(|blocked| blocked.eq_ignore_ascii_case(name)) {
        return Err(trf!("{program} is blocked already.", program = name));
    }
    store.change(|settings| settings.privacy.blocked.push(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_cannot_be_shown_is_refused_in_one_sentence() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::fs::write(at("empty.png"), "").unwrap();
        std::fs::write(at("text.jpg"), "not a picture").unwrap();
        image::RgbImage::new(20_000, 2).save(at("wide.png")).unwrap();
        image::RgbImage::new(32, 18).save(at("good.png")).unwrap();
        for name in ["empty.png", "text.jpg", "wide.png", "missing.png", "."] {
            let sentence = check_picture(&at(name)).unwrap_err();
            assert!(sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
            assert!(sentence.contains("choose a PNG or JPEG"), "{sentence}");
        }
        assert_eq!(check_picture(&at("good.png")), Ok(()));
    }
}
