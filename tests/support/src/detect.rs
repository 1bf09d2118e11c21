//! What `examples/detect.rs --json` prints: one line of JSON each.

use lenscap_core::presence::Client;
use serde::{Deserialize, Serialize};

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// It watches from now on.
    Watching {
        /// Whether the module reports who streams.
        events: bool,
    },
    /// Who has the node open, after a change.
    Clients(Vec<Client>),
    /// An event was taken away from the detector, on order.
    LostEvent,
    /// The node is gone.
    Gone,
}
