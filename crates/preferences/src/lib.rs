//! The window: a process of its own, so that GTK's memory goes when it closes.
//!
//! It writes the settings file, which the applet watches, and asks the applet over D-Bus for its state; it touches a
//! camera only when asked for a preview, and then as any application does: through the loopback node.

mod about;
mod applet;
mod arguments;
mod autostart;
mod cameras;
mod context;
mod controls;
mod diagnosis;
mod elements;
mod error;
mod history;
mod node;
mod page;
mod pages;
mod permissions;
mod portal;
mod preview;
mod program;
mod programs;
mod rows;
mod setup;
mod stage;
mod store;
#[cfg(test)]
mod tests;
mod welcome;
mod widgets;
mod window;

pub use autostart::Autostart;
pub use context::Surroundings;
pub use controls::{Panel, from_variant};
pub use error::WindowError;
pub use program::run;
pub use store::Store;
pub use window::Window;
