//! The programs that never get the camera.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use adw::prelude::*;
use lenscap_core::app::{AppId, Rule};
use lenscap_core::offer::{Offer, Program, Verb};
use lenscap_core::trouble::preferences::PreferencesTrouble;
use lenscap_settings::Settings;
use lenscap_settings::table::apps;
use lenscap_words::offer::label;
use lenscap_words::tr;

use crate::applet::AppletState;
use crate::context::Context;
use crate::error::WindowError;
use crate::store::Store;
use crate::{rows, widgets};

/// The programs that never get the camera, those that were here, and an entry for any other.
pub fn groups(context: &Context) -> [adw::PreferencesGroup; 2] {
    let blocked = blocked(&context.store);
    let seen = seen(context, &blocked);
    [blocked, seen]
}

/// The programs that had the camera, to pick from; those that are `blocked` stand there.
fn seen(context: &Context, blocked: &adw::PreferencesGroup) -> adw::PreferencesGroup {
    let group = widgets::group(&tr("Programs that were here"));
    let rows: RefCell<Vec<adw::ActionRow>> = RefCell::default();
    let (list, above) = (group.downgrade(), blocked.downgrade());
    let (store, applet) = (Rc::downgrade(&context.store), Rc::downgrade(&context.applet));
    let show: Rc<dyn Fn()> = Rc::new(move || {
        let (Some(list), Some(above)) = (list.upgrade(), above.upgrade()) else { return };
        let (Some(store), Some(applet)) = (store.upgrade(), applet.upgrade()) else { return };
        let names = if let AppletState::Running(status) = applet.state() { status.programs } else { Vec::new() };
        let blocked = blocked_programs(&store.settings());
        let is_free = |name: &String| !blocked.iter().any(|blocked| blocked.eq_ignore_ascii_case(name));
        let names: Vec<_> = names.into_iter().filter(is_free).collect();
        if rows.borrow().iter().map(|row| row.title()).eq(names.iter().map(String::as_str)) {
            return;
        }
        widgets::keeping_focus(&list, &above, || {
            rows.take().iter().for_each(|row| list.remove(row));
            rows.replace(names.iter().map(|name| pick(&store, name)).collect());
            rows.borrow().iter().for_each(|row| list.add(row));
            list.set_visible(!names.is_empty());
        });
    });
    group.set_visible(false);
    let again = Rc::clone(&show);
    context.applet.on_change(move |_| again());
    context.store.follow(blocked_programs, move |_| show());
    group
}

/// A program that was here, with a button that blocks it.
fn pick(store: &Rc<Store>, name: &str) -> adw::ActionRow {
    let row = rows::plain(name, "");
    let button = gtk::Button::builder().label(tr("Block")).valign(gtk::Align::Center).build();
    row.add_suffix(&button);
    row.set_activatable_widget(Some(&button));
    let (store, shown, name) = (Rc::downgrade(store), row.downgrade(), name.to_owned());
    button.connect_clicked(move |_| {
        let Some(store) = store.upgrade() else { return };
        let done = block(&store, &name);
        if let (Some(row), Err(_)) = (shown.upgrade(), &done) {
            rows::report(&row, "", &done);
        }
    });
    row
}

/// Those that never get it, and an entry.
fn blocked(store: &Rc<Store>) -> adw::PreferencesGroup {
    let group = widgets::group(&tr("Blocked programs"));
    group.set_description(Some(&tr(
        "They never get the camera. A program is named as in the list of processes, as in \"zoom\".",
    )));
    group.add(&rows::choice(
        store,
        &apps::UNKNOWN,
        &tr("Other programs"),
        "",
        |_| {
            let label = |rule| match rule {
                Rule::Allow => tr("Get the camera"),
                Rule::Ask => tr("Ask me"),
                Rule::AlwaysAsk => tr("Ask me each time"),
                Rule::Block => tr("Never get the camera"),
            };
            Rule::ALL.into_iter().map(|rule| (label(rule), rule)).collect()
        },
        |settings| settings.apps.unknown,
        |store, rule| store.change(|settings| settings.apps.unknown = rule),
    ));
    let entry = rows::bare_entry(&tr("Block a program"));
    rows::name(&entry.row, &apps::BLOCK);
    let add_button = widgets::symbol_button("list-add-symbolic", &tr("Block This Program"));
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
    store.follow(blocked_programs, move |names| {
        let Some(group) = list.upgrade() else { return };
        widgets::keeping_focus(&group, &group, || {
            rows.take().iter().for_each(|row| group.remove(row));
            rows.replace(names.iter().map(|name| never(&weak, name)).collect());
            rows.borrow().iter().for_each(|row| group.add(row));
        });
    });
    group
}

/// A program that never gets the camera, with a button that allows it again.
fn never(store: &Weak<Store>, name: &str) -> adw::ActionRow {
    let row = rows::plain(name, "");
    let program = Program { id: name.into(), name: name.to_owned() };
    let allow = Offer { verb: Verb::Allow, programs: vec![program] };
    let button = widgets::symbol_button("user-trash-symbolic", &label(&allow));
    let (store, shown, unblocked) = (store.clone(), row.downgrade(), name.to_owned());
    button.connect_clicked(move |_| {
        let Some(store) = store.upgrade() else { return };
        let done = store.change(|settings| settings.set_rule(&AppId::written(&unblocked), None));
        if let (Some(row), Err(_)) = (shown.upgrade(), &done) {
            rows::report(&row, "", &done);
        }
    });
    row.add_suffix(&button);
    row
}

fn block(store: &Store, name: &str) -> Result<(), WindowError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(PreferencesTrouble::NoProgramName.into());
    }
    if blocked_programs(&store.settings()).iter().any(|blocked| blocked.eq_ignore_ascii_case(name)) {
        return Err(PreferencesTrouble::BlockedAlready { program: name.into() }.into());
    }
    store.change(|settings| settings.set_rule(&AppId::written(name), Some(Rule::Block)))
}

/// The blocked applications, as people write them.
fn blocked_programs(settings: &Settings) -> Vec<String> {
    let blocked = settings.rules().into_iter().filter(|(_, rule)| *rule == Rule::Block);
    let written =
        |id: &AppId| id.program().filter(|name| AppId::written(name) == *id).unwrap_or(id.as_str()).to_owned();
    blocked.map(|(id, _)| written(&id)).collect()
}
