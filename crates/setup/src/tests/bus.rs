//! The helper on a system bus of its own, in a process of its own, with a stand-in for polkit: polkit itself and a seat's user are in
//! the VM. The root is made of files, the programs are the stage's.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{fs, thread};

use gio::prelude::*;
use gio::{DBusCallFlags, DBusConnection, DBusConnectionFlags, DBusMethodInvocation};
use glib::{MainContext, Variant, VariantDict};
use lenscap_api::{SETUP_NAME, SETUP_PATH, SetupReport, SetupVerb};
use lenscap_test_support::process::{DEADLINE, Reaped, eventually};

use super::{Rig, Stage};
use crate::service::MAX_CALLS;
use crate::{Hands, Patience, serve};

/// Set for the process that serves: the root, and how long it waits for polkit and for callers, in milliseconds.
const SERVES: &str = "LENSCAP_TEST_SETUP";
/// A program that is run waits here, where this file is in the root.
const HOLD: &str = "hold";
/// One line for each program that was run.
const RAN: &str = "ran";

const POLKIT: &str = "org.freedesktop.PolicyKit1";
const POLKIT_PATH: &str = "/org/freedesktop/PolicyKit1/Authority";
const AUTHORITY: &str = r#"<node><interface name="org.freedesktop.PolicyKit1.Authority"><method name="CheckAuthorization">
    <arg type="(sa{sv})" direction="in"/><arg type="s" direction="in"/><arg type="a{ss}" direction="in"/>
    <arg type="u" direction="in"/><arg type="s" direction="in"/><arg type="(bba{ss})" direction="out"/>
</method></interface></node>"#;

/// What the stand-in for polkit answers.
#[derive(Clone, Copy, PartialEq)]
enum Says {
    Yes,
    No,
    /// Nothing, ever.
    Nothing,
    /// It ends when it is asked.
    Dies,
}

/// What it was asked: who, what for, whether the user may be asked.
type Asked = (String, String, u32);

struct Bus {
    rig: Rig,
    directory: tempfile::TempDir,
    _daemon: Reaped,
    service: Option<Reaped>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Bus {
    /// `None`, said by name, where there is no bus to start.
    fn new(says: Option<Says>, patience: Patience) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("bus");
        let daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", &format!("--address=unix:path={}", socket.display())])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(daemon) = daemon else {
            println!("SKIP the helper on a bus: dbus-daemon is not installed (scripts/deps.sh test)");
            return None;
        };
        let mut bus =
            Self { rig: Rig::new(), directory, _daemon: Reaped(daemon), service: None, asked: Arc::default() };
        // Its socket is there before anybody may connect to it.
        eventually("the bus is there", || UnixStream::connect(&socket).is_ok());
        if let Some(says) = says {
            bus.start_polkit(says);
        }
        let milliseconds = |time: Duration| time.as_millis().to_string();
        let serves = [bus.root().display().to_string(), milliseconds(patience.polkit), milliseconds(patience.idle)];
        let service = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tests::bus::serves", "--test-threads=1", "--nocapture"])
            .env("DBUS_SYSTEM_BUS_ADDRESS", bus.address())
            .env(SERVES, serves.join(":"))
            .stdout(Stdio::null())
            .spawn();
        bus.service = Some(Reaped(service.unwrap()));
        eventually("the helper is there", || bus.has_service());
        Some(bus)
    }

    fn address(&self) -> String {
        format!("unix:path={}", self.directory.path().join("bus").display())
    }

    fn root(&self) -> &Path {
        self.rig.0.path()
    }

    fn connection(&self) -> DBusConnection {
        let flags = DBusConnectionFlags::AUTHENTICATION_CLIENT | DBusConnectionFlags::MESSAGE_BUS_CONNECTION;
        DBusConnection::for_address_sync(&self.address(), flags, None, gio::Cancellable::NONE).unwrap()
    }

    fn has_service(&self) -> bool {
        let name = (SETUP_NAME,).to_variant();
        let answer = call(&self.connection(), ["org.freedesktop.DBus"; 2], "/", "NameHasOwner", Some(&name));
        answer.unwrap().get() == Some((true,))
    }

    fn start_polkit(&self, says: Says) {
        let (connection, asked) = (self.connection(), self.asked.clone());
        let (ready, is_ready) = channel();
        thread::spawn(move || {
            let context = MainContext::new();
            let served = context.with_thread_default(|| {
                polkit(&connection, says, asked);
                ready.send(()).unwrap();
                while !connection.is_closed() {
                    context.iteration(true);
                }
            });
            served.unwrap();
        });
        is_ready.recv_timeout(DEADLINE).unwrap();
    }

    /// From a connection of its own; the answer comes over the channel.
    fn asks(&self, verb: SetupVerb) -> Receiver<Result<SetupReport, String>> {
        let (connection, (answer, answered)) = (self.connection(), channel());
        thread::spawn(move || answer.send(ask(&connection, verb.method(), None)));
        answered
    }

    fn ask(&self, verb: SetupVerb) -> Result<SetupReport, String> {
        self.asks(verb).recv_timeout(DEADLINE).unwrap()
    }

    fn ran(&self) -> usize {
        self.rig.read(RAN).unwrap_or_default().lines().count()
    }
}

