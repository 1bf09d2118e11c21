//! The window "Set Up": what is there and what is missing, a button that mends it, the session's start, how apps get the
//! camera, and what they see. It comes once by itself, at the first start with something missing.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use adw::prelude::*;
use lenscap_api::{Finding, SetupVerb};
use lenscap_words::{tr, trf};

use crate::applet::AppletProxy;
use crate::context::Surroundings;
use crate::pages::general;
use crate::stage::Stage;
use crate::store::Store;
use crate::widgets::{self, MIN_WIDTH};
use crate::{diagnosis, rows, setup};

/// What nothing can work without, as the doctor calls it.
const ESSENTIALS: [&str; 3] = ["module", "node", "camera"];

/// The window. From now on it does not come by itself. `config`: the settings file, when it is not the usual one.
pub fn window(
    store: &Rc<Store>,
    applet: &Rc<AppletProxy>,
    surroundings: &Surroundings,
    config: Option<&Path>,
) -> adw::Window {
    if let Err(error) = surroundings.welcome.say() {
        tracing::debug!("cannot remember that the welcome was shown: {error}");
    }
    let window = adw::Window::builder()
        .title(tr("Set Up"))
        .modal(true)
        .destroy_with_parent(true)
        .default_width(560)
        .default_height(680)
        .width_request(MIN_WIDTH)
        .build();
    let page = adw::PreferencesPage::new();
    let greeting = widgets::group(&tr("Welcome to Lenscap"));
    greeting.set_description(Some(&tr("Apps always see a camera. The real one is on only while an app uses it.")));
    page.add(&greeting);
    essentials(config).iter().for_each(|group| page.add(group));
    let group = adw::PreferencesGroup::new();
    group.add(&general::autostart(&surroundings.autostart, &window));
    page.add(&group);
    imports(store).iter().for_each(|group| page.add(group));
    page.add(&in_apps(store));
    let group = adw::PreferencesGroup::new();
    group.add(&Stage::row());
    page.add(&group);

    let toasts = widgets::toast_overlay();
    let stage = Stage::new(store, applet, surroundings, &toasts);
    let actions = gio::SimpleActionGroup::new();
    actions.add_action(stage.action());
    window.insert_action_group("win", Some(&actions));
    let header = adw::HeaderBar::builder().decoration_layout(widgets::closing_only()).build();
    let frame = gtk::Box::new(gtk::Orientation::Vertical, 0);
    frame.append(&header);
    frame.append(stage.widget());
    page.set_vexpand(true);
    frame.append(&page);
    toasts.set_child(Some(&frame));
    window.set_content(Some(&toasts));
    widgets::close_by_escape(&window);
    // It lives as long as the window.
    window.connect_close_request(move |_| {
        stage.action().change_state(&false.to_variant());
        glib::Propagation::Proceed
    });
    window
}

/// What is there and what is missing, and one button for all that can be mended.
fn essentials(config: Option<&Path>) -> [adw::PreferencesGroup; 2] {
    let button = widgets::pill(&tr("Set Up…"));
    button.add_css_class("suggested-action");
    let below = adw::PreferencesGroup::builder().visible(false).build();
    below.add(&button);
    let verbs: Rc<RefCell<Vec<SetupVerb>>> = Rc::default();
    let (offered, shown) = (Rc::clone(&verbs), below.downgrade());
    let found = diagnosis::group(config, move |mut findings| {
        findings.retain(|finding| {
            // Without a name: why the doctor cannot be asked.
            ESSENTIALS.contains(&finding.check.as_str()) || finding.setup.is_some() || finding.check.is_empty()
        });
        let wanted = take_verbs(&mut findings);
        if let Some(below) = shown.upgrade() {
            below.set_visible(!wanted.is_empty());
        }
        offered.replace(wanted);
        diagnosis::worst_first(findings)
    });
    let near = found.downgrade();
    button.connect_clicked(move |_| {
        if let Some(near) = near.upgrade() {
            setup::offer(&near, &verbs.borrow());
        }
    });
    [found, below]
}

/// What mends these, each once, in the order in which it is done; the one button does it instead of one in each row.
fn take_verbs(findings: &mut [Finding]) -> Vec<SetupVerb> {
    let mut verbs: Vec<_> = findings.iter_mut().filter_map(|finding| finding.setup.take()).collect();
    verbs.sort_unstable();
    verbs.dedup();
    verbs
}

/// What other relays were set to do, to be taken over; nothing where there is nothing.
fn imports(store: &Rc<Store>) -> Option<adw::PreferencesGroup> {
    let found = store.imports();
    let group = widgets::group(&tr("Settings of other programs"));
    group.set_description(Some(&tr("What you have set yourself stays as it is.")));
    for (import, lines) in &found {
        let subtitle = lines.join("\n");
        let row = rows::plain(import.relay.as_str(), &subtitle);
        let button = gtk::Button::builder().label(tr("Take Over")).valign(gtk::Align::Center).build();
        button.set_tooltip_text(Some(&import.path.display().to_string()));
        row.add_suffix(&button);
        let (shown, store, import) = (row.downgrade(), Rc::downgrade(store), import.clone());
        button.connect_clicked(move |button| {
            let (Some(row), Some(store)) = (shown.upgrade(), store.upgrade()) else { return };
            let done = store.take_over(&import);
            rows::report(&row, &lenscap_words::import::done(store.path()), &done);
            button.set_sensitive(done.is_err());
        });
        group.add(&row);
    }
    (!found.is_empty()).then_some(group)
}

/// How apps get the camera, by kind.
fn in_apps(store: &Rc<Store>) -> adw::PreferencesGroup {
    let group = widgets::group(&tr("Choose the camera in your apps"));
    group.set_description(Some(&tr("Restart apps that are open already: many look for cameras only when they start.")));
    let name = store.settings().device.label;
    for (title, how) in [
        (tr("Video calls"), trf!("In the app's settings, among video or devices, choose {camera}.", camera = name)),
        (
            tr("Web pages"),
            trf!("When the browser asks whether the page may use a camera, choose {camera}.", camera = name),
        ),
        (
            tr("Recording and streaming"),
            trf!("Add a video capture device as a source, and choose {camera}.", camera = name),
        ),
    ] {
        group.add(&rows::plain(&title, &how));
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_button_does_each_thing_once_and_in_order() {
        let finding = |verb: &str| {
            let text =
                format!(r#"{{ "check": "a", "verdict": "problem", "text": "A", "remedy": null, "setup": {verb} }}"#);
            serde_json::from_str::<Finding>(&text).unwrap()
        };
        let mut findings = [r#""stop-v4l2-relayd""#, "null", r#""device""#, r#""stop-v4l2-relayd""#].map(finding);
        assert_eq!(take_verbs(&mut findings), [SetupVerb::Device, SetupVerb::StopV4l2Relayd]);
        assert!(findings.iter().all(|finding| finding.setup.is_none()));
    }
}
