//! The properties on D-Bus: what they are now, and which of them have changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use lenscap_api::{AppletStatus, Code};
use lenscap_core::presence::{Client, Role};
use lenscap_core::status::{Device, StateName, Status};
use lenscap_settings::Overrides;
use lenscap_settings::table::SettingValue;
use lenscap_words::status::published;
use serde_json::Map;
use zbus::zvariant::OwnedValue;

use super::outbox::Changes;
use super::{Service, to_value};

/// Programs that are remembered at most.
const MAX_PROGRAMS: usize = 16;

/// The properties' values.
#[derive(Debug, Clone, PartialEq, Default)]
struct Snapshot(HashMap<String, OwnedValue>);

impl Snapshot {
    fn new(status: &Status, own: &mut Own) -> Self {
        let properties = to_value::properties(&own.applet_status(status));
        Self(properties.unwrap_or_else(|error| {
            tracing::error!("a status is not published on D-Bus: {error}");
            HashMap::new()
        }))
    }

    /// What differs from `before`.
    fn changes(&self, before: &Self) -> Changes {
        let changed = self.0.iter().filter(|(name, value)| before.0.get(*name) != Some(value));
        changed.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// What is published now, for the thread in which the bus is answered as well.
#[derive(Debug, Clone, Default)]
pub struct Published(Arc<Mutex<Snapshot>>);

impl Published {
    pub(super) fn get(&self, name: &str) -> Option<OwnedValue> {
        self.with(|snapshot| snapshot.0.get(name).cloned())
    }

    pub(super) fn all(&self) -> HashMap<String, OwnedValue> {
        self.with(|snapshot| snapshot.0.clone())
    }

    /// Replaces it; what has changed.
    fn replace(&self, snapshot: Snapshot) -> Changes {
        self.with(|published| {
            let changes = snapshot.changes(published);
            *published = snapshot;
            changes
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut Snapshot) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What only this process knows.
#[derive(Debug, Default)]
struct Own {
    clock: Clock,
    options: Map<String, serde_json::Value>,
    /// The newest first.
    programs: Vec<String>,
    /// What became of asking the desktop for a key.
    shortcut: Option<Code>,
}

impl Own {
    /// The status as it is published.
    fn applet_status(&mut self, status: &Status) -> AppletStatus {
        let path = |device: &Device| Some(device.node.as_ref()?.to_string_lossy().into_owned());
        self.note(&status.clients);
        AppletStatus {
            live_since: status.live_since.map_or(0, |since| self.clock.seconds(since)),
            paused_until: match (status.state, status.until) {
                (StateName::Paused, Some(until)) => self.clock.seconds(until),
                (StateName::Paused, None) => AppletStatus::WITHOUT_END,
                _ => 0,
            },
            node: status.devices.iter().find(|it| it.role == Role::Main).and_then(path).unwrap_or_default(),
            nodes: status.devices.iter().filter_map(path).collect(),
            options: self.options.clone(),
            programs: self.programs.clone(),
            version: lenscap::VERSION.to_owned(),
            ..lenscap_api::Status { shortcut: self.shortcut.clone(), ..published(status) }.into()
        }
    }

    /// Remembers programs that can be named; the oldest give way.
    fn note(&mut self, clients: &[Client]) {
        for client in clients.iter().filter(|client| client.pid.is_some()) {
            let [id, _] = client.app_ids();
            if !self.programs.iter().any(|known| known == id.as_str()) {
                self.programs.insert(0, id.to_string());
                self.programs.truncate(MAX_PROGRAMS);
            }
        }
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
    published: Published,
    own: Own,
}

impl Properties {
    /// Of a process whose command line says this of the settings.
    pub fn new(options: &Overrides) -> Self {
        let json = |value: &SettingValue| match value {
            SettingValue::Integer(number) => (*number).into(),
            SettingValue::Text(text) => text.as_str().into(),
            SettingValue::Bool(value) => (*value).into(),
            SettingValue::List(list) => list.clone().into(),
        };
        let options = options.iter().map(|(setting, value)| (setting.to_string(), json(value))).collect();
        Self { own: Own { options, ..Own::default() }, ..Self::default() }
    }

    /// What they are, now and later.
    pub fn published(&self) -> Published {
        self.published.clone()
    }

    /// What became of asking the desktop for a key; published with the next status.
    pub fn shortcut_is(&mut self, shortcut: Option<Code>) {
        self.own.shortcut = shortcut;
    }

    /// Takes the present status, and publishes what changed on `service`.
    pub fn publish(&mut self, status: &Status, service: Option<&Service>) {
        let changes = self.published.replace(Snapshot::new(status, &mut self.own));
        if let (Some(service), false) = (service, changes.is_empty()) {
            service.outbox.properties_changed(changes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use glib::Variant;
    use zbus::Message;

    use super::super::XML;
    use super::*;
    use lenscap_core::machine::Machine;
    use lenscap_core::mode::{Mode, ModeShortfall};
    use lenscap_core::offer::{Offer, Program, Verb};
    use lenscap_core::policy::Policy;
    use lenscap_core::presence::{Further, UNSEEN, Use};
    use lenscap_core::shortcut::Shortcut;
    use lenscap_core::status::{Crowd, OtherCamera};
    use lenscap_core::trouble::Trouble;

    fn with_option() -> Own {
        let options = [("camera.source".to_owned(), "test".into())].into_iter().collect();
        let shortcut = Some(Code::of(&Shortcut::Given { trigger: "Ctrl+Alt+C".into() }));
        Own { options, shortcut, ..Own::default() }
    }

    fn snapshot(status: &Status) -> Snapshot {
        Snapshot::new(status, &mut with_option())
    }

    /// Nothing is as in a status that nobody has filled in.
    fn full() -> Status {
        let other = OtherCamera {
            camera: "Foo".into(),
            node: "/dev/video2".into(),
            clients: vec![Client::new(Some(2), "cheese", Use::Streaming)],
        };
        let mode = Mode {
            format: "YUY2".into(),
            width: 1280,
            height: 720,
            millihertz: 30_000,
            shortfall: Some(ModeShortfall::Slow { millihertz: 10_000, asked_rate: 30 }),
            ..Mode::default()
        };
        let seen = Client::new(Some(7), "Zoom", Use::Streaming);
        let unseen = Client::new(None, UNSEEN, Use::Unknown);
        Status {
            state: StateName::Paused,
            camera_live: true,
            live_since: Some(Instant::now()),
            clients: vec![seen, unseen],
            camera: "Webcam".into(),
            reason: Some(Trouble::CameraBusy { camera: "Foo".into() }),
            mode: Some(mode),
            devices: vec![
                device(Role::Main, Some("/dev/video9"), None),
                device(Role::Further(Further::Second), Some("/dev/video10"), None),
                device(Role::Further(Further::Third), None, Some(Trouble::StartOverdue { reached: None, seconds: 10 })),
            ],
            crowds: vec![Crowd {
                comer: Client::new(Some(8), "Meet", Use::Open),
                user: Client::new(Some(7), "Zoom", Use::Streaming),
                device: "Cam".into(),
                free: Some("Cam 2".into()),
                may_have_more: true,
            }],
            stuck: true,
            others: vec![other],
            offers: vec![Offer {
                verb: Verb::Allow,
                programs: vec![Program { id: "us.zoom.Zoom".into(), name: "Zoom".into() }],
            }],
            ..Machine::new(Policy::default()).status()
        }
    }

    fn device(role: Role, node: Option<&str>, trouble: Option<Trouble>) -> Device {
        Device { role, label: "Cam".into(), node: node.map(Into::into), is_for_one: true, trouble }
    }

    #[test]
    fn what_is_published_is_what_is_described() {
        let described: BTreeMap<&str, String> = XML
            .split("<property name=\"")
            .skip(1)
            .map(|rest| rest.split('"').step_by(2))
            .map(|mut quoted| (quoted.next().unwrap(), quoted.next().unwrap().to_owned()))
            .collect();
        let status = full();
        let idle = Machine::new(Policy::default()).status();
        for snapshot in [snapshot(&status), snapshot(&idle)] {
            let published = snapshot.0.iter().map(|(name, value)| (name.as_str(), value.value_signature().to_string()));
            assert_eq!(published.collect::<BTreeMap<_, _>>(), described);
        }
    }

    #[test]
    fn the_programs_that_were_here_are_remembered_the_newest_first_and_not_for_ever() {
        let mut own = Own::default();
        let client = |pid, name: String| Client::new(pid, name, Use::Open);
        own.note(&[client(Some(1), "Zoom".into()), client(None, UNSEEN.into())]);
        own.note(&[client(Some(1), "Zoom".into()), client(Some(2), "cheese".into())]);
        assert_eq!(own.programs, ["program:cheese", "program:Zoom"]);
        (0..99).for_each(|number| own.note(&[client(Some(3), format!("app{number}"))]));
        assert_eq!((own.programs.len(), own.programs[0].as_str()), (MAX_PROGRAMS, "program:app98"));
    }

    /// As they arrive at a program that speaks GDBus, like our preferences.
    fn over_the_bus(snapshot: &Snapshot) -> HashMap<String, Variant> {
        let sent = Message::signal("/x", "a.b", "C").unwrap().build(&snapshot.0).unwrap();
        let got = gio::DBusMessage::from_blob(sent.data(), gio::DBusCapabilityFlags::NONE).unwrap();
        got.body().unwrap().child_value(0).get().unwrap()
    }

    #[test]
    fn what_is_published_is_read_with_the_same_type() {
        let status = full();
        let mut own = with_option();
        let snapshot = Snapshot::new(&status, &mut own);
        let expected = own.applet_status(&status);
        let read: AppletStatus = lenscap_gvariant::read_properties(over_the_bus(&snapshot));
        assert_eq!(read, expected);
        for (name, value) in over_the_bus(&snapshot) {
            let alone = [(name.clone(), value)];
            assert_ne!(lenscap_gvariant::read_properties::<AppletStatus>(alone), AppletStatus::default(), "{name}");
        }
        assert_eq!((read.paused_until, read.mode.as_str()), (-1, "YUY2 1280x720@30"));
        assert_eq!((read.node.as_str(), read.nodes.len()), ("/dev/video9", 2));
        let [crowd] = &read.crowds.0[..] else { panic!("{:?}", read.crowds) };
        assert_eq!((crowd.name.as_str(), crowd.user.as_str(), crowd.free.as_str()), ("Meet", "Zoom", "Cam 2"));
        assert!(crowd.reason.contains("Meet") && crowd.reason.contains("Cam 2"), "{}", crowd.reason);
        let [seen, unseen] = &read.clients.0[..] else { panic!("{:?}", read.clients) };
        assert_eq!((seen.pid, seen.usage.as_str()), (7, "streaming"));
        assert_eq!((unseen.pid, unseen.name.as_str(), unseen.usage.as_str()), (0, "an application", "unknown"));
        let clients = over_the_bus(&snapshot)["Clients"].get::<Vec<HashMap<String, Variant>>>().unwrap();
        assert_eq!(clients[1]["pid"].get::<u32>(), Some(0));
    }

    #[test]
    fn a_trouble_is_a_dictionary() {
        let status = full();
        let snapshot = snapshot(&status);
        let fields = |of: &Snapshot, name| over_the_bus(of)[name].get::<HashMap<String, Variant>>().unwrap();
        let busy = fields(&snapshot, "Trouble");
        assert_eq!(
            (busy["code"].get::<String>(), busy["camera"].get::<String>()),
            (Some("camera-busy".into()), Some("Foo".into()))
        );
        let devices = over_the_bus(&snapshot)["Devices"].get::<Vec<HashMap<String, Variant>>>().unwrap();
        assert!(devices[0]["trouble"].get::<HashMap<String, Variant>>().unwrap().is_empty());
        let overdue = devices[2]["trouble"].get::<HashMap<String, Variant>>().unwrap();
        assert_eq!((overdue["seconds"].get::<i64>(), overdue.contains_key("reached")), (Some(10), false));
        assert_eq!(
            (devices[1]["number"].get::<u32>(), devices[1]["node"].get::<String>()),
            (Some(2), Some("/dev/video10".into()))
        );
    }

    #[test]
    fn only_changes_are_published_and_a_moment_keeps_its_second() {
        let status = Machine::new(Policy::default()).status();
        let mut own = Own::default();
        let before = Snapshot::new(&status, &mut own);
        let after = Snapshot::new(&Status { camera_live: true, live_since: Some(Instant::now()), ..status }, &mut own);
        let mut names: Vec<_> = after.changes(&before).into_keys().collect();
        names.sort();
        assert_eq!(names, ["CameraLive", "LiveSince"]);
        let status = full();
        assert!(Snapshot::new(&status, &mut own).changes(&Snapshot::new(&status, &mut own)).is_empty());
        let at = Instant::now();
        let first = own.clock.seconds(at);
        std::thread::sleep(std::time::Duration::from_millis(3));
        assert_eq!(own.clock.seconds(at), first);
    }
}