fn call(
    bus: &DBusConnection,
    [name, interface]: [&str; 2],
    path: &str,
    method: &str,
    arguments: Option<&Variant>,
) -> Result<Variant, glib::Error> {
    let patience = DEADLINE.as_millis().try_into().unwrap();
    let none = gio::Cancellable::NONE;
    bus.call_sync(Some(name), path, interface, method, arguments, None, DBusCallFlags::NONE, patience, none)
}

/// The report, or the error's name.
fn ask(bus: &DBusConnection, method: &str, arguments: Option<&Variant>) -> Result<SetupReport, String> {
    match call(bus, [SETUP_NAME; 2], SETUP_PATH, method, arguments) {
        Ok(answer) => Ok(serde_json::from_str(&answer.get::<(String,)>().unwrap().0).unwrap()),
        Err(error) => Err(gio::DBusError::remote_error(&error).unwrap().into()),
    }
}

/// The stand-in.
fn polkit(bus: &DBusConnection, says: Says, asked: Arc<Mutex<Vec<Asked>>>) {
    let interface = gio::DBusNodeInfo::for_xml(AUTHORITY).unwrap().lookup_interface(&format!("{POLKIT}.Authority"));
    let interface = interface.unwrap();
    let this = bus.clone();
    let unanswered: Mutex<Vec<DBusMethodInvocation>> = Mutex::default();
    let called = move |arguments: &Variant, invocation: DBusMethodInvocation| {
        let subject = VariantDict::new(Some(&arguments.child_value(0).child_value(1)));
        let who = subject.lookup("name").unwrap();
        let (what, how) = (arguments.child_value(1).get().unwrap(), arguments.child_value(3).get().unwrap());
        asked.lock().unwrap().push((who.unwrap(), what, how));
        match says {
            Says::Yes | Says::No => {
                let details = std::collections::HashMap::<String, String>::new();
                invocation.return_value(Some(&((says == Says::Yes, false, details),).to_variant()));
            }
            Says::Nothing => unanswered.lock().unwrap().push(invocation),
            Says::Dies => this.close_sync(gio::Cancellable::NONE).unwrap(),
        }
    };
    let object = bus.register_object(POLKIT_PATH, &interface);
    let _ = object.method_call(move |_, _, _, _, _, arguments, invocation| called(&arguments, invocation)).build();
    let name = (POLKIT, 0u32).to_variant();
    call(bus, ["org.freedesktop.DBus"; 2], "/", "RequestName", Some(&name)).unwrap();
}

/// The stage of the other tests, which says what it ran and can be held.
struct Held(PathBuf);

impl Hands for Held {
    fn run(&mut self, command: &[String]) -> io::Result<String> {
        use std::io::Write;
        let mut ran = fs::OpenOptions::new().append(true).create(true).open(self.0.join(RAN))?;
        writeln!(ran, "{}", command.join(" "))?;
        while self.0.join(HOLD).exists() {
            thread::sleep(Duration::from_millis(10));
        }
        Stage::new(&self.0).run(command)
    }
}

/// The helper's process; a test of nothing where it is not started as that.
#[test]
fn serves() {
    let Ok(serves) = std::env::var(SERVES) else { return };
    let [root, polkit, idle] = serves.split(':').collect::<Vec<_>>().try_into().unwrap();
    let milliseconds = |text: &str| Duration::from_millis(text.parse().unwrap());
    let patience = Patience { polkit: milliseconds(polkit), idle: milliseconds(idle) };
    serve(root.into(), || Box::new(Held(root_of_test())), patience).unwrap();
}

fn root_of_test() -> PathBuf {
    std::env::var(SERVES).unwrap().split(':').next().unwrap().into()
}

const REFUSED: &str = "org.freedesktop.DBus.Error.AccessDenied";
const NO_POLKIT: &str = "org.freedesktop.DBus.Error.NotSupported";

