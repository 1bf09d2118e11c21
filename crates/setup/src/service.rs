//! The verbs on the system bus, for who has no terminal.
//!
//! 1. The caller gives the method's name, nothing else. polkit decides by the caller's name on the bus (never by a process id,
//!    which another process may have by then), and asks the user where its rules say so.
//! 2. As many calls wait as there is room for; more are refused. Verbs themselves wait for each other ([`crate::carry_out`]).
//! 3. It ends itself when nothing was asked for a while. The name is given back first, and what came until then is answered.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use gio::prelude::*;
use gio::{DBusCallFlags, DBusConnection, DBusMethodInvocation};
use glib::{MainLoop, SourceId, Variant, VariantTy};
use lenscap_api::{SETUP_NAME, SETUP_PATH, SetupReport, SetupVerb};

use crate::{Hands, carry_out};

const INTERFACE: &str = include_str!("../../../data/io.github.lenscap.Setup1.xml");
/// Calls that may wait for polkit or for each other.
pub(crate) const MAX_CALLS: usize = 16;
/// Of CheckAuthorization: the user may be asked.
const ALLOW_USER_INTERACTION: u32 = 1;

const REFUSED: &str = "org.freedesktop.DBus.Error.AccessDenied";
const NO_POLKIT: &str = "org.freedesktop.DBus.Error.NotSupported";
const TOO_MANY: &str = "org.freedesktop.DBus.Error.LimitsExceeded";

/// How long it waits.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For polkit's answer, and so for the user's password. When we end, polkit takes its question back.
    pub polkit: Duration,
    /// For the next call, before it ends.
    pub idle: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { polkit: Duration::from_secs(600), idle: Duration::from_secs(30) }
    }
}

struct Service {
    bus: DBusConnection,
    root: PathBuf,
    hands: fn() -> Box<dyn Hands>,
    patience: Patience,
    calls: Cell<usize>,
    idle: RefCell<Option<SourceId>>,
    main_loop: MainLoop,
}

/// Serves the verbs below this root until nobody asks any more.
///
/// # Errors
/// There is no bus, or it does not give us the name.
pub fn serve(root: PathBuf, hands: fn() -> Box<dyn Hands>, patience: Patience) -> Result<(), glib::Error> {
    let bus = gio::bus_get_sync(gio::BusType::System, None::<&gio::Cancellable>)?;
    let main_loop = MainLoop::new(None, false);
    let ended = main_loop.clone();
    bus.connect_closed(move |_, _, _| ended.quit());
    let service = Rc::new(Service {
        bus: bus.clone(),
        root,
        hands,
        patience,
        calls: Cell::default(),
        idle: RefCell::default(),
        main_loop: main_loop.clone(),
    });
    let node = gio::DBusNodeInfo::for_xml(INTERFACE)?;
    let interface = node.lookup_interface(SETUP_NAME).expect("described");
    let asked = service.clone();
    bus.register_object(SETUP_PATH, &interface)
        .method_call(move |_, sender, _, _, method, _, invocation| asked.called(sender, method, invocation))
        .build()?;
    name(&bus, "RequestName", &(SETUP_NAME, 4u32).to_variant())?; // do not queue
    service.await_calls();
    main_loop.run();
    name(&bus, "ReleaseName", &(SETUP_NAME,).to_variant())?;
    let context = main_loop.context();
    while context.pending() || service.calls.get() > 0 {
        context.iteration(service.calls.get() > 0);
    }
    bus.flush_sync(None::<&gio::Cancellable>)
}

/// The bus answers 1 where it is done.
fn name(bus: &DBusConnection, method: &str, arguments: &Variant) -> Result<(), glib::Error> {
    let daemon = "org.freedesktop.DBus";
    let answer = bus.call_sync(
        Some(daemon),
        "/org/freedesktop/DBus",
        daemon,
        method,
        Some(arguments),
        Some(VariantTy::new("(u)").expect("a type")),
        DBusCallFlags::NONE,
        -1,
        None::<&gio::Cancellable>,
    )?;
    match answer.get::<(u32,)>() {
        Some((1,)) => Ok(()),
        _ => Err(glib::Error::new(gio::IOErrorEnum::Exists, "another process has the name")),
    }
}

impl Service {
    fn called(self: &Rc<Self>, sender: Option<&str>, method: &str, invocation: DBusMethodInvocation) {
        let verb = SetupVerb::ALL.into_iter().find(|verb| verb.method() == method);
        let (Some(verb), Some(sender)) = (verb, sender) else {
            return invocation.return_dbus_error("org.freedesktop.DBus.Error.UnknownMethod", method);
        };
        if self.calls.get() >= MAX_CALLS {
            return invocation.return_dbus_error(TOO_MANY, "others are asking already");
        }
        self.calls.set(self.calls.get() + 1);
        if let Some(idle) = self.idle.take() {
            idle.remove();
        }
        let (service, sender) = (self.clone(), sender.to_owned());
        glib::spawn_future_local(async move {
            service.answer(verb, &sender, invocation).await;
            service.calls.set(service.calls.get() - 1);
            service.await_calls();
        });
    }

    async fn answer(&self, verb: SetupVerb, sender: &str, invocation: DBusMethodInvocation) {
        match self.is_permitted(verb, sender).await {
            Ok(true) => {}
            Ok(false) => return invocation.return_dbus_error(REFUSED, "polkit refused it"),
            Err(error) => return invocation.return_dbus_error(NO_POLKIT, error.message()),
        }
        let (root, hands) = (self.root.clone(), self.hands);
        let done = gio::spawn_blocking(move || carry_out(verb, &root, &mut *hands())).await;
        let json = done.ok().and_then(|report: SetupReport| serde_json::to_string(&report).ok());
        match json {
            Some(json) => invocation.return_value(Some(&(json,).to_variant())),
            None => invocation.return_dbus_error("org.freedesktop.DBus.Error.Failed", "it was not carried out"),
        }
    }

    /// What polkit says of this caller.
    async fn is_permitted(&self, verb: SetupVerb, sender: &str) -> Result<bool, glib::Error> {
        let subject = ("system-bus-name", HashMap::from([("name", sender.to_variant())]));
        let details = HashMap::<String, String>::new();
        let arguments = (subject, verb.action(), details, ALLOW_USER_INTERACTION, "").to_variant();
        let answer = self.bus.call_future(
            Some("org.freedesktop.PolicyKit1"),
            "/org/freedesktop/PolicyKit1/Authority",
            "org.freedesktop.PolicyKit1.Authority",
            "CheckAuthorization",
            Some(&arguments),
            Some(VariantTy::new("((bba{ss}))").expect("a type")),
            DBusCallFlags::NONE,
            self.patience.polkit.as_millis().try_into().unwrap_or(i32::MAX),
        );
        Ok(answer.await?.child_value(0).child_value(0).get::<bool>() == Some(true))
    }

    /// Ends it where nobody calls.
    fn await_calls(self: &Rc<Self>) {
        if self.calls.get() > 0 {
            return;
        }
        let service = self.clone();
        let idle = glib::timeout_add_local_once(self.patience.idle, move || {
            service.idle.take();
            service.main_loop.quit();
        });
        if let Some(before) = self.idle.replace(Some(idle)) {
            before.remove();
        }
    }
}
