//! What keeps the whole from working, above all pages, with a button that does something about it. (AdwBanner came with
//! libadwaita 1.3.)

use std::rc::Rc;

use adw::prelude::*;
use lenscap_core::status::StateName;
use lenscap_words::tr;

use crate::applet::{self, AppletState};
use crate::context::Context;
use crate::error::WindowError;
use crate::widgets;

/// A title and a sentence, hidden at first.
struct Notice {
    bar: gtk::InfoBar,
    title: gtk::Label,
    sentence: gtk::Label,
}

impl Notice {
    fn new(kind: gtk::MessageType, title: &str) -> Rc<Self> {
        let label = |class| gtk::Label::builder().wrap(true).xalign(0.0).css_classes([class]).build();
        let (title_label, sentence) = (label("heading"), label("caption"));
        title_label.set_label(title);
        let words = gtk::Box::builder().orientation(gtk::Orientation::Vertical).hexpand(true).build();
        words.append(&title_label);
        words.append(&sentence);
        let bar = gtk::InfoBar::builder().message_type(kind).visible(false).build();
        bar.add_child(&words);
        Rc::new(Self { bar, title: title_label, sentence })
    }

    fn button(&self, label: &str, clicked: impl Fn(&gtk::Button) + 'static) {
        let button = gtk::Button::builder().label(label).valign(gtk::Align::Center).build();
        button.connect_clicked(clicked);
        self.bar.add_action_widget(&button, gtk::ResponseType::None);
    }

    /// Says it, or nothing.
    fn show(&self, sentence: Option<&str>) {
        self.sentence.set_label(sentence.unwrap_or_default());
        self.sentence.set_visible(sentence.is_some_and(|sentence| !sentence.is_empty()));
        self.bar.set_visible(sentence.is_some());
    }
}

/// All of them, the worst first.
pub fn all(context: &Context) -> [gtk::InfoBar; 4] {
    [not_running(context), no_device(context), wrong_settings(context), ignored_settings(context)]
}

fn not_running(context: &Context) -> gtk::InfoBar {
    let notice = Notice::new(gtk::MessageType::Warning, "");
    let toasts = context.toasts.downgrade();
    let button = gtk::Button::builder().label(tr("Start")).valign(gtk::Align::Center).build();
    button.connect_clicked(move |button| {
        let (button, toasts) = (button.clone(), toasts.clone());
        button.set_sensitive(false);
        glib::spawn_future_local(async move {
            let done = applet::start().await.map_err(WindowError::from);
            button.set_sensitive(true);
            if let (Some(toasts), Err(error)) = (toasts.upgrade(), done) {
                toasts.add_toast(widgets::error_toast(&error));
            }
        });
    });
    notice.bar.add_action_widget(&button, gtk::ResponseType::None);
    let bar = notice.bar.clone();
    context.applet.on_change(move |state| {
        let is_silent = matches!(state, AppletState::NotRunning | AppletState::NoBus);
        let (title, sentence) = lenscap_words::preferences::applet(state);
        notice.title.set_label(&title);
        notice.show(is_silent.then_some(&sentence));
        button.set_visible(*state == AppletState::NotRunning);
    });
    bar
}

/// The reason is said on the first page.
fn no_device(context: &Context) -> gtk::InfoBar {
    let notice = Notice::new(gtk::MessageType::Warning, &tr("Applications see no camera"));
    notice.button(&tr("Diagnose…"), |button| {
        // Only a window that is gone refuses.
        let _ = button.activate_action("win.diagnose", None);
    });
    let bar = notice.bar.clone();
    context.applet.on_change(move |state| {
        let is_so = matches!(state, AppletState::Running(status) if status.state_name() == Some(StateName::NoDevice));
        notice.show(is_so.then_some(""));
    });
    bar
}

fn wrong_settings(context: &Context) -> gtk::InfoBar {
    let notice = Notice::new(gtk::MessageType::Error, &tr("The settings file cannot be used"));
    let path = context.store.path().to_owned();
    notice.button(&tr("Open"), move |button| widgets::open(button, &path));
    let bar = notice.bar.clone();
    context.store.on_problem(move |problem| {
        notice.show(problem.as_deref().map(lenscap_words::preferences::locked).as_deref());
    });
    bar
}

fn ignored_settings(context: &Context) -> gtk::InfoBar {
    let notice = Notice::new(gtk::MessageType::Info, &tr("A settings file of the system has a mistake"));
    let bar = notice.bar.clone();
    context.store.on_ignored(move |ignored| notice.show(ignored.as_deref()));
    bar
}
