//! How other processes reach the running relay: the control socket's side of the relay, and D-Bus. What is said there is in
//! [`lenscap_api`].

pub mod controls;
pub mod dbus;
#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;

pub use lenscap_relay::server::{Answer, Server, Ticket};
