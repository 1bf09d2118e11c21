//! The page "Controls": what the camera's picture can be tuned with, beside a preview.
//!
//! The list comes from the running applet, or, where none runs, from `lenscap-worker`, which reads it without streaming;
//! both only while the page is shown. A change goes to the applet at once, which saves it; without an applet it is written
//! to the settings, some changes at a time.

mod list;
mod row;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use adw::prelude::*;
use glib::variant::ToVariant;

use super::page::Page;
use super::preview::PreviewRow;
use super::relay::{Applet, Relay};
use super::store::Store;
use super::{Context, camera, rows};
use lenscap_core::controls::{CameraControls, Control, Value, Values};
use lenscap_words::tr;
use row::Row;

pub use list::from_variant;

/// Without an applet, changes that come faster than this are written together.
const WRITE_INTERVAL: Duration = Duration::from_millis(300);

/// The rows of the controls, and what they are tied to.
pub struct Panel {
    store: Rc<Store>,
    relay: Rc<Relay>,
    group: adw::PreferencesGroup,
    /// In place of the rows: what is going on.
    notice: adw::ActionRow,
    reset: gtk::Button,
    list: RefCell<CameraControls>,
    rows: RefCell<Vec<Row>>,
    /// Changes on their way to the applet, in order, each key once.
    queue: RefCell<VecDeque<(String, Value)>>,
    is_sending: Cell<bool>,
    /// Changes to be written, of this camera.
    unwritten: RefCell<(String, Values)>,
    timer: RefCell<Option<glib::SourceId>>,
    /// Asked for since the last answer; the answer is then too old.
    reads: Cell<u32>,
    is_shown: Cell<bool>,
    is_fixed: Cell<bool>,
}

pub(super) fn page(context: &Context) -> adw::PreferencesPage {
    let store = &context.store;
    let page = Page::new(store, "controls", &tr("Controls"), "preferences-other-symbolic");
    let preview = adw::PreferencesGroup::new();
    let (relay, at, class) = (Rc::clone(&context.relay), Rc::clone(store), context.surroundings.class.clone());
    let rows = PreviewRow::new(context.surroundings.preview_source.clone(), move || camera::node(&relay, &at, &class));
    preview.add(&rows.row);
    preview.add(&rows.screen);
    page.widget.add(&preview);
    let panel = &context.controls;
    page.add(&panel.group);
    let group = adw::PreferencesGroup::new();
    group.add(&panel.reset);
    page.add(&group);
    {
        let (panel, window) = (Rc::downgrade(panel), context.window.downgrade());
        context.controls.reset.connect_clicked(move |_| {
            if let (Some(panel), Some(window)) = (panel.upgrade(), window.upgrade()) {
                glib::spawn_future_local(panel.reset(window));
            }
        });
    }
    {
        let panel = Rc::downgrade(panel);
        page.widget.connect_map(move |_| {
            if let Some(panel) = panel.upgrade() {
                panel.is_shown.set(true);
                panel.read();
            }
        });
    }
    {
        let panel = Rc::downgrade(panel);
        page.widget.connect_unmap(move |_| {
            if let Some(panel) = panel.upgrade() {
                panel.is_shown.set(false);
            }
        });
    }
    page.widget
}

impl Panel {
    pub(super) fn new(store: &Rc<Store>, relay: &Rc<Relay>) -> Rc<Self> {
        let group = adw::PreferencesGroup::builder().title(tr("Controls")).build();
        let notice = rows::plain("", "");
        group.add(&notice);
        let reset = gtk::Button::builder()
            .label(tr("Reset to Defaults"))
            .halign(gtk::Align::Center)
            .css_classes(["pill"])
            .sensitive(false)
            .build();
        let panel = Rc::new(Self {
            store: Rc::clone(store),
            relay: Rc::clone(relay),
            group,
            notice,
            reset,
            list: RefCell::default(),
            rows: RefCell::default(),
            queue: RefCell::default(),
            is_sending: Cell::new(false),
            unwritten: RefCell::default(),
            timer: RefCell::default(),
            reads: Cell::new(0),
            is_shown: Cell::new(false),
            is_fixed: Cell::new(false),
        });
        panel.say(&tr("Reading the controls…"), "");
        let weak = Rc::downgrade(&panel);
        relay.on_signal("ControlsChanged", move || {
            if let Some(panel) = weak.upgrade() {
                panel.read_quietly();
            }
        });
        let weak = Rc::downgrade(&panel);
        let running = Cell::new(None);
        relay.on_change(move |applet| {
            let is_running = matches!(applet, Applet::Running(_));
            // Its other news are none of the controls'.
            if running.replace(Some(is_running)) != Some(is_running)
                && let Some(panel) = weak.upgrade()
            {
                panel.read();
            }
        });
        let weak = Rc::downgrade(&panel);
        store.follow(
            |settings| (settings.camera.source.clone(), settings.controls.clone()),
            move |(_, saved)| {
                let Some(panel) = weak.upgrade() else { return };
                let is_followed = panel.is_fixed.get() || !matches!(panel.relay.applet(), Applet::Running(_));
                if is_followed && !panel.list.borrow().camera.is_empty() {
                    let mut list = panel.list.borrow().clone();
                    list.overlay(saved.get(&list.camera).unwrap_or(&Values::new()));
                    panel.take(list);
                }
                panel.read_quietly();
            },
        );
        let weak = Rc::downgrade(&panel);
        store.on_end(move || {
            if let Some(panel) = weak.upgrade() {
                panel.write();
            }
        });
        panel
    }

