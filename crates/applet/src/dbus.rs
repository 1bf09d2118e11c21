//! The D-Bus service: what strangers may know and ask. `data/io.github.lenscap.Lenscap.xml` documents it.
//!
//! Beside our own interface the object has `org.freedesktop.Application`, through which desktops start programs and press
//! their actions.

pub mod controls;
#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use glib::variant::{ToVariant, Variant};
use lenscap_api::{AppletStatus, Request};

use controls::{text_of, to_variant};
use lenscap_core::controls::CameraControls;
use lenscap_core::status::{StateName, Status};
use lenscap_core::trouble::refusal::Refusal;
use lenscap_words::refusal::sentence;
use lenscap_words::status::published;

/// Our interface.
const INTERFACE: &str = lenscap::APP_ID;
/// Its description, as introspection gives it.
const XML: &str = include_str!("../../../data/io.github.lenscap.Lenscap.xml");
const APPLICATION_XML: &str = r#"<node><interface name="org.freedesktop.Application">
<method name="Activate"><arg type="a{sv}" direction="in"/></method>
<method name="Open"><arg type="as" direction="in"/><arg type="a{sv}" direction="in"/></method>
<method name="ActivateAction"><arg type="s" direction="in"/><arg type="av" direction="in"/><arg type="a{sv}" direction="in"/></method>
</interface></node>"#;
/// Flag and answer of `RequestName`.
const DO_NOT_QUEUE: u32 = 4;
const PRIMARY_OWNER: u32 = 1;
/// Longest wait for the bus, in milliseconds.
const ANSWER_LIMIT_MS: i32 = 5000;

/// The first loopback node and the second, while they are held.
pub type Nodes = [Option<PathBuf>; 2];

/// The properties' values.
#[derive(Debug, Clone, PartialEq, Default)]
struct Snapshot(HashMap<String, Variant>);

impl Snapshot {
    fn new(status: &Status, nodes: &Nodes, clock: &mut Clock) -> Self {
        let properties = lenscap_gvariant::properties(&applet_status(status, nodes, clock));
        Self(properties.unwrap_or_else(|error| {
            tracing::error!("a status is not published on D-Bus: {error}");
            HashMap::new()
        }))
    }

    fn get(&self, name: &str) -> Option<&Variant> {
        self.0.get(name)
    }

