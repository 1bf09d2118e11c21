//! What GTK's and libadwaita's widgets lack.

use std::fmt::Display;
use std::path::Path;

use adw::prelude::*;
use lenscap_words::tr;

/// Narrowest window, in pixels.
pub const MIN_WIDTH: i32 = 360;

/// A button for the end of a row, shown as a symbol and named for those who do not see it.
pub fn symbol_button(icon: &str, name: &str) -> gtk::Button {
    let button = gtk::Button::builder().icon_name(icon).valign(gtk::Align::Center).css_classes(["flat"]).build();
    name_button(&button, name);
    button
}

/// Names a button that shows a symbol. Such a button is called what its image is called.
pub fn name_button(button: &impl IsA<gtk::Button>, name: &str) {
    let button = button.upcast_ref::<gtk::Button>();
    button.set_tooltip_text(Some(name));
    if let Some(image) = button.child() {
        set_accessible_label(&image, name);
    }
}

/// Where toasts appear. The button that closes one is named here: in libadwaita 1.2 it has a symbol only.
pub fn toast_overlay() -> adw::ToastOverlay {
    let overlay = adw::ToastOverlay::new();
    let children = overlay.observe_children();
    children.connect_items_changed(|children, at, _, added| {
        let toasts = (at..at + added).filter_map(|index| children.item(index).and_downcast::<gtk::Widget>());
        for toast in toasts.filter(|child| child.type_().name() == "AdwToastWidget") {
            let buttons = std::iter::successors(toast.first_child(), gtk::Widget::next_sibling);
            for button in buttons.filter_map(|child| child.downcast::<gtk::Button>().ok()) {
                if button.icon_name().is_some() {
                    name_button(&button, &tr("Close"));
                }
            }
        }
    });
    // Nobody else keeps the list, and without it nothing is told.
    overlay.connect_destroy(move |_| _ = &children);
    overlay
}

/// The button below a page that resets what is on it.
pub fn reset_button() -> gtk::Button {
    pill(&tr("Reset to Defaults"))
}

/// A button below a page, for all that is on it.
pub fn pill(label: &str) -> gtk::Button {
    let button = gtk::Button::builder().label(label).halign(gtk::Align::Center).css_classes(["pill"]).build();
    // In some languages these are more words than a narrow window has room for in a line.
    if let Some(label) = button.child().and_downcast::<gtk::Label>() {
        label.set_wrap(true);
        label.set_justify(gtk::Justification::Center);
    }
    button
}

/// A group of rows. Its title is whole also where a large font leaves it no room in one line; libadwaita cuts it there.
pub fn group(title: &str) -> adw::PreferencesGroup {
    let group = adw::PreferencesGroup::builder().title(title).build();
    if let Some(title) = heading(group.upcast_ref()) {
        title.set_ellipsize(gtk::pango::EllipsizeMode::None);
        title.set_wrap(true);
        title.set_wrap_mode(gtk::pango::WrapMode::WordChar);
    }
    group
}

fn heading(widget: &gtk::Widget) -> Option<gtk::Label> {
    let own = widget.downcast_ref::<gtk::Label>().filter(|label| label.has_css_class("heading"));
    let mut children = std::iter::successors(widget.first_child(), |child| child.next_sibling());
    own.cloned().or_else(|| children.find_map(|child| heading(&child)))
}

/// As windows of preferences have it by themselves.
pub fn close_by_escape(window: &impl IsA<gtk::Window>) {
    let keys = gtk::ShortcutController::new();
    keys.add_shortcut(gtk::Shortcut::new(
        gtk::ShortcutTrigger::parse_string("Escape"),
        Some(gtk::NamedAction::new("window.close")),
    ));
    window.as_ref().add_controller(keys);
}

/// What a screen reader says for this widget. (GTK's own function for it is bound from 4.10 on; this is the way of a
/// `.ui` file.)
pub fn set_accessible_label(widget: &impl IsA<gtk::Widget>, label: &str) {
    let widget = widget.upcast_ref::<gtk::Widget>();
    let template = format!(
        "<interface><template class=\"{}\"><accessibility><property name=\"label\">{}</property></accessibility>\
         </template></interface>",
        widget.type_().name(),
        glib::markup_escape_text(label)
    );
    if let Err(error) = gtk::Builder::new().extend_with_template(widget, widget.type_(), &template) {
        tracing::debug!("no accessible label \"{label}\": {error}");
    }
}

/// Scrolling the page must not change what happens to be below the pointer.
pub fn ignore_the_wheel(spin: &impl IsA<gtk::Widget>) {
    let controllers = spin.observe_controllers();
    let wheels: Vec<_> = (0..controllers.n_items())
        .filter_map(|i| controllers.item(i)?.downcast::<gtk::EventControllerScroll>().ok())
        .collect();
    for wheel in wheels {
        spin.remove_controller(&wheel);
    }
}

/// Changes what is in `container`. Where that takes away what has the focus, the first that is left has it, or `next`: GTK 4.8
/// may else pass the whole page over with Tab.
pub fn keeping_focus(container: &impl IsA<gtk::Widget>, next: &impl IsA<gtk::Widget>, change: impl FnOnce()) {
    // Not by the state of being within the focus, which a container keeps for a while when what had it is gone.
    let has_focus = || container.root().and_then(|root| root.focus()).is_some_and(|focus| focus.is_ancestor(container));
    let had_focus = has_focus();
    change();
    if had_focus && !has_focus() && !container.child_focus(gtk::DirectionType::TabForward) {
        next.child_focus(gtk::DirectionType::TabForward);
    }
}

/// Opens the settings file in the user's editor.
pub fn open(near: &impl IsA<gtk::Widget>, path: &Path) {
    let window = near.root().and_downcast::<gtk::Window>();
    let uri = gio::File::for_path(path).uri();
    gtk::show_uri(window.as_ref(), &uri, 0);
}

/// The buttons of the header as the desktop has them, without the two that a narrow window has no room for.
pub fn closing_only() -> String {
    let layout = gtk::Settings::default().and_then(|settings| settings.gtk_decoration_layout()).unwrap_or_default();
    let side = |side: &str| {
        side.split(',').filter(|button| !matches!(*button, "minimize" | "maximize")).collect::<Vec<_>>().join(",")
    };
    layout.split(':').map(side).collect::<Vec<_>>().join(":")
}

/// A toast of what went wrong; a toast's title is markup.
pub fn error_toast(error: &impl Display) -> adw::Toast {
    adw::Toast::new(&glib::markup_escape_text(&error.to_string()))
}
