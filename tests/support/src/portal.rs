//! The camera portal in a [`Session`]: xdg-desktop-portal, with nobody to ask: whoever wants the camera is let in. And a client
//! of it, as sandboxed and other programs are.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_io::{Timer, block_on};
use futures_lite::{StreamExt, future};
use zbus::connection::Builder;
use zbus::zvariant::{ObjectPath, OwnedFd, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, MatchRule, MessageStream, message};

use crate::pipewire::Session;
use crate::process::{DEADLINE, Reaped, eventually};

/// Where distributions put the two programs.
const DIRECTORIES: [&str; 2] = ["/usr/libexec", "/usr/lib"];
const PORTAL: &str = "xdg-desktop-portal";
const PERMISSION_STORE: &str = "xdg-permission-store";

/// The portal's name, object and interface.
const NAME: &str = "org.freedesktop.portal.Desktop";
const OBJECT: &str = "/org/freedesktop/portal/desktop";
const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";
const CAMERA: &str = "org.freedesktop.portal.Camera";
/// The name of our own backend: the part before the last dot is in the file below.
const BACKEND: &str = "org.freedesktop.impl.portal.desktop.lenscaptest";
/// How a desktop says that this backend is its own.
const DESCRIPTION: &str = "[portal]\nDBusName=org.freedesktop.impl.portal.desktop.lenscaptest\n\
    Interfaces=org.freedesktop.impl.portal.Access\nUseIn=lenscaptest\n";

/// The portal; ended when dropped.
pub struct Portal {
    asked: Arc<Mutex<Vec<String>>>,
    _backend: Connection,
    _processes: [Reaped; 2],
}

impl Portal {
    /// Why there can be none here.
    pub fn lack() -> Option<String> {
        let missing = [PORTAL, PERMISSION_STORE].into_iter().find(|name| program(name).is_none())?;
        Some(format!("{missing} is not installed (scripts/deps.sh test)"))
    }

    /// Starts it, with its backend.
    pub fn start(session: &Session) -> Self {
        let descriptions = descriptions(session);
        fs::write(descriptions.join("lenscaptest.portal"), DESCRIPTION).expect("a file");
        // From 1.17 on the desktop says which backends it wants.
        fs::write(descriptions.join("portals.conf"), "[preferred]\ndefault=lenscaptest\n").expect("a file");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let access = Access { asked: asked.clone() };
        let backend = block_on(async {
            let connection = connect(session).serve_at(OBJECT, access).expect("an object").build().await?;
            connection.request_name(BACKEND).await?;
            zbus::Result::Ok(connection)
        });
        let processes = start(session);
        let portal = Self { asked, _backend: backend.expect("the bus"), _processes: processes };
        let client = PortalClient::new(session);
        eventually("the portal is there", || client.property("version").is_some());
        portal
    }

    /// Starts it where nobody can ask the user: it has no cameras then.
    pub fn without_backend(session: &Session) -> [Reaped; 2] {
        let processes = start(session);
        let bus = block_on(connect(session).build()).expect("the bus");
        let has_name = || {
            let answer = block_on(bus.call_method(Some(BUS), BUS_PATH, Some(BUS), "NameHasOwner", &NAME));
            answer.is_ok_and(|answer| answer.body().deserialize() == Ok(true))
        };
        eventually("the portal is there", has_name);
        processes
    }

