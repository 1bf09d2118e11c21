//! Which applications are listed, and what is said of each.

use gio::prelude::*;
use gio_unix::DesktopAppInfo;
use lenscap_api::LastUse;
use lenscap_core::app::{AppId, Rule};
use lenscap_settings::Settings;
use lenscap_words::{preferences, tr, trf};

use crate::applet::AppletState;

/// Of a program that has none.
const PLAIN_ICON: &str = "application-x-executable-symbolic";

/// An application of the list.
#[derive(Debug, Clone)]
pub struct Listed {
    pub id: AppId,
    /// A name for people.
    pub name: String,
    pub icon: gio::Icon,
    /// Its own; `None`: that of those which are not listed.
    pub rule: Option<Rule>,
    /// What is known besides, a sentence each.
    pub notes: Vec<String>,
}

/// From where they are known.
pub struct Known<'a> {
    pub settings: &'a Settings,
    pub applet: &'a AppletState,
    /// Whom the desktop's own permissions keep from cameras.
    pub refused: &'a [AppId],
    /// Who used a camera last, and when.
    pub last: &'a [LastUse],
}

impl Known<'_> {
    /// Those that have a rule, use a camera or did, or are refused by the desktop; by their names, each once.
    pub fn listed(&self) -> Vec<Listed> {
        let running = if let AppletState::Running(status) = self.applet { Some(status) } else { None };
        let ruled = self.settings.rules().into_iter().map(|(id, _)| id);
        let users = running.iter().flat_map(|status| &status.clients.0).filter(|client| !client.id.is_empty());
        let users = users.map(|client| client.id.as_str().into());
        let before = running.iter().flat_map(|status| &status.programs).map(|id| id.as_str().into());
        let last = self.last.iter().map(|last| last.app.clone());
        let mut ids: Vec<AppId> = Vec::new();
        for id in ruled.chain(users).chain(before).chain(self.refused.iter().cloned()).chain(last) {
            if !ids.iter().any(|known| known.is(&id)) {
                ids.push(id);
            }
        }
        let mut listed: Vec<_> = ids.into_iter().map(|id| self.about(id)).collect();
        listed.sort_by_cached_key(|app| (app.name.to_lowercase(), app.id.clone()));
        listed
    }

    fn about(&self, id: AppId) -> Listed {
        let (client, state) = match self.applet {
            AppletState::Running(status) => {
                (status.clients.0.iter().find(|client| id.is(&client.id.as_str().into())), status.state_name())
            }
            _ => (None, None),
        };
        let file = if id.program().is_none() { DesktopAppInfo::new(&format!("{id}.desktop")) } else { None };
        let shown = file.as_ref().map(|file| file.display_name().to_string());
        let last = self.last.iter().find(|last| id.is(&last.app));
        let name = shown.or_else(|| client.map(|client| client.name.clone()));
        let name = name.or_else(|| last.map(|last| last.name.to_string()).filter(|name| !name.is_empty()));
        let own = client.filter(|client| !client.icon.is_empty());
        let icon = own.and_then(|client| gio::Icon::for_string(&client.icon).ok());
        let icon = icon.or_else(|| file.as_ref().and_then(AppInfoExt::icon));
        let before = last.and_then(|last| last.icon.as_deref());
        let icon = icon.or_else(|| before.and_then(|icon| gio::Icon::for_string(icon).ok()));
        let mut notes = Vec::new();
        notes.extend(client.map(|client| preferences::usage(&client.usage, state)));
        if client.is_none() {
            notes.extend(last.and_then(|last| last_used(last.last)));
        }
        // In a sandbox of our own others' desktop files are not seen.
        if id.program().is_none() && file.is_none() && client.is_none() && std::env::var_os("FLATPAK_ID").is_none() {
            notes.push(tr("Not installed."));
        }
        if self.refused.iter().any(|refused| refused.is(&id)) {
            notes.push(tr("The desktop's own permissions keep it from cameras."));
        }
        Listed {
            name: name.unwrap_or_else(|| id.program().unwrap_or(id.as_str()).to_owned()),
            icon: icon.unwrap_or_else(|| gio::ThemedIcon::new(PLAIN_ICON).upcast()),
            rule: rule_of(self.settings, &id),
            notes,
            id,
        }
    }
}

/// When that was, milliseconds since 1970; `None` beyond what the calendar has.
fn last_used(at: i64) -> Option<String> {
    let time = glib::DateTime::from_unix_local(at.div_euclid(1000)).ok()?;
    let now = glib::DateTime::now_local().ok()?;
    let is_day_of = |day: &glib::DateTime| day.ymd() == time.ymd();
    Some(if is_day_of(&now) {
        trf!("Last used today at {time}.", time = time.format("%R").ok()?)
    } else if now.add_days(-1).is_ok_and(|yesterday| is_day_of(&yesterday)) {
        tr("Last used yesterday.")
    } else {
        trf!("Last used on {date}.", date = time.format("%x").ok()?)
    })
}

/// The rule that these settings have for this application itself: the strictest, where they have several.
pub fn rule_of(settings: &Settings, id: &AppId) -> Option<Rule> {
    settings.rules().into_iter().find(|(known, _)| known.is(id)).map(|(_, rule)| rule)
}

#[cfg(test)]
mod tests {
    use lenscap_api::{AppletClient, AppletClients, AppletStatus};

    use super::*;

    #[test]
    fn each_is_listed_once_by_its_name_with_what_is_known_of_it() {
        let mut settings = Settings::default();
        settings.set_rule(&"program:zoom".into(), Some(Rule::Block));
        settings.set_rule(&"org.example.Gone".into(), Some(Rule::Ask));
        let client = AppletClient {
            name: "Alpha".into(),
            usage: "streaming".into(),
            id: "org.example.Alpha".into(),
            ..AppletClient::default()
        };
        let status = AppletStatus {
            state: "live".into(),
            clients: AppletClients(vec![client]),
            programs: vec!["program:Zoom".into(), "program:cheese".into()],
            ..AppletStatus::default()
        };
        let applet = AppletState::Running(Box::new(status));
        let refused = ["org.example.Alpha".into()];
        let last = [LastUse {
            app: "org.example.Before".into(),
            name: "Beta <b>".into(),
            icon: None,
            last: lenscap_sys::clock::wall_now() - 30 * 86_400_000,
        }];
        let listed = Known { settings: &settings, applet: &applet, refused: &refused, last: &last }.listed();
        let shown: Vec<_> = listed.iter().map(|app| (app.name.as_str(), app.rule)).collect();
        assert_eq!(
            shown,
            [
                ("Alpha", None),
                ("Beta <b>", None),
                ("cheese", None),
                ("org.example.Gone", Some(Rule::Ask)),
                ("zoom", Some(Rule::Block))
            ]
        );
        let notes = |position: usize| listed[position].notes.join(" ");
        assert_eq!(notes(0), "Sees the picture. The desktop's own permissions keep it from cameras.");
        assert!(notes(1).starts_with("Last used on ") && notes(1).ends_with(". Not installed."), "{}", notes(1));
        assert_eq!([notes(2), notes(3), notes(4)], ["", "Not installed.", ""]);
        assert!(last_used(lenscap_sys::clock::wall_now()).unwrap().starts_with("Last used today at "));
        assert_eq!(last_used(i64::MAX), None);
    }
}
