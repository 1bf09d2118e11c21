//! Where systemd looks for units, the first before the others (systemd.unit(5)): the directories that do not depend on who asks.

/// Of the system's.
pub const SYSTEM: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
/// Of all users'; a user's own come before them.
pub const USER: [&str; 4] =
    ["/etc/systemd/user", "/run/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user"];