    /// Shows this list and never asks for another: for tests.
    pub fn fix(self: &Rc<Self>, list: CameraControls) {
        self.is_fixed.set(true);
        self.take(list);
    }

    fn say(&self, title: &str, subtitle: &str) {
        self.notice.set_title(title);
        self.notice.set_subtitle(subtitle);
        self.notice.set_visible(true);
    }

    /// Asks for the list, if anybody sees it.
    fn read(self: &Rc<Self>) {
        if self.is_shown.get() && !self.is_fixed.get() {
            let panel = self.clone();
            self.reads.set(self.reads.get().wrapping_add(1));
            let number = self.reads.get();
            glib::spawn_future_local(async move {
                let answer = list::read(&panel.relay, &panel.store).await;
                if panel.reads.get() != number {
                    return;
                }
                match answer {
                    Ok(list) => panel.take(list),
                    Err(sentence) => {
                        panel.take(CameraControls::default());
                        panel.say(&tr("No controls"), &sentence);
                    }
                }
            });
        }
    }

    /// As [`Self::read`], but not while changes are on their way: the last of them asks.
    fn read_quietly(self: &Rc<Self>) {
        let is_quiet = self.queue.borrow().is_empty() && !self.is_sending.get();
        if is_quiet && matches!(self.relay.applet(), Applet::Running(_)) {
            self.read();
        }
    }

    /// Shows the list.
    fn take(self: &Rc<Self>, list: CameraControls) {
        let before = self.list.replace(list.clone());
        let is_same = before.camera == list.camera
            && before.controls.len() == list.controls.len()
            && before.controls.iter().zip(&list.controls).all(|(a, b)| row::is_alike(a, b));
        if !is_same || self.rows.borrow().is_empty() {
            for row in self.rows.take() {
                row.remove_from(&self.group);
            }
            let rows: Vec<_> = list
                .controls
                .iter()
                .map(|control| {
                    let panel = Rc::downgrade(self);
                    let key = control.key.clone();
                    Row::new(control, move |value| {
                        if let Some(panel) = panel.upgrade() {
                            panel.change(&key, value);
                        }
                    })
                })
                .collect();
            for row in &rows {
                row.add_to(&self.group);
            }
            self.rows.replace(rows);
        }
        for (row, control) in self.rows.borrow().iter().zip(&list.controls) {
            row.show(control);
        }
        self.notice.set_visible(list.controls.is_empty());
        if list.controls.is_empty() {
            self.say(&tr("No controls"), &tr("This camera has nothing to tune."));
        }
        self.group.set_description(Some(&list.problems.join("\n")).filter(|text| !text.is_empty()).map(String::as_str));
        self.reset.set_sensitive(list.controls.iter().any(is_changed));
    }

    /// The user wants this.
    fn change(self: &Rc<Self>, key: &str, value: Value) {
        let (camera, is_saved) = {
            let mut list = self.list.borrow_mut();
            let Some(control) = list.controls.iter_mut().find(|control| control.key == key) else { return };
            let is_saved = control.is_saved();
            if is_saved {
                control.value = Some(value.clone());
            }
            (list.camera.clone(), is_saved)
        };
        self.reset.set_sensitive(self.list.borrow().controls.iter().any(is_changed));
        if matches!(self.relay.applet(), Applet::Running(_)) && !self.is_fixed.get() {
            let mut queue = self.queue.borrow_mut();
            queue.retain(|(queued, _)| queued != key);
            queue.push_back((key.to_owned(), value));
            drop(queue);
            self.send();
        } else if is_saved {
            let mut unwritten = self.unwritten.borrow_mut();
            if unwritten.0 != camera {
                *unwritten = (camera, Values::new());
            }
            unwritten.1.insert(key.to_owned(), value);
            drop(unwritten);
            if self.timer.borrow().is_none() {
                let weak = Rc::downgrade(self);
                let id = glib::timeout_add_local_once(WRITE_INTERVAL, move || {
                    if let Some(panel) = weak.upgrade() {
                        panel.timer.take();
                        panel.write();
                    }
                });
                self.timer.replace(Some(id));
            }
        } else {
            self.report(key, &Err(tr("Lenscap is not running: start it, then try again.")));
        }
    }

