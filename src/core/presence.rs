//! Who has the node open, and who of them streams.

use std::fmt;

/// What is known of one client's use of the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Use {
    /// It has the node open and does not stream: an enumeration, a probe, a program that keeps a descriptor.
    Open,
    /// It has the node open and nothing tells whether it streams (its memory map is unreadable and the module
    /// reports no usage): counts as streaming after the activation delay.
    Unknown,
    /// It streams: the module said so, or it has the node's buffers mapped, or it reads frames with `read(2)`.
    Streaming,
}

/// A program that has the node open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Client {
    /// Process id; `None` when the holder cannot be seen (another user's process, a sandbox).
    pub pid: Option<u32>,
    /// A name for people: the executable's base name, or "an application" when it cannot be read.
    pub name: String,
    /// What it does with the node.
    pub usage: Use,
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// All clients of the node at one moment. Our own processes are never among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Presence {
    /// Sorted and without duplicates.
    pub clients: Vec<Client>,
}

impl Presence {
    /// The clients that stream.
    pub fn streaming(&self) -> impl Iterator<Item = &Client> {
        self.clients.iter().filter(|client| client.usage == Use::Streaming)
    }

    /// Whether any client streams.
    pub fn any_streaming(&self) -> bool {
        self.streaming().next().is_some()
    }

    /// Whether any client streams or may be streaming.
    pub fn any_maybe_streaming(&self) -> bool {
        self.clients.iter().any(|client| client.usage != Use::Open)
    }

    /// Whether nobody has the node open.
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }
}