    /// The application ids for which the camera was asked; "" is a program outside of any sandbox.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

/// Where the portal looks for its backends.
fn descriptions(session: &Session) -> PathBuf {
    let directory = session.path("portals");
    fs::create_dir_all(&directory).expect("a directory");
    directory
}

/// The portal, and where it keeps what it is told.
fn start(session: &Session) -> [Reaped; 2] {
    [PERMISSION_STORE, PORTAL].map(|name| {
        let mut command = session.command(program(name).expect("it is installed"));
        command
            .env("XDG_DESKTOP_PORTAL_DIR", descriptions(session))
            .env("XDG_CURRENT_DESKTOP", "lenscaptest")
            .env("XDG_DATA_HOME", session.path("data"))
            .stdout(Stdio::null());
        if std::env::var_os("LENSCAP_TEST_LOUD").is_none() {
            command.stderr(Stdio::null());
        }
        Reaped(command.spawn().expect("it starts"))
    })
}

/// The backend's part that is asked whether an application may have the camera.
struct Access {
    asked: Arc<Mutex<Vec<String>>>,
}

#[zbus::interface(name = "org.freedesktop.impl.portal.Access")]
impl Access {
    #[expect(clippy::too_many_arguments, reason = "the portal's interface has them")]
    fn access_dialog(
        &self,
        _handle: ObjectPath<'_>,
        app_id: &str,
        _parent_window: &str,
        _title: &str,
        _subtitle: &str,
        _body: &str,
        _options: HashMap<&str, Value<'_>>,
    ) -> (u32, HashMap<String, OwnedValue>) {
        self.asked.lock().expect("no panic").push(app_id.to_owned());
        (0, HashMap::new())
    }
}

/// A program that takes the camera through the portal.
pub struct PortalClient {
    connection: Connection,
}

impl PortalClient {
    /// Connects to the session's bus.
    pub fn new(session: &Session) -> Self {
        Self { connection: block_on(connect(session).build()).expect("the bus") }
    }

    /// Whether the portal says that there is a camera.
    pub fn is_camera_present(&self) -> bool {
        self.property("IsCameraPresent").is_some_and(|value| bool::try_from(value).expect("a boolean"))
    }

    /// Asks for the cameras: the connection to PipeWire that the portal gives.
    pub fn open(&self) -> std::os::fd::OwnedFd {
        block_on(self.try_open()).expect("the portal gives it")
    }

    async fn try_open(&self) -> zbus::Result<std::os::fd::OwnedFd> {
        // The answer may come before the call's own: listened for first.
        let token = "lenscap";
        let sender = self.connection.unique_name().expect("a bus").trim_start_matches(':').replace('.', "_");
        let rule = MatchRule::builder()
            .msg_type(message::Type::Signal)
            .interface("org.freedesktop.portal.Request")?
            .member("Response")?
            .path(format!("{OBJECT}/request/{sender}/{token}"))?
            .build();
        let mut responses = MessageStream::for_match_rule(rule, &self.connection, None).await?;
        let options = HashMap::from([("handle_token", Value::from(token))]);
        let _request: OwnedObjectPath = self.call(CAMERA, "AccessCamera", &(options,)).await?;
        let late = async {
            Timer::after(DEADLINE).await;
            panic!("no answer of the portal within {DEADLINE:?}")
        };
        let response = future::or(responses.next(), late).await.expect("the bus stays")?;
        let (code, _): (u32, HashMap<String, OwnedValue>) = response.body().deserialize()?;
        assert_eq!(code, 0, "the portal refuses");
        let remote: OwnedFd = self.call(CAMERA, "OpenPipeWireRemote", &(HashMap::<&str, Value<'_>>::new(),)).await?;
        Ok(remote.into())
    }

    fn property(&self, name: &str) -> Option<OwnedValue> {
        block_on(self.call("org.freedesktop.DBus.Properties", "Get", &(CAMERA, name))).ok()
    }

    async fn call<R>(
        &self,
        interface: &str,
        method: &str,
        body: &(impl serde::Serialize + zbus::zvariant::DynamicType),
    ) -> zbus::Result<R>
    where
        R: for<'d> zbus::zvariant::DynamicDeserialize<'d>,
    {
        self.connection.call_method(Some(NAME), OBJECT, Some(interface), method, body).await?.body().deserialize()
    }
}

pub(crate) fn connect(session: &Session) -> Builder<'static> {
    let address = session.bus_address();
    Builder::address(address.as_str()).expect("an address").method_timeout(Duration::from_secs(20))
}

fn program(name: &str) -> Option<PathBuf> {
    DIRECTORIES.iter().map(|directory| Path::new(directory).join(name)).find(|path| path.exists())
}
