//! A session bus that is the real one, one that hangs, and none.

use std::io::Write;
use std::os::unix::net::UnixListener;
use std::path::Path;

use super::*;

/// What an environment is made of.
type Variables<'a> = &'a [(&'a str, &'a str)];

fn of(variables: Variables<'_>) -> Desktop {
    Desktop::of(&|name| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| value.into()))
}

fn in_session(directory: &Path) -> SessionBus {
    of(&[("XDG_RUNTIME_DIR", directory.to_str().unwrap()), ("DISPLAY", ":7")]).bus
}

#[test]
fn a_desktop_is_known_by_its_word() {
    let kind = |named| of(&[("XDG_CURRENT_DESKTOP", named)]).kind;
    assert_eq!(["ubuntu:GNOME", "KDE", "sway:wlroots"].map(kind), [Kind::Gnome, Kind::Kde, Kind::Compositor]);
    assert_eq!(["Budgie:GNOME", "", "gnome-like"].map(kind), [Kind::Other; 3]);
}

#[test]
fn where_nobody_sees_an_icon_nothing_is_asked() {
    let directory = tempfile::tempdir().unwrap();
    let at = ("XDG_RUNTIME_DIR", directory.path().to_str().unwrap());
    let display = ("WAYLAND_DISPLAY", "wayland-0");
    assert_eq!(of(&[at]).bus, SessionBus::Unknown);
    assert_eq!(of(&[at, display, ("SSH_CONNECTION", "a b")]).bus, SessionBus::Unknown);
    assert_eq!(of(&[at, display, ("FLATPAK_ID", "io.github.lenscap.Lenscap")]).bus, SessionBus::Unknown);
    assert_eq!(of(&[at, display, ("DBUS_SESSION_BUS_ADDRESS", "disabled:")]).bus, SessionBus::Unknown);
    assert_eq!(of(&[at, display]).bus, SessionBus::Absent);
}

#[test]
fn a_bus_that_hangs_is_given_up() {
    let directory = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(directory.path().join("bus")).unwrap();
    assert_eq!(in_session(directory.path()), SessionBus::Silent, "nobody takes the connection");
    drop(listener.accept().unwrap());
    // Its answer to the greeting is the last thing that it says.
    let taker = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        connection.write_all(b"OK 0123\r\nAGREE_UNIX_FD\r\n").unwrap();
        (listener, connection)
    });
    assert_eq!(in_session(directory.path()), SessionBus::Silent);
    drop(taker.join().unwrap());
    assert_eq!(in_session(directory.path()), SessionBus::Absent, "it has ended");
}
