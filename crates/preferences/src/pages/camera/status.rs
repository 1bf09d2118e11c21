//! What matters first: whether the camera is on, the switch that keeps it off, who uses it, and the preview's switch.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use adw::prelude::*;
use glib::variant::ToVariant;
use lenscap_api::AppletStatus;
use lenscap_core::offer::{Offer, PAUSES, Verb};
use lenscap_core::status::StateName;
use lenscap_words::offer::{button, label, pause};
use lenscap_words::{preferences, status as words, tr};

use crate::applet::{self, AppletProxy, AppletState};
use crate::context::Context;
use crate::rows;
use crate::stage::Stage;
use crate::widgets::{self, set_accessible_label};

/// Of the symbol that shows the state, in pixels.
const ICON_SIZE: i32 = 32;

/// The groups, from the top.
pub fn groups(context: &Context) -> [adw::PreferencesGroup; 3] {
    let of = |row: &adw::ActionRow| {
        let group = adw::PreferencesGroup::new();
        group.add(row);
        group
    };
    let state = state(&context.applet);
    let own = of(&state);
    own.add(&offers(&context.applet, &state));
    let users = widgets::group(&tr("Used by"));
    let rows: RefCell<Vec<adw::ActionRow>> = RefCell::default();
    let (shown, list) = (own.downgrade(), users.downgrade());
    context.applet.on_change(move |state| {
        let (Some(own), Some(list)) = (shown.upgrade(), list.upgrade()) else { return };
        let status = if let AppletState::Running(status) = state { Some(status) } else { None };
        let new = status.map(|status| users_of(status)).unwrap_or_default();
        widgets::keeping_focus(&list, &own, || {
            rows.take().iter().for_each(|row| list.remove(row));
            new.iter().for_each(|row| list.add(row));
            list.set_visible(!new.is_empty());
        });
        rows.replace(new);
        // Without an applet a notice says so.
        own.set_visible(status.is_some());
    });
    [own, users, of(&Stage::row())]
}

/// The state with its switch: as long as that is off, nobody gets the camera.
fn state(proxy: &Rc<AppletProxy>) -> adw::ActionRow {
    let row = rows::plain("", "");
    row.add_css_class("state");
    let icon = gtk::Image::builder().pixel_size(ICON_SIZE).build();
    row.add_prefix(&icon);
    let switch = gtk::Switch::builder().valign(gtk::Align::Center).tooltip_text(tr("Camera allowed")).build();
    set_accessible_label(&switch, &tr("Camera allowed"));
    row.add_suffix(&switch);
    let show = {
        let (row, switch) = (row.downgrade(), switch.downgrade());
        move |state: &AppletState| {
            let (Some(row), Some(switch)) = (row.upgrade(), switch.upgrade()) else { return };
            let (title, subtitle) = preferences::applet(state);
            row.set_title(&title);
            rows::report(&row, &subtitle, &Ok(()));
            icon.set_icon_name(Some(&applet::icon(state)));
            switch.set_active(is_allowed(state));
        }
    };
    proxy.on_change(show.clone());
    let (asked, proxy) = (row.downgrade(), Rc::downgrade(proxy));
    switch.connect_active_notify(move |switch| {
        let Some(proxy) = proxy.upgrade() else { return };
        let wanted = switch.is_active();
        // Going along with the state.
        if wanted == is_allowed(&proxy.state()) {
            return;
        }
        let (asked, show) = (asked.clone(), show.clone());
        glib::spawn_future_local(async move {
            let done = match wanted {
                true => proxy.call("Resume", None).await,
                false => proxy.call("Pause", Some(&pause_arguments(None))).await,
            };
            let done = done.map(drop);
            if let (Some(row), Err(_)) = (asked.upgrade(), &done) {
                show(&proxy.state());
                rows::report(&row, "", &done);
            }
        });
    });
    row
}

/// Buttons for what can be done about those who use the camera, or about a failure, and for pauses; the switch of `row` resumes.
/// A row of their own: beside the state a narrow window has no room for them.
fn offers(proxy: &Rc<AppletProxy>, row: &adw::ActionRow) -> adw::PreferencesRow {
    let area = gtk::Box::builder().spacing(12).halign(gtk::Align::End).build();
    area.add_css_class("offers");
    let own = adw::PreferencesRow::builder().child(&area).activatable(false).focusable(false).build();
    let (shown, row, asked) = (own.downgrade(), row.downgrade(), Rc::downgrade(proxy));
    let present: RefCell<Vec<Offer>> = RefCell::default();
    proxy.on_change(move |state| {
        let Some(own) = shown.upgrade() else { return };
        let offers = match state {
            AppletState::Running(status) => status.offers.0.clone(),
            AppletState::Unknown | AppletState::NoBus | AppletState::NotRunning => Vec::new(),
        };
        // A button that stays keeps the focus.
        if *present.borrow() == offers {
            return;
        }
        let Some(beside) = row.upgrade() else { return };
        widgets::keeping_focus(&area, &beside, || {
            while let Some(old) = area.first_child() {
                area.remove(&old);
            }
            shown_of(&offers).filter_map(|offer| can_do(offer, &asked, &row)).for_each(|button| area.append(&button));
            own.set_visible(area.first_child().is_some());
        });
        present.replace(offers);
    });
    own
}

