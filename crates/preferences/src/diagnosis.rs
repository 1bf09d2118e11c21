//! The window "Diagnosis": what `lenscap doctor` finds, in rows.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::ffi::OsStr;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use adw::prelude::*;
use glib::JoinHandle;
use lenscap_api::{DoctorReport, Finding, Verdict};
use lenscap_core::trouble::preferences::PreferencesTrouble;
use lenscap_text::Cause;
use lenscap_words::{camera_test, preferences, tr};

use crate::rows::{self, finding};
use crate::widgets::MIN_WIDTH;
use crate::{programs, setup, widgets};

/// A test ends by itself within 25 s.
const TEST_LIMIT: Duration = Duration::from_secs(40);

/// The window; it looks at once. `config`: the settings file, when it is not the usual one.
pub fn window(config: Option<&Path>) -> adw::PreferencesWindow {
    let window = adw::PreferencesWindow::builder()
        .title(tr("Diagnosis"))
        .modal(true)
        .search_enabled(false)
        .default_width(560)
        .default_height(520)
        .width_request(MIN_WIDTH)
        .build();
    let page = adw::PreferencesPage::new();
    page.add(&group(config, worst_first));
    page.add(&camera(config));
    window.add(&page);
    window
}

/// What is found, in a group; it looks at once, and again when something was set up. `choose` gives what is shown.
pub fn group(config: Option<&Path>, choose: impl Fn(Vec<Finding>) -> Vec<Finding> + 'static) -> adw::PreferencesGroup {
    let group = widgets::group(&tr("What Lenscap needs"));
    group.set_description(Some(&tr("Nothing is changed, and no camera is touched.")));
    let again = gtk::Button::builder().icon_name("view-refresh-symbolic").valign(gtk::Align::Center).build();
    again.add_css_class("flat");
    widgets::name_button(&again, &tr("Look Again"));
    let copy = gtk::Button::builder().icon_name("edit-copy-symbolic").valign(gtk::Align::Center).build();
    copy.add_css_class("flat");
    widgets::name_button(&copy, &tr("Copy Report"));
    let buttons = gtk::Box::new(gtk::Orientation::Horizontal, 0);
    buttons.append(&copy);
    buttons.append(&again);
    group.set_header_suffix(Some(&buttons));
    let config = config.map(Path::to_owned);

    copy.connect_clicked({
        let config = config.clone();
        move |copy| {
            copy.set_sensitive(false);
            let (copy, config) = (copy.downgrade(), config.clone());
            glib::spawn_future_local(async move {
                let report = doctor("--report", config.as_deref()).await;
                let Some(copy) = copy.upgrade() else { return };
                copy.set_sensitive(true);
                copy.grab_focus();
                let toast = match report {
                    Ok(report) => {
                        copy.clipboard().set_text(&report);
                        adw::Toast::new(&tr("Copied, without anything private: paste it into a bug report."))
                    }
                    Err(trouble) => widgets::error_toast(&preferences::sentence(&trouble)),
                };
                if let Some(overlay) =
                    copy.ancestor(adw::ToastOverlay::static_type()).and_downcast::<adw::ToastOverlay>()
                {
                    overlay.add_toast(toast);
                }
            });
        }
    });

    let shown: Rc<RefCell<Vec<adw::ActionRow>>> = Rc::default();
    let choose = Rc::new(choose);
    let look = {
        let (group, again) = (group.downgrade(), again.downgrade());
        Rc::new(move || {
            let (group, again, shown, config) = (group.clone(), again.clone(), shown.clone(), config.clone());
            let choose = choose.clone();
            glib::spawn_future_local(async move {
                if let Some(again) = again.upgrade() {
                    again.set_sensitive(false);
                }
                let found = ask(config.as_deref()).await;
                let (Some(group), Some(again)) = (group.upgrade(), again.upgrade()) else { return };
                let findings = choose(found.map_or_else(|trouble| vec![unasked(&trouble)], |report| report.findings));
                again.set_sensitive(true);
                widgets::keeping_focus(&group, &again, || {
                    shown.take().iter().for_each(|row| group.remove(row));
                    shown.replace(findings.iter().flat_map(finding).collect());
                    shown.borrow().iter().for_each(|row| group.add(row));
                });
            });
        })
    };
    look();
    setup::when_done(&group, Rc::clone(&look));
    again.connect_clicked(move |_| look());
    group
}

