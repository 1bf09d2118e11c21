//! `org.freedesktop.portal.GlobalShortcuts`: KDE has it from Plasma 5.27 on, GNOME from 48, Hyprland in a portal of its own.
//! Which key it is, the desktop asks the user.
//!
//! 1. On a connection of its own each time: the portal takes the application's id only before anything else is asked of it
//!    there, and ends the session with the connection; and a desktop may still have the session of a portal that is gone, by
//!    a path that begins with the connection's name.
//! 2. It is asked once, and once more each time that it comes anew: never again and again.
//! 3. While nothing is pressed nothing is sent.
//!
//! Not through ashpd, which asserts that an answer is what it should be: a portal of another mind would end the relay.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::Display;
use std::time::Duration;

use futures_lite::{StreamExt, future};
use serde::Serialize;
use zbus::zvariant::{DynamicType, ObjectPath, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, MatchRule, Message, MessageStream, message};

use crate::dbus::{connect, owner_changes};
use crate::tasks::within;
use lenscap_core::shortcut::Shortcut;
use lenscap_text::{Cause, CauseKind};
use lenscap_words::shortcut::description;

const PORTAL: &str = "org.freedesktop.portal.Desktop";
const PORTAL_PATH: &str = "/org/freedesktop/portal/desktop";
const SHORTCUTS: &str = "org.freedesktop.portal.GlobalShortcuts";
/// Our one shortcut, by which the desktop remembers its key.
const TOGGLE: &str = "toggle";
/// What the user is offered; a key with a camera on it is on few keyboards.
const PREFERRED: &str = "CTRL+ALT+c";
/// For what needs no answer of the user's.
const SESSION_LIMIT: Duration = Duration::from_secs(10);
/// In a `Response`: done, and the user said no.
const DONE: u32 = 0;
const CANCELLED: u32 = 1;

type Options = HashMap<&'static str, Value<'static>>;
type Results = HashMap<String, OwnedValue>;

/// What comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// The key is down.
    Press,
    /// What became of asking for it.
    State(Shortcut),
}

/// Has the key until it is dropped; ends by itself when the user says no, or with the bus, which is the last that is heard.
pub(super) async fn keep_key(hear: &dyn Fn(Heard)) {
    let Err(last) = keep(hear).await;
    hear(Heard::State(last));
}

async fn keep(hear: &dyn Fn(Heard)) -> Result<Infallible, Shortcut> {
    loop {
        hear(Heard::State(Shortcut::Asked));
        let builder = zbus::connection::Builder::session().map_err(unsent)?;
        let connection = connect(builder).await.map_err(unsent)?;
        // Who we are, for a portal that cannot see it: outside of a sandbox and of what the desktop has started itself. From
        // xdg-desktop-portal 1.20 on, and 1.21 gives no key without. Before, and where it knows us, it refuses; never mind.
        let who = (lenscap::APP_ID, Options::new());
        let _ = call(&connection, "org.freedesktop.host.portal.Registry", "Register", &who).await;
        // Not before: the call may have started it.
        let mut owners = owner_changes(&connection, PORTAL).await.map_err(unsent)?;
        let ended = async {
            let Err(state) = use_session(&connection, hear).await;
            Ok((state, false))
        };
        let gone = async {
            let is_there = has_owner(&mut owners).await?;
            Ok((failed(CauseKind::Missing, PORTAL), is_there))
        };
        let (state, mut is_there) = future::or(ended, gone).await?;
        if state == Shortcut::Refused {
            return Err(state);
        }
        hear(Heard::State(state));
        while !is_there {
            is_there = has_owner(&mut owners).await?;
        }
    }
}

/// Waits until the portal gets another owner, or none.
async fn has_owner(owners: &mut MessageStream) -> Result<bool, Shortcut> {
    let change = next_message(owners).await?;
    let body = change.body();
    Ok(body.deserialize::<(&str, &str, &str)>().is_ok_and(|(_, _, new)| !new.is_empty()))
}

/// Or why there is none: the bus is gone.
async fn next_message(messages: &mut MessageStream) -> Result<Message, Shortcut> {
    messages.next().await.ok_or_else(|| failed(CauseKind::Missing, "org.freedesktop.DBus"))?.map_err(unsent)
}

