//! The window: a frame of header, notices, preview and pages, with a search over all rows.

mod actions;
mod notices;
mod options;
mod search;

use std::rc::Rc;

use adw::prelude::*;
use lenscap_settings::Layers;

use crate::applet::AppletProxy;
use crate::context::{Context, Surroundings};
use crate::controls::Panel;
use crate::pages;
use crate::stage::Stage;
use crate::store::Store;
use crate::widgets::{self, MIN_WIDTH};
use search::Search;

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
        let window = adw::Window::builder()
            .title("Lenscap")
            .default_width(640)
            .default_height(720)
            .width_request(MIN_WIDTH)
            .build();
        let controls = Panel::new(&store, &applet);
        let toasts = widgets::toast_overlay();
        let stage = Stage::new(&store, &applet, &surroundings, &toasts);
        let context = Context { store, applet, window, toasts, surroundings, controls, stage };

        let pages = adw::ViewStack::builder().vexpand(true).build();
        for page in pages::ALL {
            let page = page(&context);
            let (name, icon) = (page.name(), page.icon_name().unwrap_or_default());
            pages.add_titled_with_icon(&page, name.as_deref(), &page.title(), &icon);
        }
        context.stage.follow(&pages);
        context.put_together(&pages);
        options::follow(&context, &pages);
        if let Err(error) = context.store.watch() {
            context.toasts.add_toast(widgets::error_toast(&error));
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
        Self { context }
    }

    /// GTK's window.
    pub fn widget(&self) -> &adw::Window {
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

    /// Shows the window "Set Up" over it.
    pub fn set_up(&self) {
        // Only a window that is gone refuses.
        let _ = self.context.window.activate_action("win.set-up", None);
    }

    /// Shows it, in front.
    pub fn present(&self) {
        self.context.window.present();
    }
}

impl Context {
    /// Fills the window. Toasts lie over the pages, not over the tabs below them.
    fn put_together(&self, pages: &adw::ViewStack) {
        let shown = gtk::Box::new(gtk::Orientation::Vertical, 0);
        shown.append(self.stage.widget());
        shown.append(pages);
        let search = Search::new(pages, &shown, &self.controls);
        self.toasts.set_child(Some(&search.content));

        let title = adw::ViewSwitcherTitle::builder().title("Lenscap").stack(pages).build();
        let tabs = adw::ViewSwitcherBar::builder().stack(pages).build();
        title.bind_property("title-visible", &tabs, "reveal").sync_create().build();
        let header = adw::HeaderBar::builder()
            .title_widget(&title)
            .centering_policy(adw::CenteringPolicy::Strict)
            .decoration_layout(widgets::closing_only())
            .build();
        header.pack_start(&search.button);
        header.pack_end(&actions::menu_button());

        let frame = gtk::Box::new(gtk::Orientation::Vertical, 0);
        frame.append(&header);
        frame.append(&search.bar);
        notices::all(self).iter().for_each(|notice| frame.append(notice));
        frame.append(&self.toasts);
        frame.append(&tabs);
        self.window.set_content(Some(&frame));
        actions::add(self, pages, &search);
    }
}
