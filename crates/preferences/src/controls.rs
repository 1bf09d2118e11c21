//! The controls of the camera as rows.
//!
//! The list comes from the running applet, or, where none runs, from `lenscap-worker`, which reads it without streaming;
//! both only while the page is shown. A change goes to the applet at once, which saves it; without an applet it is written
//! to the settings, some changes at a time.

mod change;
mod list;
mod reset;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use adw::prelude::*;
use lenscap_core::controls::{CameraControls, Control, Value, Values};
use lenscap_words::controls::{self as words, NoList};
use lenscap_words::tr;

use crate::applet::{AppletProxy, AppletState};
use crate::page::Page;
use crate::rows::control::{ControlRow, is_alike};
use crate::store::Store;
use crate::widgets;

pub use list::from_variant;

/// The rows of the controls, and what they are tied to.
pub struct Panel {
    store: Rc<Store>,
    applet: Rc<AppletProxy>,
    group: adw::PreferencesGroup,
    /// In place of the rows: what is going on.
    notice: adw::StatusPage,
    reset: gtk::Button,
    list: RefCell<CameraControls>,
    rows: RefCell<Vec<ControlRow>>,
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

impl Panel {
    pub(super) fn new(store: &Rc<Store>, applet: &Rc<AppletProxy>) -> Rc<Self> {
        let group = widgets::group(&tr("Controls"));
        let notice = adw::StatusPage::builder().icon_name("preferences-other-symbolic").vexpand(true).build();
        let reset = widgets::reset_button();
        reset.set_sensitive(false);
        let panel = Rc::new(Self {
            store: Rc::clone(store),
            applet: Rc::clone(applet),
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
        panel.say(NoList::Reading);
        let weak = Rc::downgrade(&panel);
        applet.on_signal("ControlsChanged", move || {
            if let Some(panel) = weak.upgrade() {
                panel.read_quietly();
            }
        });
        let weak = Rc::downgrade(&panel);
        let running = Cell::new(None);
        applet.on_change(move |state| {
            let is_running = matches!(state, AppletState::Running(_));
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
                let is_followed = panel.is_fixed.get() || !matches!(panel.applet.state(), AppletState::Running(_));
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

    /// Puts its rows on the page, and reads the list while that is shown. Toasts go to `toasts`.
    pub fn put_on(self: &Rc<Self>, page: &Page, toasts: &adw::ToastOverlay) {
        page.add(&self.group);
        let group = adw::PreferencesGroup::new();
        group.add(&self.notice);
        group.add(&self.reset);
        page.add(&group);
        let (panel, toasts) = (Rc::downgrade(self), toasts.downgrade());
        self.reset.connect_clicked(move |_| {
            if let (Some(panel), Some(toasts)) = (panel.upgrade(), toasts.upgrade()) {
                glib::spawn_future_local(panel.reset(toasts));
            }
        });
        let panel = Rc::downgrade(self);
        page.widget.connect_map(move |_| {
            if let Some(panel) = panel.upgrade() {
                panel.is_shown.set(true);
                panel.read();
            }
        });
        let panel = Rc::downgrade(self);
        page.widget.connect_unmap(move |_| {
            if let Some(panel) = panel.upgrade() {
                panel.is_shown.set(false);
            }
        });
    }

    /// Shows this list and never asks for another: for tests.
    pub fn fix(self: &Rc<Self>, list: CameraControls) {
        self.is_fixed.set(true);
        self.take(list);
    }

    fn say(&self, why: NoList<'_>) {
        let (title, subtitle) = words::notice(why);
        self.notice.set_title(&glib::markup_escape_text(&title));
        self.notice.set_description(Some(&glib::markup_escape_text(&subtitle)));
        self.show_rows(false);
    }

    fn show_rows(&self, is_some: bool) {
        self.group.set_visible(is_some);
        self.reset.set_visible(is_some);
        self.notice.set_visible(!is_some);
    }

    /// Asks for the list, if anybody sees it.
    fn read(self: &Rc<Self>) {
        if self.is_shown.get() {
            glib::spawn_future_local(self.clone().ask());
        }
    }

    /// Asks for the list where it is not known yet, as for a search.
    pub async fn load(self: Rc<Self>) {
        if self.list.borrow().camera.is_empty() {
            self.ask().await;
        }
    }

    async fn ask(self: Rc<Self>) {
        if self.is_fixed.get() {
            return;
        }
        self.reads.set(self.reads.get().wrapping_add(1));
        let number = self.reads.get();
        let answer = list::read(&self.applet, &self.store).await;
        if self.reads.get() != number {
            return;
        }
        match answer {
            Ok(list) => self.take(list),
            Err(error) => {
                self.take(CameraControls::default());
                self.say(NoList::Refused(&error.to_string()));
            }
        }
    }

    /// As [`Self::read`], but not while changes are on their way: the last of them asks.
    fn read_quietly(self: &Rc<Self>) {
        let is_quiet = self.queue.borrow().is_empty() && !self.is_sending.get();
        if is_quiet && matches!(self.applet.state(), AppletState::Running(_)) {
            self.read();
        }
    }

    fn row(self: &Rc<Self>, control: &Control) -> ControlRow {
        let (panel, key) = (Rc::downgrade(self), control.key.clone());
        ControlRow::new(control, move |value| {
            if let Some(panel) = panel.upgrade() {
                panel.change(&key, value);
            }
        })
    }

    /// Shows the list.
    fn take(self: &Rc<Self>, list: CameraControls) {
        let before = self.list.replace(list.clone());
        let is_same = before.camera == list.camera
            && before.controls.len() == list.controls.len()
            && before.controls.iter().zip(&list.controls).all(|(a, b)| is_alike(a, b));
        if !is_same || self.rows.borrow().is_empty() {
            widgets::keeping_focus(&self.group, &self.reset, || {
                self.rows.take().iter().for_each(|row| row.remove_from(&self.group));
                self.rows.replace(list.controls.iter().map(|control| self.row(control)).collect());
                self.rows.borrow().iter().for_each(|row| row.add_to(&self.group));
            });
        }
        for (row, control) in self.rows.borrow().iter().zip(&list.controls) {
            row.show(control);
        }
        self.show_rows(true);
        if list.controls.is_empty() {
            self.say(NoList::Empty);
        }
        let problems: Vec<_> = list.problems.iter().map(lenscap_words::controls::problem).collect();
        self.group.set_description((!problems.is_empty()).then(|| problems.join("\n")).as_deref());
        self.reset.set_sensitive(list.controls.iter().any(is_changed));
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
