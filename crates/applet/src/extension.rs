//! The extension with which GNOME shows the icon: the shell asks the user and installs it, as for a browser that is on the
//! extension's page (gnome-browser-connector); where it cannot, that page is opened.

use std::collections::HashMap;

use zbus::Connection;
use zbus::zvariant::Value;

use super::Desktop;
use super::notify::{Subject, complaint};
use lenscap_words::notify::cannot_open;

const EXTENSION: &str = "appindicatorsupport@rgcjonas.gmail.com";
const PAGE: &str = "https://extensions.gnome.org/extension/615/appindicator-support/";

impl Desktop {
    /// `token`: what lets a browser's window come to the front.
    pub(super) fn offer_extension(&self, token: Option<String>) {
        let Some(connection) = self.front.borrow().connection.clone() else { return };
        let front = self.front.clone();
        self.tasks.run(async move {
            if let Err(error) = offer(&connection, token).await {
                tracing::warn!("nothing opens {PAGE}: {error}");
                front.borrow().notify(Subject::Complaint, Some(complaint(&cannot_open(PAGE))));
            }
        });
    }
}

async fn offer(connection: &Connection, token: Option<String>) -> zbus::Result<()> {
    let (shell, interface) = ("org.gnome.Shell", "org.gnome.Shell.Extensions");
    let asked =
        connection.call_method(Some(shell), "/org/gnome/Shell", Some(interface), "InstallRemoteExtension", &EXTENSION);
    // It answers when the user has: no answer in time is none of our business.
    let Err(zbus::Error::MethodError(name, ..)) = asked.await else { return Ok(()) };
    tracing::debug!("the shell does not install its extension ({name}): opening the page");
    let (portal, interface) = ("org.freedesktop.portal.Desktop", "org.freedesktop.portal.OpenURI");
    let options: HashMap<&str, Value<'_>> = token.map(|token| ("activation_token", token.into())).into_iter().collect();
    let arguments = ("", PAGE, options);
    let path = "/org/freedesktop/portal/desktop";
    connection.call_method(Some(portal), path, Some(interface), "OpenURI", &arguments).await.map(drop)
}
