//! The camera in PipeWire beside the loopback's node, from one USB camera: a real server and session manager, and the wire.
//!
//! A line "REPORT ..." says how long something took, or is a row of the table in `table`.

mod applications;
mod faults;
mod login;
pub mod reader;
mod readers;
mod table;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lenscap::output::monotonic_now;
use lenscap_test_support::pipewire::{Session, property};
use lenscap_test_support::process::{DEADLINE, eventually, within};
use lenscap_test_support::relay::Relay;
use lenscap_test_support::usb_camera::Camera;

use crate::machine::NODE;
use reader::Reader;

const WIDTH: usize = 320;
const HEIGHT: usize = 240;
/// In the graph.
const NAME: &str = "lenscap";
const LABEL: &str = "Lenscap";
/// What pipewiresrc is asked for unless a test has reasons.
pub const ANY: &str = "video/x-raw";

/// A session with the relay in it, and a camera.
struct Desk {
    relay: Relay,
    session: Session,
    camera: Camera,
}

impl Desk {
    /// With the rule for WirePlumber; the relay comes after the server. `None`: the test says so and is skipped.
    fn new(test: &str) -> Option<Self> {
        let session = Session::new(test)?;
        session.install_rule();
        Some(Self::server_first(session))
    }

    /// The relay finds a session manager that has looked at every device.
    fn server_first(mut session: Session) -> Self {
        let camera = plug();
        session.start_server();
        until_devices_are_known(&session);
        let relay = relay(&session, &camera);
        let desk = Self { relay, session, camera };
        desk.until_listed();
        desk
    }

    fn until_listed(&self) {
        self.session.until_listed(NAME);
    }

    /// The server ends and comes again, with its session manager: for these the relay was there first.
    fn restart_server(&mut self) {
        self.session.kill_server();
        self.session.start_server();
        until_devices_are_known(&self.session);
        self.until_listed();
    }

    /// See [`listed`].
    fn listed(&self) -> Vec<String> {
        listed(&self.session.objects().unwrap_or_default())
    }
    /// Of the graph's nodes and links, for people.
    fn states(&self) -> Vec<String> {
        let state = |object: &serde_json::Value| {
            let (kind, info) = (object["type"].as_str()?, &object["info"]);
            let name = property(object, "node.name").unwrap_or_default();
            let ends = [&info["output-node-id"], &info["input-node-id"]];
            Some(format!("{} {kind} {name} {ends:?} {}", object["id"], info.get("state")?))
        };
        self.session.objects().unwrap_or_default().iter().filter_map(state).collect()
    }

    fn reader(&self) -> Reader {
        Reader::pipewire(&self.session, ANY)
    }

    /// One request on the control socket.
    fn ask(&self, request: &str) {
        let mut socket = UnixStream::connect(self.relay.runtime_dir().join("lenscap/control")).expect("its socket");
        socket.set_read_timeout(Some(DEADLINE)).expect("a deadline");
        writeln!(socket, "{{\"do\":\"{request}\"}}").expect("a request");
        let mut answer = String::new();
        socket.read_to_string(&mut answer).expect("an answer");
        assert!(answer.contains("\"state\""), "{request}: {answer}");
    }

    /// Whether the relay says that this process streams.
    fn names(&self, name: &str, pid: u32) -> bool {
        let (_, status, _) = self.relay.lenscap(&["status", "--json"]);
        let status: serde_json::Value = serde_json::from_str(&status).unwrap_or_default();
        let clients = status["clients"].as_array().cloned().unwrap_or_default();
        clients.iter().any(|client| client["name"] == name && client["pid"] == pid && client["use"] == "streaming")
    }

    fn until_idle_and_off(&mut self) {
        self.relay.wait_for("idle");
        assert!(!self.camera.is_on(), "idle means off: {:#?}", self.camera.log());
    }
}

/// `node.name` of every camera in the graph that people see as Lenscap.
fn listed(objects: &[serde_json::Value]) -> Vec<String> {
    let is_ours = |object: &&serde_json::Value| {
        let is = |name: &str, value: &str| property(object, name).as_deref() == Some(value);
        let names = ["node.description", "node.nick", "api.v4l2.cap.card"];
        is("media.class", "Video/Source") && names.iter().any(|name| is(name, LABEL))
    };
    let mut names: Vec<_> =
        objects.iter().filter(is_ours).map(|object| property(object, "node.name").unwrap_or_default()).collect();
    names.sort();
    names
}

/// A camera that sends isochronously.
fn plug() -> Camera {
    Camera::plug("Wire", &["--isoc", "--formats", "yuyv"])
}

fn relay(session: &Session, camera: &Camera) -> Relay {
    relay_with(session, camera, &["--device", NODE], &[])
}

/// With these arguments and environment variables as well.
fn relay_with(session: &Session, camera: &Camera, arguments: &[&str], environment: &[(&str, &str)]) -> Relay {
    let (width, height) = (WIDTH.to_string(), HEIGHT.to_string());
    let source = camera.source();
    let own = ["--source", &source, "--cooldown-ms", "500", "-w", &width, "-H", &height, "-f", "15"];
    let runtime = session.runtime_dir();
    let runtime = [("PIPEWIRE_RUNTIME_DIR", runtime.to_str().expect("a path"))];
    let mut relay = Relay::start_with(&[arguments, &own].concat(), &[&runtime, environment].concat());
    relay.wait_for("idle");
    relay
}

/// The session manager has looked at the devices: the USB camera has its node.
fn until_devices_are_known(session: &Session) {
    let is_camera = |object: &serde_json::Value| {
        property(object, "media.class").as_deref() == Some("Video/Source")
            && property(object, "api.v4l2.cap.card").is_some_and(|card| card.contains("Wire"))
    };
    session.until("WirePlumber has found the USB camera", |objects| objects.iter().any(is_camera));
}
