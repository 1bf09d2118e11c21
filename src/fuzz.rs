//! Whatever strangers can reach, one function a kind of input: `fuzz/` feeds these at random (`make fuzz`), the tests with
//! what is kept in `fuzz/corpus`. Each of them ends, in bounded memory, and panics where a promise is broken. Not a part of
//! what is installed.

#[cfg(test)]
mod corpus;

use std::path::Path;

use lenscap_fuzz_inputs::{Liar, Tree};
use lenscap_picture::jpeg;

/// A kind of input.
pub type Feed = fn(&[u8]);

/// Kinds of input of crates that this one does not use, by the same names.
pub const ELSEWHERE: &[&str] = &["dbus", "pod", "setup"]; // lenscap-applet, lenscap-libpipewire, lenscap-setup

/// Every kind that this crate and those below it take, by the name that `fuzz/fuzz_targets` and `fuzz/corpus` know it by.
pub const TARGETS: &[(&str, Feed)] = &[
    ("apps", crate::detect::fuzz::apps),
    ("control", lenscap_relay::server::fuzz::serve),
    ("driver", driver),
    ("import", crate::config::fuzz::import),
    ("jpeg", jpeg),
    ("proc", crate::detect::fuzz::maps),
    ("report", crate::camera::fuzz::report),
    ("settings", crate::config::fuzz::settings),
    ("sysfs", sysfs),
    ("udev", udev),
    ("worker", crate::camera_process::fuzz::host),
];

/// The one of this name.
///
/// # Panics
/// There is none.
pub fn feed(name: &str, data: &[u8]) {
    let (_, feed) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target of this name");
    feed(data);
}

/// A V4L2 driver that says what it likes.
fn driver(data: &[u8]) {
    let asked = Liar::with(data, || {
        // Opens whatever it is told to; every request goes to the liar.
        let node = Path::new("/dev/null");
        crate::camera::fuzz::node(node);
        crate::detect::fuzz::usage(node);
        crate::output::fuzz::node(node);
    });
    assert!(asked < 200_000, "{asked} requests were made of one driver");
}

/// What a camera calls a JPEG picture.
fn jpeg(bytes: &[u8]) {
    if jpeg::look(bytes) == Some(jpeg::End::There) {
        assert!(bytes.starts_with(&[0xff, 0xd8]) && bytes.windows(2).any(|pair| pair == [0xff, 0xd9]));
    }
}

/// A tree like `/sys`, `/run/udev` and `/dev/v4l`.
fn sysfs(data: &[u8]) {
    let tree = Tree::new(data);
    crate::camera::fuzz::system(&tree.path().join("sys/class/video4linux"));
    crate::detect::fuzz::cameras(&tree.path().join("sys"));
}

/// udev's links and entries, for a machine with three cameras, two of them in one device.
fn udev(data: &[u8]) {
    const MACHINE: &[u8] = b"sys/class/video4linux/video0/name=Cam\nsys/class/video4linux/video0/index=0\n\
sys/class/video4linux/video0/dev=81:0\nsys/class/video4linux/video0/device>../../../devices/usb1/1-1/1-1:1.0\n\
sys/class/video4linux/video2/name=Cam\nsys/class/video4linux/video2/index=0\n\
sys/class/video4linux/video2/dev=81:2\nsys/class/video4linux/video2/device>../../../devices/usb1/1-1/1-1:1.2\n\
sys/class/video4linux/video4/name=Cam\nsys/class/video4linux/video4/index=0\n\
sys/class/video4linux/video4/dev=81:4\nsys/class/video4linux/video4/device>../../../devices/usb1/1-2/1-2:1.0\n\
sys/devices/usb1/1-1/idVendor=04f2\nsys/devices/usb1/1-1/1-1:1.0/interface=Colour\nsys/devices/usb1/1-1/1-1:1.2/interface=IR\n\
sys/devices/usb1/1-2/idVendor=04f2\nsys/devices/usb1/1-2/1-2:1.0/interface=Colour\n";
    let tree = Tree::new(&[MACHINE, data].concat());
    crate::camera::fuzz::system(&tree.path().join("sys/class/video4linux"));
}
