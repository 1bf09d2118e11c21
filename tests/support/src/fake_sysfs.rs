//! A stand-in for the kernel's part of USB cameras: a tree like `/sys` and `/dev` with the files that matter.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// The tree; gone when dropped.
pub struct FakeSysfs {
    root: tempfile::TempDir,
}

impl Default for FakeSysfs {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeSysfs {
    /// Without a camera.
    pub fn new() -> Self {
        let fake = Self { root: tempfile::tempdir().expect("a directory") };
        for directory in ["sys/class/video4linux", "sys/module/uvcvideo", "dev"] {
            fs::create_dir_all(fake.root.path().join(directory)).expect("a directory");
        }
        fake.set_references(0);
        fake
    }

    /// Instead of `/`.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// Instead of `/sys`.
    pub fn sysfs(&self) -> PathBuf {
        self.root.path().join("sys")
    }

    /// Instead of `/dev`.
    pub fn dev(&self) -> PathBuf {
        self.root.path().join("dev")
    }

    /// A camera's node.
    pub fn node(&self, number: u32) -> PathBuf {
        self.dev().join(format!("video{number}"))
    }

    fn device(&self, number: u32) -> PathBuf {
        self.sysfs().join(format!("devices/usb1/1-{number}"))
    }

    /// Plugs a camera in: `/dev/videoN`, and its node for metadata after it.
    pub fn plug(&self, number: u32, name: &str, is_bulk: bool) {
        let device = self.device(number);
        let control = device.join(format!("1-{number}:1.0"));
        let stream = device.join(format!("1-{number}:1.1"));
        let endpoint = stream.join("ep_81");
        for directory in [&control.join("power"), &stream] {
            fs::create_dir_all(directory).expect("a directory");
        }
        if is_bulk {
            fs::create_dir_all(&endpoint).expect("a directory");
            put(&endpoint.join("type"), "Bulk");
        }
        put(&device.join("product"), name);
        put(&device.join("urbnum"), "10");
        put(&device.join("bNumInterfaces"), " 2");
        for (interface, subclass, which) in [(&control, "01", "00"), (&stream, "02", "01")] {
            put(&interface.join("bInterfaceClass"), "0e");
            put(&interface.join("bInterfaceSubClass"), subclass);
            put(&interface.join("bInterfaceNumber"), which);
            put(&interface.join("bAlternateSetting"), " 0");
        }
        put(&control.join("power/runtime_status"), "suspended");
        for (node, index) in [(number, "0"), (number + 1, "1")] {
            let class = self.sysfs().join(format!("class/video4linux/video{node}"));
            fs::create_dir_all(&class).expect("a directory");
            put(&class.join("name"), name);
            put(&class.join("index"), index);
            symlink(&control, class.join("device")).expect("a link");
            put(&self.node(node), "");
        }
    }

    fn stream(&self, number: u32) -> [PathBuf; 2] {
        let name = format!("1-{number}:1.1");
        [self.device(number).join(&name), self.root.path().join(name)]
    }

    /// Its streaming interface is not there yet: the kernel adds one interface after the other, and the driver makes the
    /// nodes as soon as it has seen the first (`usb_set_configuration`).
    pub fn hide_stream(&self, number: u32) {
        let [there, elsewhere] = self.stream(number);
        fs::rename(there, elsewhere).expect("it was there");
    }

    /// Now it is.
    pub fn show_stream(&self, number: u32) {
        let [there, elsewhere] = self.stream(number);
        fs::rename(elsewhere, there).expect("it was hidden");
    }

    /// Unplugs it.
    pub fn unplug(&self, number: u32) {
        // What is still open of it says nothing any more.
        let device = self.device(number);
        for gone in ["urbnum".to_owned(), format!("1-{number}:1.1/bAlternateSetting")] {
            fs::write(device.join(gone), "").expect("the camera is there");
        }
        fs::remove_dir_all(device).expect("the camera is there");
        for node in [number, number + 1] {
            let class = self.sysfs().join(format!("class/video4linux/video{node}"));
            fs::remove_dir_all(class).expect("the node is there");
            fs::remove_file(self.node(node)).expect("the node is there");
        }
    }

    /// Somebody has it open, or nobody has.
    pub fn set_awake(&self, number: u32, awake: bool) {
        let status = if awake { "active" } else { "suspended" };
        put(&self.device(number).join(format!("1-{number}:1.0/power/runtime_status")), status);
    }

    /// The streaming interface's alternate setting.
    pub fn set_alternate(&self, number: u32, alternate: u32) {
        let [there, elsewhere] = self.stream(number);
        let stream = if there.exists() { there } else { elsewhere };
        put(&stream.join("bAlternateSetting"), &format!("{alternate:2}"));
    }

    /// An attribute of its device.
    pub fn put_device(&self, number: u32, attribute: &str, text: &str) {
        put(&self.device(number).join(attribute), text);
    }

    /// An attribute of one of its interfaces: 0 has the controls, 1 the stream.
    pub fn put_interface(&self, number: u32, interface: u32, attribute: &str, text: &str) {
        put(&self.device(number).join(format!("1-{number}:1.{interface}")).join(attribute), text);
    }

    /// Transfers so far.
    pub fn set_transfers(&self, number: u32, count: u64) {
        put(&self.device(number).join("urbnum"), &count.to_string());
    }

    /// Open files of all cameras.
    pub fn set_references(&self, count: u32) {
        put(&self.sysfs().join("module/uvcvideo/refcnt"), &count.to_string());
    }
}

/// No text is longer.
const LONGEST: usize = 24;

/// In one write that leaves no moment without a text, as the kernel would; padded, for the old text may be longer.
fn put(path: &Path, text: &str) {
    assert!(text.len() <= LONGEST, "{text}");
    let mut file = fs::File::options().create(true).truncate(false).write(true).open(path).expect("writable");
    file.write_all(format!("{text:<LONGEST$}\n").as_bytes()).expect("written");
}