    /// What differs from `before`.
    fn changes(&self, before: &Self) -> HashMap<String, Variant> {
        let changed = self.0.iter().filter(|(name, value)| before.get(name) != Some(value));
        changed.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// The status as it is published, with what only this process knows.
fn applet_status(status: &Status, nodes: &Nodes, clock: &mut Clock) -> AppletStatus {
    let nodes: [Option<String>; 2] = nodes.each_ref().map(|node| Some(node.as_ref()?.to_string_lossy().into_owned()));
    AppletStatus {
        live_since: status.live_since.map_or(0, |since| clock.seconds(since)),
        paused_until: match (status.state, status.until) {
            (StateName::Paused, Some(until)) => clock.seconds(until),
            (StateName::Paused, None) => AppletStatus::WITHOUT_END,
            _ => 0,
        },
        node: nodes[0].clone().unwrap_or_default(),
        nodes: nodes.into_iter().flatten().collect(),
        version: lenscap::VERSION.to_owned(),
        ..published(status).into()
    }
}

/// Seconds since 1970 of moments, the same each time the same moment is asked for.
#[derive(Debug, Default)]
struct Clock {
    known: Vec<(Instant, i64)>,
}

impl Clock {
    /// Moments remembered: when it went on, when the pause ends, and some before.
    const MEMORY: usize = 4;

    fn seconds(&mut self, at: Instant) -> i64 {
        if let Some((_, seconds)) = self.known.iter().find(|(known, _)| *known == at) {
            return *seconds;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let then = match at.checked_duration_since(Instant::now()) {
            Some(left) => now + left,
            None => now.saturating_sub(at.elapsed()),
        };
        let seconds = i64::try_from(then.as_secs()).unwrap_or(i64::MAX);
        if self.known.len() == Self::MEMORY {
            self.known.remove(0);
        }
        self.known.push((at, seconds));
        seconds
    }
}

/// What is published, with or without a bus.
#[derive(Debug, Default)]
pub struct Properties {
    snapshot: Rc<RefCell<Snapshot>>,
    clock: Clock,
}

impl Properties {
    /// Takes the present status, and publishes what changed on `service`.
    pub fn publish(&mut self, status: &Status, nodes: &Nodes, service: Option<&Service>) {
        let snapshot = Snapshot::new(status, nodes, &mut self.clock);
        let changes = snapshot.changes(&self.snapshot.borrow());
        *self.snapshot.borrow_mut() = snapshot;
        if let (Some(service), false) = (service, changes.is_empty()) {
            let body = (INTERFACE, changes, Vec::<String>::new()).to_variant();
            let sent = service.connection.emit_signal(
                None,
                lenscap::OBJECT_PATH,
                "org.freedesktop.DBus.Properties",
                "PropertiesChanged",
                Some(&body),
            );
            if let Err(error) = sent {
                tracing::debug!("cannot send on D-Bus: {error}");
            }
        }
    }
}

/// Takes what became of a request: the list of controls where that was asked for.
pub type Respond = Box<dyn FnOnce(Result<Option<CameraControls>, Refusal>)>;

/// The objects on one connection; gone with it, or when dropped.
#[derive(Debug)]
pub struct Service {
    connection: gio::DBusConnection,
    objects: Vec<gio::RegistrationId>,
}

impl Service {
    /// Exports the objects, then asks for the name. `obey` carries a request out, or says why not, and may take its time.
    ///
    /// # Errors
    /// GIO's message when an object is there already.
    pub fn new(
        connection: &gio::DBusConnection,
        properties: &Properties,
        obey: impl Fn(Request, Respond) + 'static,
    ) -> Result<Self, glib::Error> {
        let mut service = Self { connection: connection.clone(), objects: Vec::new() };
        let obey = Rc::new(obey);
        for (xml, interface) in [(XML, INTERFACE), (APPLICATION_XML, "org.freedesktop.Application")] {
            let undescribed = || glib::Error::new(gio::IOErrorEnum::NotFound, "the interface is not described");
            let described = gio::DBusNodeInfo::for_xml(xml)?;
            let described = described.lookup_interface(interface).ok_or_else(undescribed)?;
            let (obey, snapshot) = (obey.clone(), properties.snapshot.clone());
            let object = connection
                .register_object(lenscap::OBJECT_PATH, &described)
                .method_call(move |_, _, _, _, method, arguments, invocation| {
                    let respond = move |done: Result<Option<CameraControls>, Refusal>| match done {
                        Ok(list) => invocation.return_value(list.as_ref().map(to_variant).as_ref()),
                        Err(refusal) => {
                            invocation.return_dbus_error(&format!("{INTERFACE}.Error.Failed"), &sentence(&refusal));
                        }
                    };
                    match request(method, &arguments) {
                        Ok(Some(request)) => obey(request, Box::new(respond)),
                        Ok(None) => respond(Ok(None)),
                        Err(refusal) => respond(Err(refusal)),
                    }
                })
                .property(move |_, _, _, _, name| {
                    // GIO asks only for what is described; a test keeps the two in step.
                    snapshot.borrow().get(name).cloned().unwrap_or_else(|| "".to_variant())
                })
                .build()?;
            service.objects.push(object);
        }
        // By hand: GIO's own way panics in gio 0.22 when the bus goes away (its callback takes no missing connection).
        let named = connection.call_future(
            Some("org.freedesktop.DBus"),
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus",
            "RequestName",
            Some(&(lenscap::APP_ID, DO_NOT_QUEUE).to_variant()),
            None,
            gio::DBusCallFlags::NONE,
            ANSWER_LIMIT_MS,
        );
        glib::spawn_future_local(async move {
            let answer = named.await.ok().and_then(|answer| answer.try_child_value(0)?.get::<u32>());
            if answer != Some(PRIMARY_OWNER) {
                tracing::warn!("the name {} on the session bus belongs to another program", lenscap::APP_ID);
            }
        });
        Ok(service)
    }
}

impl Service {
    /// Publishes that `GetControls` would answer something else.
    pub fn controls_changed(&self) {
        let sent = self.connection.emit_signal(None, lenscap::OBJECT_PATH, INTERFACE, "ControlsChanged", None);
        if let Err(error) = sent {
            tracing::debug!("cannot send on D-Bus: {error}");
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        for object in self.objects.drain(..) {
            let _ = self.connection.unregister_object(object);
        }
    }
}

/// What a method asks for; `None`: nothing.
pub(super) fn request(method: &str, arguments: &Variant) -> Result<Option<Request>, Refusal> {
    Ok(Some(match method {
        "Pause" => {
            let seconds = arguments.try_child_value(0).and_then(|seconds| seconds.get::<u32>()).unwrap_or(0);
            Request::Pause { seconds: (seconds > 0).then_some(u64::from(seconds)) }
        }
        "Resume" => Request::Resume,
        "Toggle" => Request::Toggle,
        "TurnOff" => Request::TurnOff,
        "OpenPreferences" | "Activate" => Request::Preferences,
        "Reload" => Request::Reload,
        "Quit" => Request::Quit,
        "GetControls" => Request::Controls,
        "SetControl" => {
            let key = arguments.try_child_value(0).and_then(|key| key.get::<String>()).unwrap_or_default();
            let value = arguments.try_child_value(1).map_or(Some(String::new()), |value| text_of(&value));
            Request::SetControl { key, value: value.ok_or(Refusal::NotAValue)? }
        }
        "ResetControls" => {
            let keys = arguments.try_child_value(0).and_then(|keys| keys.get::<Vec<String>>()).unwrap_or_default();
            Request::ResetControls { keys }
        }
        "ActivateAction" => {
            let name = arguments.try_child_value(0).and_then(|name| name.get::<String>()).unwrap_or_default();
            match name.as_str() {
                "preferences" => Request::Preferences,
                "pause" => Request::Pause { seconds: None },
                "resume" => Request::Resume,
                "toggle" => Request::Toggle,
                "turn-off" => Request::TurnOff,
                "quit" => Request::Quit,
                _ => return Err(Refusal::UnknownAction { name: name.into() }),
            }
        }
        // Lenscap opens no files.
        _ => return Ok(None),
    }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use lenscap_core::machine::Machine;
    use lenscap_core::mode::{Mode, ModeShortfall};
    use lenscap_core::policy::Policy;
    use lenscap_core::presence::{Client, UNSEEN, Use};
    use lenscap_core::status::OtherCamera;
    use lenscap_core::trouble::Trouble;

    fn snapshot(status: &Status, nodes: &Nodes) -> Snapshot {
        Snapshot::new(status, nodes, &mut Clock::default())
    }

    /// Nothing is as in a status that nobody has filled in.
    fn full() -> (Status, Nodes) {
        let other = OtherCamera { camera: "Foo".into(), node: "/dev/video2".into(), programs: vec!["cheese".into()] };
        let mode = Mode {
            format: "YUY2".into(),
            width: 1280,
            height: 720,
            millihertz: 30_000,
            shortfall: Some(ModeShortfall::Slow { millihertz: 10_000, asked_rate: 30 }),
            ..Mode::default()
        };
        let seen = Client { pid: Some(7), name: "Zoom".into(), usage: Use::Streaming };
        let unseen = Client { pid: None, name: UNSEEN.into(), usage: Use::Unknown };
        let status = Status {
            state: StateName::Paused,
            camera_live: true,
            live_since: Some(Instant::now()),
            clients: vec![seen, unseen],
            camera: "Webcam".into(),
            reason: Some(Trouble::CameraBusy { camera: "Foo".into() }),
            mode: Some(mode),
            second_device: Some(Trouble::StartOverdue { reached: None, seconds: 10 }),
            stuck: true,
            others: vec![other],
            ..Machine::new(Policy::default()).status()
        };
        (status, [Some("/dev/video9".into()), Some("/dev/video10".into())])
    }

    #[test]
    fn the_interface_is_the_documented_one() {
        let text = XML;
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
            ("SecondDevice", "s"),
            ("Trouble", "a{sv}"),
            ("SecondDeviceTrouble", "a{sv}"),
            ("Version", "s"),
            ("Stuck", "b"),
            ("OtherCameras", "aa{sv}"),
        ];
        for (name, signature) in properties {
            assert!(interface.lookup_property(name).is_some(), "{name}");
            let line = format!("<property name=\"{name}\" type=\"{signature}\" access=\"read\">");
            assert!(text.contains(&line), "{line}");
            assert!(text.contains(&format!("\n        {name}:\n")), "{name} is not explained");
        }
        assert_eq!(text.matches("<property ").count(), properties.len());
        let controls = ["GetControls", "SetControl", "ResetControls"];
        let methods = ["Pause", "Resume", "Toggle", "TurnOff", "OpenPreferences", "Reload", "Quit"];
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
        ];
        assert_eq!(text.matches("<arg ").count(), arguments.len());
        for argument in arguments {
            assert!(text.contains(&format!("<arg name=\"{argument}\"")), "{argument}");
        }
        assert!(interface.lookup_signal("ControlsChanged").is_some() && text.contains("\n        ControlsChanged:\n"));
        for state in StateName::ALL {
            assert!(text.contains(&format!("\"{state}\" (")), "{state} is not explained");
        }
    }

    #[test]
    fn what_is_published_is_what_is_described() {
        gio::DBusNodeInfo::for_xml(XML).unwrap();
        let described: BTreeMap<&str, &str> = XML
            .split("<property name=\"")
            .skip(1)
            .map(|rest| rest.split('"').step_by(2))
            .map(|mut quoted| (quoted.next().unwrap(), quoted.next().unwrap()))
            .collect();
        let (status, nodes) = full();
        let idle = Machine::new(Policy::default()).status();
        for snapshot in [snapshot(&status, &nodes), snapshot(&idle, &Nodes::default())] {
            let published = snapshot.0.iter().map(|(name, value)| (name.as_str(), value.type_().as_str()));
            assert_eq!(published.collect::<BTreeMap<_, _>>(), described);
        }
    }

    #[test]
    fn what_is_published_is_read_with_the_same_type() {
        let (status, nodes) = full();
        let mut clock = Clock::default();
        let snapshot = Snapshot::new(&status, &nodes, &mut clock);
        let expected = applet_status(&status, &nodes, &mut clock);
        let read: AppletStatus = lenscap_gvariant::read_properties(snapshot.0.clone());
        assert_eq!(read, expected);
        for (name, value) in &snapshot.0 {
            let alone = [(name.clone(), value.clone())];
            assert_ne!(lenscap_gvariant::read_properties::<AppletStatus>(alone), AppletStatus::default(), "{name}");
        }
        assert_eq!((read.paused_until, read.mode.as_str()), (-1, "YUY2 1280x720@30"));
        assert_eq!((read.node.as_str(), read.nodes.len()), ("/dev/video9", 2));
        let [seen, unseen] = &read.clients.0[..] else { panic!("{:?}", read.clients) };
        assert_eq!((seen.pid, seen.usage.as_str()), (7, "streaming"));
        assert_eq!((unseen.pid, unseen.name.as_str(), unseen.usage.as_str()), (0, "an application", "unknown"));
        let clients = snapshot.get("Clients").and_then(|it| it.get::<Vec<HashMap<String, Variant>>>()).unwrap();
        assert_eq!(clients[1]["pid"].get::<u32>(), Some(0));
    }

    #[test]
    fn a_trouble_is_a_dictionary() {
        let (status, nodes) = full();
        let (snapshot, none) = (snapshot(&status, &nodes), snapshot(&Machine::new(Policy::default()).status(), &nodes));
        let fields = |of: &Snapshot, name| of.get(name).and_then(|it| it.get::<HashMap<String, Variant>>()).unwrap();
        let busy = fields(&snapshot, "Trouble");
        assert_eq!(
            (busy["code"].get::<String>(), busy["camera"].get::<String>()),
            (Some("camera-busy".into()), Some("Foo".into()))
        );
        let overdue = fields(&snapshot, "SecondDeviceTrouble");
        assert_eq!((overdue["seconds"].get::<i64>(), overdue.contains_key("reached")), (Some(10), false));
        assert!(fields(&none, "SecondDeviceTrouble").is_empty());
    }

    #[test]
    fn every_described_method_is_a_request() {
        let methods = XML.split("<method name=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        for method in methods {
            assert!(matches!(request(method, &(7_u32,).to_variant()), Ok(Some(_))), "{method}");
        }
        let pause = |seconds: u32| request("Pause", &(seconds,).to_variant());
        assert_eq!(pause(0), Ok(Some(Request::Pause { seconds: None })));
        assert_eq!(pause(60), Ok(Some(Request::Pause { seconds: Some(60) })));
        let action = ("sing", Vec::<Variant>::new(), HashMap::<String, Variant>::new()).to_variant();
        assert!(request("ActivateAction", &action).is_err_and(|refusal| sentence(&refusal).contains("toggle")));
    }

    #[test]
    fn only_changes_are_published_and_a_moment_keeps_its_second() {
        let status = Machine::new(Policy::default()).status();
        let mut clock = Clock::default();
        let before = Snapshot::new(&status, &Nodes::default(), &mut clock);
        let after = Snapshot::new(
            &Status { camera_live: true, live_since: Some(Instant::now()), ..status },
            &Nodes::default(),
            &mut clock,
        );
        let mut names: Vec<_> = after.changes(&before).into_keys().collect();
        names.sort();
        assert_eq!(names, ["CameraLive", "LiveSince"]);
        let (status, nodes) = full();
        assert!(
            Snapshot::new(&status, &nodes, &mut clock).changes(&Snapshot::new(&status, &nodes, &mut clock)).is_empty()
        );
        let at = Instant::now();
        let first = clock.seconds(at);
        std::thread::sleep(std::time::Duration::from_millis(3));
        assert_eq!(clock.seconds(at), first);
    }
}
