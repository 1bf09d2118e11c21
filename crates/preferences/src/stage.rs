//! The preview above the pages: it stays in sight while those scroll. Switched on and off by one action, from wherever.

mod framing;
mod hands;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use adw::prelude::*;
use lenscap_words::tr;

use crate::applet::AppletProxy;
use crate::context::Surroundings;
use crate::error::WindowError;
use crate::preview::{Preview, PreviewEvent};
use crate::store::Store;
use crate::widgets::{error_toast, set_accessible_label};
use crate::{node, rows};

/// The pages on which it is of use; on others the camera has no need to be on.
const PAGES: [&str; 2] = ["camera", "controls"];

/// The preview and its place.
pub struct Stage {
    place: gtk::Box,
    picture: gtk::Picture,
    /// Gives the picture no more height than it has the room for.
    frame: adw::Clamp,
    /// In place of the picture: why there is none.
    words: gtk::Label,
    action: gio::SimpleAction,
    running: RefCell<Option<Preview>>,
    store: Rc<Store>,
    applet: Rc<AppletProxy>,
    surroundings: Surroundings,
    toasts: adw::ToastOverlay,
}

impl Stage {
    /// The action that shows and hides it.
    pub const ACTION: &'static str = "win.preview";

    /// Hidden, of the node that applications open.
    pub fn new(
        store: &Rc<Store>,
        applet: &Rc<AppletProxy>,
        surroundings: &Surroundings,
        toasts: &adw::ToastOverlay,
    ) -> Rc<Self> {
        let picture = gtk::Picture::builder().hexpand(true).build();
        // TRANSLATORS: how to frame the picture; "0" is the key
        picture.set_tooltip_text(Some(&tr(
            "Drag to move, scroll to zoom. Keys: arrows, plus and minus; 0 shows everything.",
        )));
        set_accessible_label(&picture, &tr("What applications see"));
        let words = gtk::Label::builder()
            .wrap(true)
            .wrap_mode(gtk::pango::WrapMode::WordChar)
            .justify(gtk::Justification::Center)
            .hexpand(true)
            .margin_top(12)
            .margin_bottom(12)
            .margin_start(12)
            .margin_end(12)
            .build();
        let place = gtk::Box::builder()
            .css_classes(["stage"])
            .visible(false)
            .margin_top(12)
            .margin_start(12)
            .margin_end(12)
            .build();
        let frame = adw::Clamp::builder().orientation(gtk::Orientation::Vertical).child(&picture).build();
        place.append(&frame);
        place.append(&words);
        let action = gio::SimpleAction::new_stateful("preview", None, &false.to_variant());
        let stage = Rc::new(Self {
            place,
            picture,
            frame,
            words,
            action,
            running: RefCell::default(),
            store: Rc::clone(store),
            applet: Rc::clone(applet),
            surroundings: surroundings.clone(),
            toasts: toasts.clone(),
        });
        let shown = Rc::downgrade(&stage);
        stage.action.connect_change_state(move |action, wanted| {
            let (Some(stage), Some(wanted)) = (shown.upgrade(), wanted) else { return };
            action.set_state(wanted);
            stage.show(wanted.get().unwrap_or(false));
        });
        let refusing = Rc::downgrade(&stage);
        hands::frame(&stage.picture, store, move |error| {
            if let Some(stage) = refusing.upgrade() {
                stage.toasts.add_toast(error_toast(&error));
            }
        });
        let shown = Rc::downgrade(&stage);
        // A search, or the window closed.
        stage.place.connect_unmap(move |_| {
            if let Some(stage) = shown.upgrade() {
                stage.action.change_state(&false.to_variant());
            }
        });
        stage
    }

    /// Where it is shown.
    pub fn widget(&self) -> &gtk::Box {
        &self.place
    }

    /// See [`Self::ACTION`].
    pub fn action(&self) -> &gio::SimpleAction {
        &self.action
    }

    /// A row that switches it.
    pub fn row() -> adw::ActionRow {
        let row = rows::plain(&tr("Show what apps see"), &tr("Turns the camera on."));
        let switch = gtk::Switch::builder().valign(gtk::Align::Center).action_name(Self::ACTION).build();
        row.add_suffix(&switch);
        row.set_activatable_widget(Some(&switch));
        row
    }

    /// Ends where a page is shown that has no use for it; can be switched on on the others only.
    pub fn follow(self: &Rc<Self>, pages: &adw::ViewStack) {
        let stage = Rc::downgrade(self);
        pages.connect_visible_child_name_notify(move |pages| {
            let Some(stage) = stage.upgrade() else { return };
            let is_of_use = pages.visible_child_name().is_some_and(|name| PAGES.contains(&name.as_str()));
            stage.action.set_enabled(is_of_use);
            if !is_of_use {
                stage.action.change_state(&false.to_variant());
            }
        });
    }

    fn show(self: &Rc<Self>, is_on: bool) {
        self.running.replace(None);
        self.place.set_visible(is_on);
        if !is_on {
            return;
        }
        self.say(&tr("Waiting for the first picture…"));
        let weak = Rc::downgrade(self);
        let news = move |news| {
            // Of one that was stopped.
            let Some(stage) = weak.upgrade().filter(|stage| stage.running.borrow().is_some()) else { return };
            match news {
                PreviewEvent::Picture(texture) => stage.take(&texture),
                PreviewEvent::Ended(trouble) => stage.say(&lenscap_words::preferences::sentence(&trouble)),
            }
        };
        let source = self.surroundings.preview_source.as_deref();
        let node = match source {
            Some(_) => Ok(PathBuf::new()),
            None => node::find(&self.applet, &self.store, &self.surroundings.class),
        };
        match node.map_err(WindowError::from).and_then(|node| Preview::start(&node, source, news)) {
            Ok(preview) => drop(self.running.replace(Some(preview))),
            Err(error) => self.say(&error.to_string()),
        }
    }

    fn take(&self, texture: &gtk::gdk::Texture) {
        // As high as the picture is, and never so high that the page has no room.
        let height = self.place.width() * texture.height() / texture.width().max(1);
        let room = self.place.root().map_or(0, |window| window.height()) * 2 / 5;
        let height = height.min(room).max(100);
        self.frame.set_maximum_size(height);
        self.frame.set_tightening_threshold(height);
        self.picture.set_paintable(Some(texture));
        self.frame.set_visible(true);
        self.words.set_visible(false);
    }

    fn say(&self, text: &str) {
        self.picture.set_paintable(gtk::gdk::Paintable::NONE);
        self.frame.set_visible(false);
        self.words.set_label(text);
        self.words.set_visible(true);
    }
}
