//! A USB camera made of software (tests/fixtures/uvcam), plugged in for a test: its orders, and what it wrote down on the wire.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::process::{Reaped, eventually, until_udev_is_through};
use crate::programs::program;

/// One line of the camera's log.
#[derive(Debug, Clone)]
pub struct Entry {
    /// `CLOCK_MONOTONIC`.
    pub at: Duration,
    /// The rest of the line.
    pub text: String,
}

/// From one "stream on" to its "stream off", in `CLOCK_MONOTONIC`; `None` while it is on.
pub type Session = (Duration, Option<Duration>);

/// A camera, unplugged when dropped.
pub struct Camera {
    child: Reaped,
    directory: tempfile::TempDir,
    /// Its node, by a name that stays.
    pub node: PathBuf,
}

impl Camera {
    /// Plugs in "NAME Cam" with the serial number NAME; `--isoc` or `--bulk` and whatever else it is to be.
    pub fn plug(name: &str, options: &[&str]) -> Self {
        let node = format!("/dev/v4l/by-id/usb-Relay_Test_Bench_{name}_Cam_{name}-video-index0");
        let product = format!("{name} Cam");
        let all = [&["--product", &product, "--serial", name], options].concat();
        Self::plug_at(PathBuf::from(node), &all)
    }

    /// Plugs in a camera whose node will be this one.
    pub fn plug_at(node: PathBuf, options: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let child = Command::new(program("uvcam"))
            .args(options)
            .arg("--log")
            .arg(directory.path().join("log"))
            .arg("--ctl")
            .arg(directory.path().join("ctl"))
            .stdin(Stdio::null())
            .spawn()
            .expect("uvcam starts");
        let mut camera = Self { child: Reaped(child), directory, node };
        camera.wait_until_ready();
        camera
    }

    /// Waits until the node is there and udev is through with it.
    pub fn wait_until_ready(&mut self) {
        let Self { child, node, .. } = self;
        eventually("the USB camera is there", || {
            let ended = child.0.try_wait().expect("wait");
            assert!(ended.is_none(), "uvcam ended: {ended:?}; is vhci-hcd loaded?");
            node.exists()
        });
        until_udev_is_through();
    }

    /// The relay's source.
    pub fn source(&self) -> String {
        format!("v4l2:{}", self.node.display())
    }

    /// Gives an order (uvcam/src/order.rs) and waits until it was taken.
    pub fn order(&self, order: &str) {
        let taken = || self.log().iter().filter(|entry| entry.text == format!("ORDER {order}")).count();
        let before = taken();
        let mut ctl = OpenOptions::new().write(true).open(self.directory.path().join("ctl")).expect("its FIFO");
        writeln!(ctl, "{order}").expect("an order");
        eventually(order, || taken() > before);
    }

    /// What it wrote down.
    pub fn log(&self) -> Vec<Entry> {
        let text = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        text.lines()
            .filter_map(|line| {
                let (at, text) = line.split_once(' ')?;
                Some(Entry { at: Duration::try_from_secs_f64(at.parse().ok()?).ok()?, text: text.to_owned() })
            })
            .collect()
    }

    /// When it was on: from the request that starts pictures to the one that ends them.
    pub fn sessions(&self) -> Vec<Session> {
        let mut sessions: Vec<Session> = Vec::new();
        for entry in self.log() {
            if entry.text.starts_with("STREAM on ") {
                sessions.push((entry.at, None));
            } else if entry.text.starts_with("STREAM off ")
                && let Some((_, off)) = sessions.last_mut()
            {
                *off = Some(entry.at);
            }
        }
        sessions
    }

    /// Whether the cable is in.
    pub fn is_plugged(&self) -> bool {
        self.log().iter().rfind(|entry| entry.text.starts_with("PLUG ")).is_some_and(|entry| entry.text != "PLUG out")
    }

    /// Whether it is on now.
    pub fn is_on(&self) -> bool {
        self.sessions().last().is_some_and(|(_, off)| off.is_none())
    }

    /// Waits until it is off; since when.
    pub fn wait_until_off(&self) -> Duration {
        eventually("stream-off on the wire", || !self.is_on());
        self.sessions().last().and_then(|(_, off)| *off).expect("it was on before")
    }
}
