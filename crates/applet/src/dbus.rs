//! The D-Bus service: what strangers may know and ask. `data/io.github.lenscap.Lenscap.xml` documents it.
//!
//! Beside our own interface the object has `org.freedesktop.Application`, through which desktops start programs and press
//! their actions. Messages are taken apart in a thread of zbus's; what they ask for comes to the main loop as a [`Call`].

pub mod controls;
#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;
mod object;
mod outbox;
mod properties;
mod requests;
mod to_value;

use std::time::Duration;

use async_channel::Sender;
use lenscap_api::Request;
use lenscap_words::hook::Told;
use zbus::connection::{self, Connection};
use zbus::fdo::{RequestNameFlags, RequestNameReply};
use zbus::{MatchRule, MessageStream, message};

use crate::tasks::{Tasks, within};
use lenscap_core::controls::CameraControls;
use lenscap_core::trouble::refusal::Refusal;
use object::{Application, Lenscap, Object};
use outbox::Outbox;

pub use properties::{Properties, Published};

/// Our interface.
const INTERFACE: &str = lenscap::APP_ID;
/// Its description, as introspection gives it.
const XML: &str = include_str!("../../../data/io.github.lenscap.Lenscap.xml");
/// How long a bus may take to let us in.
const BUS_LIMIT: Duration = Duration::from_secs(5);
/// Longest wait for the bus, or for a program on it.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// What became of a request: the list of controls where that was asked for.
pub type Reply = Result<Option<CameraControls>, Refusal>;

/// Somebody asks for something, and waits for what becomes of it.
#[derive(Debug)]
pub struct Call {
    /// What is asked for.
    pub request: Request,
    /// Takes one reply, and is closed when that is on its way; dropped without one, nothing was done.
    pub reply: Sender<Reply>,
}

/// The objects on one connection; gone with it.
#[derive(Debug)]
pub struct Service {
    outbox: Outbox,
}

impl Service {
    /// Connects to the session bus and exports the objects. A connection of our own: what is on it ends
    /// with it. `calls`: takes what is asked, and may take its time.
    ///
    /// # Errors
    /// zbus's when there is no bus, or it does not answer.
    pub(crate) async fn connect(
        tasks: &Tasks,
        published: Published,
        calls: Sender<Call>,
    ) -> zbus::Result<(Connection, Self)> {
        let builder = connection::Builder::session()?
            .serve_at(lenscap::OBJECT_PATH, Object::<Lenscap>::new(published.clone(), calls.clone()))?
            .serve_at(lenscap::OBJECT_PATH, Object::<Application>::new(published, calls))?;
        let connection = connect(builder).await?;
        let outbox = Outbox::new(tasks, &connection);
        Ok((connection, Self { outbox }))
    }

    /// Publishes that this happened.
    pub fn camera_event(&self, event: Told) {
        self.outbox.camera_event(event);
    }

    /// Publishes that `GetControls` would answer something else.
    pub fn controls_changed(&self) {
        self.outbox.controls_changed();
    }
}

/// Connects, within a deadline, and so that each answer has one.
///
/// # Errors
/// zbus's when there is no bus, or it does not answer.
pub(crate) async fn connect(builder: connection::Builder<'_>) -> zbus::Result<Connection> {
    let late = || Err(zbus::Error::InputOutput(std::io::Error::from(std::io::ErrorKind::TimedOut).into()));
    within(BUS_LIMIT, builder.method_timeout(ANSWER_LIMIT).build()).await.unwrap_or_else(late)
}

/// Asks for our name on the bus.
pub async fn take_name(connection: Connection) {
    let taken = connection.request_name_with_flags(lenscap::APP_ID, RequestNameFlags::DoNotQueue.into()).await;
    if !matches!(taken, Ok(RequestNameReply::PrimaryOwner)) {
        tracing::warn!("the name {} on the session bus belongs to another program", lenscap::APP_ID);
    }
}

