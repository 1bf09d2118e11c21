//! What people see. Reads `Status`, sends what they ask for; knows nothing of engine, output or worker.

pub mod icon;

use lenscap_api::Request;

/// What somebody clicked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// What is wanted.
    pub wanted: Request,
    /// With it a window may come to the front; see XDG activation.
    pub token: Option<String>,
}
