//! What this build is called and where it is found: by the desktop, on the session bus, and by its own programs.

/// The version of this build; parent and worker must agree on it exactly.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The application's id, as the desktop knows it: the name on the session bus, and of its icons and desktop file.
pub const APP_ID: &str = "io.github.lenscap.Lenscap";

/// Where its object is on the session bus.
pub const OBJECT_PATH: &str = "/io/github/lenscap/Lenscap";
