//! The row that shows what applications see.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use adw::prelude::*;
use lenscap_words::tr;

use super::{filler, plain};
use crate::context::{Context, Surroundings};
use crate::error::WindowError;
use crate::node;
use crate::preview::{Preview, PreviewEvent};
use crate::widgets::set_accessible_label;

/// The preview, its button and its place in the page.
pub struct PreviewRow {
    /// The row with the button.
    pub row: adw::ActionRow,
    /// The row with the picture, or with the reason that there is none.
    pub screen: adw::PreferencesRow,
}

impl PreviewRow {
    /// A row of the node that applications open.
    pub fn new(context: &Context) -> Self {
        let (applet, store) = (Rc::clone(&context.applet), Rc::clone(&context.store));
        let Surroundings { preview_source: source, class, .. } = context.surroundings.clone();
        let row = plain(&tr("Show what apps see"), &tr("Turns the camera on."));
        let button = gtk::ToggleButton::builder().label(tr("Show")).valign(gtk::Align::Center).build();
        row.add_suffix(&button);
        row.set_activatable_widget(Some(&button));

        let picture = gtk::Picture::builder().hexpand(true).build();
        set_accessible_label(&picture, &tr("What applications see"));
        let words = gtk::Label::builder()
            .wrap(true)
            .wrap_mode(gtk::pango::WrapMode::WordChar)
            .justify(gtk::Justification::Center)
            .margin_top(12)
            .margin_bottom(12)
            .margin_start(12)
            .margin_end(12)
            .build();
        let content = gtk::Box::new(gtk::Orientation::Vertical, 0);
        content.append(&picture);
        content.append(&words);
        let screen = filler(&content);

        let running: Rc<RefCell<Option<Preview>>> = Rc::default();
        let say = {
            let (picture, words) = (picture.clone(), words.clone());
            move |text: &str| {
                picture.set_paintable(gtk::gdk::Paintable::NONE);
                picture.set_visible(false);
                words.set_label(text);
                words.set_visible(true);
            }
        };
        {
            let (running, screen) = (Rc::clone(&running), screen.clone());
            button.connect_toggled(move |button| {
                running.replace(None);
                button.set_label(&if button.is_active() { tr("Stop") } else { tr("Show") });
                screen.set_visible(button.is_active());
                if !button.is_active() {
                    return;
                }
                say(&tr("Waiting for the first picture…"));
                let (picture, words, weak, say_why) =
                    (picture.clone(), words.clone(), Rc::downgrade(&running), say.clone());
                let news = move |news| {
                    // Of one that was stopped.
                    if weak.upgrade().is_none_or(|running| running.borrow().is_none()) {
                        return;
                    }
                    match news {
                        PreviewEvent::Picture(texture) => {
                            // The page gives it no more than it asks for.
                            let height = picture.width().max(200) * texture.height() / texture.width().max(1);
                            picture.set_height_request(height.clamp(100, 360));
                            picture.set_paintable(Some(&texture));
                            picture.set_visible(true);
                            words.set_visible(false);
                        }
                        PreviewEvent::Ended(trouble) => say_why(&lenscap_words::preferences::sentence(&trouble)),
                    }
                };
                let source = source.as_deref();
                let node = if source.is_some() { Ok(PathBuf::new()) } else { node::find(&applet, &store, &class) };
                match node.map_err(WindowError::from).and_then(|node| Preview::start(&node, source, news)) {
                    Ok(preview) => drop(running.replace(Some(preview))),
                    Err(error) => say(&error.to_string()),
                }
            });
        }
        // Another page, a search, the window closed.
        screen.connect_unmap(move |_| button.set_active(false));
        Self { row, screen }
    }
}
