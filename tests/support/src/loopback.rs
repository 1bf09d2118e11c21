//! The module v4l2loopback in the virtual machine: loaded by a test as it needs it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::process::{eventually, until_udev_is_through};

/// Unloads the module; whoever still lets go of the node is waited for.
pub fn unload() {
    eventually("v4l2loopback is unloaded", || {
        let _ = Command::new("rmmod").arg("v4l2loopback").stderr(Stdio::null()).status();
        !Path::new("/sys/module/v4l2loopback").exists()
    });
}

/// Loads the module as the test run wants it, with its node at `/dev/video30`.
pub fn load(label: &str) {
    load_with(label, &["video_nr=30"]);
}

/// Loads the module with further parameters.
pub fn load_with(label: &str, parameters: &[&str]) {
    let module = std::env::var("LENSCAP_LOOPBACK_KO").expect("the module's file");
    let caps = std::env::var("LENSCAP_EXCLUSIVE_CAPS").unwrap_or_else(|_| "1".into());
    let devices = label.split(',').count();
    let mut arguments = vec![
        module,
        format!("exclusive_caps={}", vec![caps.as_str(); devices].join(",")),
        "max_buffers=8".into(),
        // What has a space is to be quoted.
        if label.contains(' ') { format!("card_label=\"{label}\"") } else { format!("card_label={label}") },
    ];
    if !parameters.iter().any(|parameter| parameter.starts_with("video_nr")) {
        arguments.push("video_nr=30".into());
    }
    arguments.extend(parameters.iter().map(|parameter| (*parameter).to_owned()));
    assert!(Command::new("insmod").args(arguments).status().expect("insmod").success());
    eventually("the node is there", || Path::new("/dev/video30").exists());
    until_udev_is_through();
}

/// Unloads and loads the module: a fresh node, its rotation whole again.
pub fn reload(label: &str) {
    unload();
    load(label);
}

/// Whether a writer streams into the node, by what the module says of it: nobody opens the node for the answer.
///
/// Trying to stream from it is no way to ask. With `exclusive_caps=0` a reader can take buffers as soon as the writer has set
/// its format, and from 0.15 on a writer that asks for its own while the reader has them gets as many as the reader took:
/// v4l2sink, which wants three, begins to stream with two and then ends.
pub fn is_written(node: &Path) -> bool {
    let attributes = Path::new("/sys/class/video4linux").join(node.file_name().expect("a node"));
    match fs::read_to_string(attributes.join("state")) {
        Ok(state) => state.trim() == "capture",
        // 0.12 has no state, and a format only while somebody streams.
        Err(_) => fs::read_to_string(attributes.join("format")).is_ok_and(|format| !format.trim().is_empty()),
    }
}