/// Until it ends, for the reason that comes back.
async fn use_session(connection: &Connection, hear: &dyn Fn(Heard)) -> Result<Infallible, Shortcut> {
    let rule = MatchRule::builder().msg_type(message::Type::Signal).sender(PORTAL).map_err(unsent)?.build();
    // Before anything is asked: no answer and no press is missed.
    let mut signals = MessageStream::for_match_rule(rule, connection, None).await.map_err(unsent)?;
    let version = call(connection, "org.freedesktop.DBus.Properties", "Get", &(SHORTCUTS, "version")).await;
    match version {
        Ok(_) => {}
        Err(zbus::Error::MethodError(..)) => return Err(Shortcut::NoPortal),
        Err(error) => return Err(unsent(error)),
    }
    let shortcut = Options::from([("description", description().into()), ("preferred_trigger", PREFERRED.into())]);
    let shortcuts = vec![(TOGGLE, shortcut)];
    let asked = request(connection, &mut signals, "CreateSession", |mut options| {
        // Plasma remembers by this the key of an application whose id it does not know.
        options.insert("session_handle_token", "lenscap".into());
        // Plasma 5.27 takes them here, and none later. Portals from 1.18 on leave it out.
        options.insert("shortcuts", shortcuts.clone().into());
        (options,)
    });
    let late = || Err(failed(CauseKind::Silent, "CreateSession"));
    let created = within(SESSION_LIMIT, asked).await.unwrap_or_else(late)?;
    // A text, though it is a path: so it came into the world, and so it stays.
    let path = created.get("session_handle").and_then(|path| <&str>::try_from(path).ok());
    let path = path.and_then(|path| OwnedObjectPath::try_from(path).ok());
    let path = path.ok_or_else(|| failed(CauseKind::Other, "session_handle"))?;
    // The first time the desktop asks the user which key, who may take as long as it takes.
    let arguments = |options| (path.clone(), shortcuts, "", options);
    let mut known = state(shortcuts_in(&created));
    // There, each call opens the settings of the keys, which are for who has none yet.
    if !matches!(known, Shortcut::Given { .. }) {
        known = state(shortcuts_in(&request(connection, &mut signals, "BindShortcuts", arguments).await?));
    }
    hear(Heard::State(known));
    loop {
        let signal = next(&mut signals).await?;
        let (header, body) = (signal.header(), signal.body());
        match header.member().map(|member| member.as_str()) {
            Some("Activated") => {
                if let Ok((_, TOGGLE, _, _)) = body.deserialize::<(ObjectPath<'_>, &str, u64, Results)>() {
                    hear(Heard::Press);
                }
            }
            Some("ShortcutsChanged") => {
                if let Ok((_, list)) = body.deserialize::<(ObjectPath<'_>, Vec<(String, Results)>)>() {
                    hear(Heard::State(state(list)));
                }
            }
            _ => {}
        }
    }
}

fn shortcuts_in(results: &Results) -> Vec<(String, Results)> {
    results.get("shortcuts").and_then(|list| list.try_clone().ok()?.try_into().ok()).unwrap_or_default()
}

/// From the list of shortcuts that there are. Some desktops let the user take one out of it.
fn state(list: Vec<(String, Results)>) -> Shortcut {
    let Some((_, ours)) = list.into_iter().find(|(id, _)| id == TOGGLE) else { return Shortcut::Refused };
    match ours.get("trigger_description").and_then(|trigger| <&str>::try_from(trigger).ok()) {
        Some(trigger) if !trigger.is_empty() => Shortcut::Given { trigger: trigger.into() },
        _ => Shortcut::Unassigned,
    }
}

/// What comes back over a `Request` object, whose path is known before the call.
async fn request<B: Serialize + DynamicType>(
    connection: &Connection,
    signals: &mut MessageStream,
    method: &'static str,
    arguments: impl FnOnce(Options) -> B,
) -> Result<Results, Shortcut> {
    let own = connection.unique_name().map(|name| name.trim_start_matches(':').replace('.', "_")).unwrap_or_default();
    // Each is asked once on a connection: no two requests have the same path.
    let path = format!("{PORTAL_PATH}/request/{own}/{method}");
    let arguments = arguments(Options::from([("handle_token", method.into())]));
    call(connection, SHORTCUTS, method, &arguments).await.map_err(unsent)?;
    loop {
        let signal = next(signals).await?;
        if signal.header().path().is_some_and(|of| of.as_str() == path) {
            return match signal.body().deserialize::<(u32, Results)>().map_err(unsent)? {
                (DONE, results) => Ok(results),
                (CANCELLED, _) => Err(Shortcut::Refused),
                (code, _) => Err(failed(CauseKind::Other, format_args!("{method}: {code}"))),
            };
        }
    }
}

/// The next signal of the portal's, unless it is the session's end.
async fn next(signals: &mut MessageStream) -> Result<Message, Shortcut> {
    let signal = next_message(signals).await?;
    match signal.header().member().map(|member| member.as_str()) {
        Some("Closed") => Err(failed(CauseKind::Other, "Closed")),
        _ => Ok(signal),
    }
}

/// The answer, waited for as long as the connection waits.
async fn call<B: Serialize + DynamicType>(
    connection: &Connection,
    interface: &'static str,
    method: &'static str,
    arguments: &B,
) -> zbus::Result<Message> {
    connection.call_method(Some(PORTAL), PORTAL_PATH, Some(interface), method, arguments).await
}

fn unsent(error: zbus::Error) -> Shortcut {
    match error {
        zbus::Error::InputOutput(error) => Shortcut::Failed { cause: (&*error).into() },
        error => failed(CauseKind::Other, error),
    }
}

/// `detail`: what it was about, as D-Bus calls it.
fn failed(kind: CauseKind, detail: impl Display) -> Shortcut {
    Shortcut::Failed { cause: Cause { kind, ..Cause::other(detail) } }
}
