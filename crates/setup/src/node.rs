//! The device itself, at each start of the computer: `lenscap-device.service`.
//!
//! The module is loaded without options, so that what others set holds; our device is added with constants, unless one of our name
//! is there. Only a device that was added here is removed here: its number is written down.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use lenscap_cameras::{CLASS, loopbacks};
use lenscap_rootfs::Root;
use lenscap_sys::v4l2::{LoopbackConfig, loopback_add, loopback_remove};
use rustix::io::Errno;

use crate::LABEL;
use crate::hands::run;
use crate::system;

const CONTROL: &str = "/dev/v4l2loopback";
/// The unit's RuntimeDirectory, kept while it restarts.
const ADDED: &str = "/run/lenscap/device";
/// More gain nothing; see `BUFFERS` of the relay's output.
const BUFFERS: u32 = 8;
/// Numbers of the kernel's errors.
pub(crate) const ERRNOS: std::ops::Range<i32> = 1..134;

/// Loads the module and adds our device.
///
/// # Errors
/// The kernel's; `ENODEV`: the module is loaded, has no device of ours and cannot get one (0.12).
pub fn add_node() -> Result<(), Errno> {
    run(Command::new("modprobe").arg("v4l2loopback")).map_err(|error| errno(&error))?;
    if system::has_node(&Root::default()) {
        return Ok(());
    }
    let control = match fs::OpenOptions::new().read(true).write(true).open(CONTROL) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Errno::NODEV),
        opened => opened.map_err(|error| errno(&error))?,
    };
    let config = LoopbackConfig { label: LABEL.into(), max_buffers: BUFFERS, exclusive_caps: true };
    let number = loopback_add(control, &config).map_err(|error| errno(&error))?;
    // Without it the device stays when the unit stops: no reason to fail.
    let _ = fs::write(ADDED, number.to_string());
    Ok(())
}

/// Removes the device that [`add_node`] added. One that is in use stays, and so does one that another took the number of.
pub fn remove_node() {
    let Some(number) = Root::default().read(ADDED).and_then(|text| text.trim().parse::<u32>().ok()) else { return };
    let path = Path::new("/dev").join(format!("video{number}"));
    let is_ours = loopbacks(Path::new(CLASS)).iter().any(|node| node.path == path && node.name == LABEL);
    if is_ours && let Ok(control) = fs::OpenOptions::new().read(true).write(true).open(CONTROL) {
        let _ = loopback_remove(control, number);
    }
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