/// Comes when this name on the bus gets another owner, or none.
///
/// # Errors
/// zbus's when the bus does not answer.
pub async fn owner_changes(connection: &Connection, name: &str) -> zbus::Result<MessageStream> {
    let rule = MatchRule::builder()
        .msg_type(message::Type::Signal)
        .sender("org.freedesktop.DBus")?
        .interface("org.freedesktop.DBus")?
        .member("NameOwnerChanged")?
        .add_arg(name)?
        .build();
    MessageStream::for_match_rule(rule, connection, None).await
}

#[cfg(test)]
mod tests {
    use lenscap_core::hook::Hook;
    use lenscap_core::status::StateName;

    use super::*;

    #[test]
    fn the_interface_is_the_documented_one() {
        let text = XML;
        // Not with the eyes of the program that is described.
        let node = gio::DBusNodeInfo::for_xml(text).expect("introspection XML");
        let interface = node.lookup_interface(INTERFACE).expect("the interface");
        let properties = [
            ("State", "s"),
            ("CameraLive", "b"),
            ("LiveSince", "x"),
            ("Clients", "aa{sv}"),
            ("Camera", "s"),
            ("Reason", "s"),
            ("Mode", "s"),
            ("Shortfall", "s"),
            ("PausedUntil", "x"),
            ("Node", "s"),
            ("Nodes", "as"),
            ("Devices", "aa{sv}"),
            ("Crowds", "aa{sv}"),
            ("Trouble", "a{sv}"),
            ("Version", "s"),
            ("Stuck", "b"),
            ("OtherCameras", "aa{sv}"),
            ("Offers", "aa{sv}"),
            ("Shortcut", "a{sv}"),
            ("Options", "a{sv}"),
            ("Programs", "as"),
        ];
        for (name, signature) in properties {
            assert!(interface.lookup_property(name).is_some(), "{name}");
            let line = format!("<property name=\"{name}\" type=\"{signature}\" access=\"read\">");
            assert!(text.contains(&line), "{line}");
            assert!(text.contains(&format!("\n        {name}:\n")), "{name} is not explained");
        }
        assert_eq!(text.matches("<property ").count(), properties.len());
        let controls = ["GetControls", "SetControl", "ResetControls"];
        let methods = [
            "Pause",
            "Resume",
            "Toggle",
            "TurnOff",
            "Allow",
            "AllowOnce",
            "Block",
            "OpenPreferences",
            "Reload",
            "Quit",
        ];
        let methods: Vec<_> = methods.into_iter().chain(controls).collect();
        for name in &methods {
            assert!(interface.lookup_method(name).is_some(), "{name}");
            assert!(text.contains(&format!("\n        {name}:\n")), "{name} is not explained");
        }
        assert_eq!(text.matches("<method ").count(), methods.len());
        let arguments = [
            "seconds\" type=\"u",
            "controls\" type=\"aa{sv}",
            "camera\" type=\"s",
            "key\" type=\"s",
            "value\" type=\"v",
            "keys\" type=\"as",
            "programs\" type=\"as",
            "event\" type=\"s",
            "app\" type=\"s",
            "app_id\" type=\"s",
        ];
        // Three methods take programs, and two things have a camera.
        assert_eq!(text.matches("<arg ").count(), arguments.len() + 3);
        for argument in arguments {
            assert!(text.contains(&format!("<arg name=\"{argument}\"")), "{argument}");
        }
        for signal in ["CameraEvent", "ControlsChanged"] {
            assert!(interface.lookup_signal(signal).is_some(), "{signal}");
            assert!(text.contains(&format!("\n        {signal}:\n")), "{signal} is not explained");
        }
        assert_eq!(text.matches("<signal ").count(), 2);
        for hook in Hook::ALL {
            assert!(text.contains(&format!("\"{}\" (", hook.as_str())), "{hook:?} is not explained");
        }
        for state in StateName::ALL {
            assert!(text.contains(&format!("\"{state}\" (")), "{state} is not explained");
        }
    }
}
