//! D-Bus without GLib, which would add 1.8 MB to the headless relay: a connection that never waits, and one that asks.

mod bus;
mod client;
mod wire;

pub(crate) use bus::{Address, Bus};
pub(crate) use client::Client;
pub(crate) use wire::{Argument, Call, Message, MessageKind};
#[cfg(test)]
pub(crate) use wire::{parse, tests as stand_in};

/// The bus itself.
pub(crate) const BUS: &str = "org.freedesktop.DBus";
pub(crate) const BUS_PATH: &str = "/org/freedesktop/DBus";
pub(crate) const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
