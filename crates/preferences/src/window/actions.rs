//! What menu and keys do. The window "Keyboard Shortcuts" is made from the same table as the keys.

use adw::prelude::*;
use lenscap_words::tr;

use super::search::Search;
use crate::context::Context;
use crate::stage::Stage;
use crate::{about, diagnosis, welcome, widgets};

/// What explains Lenscap. (The manual page is of the command line, and few desktops can show one.)
const HELP: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "#readme");

/// Keys, their action, and its words. Without an action: GTK, or what has the focus, does it.
fn keys() -> [(&'static str, Option<&'static str>, String); 10] {
    [
        ("<Alt>1...9", None, tr("To a page")),
        ("<Control>Page_Down", Some("win.next-page"), tr("Next page")),
        ("<Control>Page_Up", Some("win.previous-page"), tr("Previous page")),
        ("<Control>f", Some("win.search"), tr("Search")),
        ("<Control>p", Some(Stage::ACTION), tr("Show what apps see")),
        ("F10", None, tr("Main menu")),
        ("F1", Some("win.help"), tr("Help")),
        ("<Control>question", Some("win.shortcuts"), tr("Keyboard shortcuts")),
        ("<Control>w", Some("window.close"), tr("Close the window")),
        ("<Control>q", Some("window.close"), tr("Close the window")),
    ]
}

/// The button of the main menu.
pub fn menu_button() -> gtk::MenuButton {
    let section = |items: &[(String, &str)]| {
        let section = gio::Menu::new();
        items.iter().for_each(|(label, action)| section.append(Some(label), Some(action)));
        section
    };
    let menu = gio::Menu::new();
    menu.append_section(
        None,
        &section(&[
            (tr("Set Up…"), "win.set-up"),
            (tr("Diagnose…"), "win.diagnose"),
            (tr("Open the Settings File"), "win.settings-file"),
        ]),
    );
    menu.append_section(
        None,
        &section(&[
            (tr("Keyboard Shortcuts"), "win.shortcuts"),
            (tr("Help"), "win.help"),
            (tr("About Lenscap"), "win.about"),
        ]),
    );
    let button = gtk::MenuButton::builder().icon_name("open-menu-symbolic").menu_model(&menu).primary(true).build();
    button.set_tooltip_text(Some(&tr("Main menu")));
    widgets::set_accessible_label(&button, &tr("Main menu"));
    button
}

/// Gives the window its actions and their keys.
pub fn add(context: &Context, pages: &adw::ViewStack, search: &Search) {
    let group = gio::SimpleActionGroup::new();
    let add = |name: &str, act: Box<dyn Fn(&adw::Window)>| {
        let action = gio::SimpleAction::new(name, None);
        let window = context.window.downgrade();
        action.connect_activate(move |_, _| {
            if let Some(window) = window.upgrade() {
                act(&window);
            }
        });
        group.add_action(&action);
    };
    // The usual one need not be there; one that is named has to.
    let path = context.store.path().to_owned();
    let own = (lenscap_settings::default_path().ok().as_ref() != Some(&path)).then_some(path);
    let config = own.clone();
    add("diagnose", Box::new(move |window| open(window, diagnosis::window(config.as_deref()))));
    let (store, applet, surroundings) = (context.store.clone(), context.applet.clone(), context.surroundings.clone());
    add(
        "set-up",
        Box::new(move |window| open(window, welcome::window(&store, &applet, &surroundings, own.as_deref()))),
    );
    let path = context.store.path().to_owned();
    add("settings-file", Box::new(move |window| widgets::open(window, &path)));
    add("about", Box::new(|window| open(window, about::window())));
    add("shortcuts", Box::new(|window| open(window, shortcuts())));
    add("help", Box::new(|window| gtk::show_uri(Some(window), HELP, 0)));
    let bar = search.bar.clone();
    add("search", Box::new(move |_| bar.set_search_mode(!bar.is_search_mode())));
    for (name, by) in [("next-page", 1), ("previous-page", -1)] {
        let pages = pages.clone();
        add(name, Box::new(move |_| select(&pages, shown(&pages) + by)));
    }
    let page = gio::SimpleAction::new("page", Some(glib::VariantTy::INT32));
    let to = pages.downgrade();
    page.connect_activate(move |_, number| {
        if let (Some(pages), Some(number)) = (to.upgrade(), number.and_then(glib::Variant::get)) {
            select(&pages, number);
        }
    });
    group.add_action(&page);
    group.add_action(context.stage.action());
    context.window.insert_action_group("win", Some(&group));

    let controller = gtk::ShortcutController::new();
    // A page that scrolls has a use of its own for Page Up and Down.
    controller.set_propagation_phase(gtk::PropagationPhase::Capture);
    let key = |keys: &str, action: &str| {
        gtk::Shortcut::new(gtk::ShortcutTrigger::parse_string(keys), Some(gtk::NamedAction::new(action)))
    };
    for (keys, action, _) in keys() {
        if let Some(action) = action {
            controller.add_shortcut(key(keys, action));
        }
    }
    for number in 0..i32::try_from(pages.pages().n_items()).unwrap_or(0) {
        let shortcut = key(&format!("<Alt>{}", number + 1), "win.page");
        shortcut.set_arguments(Some(&number.to_variant()));
        controller.add_shortcut(shortcut);
    }
    context.window.add_controller(controller);
}

/// Shows a window of the window's.
fn open(window: &adw::Window, new: impl IsA<gtk::Window>) {
    new.set_transient_for(Some(window));
    new.present();
}

/// The number of the page that is shown.
fn shown(pages: &adw::ViewStack) -> i32 {
    let selection = pages.pages();
    let position = (0..selection.n_items()).find(|position| selection.is_selected(*position));
    position.and_then(|position| i32::try_from(position).ok()).unwrap_or(0)
}

/// Shows this page, if there is one.
fn select(pages: &adw::ViewStack, number: i32) {
    let selection = pages.pages();
    if let Some(position) = u32::try_from(number).ok().filter(|position| *position < selection.n_items()) {
        selection.select_item(position, true);
    }
}

/// Filled from a `.ui` text: GTK has functions for it from 4.14 on.
fn shortcuts() -> gtk::ShortcutsWindow {
    let lines: String = keys()
        .iter()
        .map(|(keys, _, words)| {
            format!(
                "<child><object class=\"GtkShortcutsShortcut\"><property name=\"accelerator\">{}</property>\
                 <property name=\"title\">{}</property></object></child>",
                glib::markup_escape_text(keys),
                glib::markup_escape_text(words)
            )
        })
        .collect();
    let text = format!(
        "<interface><object class=\"GtkShortcutsWindow\" id=\"window\"><property name=\"modal\">1</property><child>\
         <object class=\"GtkShortcutsSection\"><child><object class=\"GtkShortcutsGroup\">{lines}</object></child>\
         </object></child></object></interface>"
    );
    let window: gtk::ShortcutsWindow =
        gtk::Builder::from_string(&text).object("window").unwrap_or_else(glib::Object::new);
    window.set_title(Some(&tr("Keyboard Shortcuts")));
    window
}
