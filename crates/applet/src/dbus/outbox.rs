//! Signals on their way to the bus, one after another.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use async_channel::{Receiver, Sender};
use async_executor::Task;
use lenscap_words::hook::Told;
use zbus::Connection;
use zbus::zvariant::OwnedValue;

use super::INTERFACE;
use crate::tasks::Tasks;

/// Changes that wait for a slow bus, one by one; those after them are put together.
const MAX_CHANGES: usize = 64;
/// Events that wait for it; the oldest give way.
const MAX_EVENTS: usize = 64;

/// Properties that have changed, and their values.
pub(super) type Changes = HashMap<String, OwnedValue>;

/// See the module.
#[derive(Debug)]
pub(super) struct Outbox {
    waiting: Rc<Waiting>,
    /// Full while there is something to send.
    bell: Sender<()>,
    _sending: Task<()>,
}

#[derive(Debug, Default)]
struct Waiting {
    changes: RefCell<VecDeque<Changes>>,
    events: RefCell<VecDeque<Told>>,
    controls_changed: Cell<bool>,
}

impl Outbox {
    pub(super) fn new(tasks: &Tasks, connection: &Connection) -> Self {
        let waiting = Rc::<Waiting>::default();
        let (bell, rung) = async_channel::bounded(1);
        let sending = tasks.run_while_held(send(connection.clone(), waiting.clone(), rung));
        Self { waiting, bell, _sending: sending }
    }

    pub(super) fn properties_changed(&self, changes: Changes) {
        self.waiting.keep(changes);
        self.ring();
    }

    pub(super) fn camera_event(&self, event: Told) {
        self.waiting.keep_event(event);
        self.ring();
    }

    pub(super) fn controls_changed(&self) {
        self.waiting.controls_changed.set(true);
        self.ring();
    }

    fn ring(&self) {
        // It has been rung already when it is full.
        let _ = self.bell.try_send(());
    }
}

impl Waiting {
    fn keep(&self, changes: Changes) {
        let mut waiting = self.changes.borrow_mut();
        let is_full = waiting.len() >= MAX_CHANGES;
        match waiting.back_mut() {
            Some(last) if is_full => last.extend(changes),
            _ => waiting.push_back(changes),
        }
    }

    fn keep_event(&self, event: Told) {
        let mut waiting = self.events.borrow_mut();
        if waiting.len() >= MAX_EVENTS {
            waiting.pop_front();
        }
        waiting.push_back(event);
    }

    /// The changes first: who hears of an event finds them in the properties.
    fn next(&self) -> Option<Signal> {
        let changes = self.changes.borrow_mut().pop_front().map(Signal::Changes);
        changes.or_else(|| self.events.borrow_mut().pop_front().map(Signal::Event))
    }
}

/// The next one to send.
#[derive(Debug, PartialEq)]
enum Signal {
    Changes(Changes),
    Event(Told),
}

async fn send(connection: Connection, waiting: Rc<Waiting>, rung: Receiver<()>) {
    while rung.recv().await.is_ok() {
        while let Some(signal) = waiting.next() {
            match signal {
                Signal::Changes(changes) => {
                    let body = (INTERFACE, changes, Vec::<String>::new());
                    emit(&connection, "org.freedesktop.DBus.Properties", "PropertiesChanged", &body).await;
                }
                Signal::Event(Told { event, app, app_id, camera, .. }) => {
                    emit(&connection, INTERFACE, "CameraEvent", &(event, app, app_id, camera)).await;
                }
            }
        }
        if waiting.controls_changed.take() {
            emit(&connection, INTERFACE, "ControlsChanged", &()).await;
        }
    }
}

async fn emit<B: serde::Serialize + zbus::zvariant::DynamicType>(
    connection: &Connection,
    interface: &str,
    signal: &str,
    body: &B,
) {
    let sent = connection.emit_signal(None::<&str>, lenscap::OBJECT_PATH, interface, signal, body).await;
    if let Err(error) = sent {
        tracing::debug!("cannot send on D-Bus: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_bounded_and_the_newest_value_is_never_lost() {
        let waiting = Waiting::default();
        let number = |number: usize| OwnedValue::from(u64::try_from(number).unwrap());
        for at in 0..3 * MAX_CHANGES {
            waiting.keep(HashMap::from([("Last".to_owned(), number(at)), (format!("P{at}"), number(at))]));
        }
        let changes = |signal| match signal {
            Signal::Changes(changes) => changes,
            Signal::Event(event) => panic!("{event:?}"),
        };
        let sent: Vec<_> = std::iter::from_fn(|| waiting.next()).map(changes).collect();
        assert_eq!(sent.len(), MAX_CHANGES);
        assert_eq!(sent[0]["Last"], number(0), "in order");
        assert_eq!(sent.last().unwrap()["Last"], number(3 * MAX_CHANGES - 1));
        let names: usize = sent.iter().map(HashMap::len).sum();
        assert_eq!(names, 3 * MAX_CHANGES + MAX_CHANGES, "each property is sent, and the one that changes each time");
    }

    #[test]
    fn of_events_the_newest_stay_and_the_properties_go_before_them() {
        let waiting = Waiting::default();
        let event = |number: usize| Told {
            event: "live",
            state: "live",
            app: number.to_string(),
            app_id: String::new(),
            camera: String::new(),
        };
        for at in 0..3 * MAX_EVENTS {
            waiting.keep_event(event(at));
        }
        waiting.keep(Changes::new());
        assert_eq!(waiting.next(), Some(Signal::Changes(Changes::new())));
        let sent: Vec<_> = std::iter::from_fn(|| waiting.next()).collect();
        let expected: Vec<_> = (2 * MAX_EVENTS..3 * MAX_EVENTS).map(|at| Signal::Event(event(at))).collect();
        assert_eq!(sent, expected);
    }
}
