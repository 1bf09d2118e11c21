//! Signals on their way to the bus, one after another.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use async_channel::{Receiver, Sender};
use async_executor::Task;
use zbus::Connection;
use zbus::zvariant::OwnedValue;

use super::INTERFACE;
use crate::tasks::Tasks;

/// Changes that wait for a slow bus, one by one; those after them are put together.
const MAX_CHANGES: usize = 64;

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

    fn next(&self) -> Option<Changes> {
        self.changes.borrow_mut().pop_front()
    }
}

async fn send(connection: Connection, waiting: Rc<Waiting>, rung: Receiver<()>) {
    while rung.recv().await.is_ok() {
        while let Some(changes) = waiting.next() {
            let body = (INTERFACE, changes, Vec::<String>::new());
            emit(&connection, "org.freedesktop.DBus.Properties", "PropertiesChanged", &body).await;
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
        let sent: Vec<_> = std::iter::from_fn(|| waiting.next()).collect();
        assert_eq!(sent.len(), MAX_CHANGES);
        assert_eq!(sent[0]["Last"], number(0), "in order");
        assert_eq!(sent.last().unwrap()["Last"], number(3 * MAX_CHANGES - 1));
        let names: usize = sent.iter().map(HashMap::len).sum();
        assert_eq!(names, 3 * MAX_CHANGES + MAX_CHANGES, "each property is sent, and the one that changes each time");
    }
}
