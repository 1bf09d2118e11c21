//! The devices themselves, at each start of the computer: `lenscap-device.service` and `lenscap-further-devices.service`.
//!
//! The module is loaded without options, so that what others set holds; our devices are added with constants, unless one of that
//! name is there. Only devices that were added here are removed here: their numbers are written down.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use lenscap_api::{DEVICE_LABEL, DEVICE_UNIT, FURTHER_DEVICES_UNIT};
use lenscap_cameras::{CLASS, loopbacks};
use lenscap_core::presence::Further;
use lenscap_rootfs::Root;
use lenscap_sys::v4l2::{LoopbackConfig, loopback_add, loopback_remove};
use rustix::io::Errno;

use crate::hands::run;
use crate::system;

const CONTROL: &str = "/dev/v4l2loopback";
/// More gain nothing; see `BUFFERS` of the relay's output.
const BUFFERS: u32 = 8;
/// Numbers of the kernel's errors.
pub(crate) const ERRNOS: std::ops::Range<i32> = 1..134;

/// What a unit of ours makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Devices {
    /// The one that applications see without any setting.
    First,
    /// All that can stand beside it: who asks for fewer has some that no application sees, for nobody writes there.
    Further,
}

impl Devices {
    /// Both.
    pub(crate) const ALL: [Self; 2] = [Self::First, Self::Further];

    /// What they are called.
    pub(crate) fn labels(self) -> Vec<String> {
        match self {
            Self::First => vec![DEVICE_LABEL.into()],
            Self::Further => Further::ALL.map(|further| further.label(DEVICE_LABEL)).into(),
        }
    }

    /// The unit that makes them at each start of the computer.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::First => DEVICE_UNIT,
            Self::Further => FURTHER_DEVICES_UNIT,
        }
    }

    /// Which were added: a number a line, in the unit's RuntimeDirectory, which is kept while it restarts.
    fn record(self) -> &'static str {
        match self {
            Self::First => "/run/lenscap/device",
            Self::Further => "/run/lenscap-further/devices",
        }
    }

    fn added(self) -> Vec<u32> {
        let text = Root::default().read(self.record()).unwrap_or_default();
        text.lines().filter_map(|line| line.trim().parse().ok()).collect()
    }

    /// Without it devices stay when the unit stops: no reason to fail.
    fn write_down(self, numbers: &[u32]) {
        let text: String = numbers.iter().map(|number| format!("{number}\n")).collect();
        let _ = fs::write(self.record(), text);
    }
}

/// Loads the module and adds those that are missing: all, or none.
///
/// # Errors
/// The kernel's; `ENODEV`: the module is loaded, lacks one of them and cannot get it (0.12).
pub fn add_nodes(devices: Devices) -> Result<(), Errno> {
    run(Command::new("modprobe").arg("v4l2loopback")).map_err(|error| errno(&error))?;
    let missing = system::missing(&Root::default(), devices.labels());
    if missing.is_empty() {
        return Ok(());
    }
    let control = match control() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Errno::NODEV),
        opened => opened.map_err(|error| errno(&error))?,
    };
    let mut added = devices.added();
    for label in missing {
        let config = LoopbackConfig { label, max_buffers: BUFFERS, exclusive_caps: true };
        match loopback_add(&control, &config) {
            Ok(number) => added.push(number),
            Err(error) => {
                // Where the unit does not start, its record goes.
                remove_nodes(devices);
                return Err(errno(&error));
            }
        }
        devices.write_down(&added);
    }
    Ok(())
}

/// Removes the devices that [`add_nodes`] added. One that is in use stays, and so does one that another took the number of.
pub fn remove_nodes(devices: Devices) {
    let mut added = devices.added();
    let (nodes, labels) = (loopbacks(Path::new(CLASS)), devices.labels());
    added.retain(|number| {
        let path = Path::new("/dev").join(format!("video{number}"));
        nodes.iter().any(|node| node.path == path && labels.contains(&node.name))
    });
    if let Some(control) = control().ok().filter(|_| !added.is_empty()) {
        added.retain(|number| loopback_remove(&control, *number).is_err());
    }
    // Those that stay are removed when it stops once more.
    devices.write_down(&added);
}

fn control() -> io::Result<fs::File> {
    fs::OpenOptions::new().read(true).write(true).open(CONTROL)
}

/// The error's number. modprobe says it in the C library's words, at the end of a line: "Key was rejected by service".
fn errno(error: &io::Error) -> Errno {
    let said = error.to_string();
    let is_said = |number: &i32| {
        let words = io::Error::from_raw_os_error(*number).to_string();
        words.rsplit_once(" (os error").is_some_and(|(words, _)| said.ends_with(words))
    };
    Errno::from_io_error(error)
        .or_else(|| ERRNOS.into_iter().find(is_said).map(Errno::from_raw_os_error))
        // "FATAL: Module v4l2loopback not found in directory /lib/modules/…"
        .or_else(|| said.contains("not found in directory").then_some(Errno::NOENT))
        .unwrap_or(Errno::IO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_modprobe_says_is_an_error_of_the_kernel_s() {
        for (said, number) in [
            ("modprobe: ERROR: could not insert 'v4l2loopback': Key was rejected by service", Errno::KEYREJECTED),
            ("modprobe: ERROR: could not insert 'v4l2loopback': Operation not permitted", Errno::PERM),
            ("modprobe: ERROR: could not insert 'v4l2loopback': Exec format error", Errno::NOEXEC),
            ("modprobe: FATAL: Module v4l2loopback not found in directory /lib/modules/6.12", Errno::NOENT),
            ("", Errno::IO),
        ] {
            assert_eq!(errno(&io::Error::other(said)), number, "{said}");
        }
        assert_eq!(errno(&Errno::BUSY.into()), Errno::BUSY);
    }
}
