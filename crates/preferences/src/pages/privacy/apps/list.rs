//! Which applications are listed, and what is said of each.

use gio::prelude::*;
use gio_unix::DesktopAppInfo;
use lenscap_core::app::{AppId, Rule};
use lenscap_settings::Settings;
use lenscap_words::{preferences, tr};

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
}

impl Known<'_> {
    /// Those that have a rule, use the camera or did, or are refused by the desktop; by their names, each once.
    pub fn listed(&self) -> Vec<Listed> {
        let running = if let AppletState::Running(status) = self.applet { Some(status) } else { None };
        let ruled = self.settings.rules().into_iter().map(|(id, _)| id);
        let users = running.iter().flat_map(|status| &status.clients.0).filter(|client| !client.id.is_empty());
        let users = users.map(|client| client.id.as_str().into());
        let before = running.iter().flat_map(|status| &status.programs).map(|id| id.as_str().into());
        let mut ids: Vec<AppId> = Vec::new();
        for id in ruled.chain(users).chain(before).chain(self.refused.iter().cloned()) {
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
        let name = shown.or_else(|| client.map(|client| client.name.clone()));
        let own = client.filter(|client| !client.icon.is_empty());
        let icon = own.and_then(|client| gio::Icon::for_string(&client.icon).ok());
        let icon = icon.or_else(|| file.as_ref().and_then(AppInfoExt::icon));
        let mut notes = Vec::new();
        notes.extend(client.map(|client| preferences::usage(&client.usage, state)));
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
        let listed = Known { settings: &settings, applet: &applet, refused: &refused }.listed();
        let shown: Vec<_> = listed.iter().map(|app| (app.name.as_str(), app.rule)).collect();
        assert_eq!(
            shown,
            [("Alpha", None), ("cheese", None), ("org.example.Gone", Some(Rule::Ask)), ("zoom", Some(Rule::Block))]
        );
        let notes = |position: usize| listed[position].notes.join(" ");
        assert_eq!(notes(0), "Sees the picture. The desktop's own permissions keep it from cameras.");
        assert_eq!([notes(1), notes(2), notes(3)], ["", "Not installed.", ""]);
    }
}