#[test]
fn polkit_is_asked_for_the_caller_and_only_its_yes_lets_something_be_done() {
    let Some(bus) = Bus::new(Some(Says::Yes), Patience::default()) else { return };
    let connection = bus.connection();
    let report = ask(&connection, SetupVerb::Device.method(), None).unwrap();
    assert_eq!((report.trouble, report.done.len()), (None, 3));
    let caller = connection.unique_name().unwrap().to_string();
    assert_eq!(*bus.asked.lock().unwrap(), [(caller, SetupVerb::Device.action(), 1)]);

    let Some(bus) = Bus::new(Some(Says::No), Patience::default()) else { return };
    let before = bus.rig.tree();
    for verb in SetupVerb::ALL {
        assert_eq!(bus.ask(verb), Err(REFUSED.into()));
    }
    assert_eq!(bus.rig.tree(), before);
}

#[test]
fn a_polkit_that_is_missing_dies_or_says_nothing_permits_nothing() {
    for says in [None, Some(Says::Dies), Some(Says::Nothing)] {
        let patience = Patience { polkit: Duration::from_millis(500), ..Patience::default() };
        let Some(bus) = Bus::new(says, patience) else { return };
        let before = bus.rig.tree();
        assert_eq!(bus.ask(SetupVerb::Device), Err(NO_POLKIT.into()));
        assert_eq!(bus.rig.tree(), before);
    }
}

#[test]
fn of_a_flood_as_many_wait_as_there_is_room_for() {
    let Some(bus) = Bus::new(Some(Says::Nothing), Patience::default()) else { return };
    let refused = Arc::new(AtomicUsize::new(0));
    const CALLS: usize = 200;
    for _ in 0..CALLS {
        let (connection, refused) = (bus.connection(), refused.clone());
        thread::spawn(move || {
            if ask(&connection, SetupVerb::Device.method(), None)
                == Err("org.freedesktop.DBus.Error.LimitsExceeded".into())
            {
                refused.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    eventually("those without room are refused", || refused.load(Ordering::Relaxed) == CALLS - MAX_CALLS);
    assert_eq!(bus.asked.lock().unwrap().len(), MAX_CALLS);
}

#[test]
fn who_asks_for_something_else_or_says_more_is_refused_before_polkit_is_asked() {
    let Some(bus) = Bus::new(Some(Says::Yes), Patience::default()) else { return };
    let (connection, before) = (bus.connection(), bus.rig.tree());
    let unknown = "org.freedesktop.DBus.Error.UnknownMethod";
    for method in ["device", "Run", "Write", "DeviceDevice"] {
        assert_eq!(ask(&connection, method, None), Err(unknown.into()), "{method}");
    }
    let more = [("/etc/passwd",).to_variant(), (1u32, "x").to_variant(), (vec![0u8; 1 << 20],).to_variant()];
    for arguments in more {
        let refused = ask(&connection, SetupVerb::Device.method(), Some(&arguments));
        assert_eq!(refused, Err("org.freedesktop.DBus.Error.InvalidArgs".into()));
    }
    assert_eq!(bus.asked.lock().unwrap().len(), 0);
    assert_eq!(bus.rig.tree(), before);
}

#[test]
fn two_that_ask_at_once_are_served_one_after_the_other() {
    let Some(bus) = Bus::new(Some(Says::Yes), Patience::default()) else { return };
    bus.rig.put(HOLD, "");
    fs::remove_file(bus.root().join("usr/lib/udev/rules.d/70-lenscap.rules")).unwrap();
    let first = bus.asks(SetupVerb::Device);
    eventually("the first runs a program", || bus.ran() == 1);
    let second = bus.asks(SetupVerb::CameraRules);
    let lock = bus.root().join("var/lib/lenscap");
    let descriptors = format!("/proc/{}/fd", bus.service.as_ref().unwrap().0.id());
    let opened = || {
        let all = fs::read_dir(&descriptors).unwrap().flatten();
        all.filter(|entry| fs::read_link(entry.path()).is_ok_and(|path| path == lock)).count()
    };
    eventually("the second waits for the first", || opened() == 2);
    assert_eq!(bus.ran(), 1);
    assert!(bus.rig.read("etc/udev/rules.d/70-lenscap.rules").is_none());
    fs::remove_file(bus.root().join(HOLD)).unwrap();
    for answer in [first, second] {
        assert_eq!(answer.recv_timeout(DEADLINE).unwrap().unwrap().trouble, None);
    }
    assert!(bus.rig.read("etc/udev/rules.d/70-lenscap.rules").is_some());
}

#[test]
fn it_ends_when_nobody_asks_but_not_before_who_asked_is_answered() {
    // Shorter than polkit takes.
    let patience = Patience { polkit: Duration::from_secs(6), idle: Duration::from_secs(5) };
    let Some(mut bus) = Bus::new(Some(Says::Nothing), patience) else { return };
    assert_eq!(bus.ask(SetupVerb::Device), Err(NO_POLKIT.into()));
    assert!(bus.service.take().unwrap().wait_for_exit(DEADLINE).success());
}
