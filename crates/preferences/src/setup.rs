//! What is missing is set up: a button, what it will do, shown before, and the system's helper that does it.

mod dialog;
mod helper;

use std::rc::Rc;

use adw::prelude::*;
use lenscap_api::SetupVerb;
use lenscap_words::tr;

/// A group of actions, and the one in it that a window hears by when something was done.
const GROUP: &str = "setup";
const DONE: &str = "done";

/// A button that offers this.
pub fn button(verb: SetupVerb) -> gtk::Button {
    let button = gtk::Button::builder().label(tr("Set Up…")).valign(gtk::Align::Center).build();
    button.set_tooltip_text(Some(&lenscap_words::setup::heading(verb)));
    button.connect_clicked(move |button| offer(button, &[verb]));
    button
}

/// Shows what these will do, and does it when told to. `near`: a widget in something that hears by [`when_done`].
pub fn offer(near: &impl IsA<gtk::Widget>, verbs: &[SetupVerb]) {
    // What is near may be replaced by then.
    let listener = near.as_ref().ancestor(adw::PreferencesGroup::static_type()).map(|group| group.downgrade());
    let done = move || {
        if let Some(listener) = listener.as_ref().and_then(glib::WeakRef::upgrade) {
            let _ = listener.activate_action(&format!("{GROUP}.{DONE}"), None);
        }
    };
    let window = near.as_ref().root().and_downcast::<gtk::Window>();
    dialog::open(window.as_ref(), verbs, Rc::new(done));
}

/// `listener` hears when something was set up by a button in `widget`.
pub fn when_done(widget: &impl IsA<gtk::Widget>, listener: Rc<impl Fn() + 'static>) {
    let done = gio::SimpleAction::new(DONE, None);
    done.connect_activate(move |_, _| listener());
    let group = gio::SimpleActionGroup::new();
    group.add_action(&done);
    widget.as_ref().insert_action_group(GROUP, Some(&group));
}