/// A test of the camera, which switches it on: only when it is asked for, and said before.
fn camera(config: Option<&Path>) -> adw::PreferencesGroup {
    let group = widgets::group(&tr("Camera"));
    let row = rows::plain(&tr("Test the Camera Now"), &camera_test::warning());
    row.set_activatable(true);
    row.add_suffix(&gtk::Image::from_icon_name("media-playback-start-symbolic"));
    let config = config.map(Path::to_owned);
    row.connect_activated(move |row| {
        row.set_sensitive(false);
        let (shown, config) = (row.downgrade(), config.clone());
        let testing = glib::spawn_future_local(async move {
            let words = words(OsStr::new("--test"), config.as_deref());
            let said = programs::ask_within(TEST_LIMIT, &words).await;
            let Some(row) = shown.upgrade() else { return };
            row.set_sensitive(true);
            row.grab_focus();
            row.set_subtitle(&match said {
                Ok(said) if !said.trim().is_empty() => said.trim().to_owned(),
                Ok(_) => unusable(Cause::other("no answer")),
                Err(cause) => unusable(cause),
            });
        });
        // The camera goes off with the window that has it tested. What is dropped here is what waits, and so the program.
        let testing = Cell::new(Some(testing));
        row.connect_unrealize(move |_| testing.take().iter().for_each(JoinHandle::abort));
    });
    group.add(&row);
    group
}

fn unusable(cause: Cause) -> String {
    preferences::sentence(&PreferencesTrouble::DoctorUnusable { cause })
}

/// What was found.
async fn ask(config: Option<&Path>) -> Result<DoctorReport, PreferencesTrouble> {
    let report = doctor("--json", config).await?;
    serde_json::from_str(&report).map_err(|error| PreferencesTrouble::DoctorUnusable { cause: Cause::other(error) })
}

/// What the program that looks prints, asked for in this way.
async fn doctor(how: &str, config: Option<&Path>) -> Result<String, PreferencesTrouble> {
    programs::ask(&words(OsStr::new(how), config)).await.map_err(|cause| PreferencesTrouble::DoctorUnusable { cause })
}

fn words<'a>(how: &'a OsStr, config: Option<&'a Path>) -> Vec<&'a OsStr> {
    let config = config.map(|config| [OsStr::new("--config"), config.as_os_str()]);
    [OsStr::new("doctor"), how].into_iter().chain(config.into_iter().flatten()).collect()
}

/// Why there are no findings, as one.
fn unasked(trouble: &PreferencesTrouble) -> Finding {
    Finding {
        check: String::new(),
        verdict: Verdict::Problem,
        text: preferences::sentence(trouble),
        evidence: None,
        remedy: None,
        commands: Vec::new(),
        setup: None,
        diagnosis: None,
    }
}

/// What is wrong first; of equals the order of the checks.
pub fn worst_first(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| Reverse(finding.verdict));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_come_first() {
        let report: DoctorReport = serde_json::from_str(
            r#"{ "ok": false, "findings": [
                { "check": "a", "verdict": "fine", "text": "A", "remedy": null },
                { "check": "b", "verdict": "problem", "text": "B", "remedy": "Do.", "commands": ["do"] },
                { "check": "c", "verdict": "fine", "text": "C", "remedy": null },
                { "check": "d", "verdict": "note", "text": "D", "remedy": null, "new": 1 }
            ] }"#,
        )
        .unwrap();
        let texts: Vec<_> = worst_first(report.findings).into_iter().map(|finding| finding.text).collect();
        assert_eq!(texts, ["B", "D", "A", "C"]);
    }
}