/// All but the answers to those who ask for the camera after the first: there is no room for more, and their turn comes.
fn shown_of(offers: &[Offer]) -> impl Iterator<Item = &Offer> {
    let first = offers.iter().find(|offer| offer.verb == Verb::AllowOnce).map(|offer| &offer.programs);
    let is_answer = |offer: &Offer| matches!(offer.verb, Verb::AllowOnce | Verb::AllowAlways | Verb::Block);
    offers.iter().filter(move |offer| !is_answer(offer) || Some(&offer.programs) == first)
}

/// A button for it; `None`: the switch does it.
fn can_do(offer: &Offer, proxy: &Weak<AppletProxy>, row: &glib::WeakRef<adw::ActionRow>) -> Option<gtk::Widget> {
    let ids: Vec<&str> = offer.programs.iter().map(|program| program.id.as_str()).collect();
    let (method, arguments) = match offer.verb {
        Verb::TurnOff => ("TurnOff", None),
        Verb::AllowOnce => ("AllowOnce", Some((ids,).to_variant())),
        Verb::Allow | Verb::AllowAlways => ("Allow", Some((ids,).to_variant())),
        Verb::Block => ("Block", Some((ids,).to_variant())),
        Verb::TryAgain => ("Resume", None),
        Verb::Pause => return Some(pauses(proxy, row).upcast()),
        Verb::Resume => return None,
    };
    let button = gtk::Button::builder().label(button(offer.verb)).tooltip_text(label(offer)).build();
    let (row, proxy) = (row.clone(), proxy.clone());
    button.connect_clicked(move |_| ask(&proxy, &row, method, arguments.clone()));
    Some(button.upcast())
}

/// A button with a menu of pauses; while paused they are other times.
fn pauses(proxy: &Weak<AppletProxy>, row: &glib::WeakRef<adw::ActionRow>) -> gtk::MenuButton {
    let menu = gio::Menu::new();
    for seconds in PAUSES {
        let item = gio::MenuItem::new(Some(&pause(seconds)), None);
        item.set_action_and_target_value(Some("state.pause"), Some(&pause_arguments(seconds)));
        menu.append_item(&item);
    }
    let act = gio::SimpleAction::new("pause", Some(pause_arguments(None).type_()));
    let (proxy, row) = (proxy.clone(), row.clone());
    act.connect_activate(move |_, arguments| ask(&proxy, &row, "Pause", arguments.cloned()));
    let group = gio::SimpleActionGroup::new();
    group.add_action(&act);
    let button = gtk::MenuButton::builder().label(button(Verb::Pause)).menu_model(&menu).build();
    button.insert_action_group("state", Some(&group));
    button
}

/// Of the applet's method `Pause`.
fn pause_arguments(seconds: Option<u64>) -> glib::Variant {
    (seconds.map_or(0, |seconds| u32::try_from(seconds).unwrap_or(u32::MAX)),).to_variant()
}

/// Asks the applet for this; the row says where it refuses.
fn ask(
    proxy: &Weak<AppletProxy>,
    row: &glib::WeakRef<adw::ActionRow>,
    method: &'static str,
    arguments: Option<glib::Variant>,
) {
    let (proxy, row) = (proxy.clone(), row.clone());
    glib::spawn_future_local(async move {
        let Some(proxy) = proxy.upgrade() else { return };
        let done = proxy.call(method, arguments.as_ref()).await.map(drop);
        if let (Some(row), Err(_)) = (row.upgrade(), &done) {
            rows::report(&row, "", &done);
        }
    });
}

/// Whether whoever asks gets the camera, as far as the user decides.
fn is_allowed(state: &AppletState) -> bool {
    let AppletState::Running(status) = state else { return false };
    !matches!(status.state_name(), Some(StateName::Paused | StateName::Asking | StateName::Blocked))
}

/// The programs that use a camera.
fn users_of(status: &AppletStatus) -> Vec<adw::ActionRow> {
    let with_icon = |row: adw::ActionRow, icon: &str| {
        let image = match icon.starts_with('/') {
            true => gtk::Image::from_file(icon),
            false => gtk::Image::from_icon_name(icon),
        };
        row.add_prefix(&image);
        row
    };
    let mut clients: Vec<_> = status.clients.0.iter().filter(|client| !client.name.is_empty()).collect();
    clients.dedup_by_key(|client| (client.name.as_str(), client.usage.as_str()));
    let own = clients.into_iter().map(|client| {
        with_icon(
            rows::plain(&client.name, &preferences::usage(&client.usage, status.state_name())),
            if client.icon.is_empty() { "application-x-executable-symbolic" } else { &client.icon },
        )
    });
    let others = status.other_cameras.0.iter().map(|other| {
        with_icon(
            rows::plain(&words::other_camera_of(&other.camera, &other.programs), &words::cannot_switch_off()),
            "camera-video-symbolic",
        )
    });
    own.chain(others).collect()
}
