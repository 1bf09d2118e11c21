use std::io::{IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::unix::net::{UnixListener, UnixStream};

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};

use super::*;
use crate::dbus::stand_in::{Sent, Value, bytes};
use crate::dbus::{Message, PROPERTIES, parse};

const LOGIND: &str = ":1.2";
const C1: &str = "/session/c1";
const C2: &str = "/session/c2";

/// A system bus with logind behind it, and the session under test before it.
struct Rig {
    directory: tempfile::TempDir,
    listener: UnixListener,
    stream: Option<UnixStream>,
    received: Vec<u8>,
    asked: Vec<String>,
    is_asleep: bool,
    is_locked: bool,
    display: &'static str,
    session: Session,
    heard: Vec<Event>,
}

impl Rig {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bus");
        let listener = listen(&path);
        let address = Address::Path(path.to_str().unwrap().into());
        let session = Session::at(Some(address), None).unwrap();
        let (asked, heard, received) = Default::default();
        let (stream, is_asleep, is_locked, display) = (None, false, false, C1);
        Self { directory, listener, stream, received, asked, is_asleep, is_locked, display, session, heard }
    }

    /// Lets both sides work until this holds.
    fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let end = Instant::now() + Duration::from_secs(20);
        while !holds(self) {
            assert!(Instant::now() < end, "not in time: {what}; heard {:?}, asked {:?}", self.heard, self.asked);
            self.serve();
            let events = self.session.dispatch();
            self.heard.extend(events);
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn reached(&mut self) {
        self.until("all is asked", |rig| rig.asked.iter().any(|asked| asked == "LockedHint"));
        self.until("sleep is held up", |rig| rig.session.inhibitor.is_some());
        self.until("all is answered", |rig| rig.session.link.as_ref().is_some_and(|link| link.asked.is_empty()));
    }

    fn serve(&mut self) {
        if let Ok((mut stream, _)) = self.listener.accept() {
            stream.set_nonblocking(true).unwrap();
            stream.write_all(b"OK 0123\r\nAGREE_UNIX_FD\r\n").unwrap();
            self.received.clear();
            self.stream = Some(stream);
        }
        let Some(mut stream) = self.stream.as_ref() else { return };
        let mut buffer = [0; 4096];
        if let Ok(count) = stream.read(&mut buffer) {
            self.received.extend(&buffer[..count]);
        }
        if self.received.starts_with(b"\0AUTH EXTERNAL ") {
            let begin = self.received.windows(7).position(|seven| seven == b"BEGIN\r\n");
            let Some(begin) = begin else { return };
            self.received.drain(..begin + 7);
        }
        while let Ok(Some((message, taken))) = parse(&self.received) {
            let serial = u32::from_le_bytes(*self.received[8..].first_chunk().unwrap());
            self.received.drain(..taken);
            self.answer(serial, &message);
        }
    }

    fn answer(&mut self, serial: u32, message: &Message) {
        let mut asked = message.member.clone();
        let answer = match message.member.as_str() {
            "Hello" => Value::Text(":1.9"),
            "GetNameOwner" => Value::Text(LOGIND),
            "Inhibit" => Value::Fd,
            "GetUser" => Value::Path("/user"),
            "GetSessionByPID" => return self.send(&bytes(&Sent::Error(serial), LOGIND, &[])),
            "Get" => {
                let [_, property] = message.texts().unwrap();
                asked = property;
                match asked.as_str() {
                    "PreparingForSleep" => Value::VariantTruth(self.is_asleep),
                    "Display" => Value::Session(self.display),
                    "LockedHint" => Value::VariantTruth(self.is_locked),
                    other => panic!("{other}"),
                }
            }
            // Not answered: nobody waits for it.
            _ => return self.asked.push(asked),
        };
        self.asked.push(asked);
        let answer = [answer];
        let bytes = bytes(&Sent::Answer(serial), LOGIND, &answer);
        if !matches!(answer, [Value::Fd]) {
            return self.send(&bytes);
        }
        let file = std::fs::File::open("/dev/null").unwrap();
        let fds = [file.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        assert!(control.push(SendAncillaryMessage::ScmRights(&fds)));
        let stream = self.stream.as_ref().unwrap();
        rustix::net::sendmsg(stream, &[IoSlice::new(&bytes)], &mut control, SendFlags::empty()).unwrap();
    }

    fn send(&self, bytes: &[u8]) {
        self.stream.as_ref().unwrap().write_all(bytes).unwrap();
    }

    fn signal(&self, sender: &str, path: &str, interface: &str, member: &str, values: &[Value<'_>]) {
        self.send(&bytes(&Sent::Signal { path, interface, member }, sender, values));
    }

    fn sleep(&self, sender: &str, is_asleep: bool) {
        self.signal(sender, MANAGER_PATH, MANAGER, "PrepareForSleep", &[Value::Truth(is_asleep)]);
    }

    fn lock(&self, path: &str, is_locked: bool) {
        self.signal(LOGIND, path, PROPERTIES, "PropertiesChanged", &[Value::Changed(SESSION, "LockedHint", is_locked)]);
    }

    fn hears(&mut self, events: &[Event]) {
        self.until(&format!("{events:?}"), |rig| rig.heard == events);
        self.heard.clear();
    }
}

fn listen(path: &Path) -> UnixListener {
    let listener = UnixListener::bind(path).unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}

#[test]
fn sleep_and_lock_are_heard_and_sleep_is_held_up_until_the_camera_is_off() {
    let mut rig = Rig::new();
    rig.reached();
    rig.sleep(LOGIND, true);
    rig.hears(&[Event::Sleep(true)]);
    assert!(rig.session.inhibitor.is_some());
    rig.session.allow_sleep();
    assert!(rig.session.inhibitor.is_none());
    rig.sleep(LOGIND, false);
    rig.hears(&[Event::Sleep(false)]);
    rig.session.hold_sleep();
    rig.until("sleep is held up again", |rig| rig.session.inhibitor.is_some());
    rig.lock(C1, true);
    rig.hears(&[Event::Locked(true)]);
    rig.lock(C1, false);
    rig.hears(&[Event::Locked(false)]);
    // Asked of the screen lock, and by itself.
    rig.signal(LOGIND, C1, SESSION, "Lock", &[]);
    rig.lock(C1, true);
    rig.signal(LOGIND, C1, SESSION, "Unlock", &[]);
    rig.hears(&[Event::Locked(true), Event::Locked(true), Event::Locked(false)]);
}

#[test]
fn what_comes_after_it_was_let_go_holds_nothing_up() {
    let mut rig = Rig::new();
    rig.session.allow_sleep();
    rig.until("all is asked", |rig| rig.asked.iter().any(|asked| asked == "LockedHint"));
    rig.session.hold_sleep();
    rig.session.allow_sleep();
    let before = rig.asked.len();
    rig.until("the answer came", |rig| rig.asked[before..].iter().any(|asked| asked == "Inhibit"));
    rig.until("it is taken", |rig| rig.session.link.as_ref().is_some_and(|link| link.asked.is_empty()));
    assert!(rig.session.inhibitor.is_none());
}

#[test]
fn a_bus_that_is_lost_is_reached_again_and_what_was_missed_is_read() {
    let mut rig = Rig::new();
    rig.reached();
    rig.sleep(LOGIND, true);
    rig.hears(&[Event::Sleep(true)]);
    rig.session.allow_sleep();
    // Gone while it sleeps; awake and locked when it is back.
    rig.stream = None;
    rig.until("the loss is noticed", |rig| rig.session.link.is_none());
    std::fs::remove_file(rig.directory.path().join("bus")).unwrap();
    rig.listener = listen(&rig.directory.path().join("bus"));
    rig.is_locked = true;
    rig.hears(&[Event::Sleep(false), Event::Locked(true)]);
    rig.sleep(LOGIND, true);
    rig.hears(&[Event::Sleep(true)]);
}

#[test]
fn only_logind_itself_is_believed() {
    let mut rig = Rig::new();
    rig.reached();
    rig.sleep(":1.66", true);
    rig.signal(":1.66", C1, SESSION, "Lock", &[]);
    // The signals of other sessions are not ours.
    rig.lock(C2, true);
    // logind starts again and has another name then.
    rig.is_asleep = true;
    let values = [SERVICE, LOGIND, ":1.7"].map(Value::Text);
    rig.signal(BUS, BUS_PATH, BUS, "NameOwnerChanged", &values);
    rig.hears(&[Event::Sleep(true)]);
    rig.sleep(LOGIND, false);
    rig.sleep(":1.7", false);
    rig.hears(&[Event::Sleep(false)]);
}

#[test]
fn a_new_session_is_followed_and_an_ended_one_is_locked_no_longer() {
    let mut rig = Rig::new();
    rig.reached();
    rig.lock(C1, true);
    rig.hears(&[Event::Locked(true)]);
    rig.display = "/";
    rig.signal(LOGIND, MANAGER_PATH, MANAGER, "SessionRemoved", &[Value::Text("c1"), Value::Path(C1)]);
    rig.hears(&[Event::Locked(false)]);
    rig.display = C2;
    rig.signal(LOGIND, MANAGER_PATH, MANAGER, "SessionNew", &[Value::Text("c2"), Value::Path(C2)]);
    let is_followed = |link: &Link| link.session.as_deref() == Some(C2) && link.asked.is_empty();
    rig.until("it is followed", |rig| rig.session.link.as_ref().is_some_and(is_followed));
    rig.lock(C1, true);
    rig.lock(C2, true);
    rig.hears(&[Event::Locked(true)]);
    rig.lock(C2, false);
    rig.hears(&[Event::Locked(false)]);
}

/// Whether nothing but an event would wake it up.
fn is_at_rest(session: &Session) -> bool {
    let spec = rustix::time::timerfd_gettime(&session.timer).unwrap();
    session.retry_at.is_none() && (spec.it_value.tv_sec, spec.it_value.tv_nsec) == (0, 0)
}

#[test]
fn a_bus_that_comes_later_is_found_and_none_costs_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dbus/bus");
    let mut session = Session::at(Some(Address::Path(path.to_str().unwrap().into())), None).unwrap();
    assert!(is_at_rest(&session), "none costs nothing, from the first moment on");
    std::fs::create_dir(directory.path().join("dbus")).unwrap();
    session.dispatch();
    assert!(session.link.is_none() && is_at_rest(&session));
    let _listener = listen(&path);
    session.dispatch();
    assert!(session.link.is_some());
}

#[test]
fn a_bus_that_does_not_answer_is_not_asked_for_ever() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bus");
    drop(listen(&path));
    let mut session = Session::at(Some(Address::Path(path.to_str().unwrap().into())), None).unwrap();
    for _ in 1..MAX_TRIES {
        assert!(!is_at_rest(&session));
        session.retry_at = Some(Instant::now());
        session.dispatch();
    }
    assert!(is_at_rest(&session), "no more tries");
}