    /// Writes what was changed.
    fn write(&self) {
        if let Some(timer) = self.timer.take() {
            timer.remove();
        }
        let (camera, values) = self.unwritten.take();
        if values.is_empty() {
            return;
        }
        let done = self.store.change(|settings| {
            settings.controls.entry(camera).or_default().extend(values.clone());
        });
        for key in values.keys() {
            self.report(key, &done);
        }
    }

    /// Tells the applet one after another: it hears the newest of each, however fast a slider is moved.
    fn send(self: &Rc<Self>) {
        if self.is_sending.replace(true) {
            return;
        }
        let panel = self.clone();
        glib::spawn_future_local(async move {
            let mut is_refused = false;
            loop {
                let next = panel.queue.borrow_mut().pop_front();
                let Some((key, value)) = next else { break };
                let value = match &value {
                    Value::Integer(number) => number.to_variant(),
                    Value::Real(number) => number.to_variant(),
                    Value::Boolean(value) => value.to_variant(),
                    Value::Text(text) => text.to_variant(),
                };
                let done = panel.relay.call("SetControl", Some(&(key.as_str(), value).to_variant())).await.map(drop);
                is_refused |= done.is_err();
                panel.report(&key, &done);
            }
            panel.is_sending.set(false);
            if is_refused {
                // The row goes back to what the camera has.
                panel.read();
            }
        });
    }

    fn report(&self, key: &str, done: &Result<(), String>) {
        let list = self.list.borrow();
        let rows = self.rows.borrow();
        if let Some((row, control)) = rows.iter().zip(&list.controls).find(|(_, control)| control.key == key) {
            row.report(control, done);
        }
    }

    async fn reset(self: Rc<Self>, window: adw::PreferencesWindow) {
        self.write();
        let camera = self.list.borrow().camera.clone();
        let before = self.store.settings().controls.get(&camera).cloned();
        let is_asked = matches!(self.relay.applet(), Applet::Running(_)) && !self.is_fixed.get();
        let done = match is_asked {
            true => self.relay.call("ResetControls", Some(&(Vec::<String>::new(),).to_variant())).await.map(drop),
            false => self.store.change(|settings| drop(settings.controls.remove(&camera))),
        };
        if let Err(sentence) = done {
            return window.add_toast(adw::Toast::new(&glib::markup_escape_text(&sentence)));
        }
        if !is_asked {
            let mut list = self.list.borrow().clone();
            for control in list.controls.iter_mut().filter(|control| is_changed(control)) {
                control.value = control.default.clone();
            }
            self.take(list);
        }
        self.read();
        let toast = adw::Toast::builder().title(tr("Controls are reset")).button_label(tr("Undo")).build();
        let (panel, at) = (Rc::downgrade(&self), window.downgrade());
        toast.connect_button_clicked(move |_| {
            let (Some(panel), Some(window)) = (panel.upgrade(), at.upgrade()) else { return };
            // An applet hears of it through the file.
            let done = panel.store.change(|settings| {
                settings.controls.extend(before.clone().map(|values| (camera.clone(), values)));
            });
            if let Err(sentence) = done {
                window.add_toast(adw::Toast::new(&glib::markup_escape_text(&sentence)));
            }
        });
        window.add_toast(toast);
    }
}

/// Whether a reset would change it.
fn is_changed(control: &Control) -> bool {
    control.is_saved()
        && !control.flags.read_only
        && !control.flags.inactive
        && control.default.is_some()
        && control.value != control.default
}

/// Why a text was not taken, or that it was.
fn refusal(control: &Control, text: &str) -> Result<Value, String> {
    control.parse(text).map_err(|trouble| lenscap_words::controls::sentence(&trouble))
}

/// What stands below a control's name.
fn subtitle(control: &Control) -> String {
    use lenscap_core::controls::Origin;
    if control.flags.read_only {
        tr("Can only be read.")
    } else if control.flags.inactive {
        tr("An automatic decides this.")
    } else if control.flags.grabbed {
        tr("Cannot be changed while the camera is in use.")
    } else if control.origin == Origin::Software {
        tr("In software: the camera has no such control.")
    } else {
        String::new()
    }
}

/// A value that cannot be changed, for people.
fn shown(control: &Control) -> String {
    match &control.value {
        Some(value) => control.in_words(value),
        None => control.kind.as_str().to_owned(),
    }
}
