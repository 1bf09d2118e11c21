//! The kernel's test camera vivid in the virtual machine, at `/dev/video20`.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::process::{eventually, until_udev_is_through};

/// Unloads it; whoever still lets go of the camera is waited for.
pub fn unload() {
    eventually("vivid is unloaded", || {
        let _ = Command::new("rmmod").arg("vivid").stderr(Stdio::null()).status();
        !Path::new("/sys/module/vivid").exists()
    });
}

/// Loads it anew: one camera with one input, and what else is asked for (`input_types=3` is HDMI, `n_devs=2` two cameras).
pub fn reload(parameters: &[&str]) {
    unload();
    let one = ["vivid", "n_devs=1", "node_types=0x1,0x1", "num_inputs=1,1", "vid_cap_nr=20,21"];
    assert!(Command::new("modprobe").args(one).args(parameters).status().expect("modprobe").success());
    eventually("vivid is there", || Path::new("/dev/video20").exists());
    until_udev_is_through();
}

/// Sets a control of it, as in `hue=3`.
pub fn set(control: &str) {
    let mut command = Command::new("v4l2-ctl");
    command.args(["-d", "/dev/video20", "--set-ctrl", control]);
    assert!(command.status().expect("v4l2-ctl").success(), "{control}");
}
