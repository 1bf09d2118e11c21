//! The window with its pages.

use std::rc::Rc;

use adw::prelude::*;
use lenscap_settings::Layers;
use lenscap_words::tr;

use crate::applet::AppletProxy;
use crate::context::{Context, Surroundings};
use crate::controls::Panel;
use crate::pages;
use crate::store::Store;
use crate::widgets::{self, MIN_WIDTH};

/// The window.
pub struct Window {
    context: Context,
}

impl Window {
    /// The window without an applet to ask, not yet shown. For tests.
    pub fn offline(surroundings: Surroundings) -> Self {
        Self::new(surroundings, AppletProxy::offline())
    }

    pub(crate) fn new(surroundings: Surroundings, applet: Rc<AppletProxy>) -> Self {
        let store = Store::open(Layers::with_user(surroundings.config.clone()));
        let window = adw::PreferencesWindow::builder()
            .title(tr("Lenscap Preferences"))
            .modal(false)
            .default_width(640)
            .default_height(720)
            .width_request(MIN_WIDTH)
            .build();
        let controls = Panel::new(&store, &applet);
        let context = Context { store, applet, window, surroundings, controls };
        for page in pages::ALL {
            context.window.add(&page(&context));
        }
        if let Err(error) = context.store.watch() {
            context.window.add_toast(widgets::error_toast(&error));
        }
        let store = Rc::downgrade(&context.store);
        context.window.connect_is_active_notify(move |window| {
            if let Some(store) = store.upgrade().filter(|_| window.is_active()) {
                store.look_for_devices();
            }
        });
        let store = Rc::downgrade(&context.store);
        context.window.connect_close_request(move |_| {
            if let Some(store) = store.upgrade() {
                store.end();
            }
            glib::Propagation::Proceed
        });
        let keys = gtk::ShortcutController::new();
        keys.add_shortcut(gtk::Shortcut::new(
            gtk::ShortcutTrigger::parse_string("<Control>w|<Control>q"),
            Some(gtk::NamedAction::new("window.close")),
        ));
        context.window.add_controller(keys);
        widgets::complete_header(context.window.upcast_ref());
        Self { context }
    }

    /// GTK's window.
    pub fn widget(&self) -> &adw::PreferencesWindow {
        &self.context.window
    }

    /// The settings it shows.
    pub fn store(&self) -> &Rc<Store> {
        &self.context.store
    }

    /// The rows of the page "Controls".
    pub fn controls(&self) -> &Rc<Panel> {
        &self.context.controls
    }

    /// Shows it, in front.
    pub fn present(&self) {
        self.context.window.present();
    }
}
