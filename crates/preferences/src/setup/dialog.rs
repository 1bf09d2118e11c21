//! The window that shows what will be done, does it, and says what came of it.

use std::cell::RefCell;
use std::rc::Rc;

use adw::prelude::*;
use lenscap_api::{SetupPlan, SetupReport, SetupStep, SetupVerb};
use lenscap_words::{preferences, setup as words, tr, trf};

use super::helper;
use crate::rows;
use crate::widgets::{self, MIN_WIDTH};

/// What does the same on a terminal.
const COMMAND: &str = "lenscap setup";

/// Opens it over `parent`; `done` hears when something was done.
pub fn open(parent: Option<&gtk::Window>, verbs: &[SetupVerb], done: Rc<dyn Fn()>) {
    let window = adw::PreferencesWindow::builder()
        .title(tr("Set Up"))
        .modal(true)
        .destroy_with_parent(true)
        .search_enabled(false)
        .default_width(560)
        .default_height(520)
        .width_request(MIN_WIDTH)
        .build();
    window.set_transient_for(parent);
    let page = adw::PreferencesPage::new();
    window.add(&page);
    let state = adw::PreferencesGroup::new();
    let looking = rows::plain(&tr("Looking for what is to be done…"), "");
    state.add(&looking);
    page.add(&state);
    window.present();

    let dialog = Rc::new(Dialog { page, state, shown: RefCell::new(vec![looking]), cancel: gio::Cancellable::new() });
    // It lives as long as the window.
    let open = Rc::clone(&dialog);
    window.connect_close_request(move |_| {
        open.cancel.cancel();
        glib::Propagation::Proceed
    });
    let verbs = verbs.to_vec();
    glib::spawn_future_local(async move {
        match helper::plans(&verbs).await {
            Ok(plans) => dialog.show(plans, done),
            Err(trouble) => dialog.say(vec![rows::plain(&preferences::sentence(&trouble), "")]),
        }
    });
}

/// The window's content.
struct Dialog {
    page: adw::PreferencesPage,
    /// What is so now, above all.
    state: adw::PreferencesGroup,
    shown: RefCell<Vec<adw::ActionRow>>,
    cancel: gio::Cancellable,
}

impl Dialog {
    fn show(self: &Rc<Self>, plans: Vec<SetupPlan>, done: Rc<dyn Fn()>) {
        plans.iter().for_each(|plan| self.page.add(&planned(plan)));
        // What is done already, or cannot be, is left alone by the helper as well.
        let possible: Vec<_> = plans
            .iter()
            .filter(|plan| plan.trouble.is_none() && !plan.steps.is_empty())
            .map(|plan| plan.verb)
            .collect();
        if possible.is_empty() {
            return self.say(vec![rows::plain(&tr("Nothing can be set up by a button here."), "")]);
        }
        let promise = tr("You may be asked for a password. All of it can be taken back.");
        self.say(vec![rows::plain(&tr("This will be changed"), &promise)]);
        let button = widgets::pill(&tr("Set Up"));
        button.add_css_class("suggested-action");
        let area = adw::PreferencesGroup::new();
        area.add(&button);
        self.page.add(&area);
        button.grab_focus();
        let dialog = Rc::downgrade(self);
        button.connect_clicked(move |button| {
            let Some(dialog) = dialog.upgrade() else { return };
            let (button, possible, done) = (button.clone(), possible.clone(), Rc::clone(&done));
            button.set_sensitive(false);
            glib::spawn_future_local(async move {
                let is_done = dialog.carry_out(&possible).await;
                done();
                button.set_sensitive(!is_done);
                button.set_visible(!is_done);
            });
        });
    }

    /// Has them done one after the other, up to the first that is not; whether all were.
    async fn carry_out(&self, verbs: &[SetupVerb]) -> bool {
        let mut said = Vec::new();
        for verb in verbs {
            self.say(vec![rows::plain(&words::heading(*verb), &tr("Waiting for the system, and for your password…"))]);
            // Without a report the window was closed.
            let Some(report) = helper::carry_out(*verb, &self.cancel).await else { return false };
            let is_done = report.trouble.is_none();
            said.extend(reported(&report));
            if !is_done {
                self.say(said);
                return false;
            }
        }
        self.say(said);
        true
    }

    /// In place of what was said before; who cannot see it hears it.
    fn say(&self, rows: Vec<adw::ActionRow>) {
        self.shown.take().iter().for_each(|row| self.state.remove(row));
        rows.iter().for_each(|row| self.state.add(row));
        if let Some(first) = rows.first() {
            first.grab_focus();
        }
        self.shown.replace(rows);
    }
}

/// What came of a verb, and what else there is to be done.
fn reported(report: &SetupReport) -> Vec<adw::ActionRow> {
    let row = rows::plain(&words::heading(report.verb), &words::report(report));
    let Some(trouble) = &report.trouble else { return vec![row] };
    let mut commands = words::commands(trouble);
    if commands.is_empty() {
        commands.push(COMMAND.to_owned());
    }
    rows::with_commands(row, &commands)
}

/// What one verb will do.
fn planned(plan: &SetupPlan) -> adw::PreferencesGroup {
    // As a row: the title of a group is cut where a narrow window has no room for it.
    let group = adw::PreferencesGroup::new();
    let below = match &plan.trouble {
        Some(trouble) => words::sentence(trouble),
        None if plan.steps.is_empty() => words::nothing_to_do(),
        None => String::new(),
    };
    let row = rows::plain(&words::heading(plan.verb), &below);
    let commands = plan.trouble.as_ref().map(words::commands).unwrap_or_default();
    rows::with_commands(row, &commands).iter().for_each(|row| group.add(row));
    plan.steps.iter().for_each(|step| group.add(&planned_step(step)));
    group
}

fn planned_step(step: &SetupStep) -> adw::PreferencesRow {
    match step {
        SetupStep::Write { path, text } => written(path, text).upcast(),
        SetupStep::Link { path, target } => {
            rows::plain(path, &trf!("Will be a link to {file}", file = target)).upcast()
        }
        SetupStep::Remove { path } => rows::plain(path, &tr("Will be removed")).upcast(),
        SetupStep::Run { command } => {
            let row = rows::plain(&command.join(" "), &tr("Will be run"));
            row.add_css_class("monospace");
            row.upcast()
        }
    }
}

/// A file, with its text to be opened.
fn written(path: &str, text: &str) -> adw::ExpanderRow {
    let row = adw::ExpanderRow::builder().use_markup(false).title(path).subtitle(tr("Will be written")).build();
    let label = gtk::Label::builder()
        .label(text.trim_end())
        .selectable(true)
        .wrap(true)
        .wrap_mode(gtk::pango::WrapMode::WordChar)
        .xalign(0.0)
        .css_classes(["monospace", "caption"])
        .margin_top(12)
        .margin_bottom(12)
        .margin_start(12)
        .margin_end(12)
        .build();
    widgets::set_accessible_label(&label, &trf!("What {file} will hold", file = path));
    row.add_row(&label);
    row
}
