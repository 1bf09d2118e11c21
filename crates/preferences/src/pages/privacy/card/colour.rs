//! The colours of the cards.

use std::rc::Rc;

use adw::prelude::*;
use lenscap_picture::card::Colour;
use lenscap_settings::Settings;
use lenscap_settings::table::{Setting, privacy};
use lenscap_words::tr;

use crate::store::Store;
use crate::{rows, widgets};

/// The background; whether the foreground follows it; the foreground.
pub fn rows(store: &Rc<Store>) -> [adw::ActionRow; 3] {
    let background = row(
        store,
        &privacy::CARD_BACKGROUND,
        &tr("Background"),
        |settings| settings.privacy.card_colours.background,
        |settings, colour| settings.privacy.card_colours.background = colour,
    );
    let automatic = rows::switch_of(
        store,
        &tr("Automatic text colour"),
        &tr("Light or dark, as it is read best on the background."),
        |settings| settings.privacy.card_colours.foreground.is_none(),
        |settings, automatic| {
            let colours = &mut settings.privacy.card_colours;
            colours.foreground = (!automatic).then(|| colours.foreground());
        },
    );
    let foreground = row(
        store,
        &privacy::CARD_FOREGROUND,
        &tr("Text colour"),
        |settings| settings.privacy.card_colours.foreground(),
        |settings, colour| settings.privacy.card_colours.foreground = Some(colour),
    );
    let (shown, button) = (foreground.clone(), foreground.activatable_widget());
    store.follow(
        |settings| settings.privacy.card_colours.foreground.is_none(),
        move |automatic| {
            shown.set_sensitive(!automatic);
            button.iter().for_each(|button| button.set_sensitive(!automatic));
        },
    );
    [background, automatic, foreground]
}

fn row(
    store: &Rc<Store>,
    setting: &Setting,
    title: &str,
    get: fn(&Settings) -> Colour,
    set: fn(&mut Settings, Colour),
) -> adw::ActionRow {
    let row = rows::plain(title, "");
    rows::name(&row, setting);
    let button = gtk::ColorButton::builder().title(title).valign(gtk::Align::Center).build();
    // What has the focus is a button inside, of which a screen reader would say the colour alone.
    if let Some(inside) = button.first_child() {
        widgets::set_accessible_label(&inside, title);
    }
    row.add_suffix(&button);
    row.set_activatable_widget(Some(&button));
    let (shown, weak) = (button.downgrade(), Rc::downgrade(store));
    store.follow(get, move |colour| {
        if let Some(button) = shown.upgrade() {
            let [red, green, blue] = colour.0.map(|channel| f32::from(channel) / 255.0);
            button.set_rgba(&gtk::gdk::RGBA::new(red, green, blue, 1.0));
        }
    });
    let reported = row.downgrade();
    button.connect_color_set(move |button| {
        let (Some(store), Some(row)) = (weak.upgrade(), reported.upgrade()) else { return };
        let rgba = button.rgba();
        let channel = |channel: f32| (channel.clamp(0.0, 1.0) * 255.0).round() as u8;
        let colour = Colour([channel(rgba.red()), channel(rgba.green()), channel(rgba.blue())]);
        rows::report(&row, "", &store.change(|settings| set(settings, colour)));
    });
    row
}
