//! A system in a directory, and what is found there.

use super::*;
use crate::choice;
use crate::sight::Sight;
use lenscap_core::location::Location;
use std::os::unix::fs::symlink;

/// A system in a directory.
pub(crate) struct Fake(pub(crate) tempfile::TempDir);

impl Fake {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn system(&self) -> System {
        System::of(&self.0.path().join("video4linux"))
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn link(&self, path: &str, target: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    /// A loopback.
    fn loopback(&self, number: u32, name: &str) {
        self.write(&format!("video4linux/video{number}/name"), &format!("{name}\n"));
        self.write(&format!("video4linux/video{number}/max_openers"), "10\n");
    }

    /// A node of a device.
    fn node(&self, number: u32, name: &str, device: &str, index: u32) {
        let directory = format!("video4linux/video{number}");
        self.write(&format!("{directory}/name"), &format!("{name}\n"));
        self.write(&format!("{directory}/index"), &format!("{index}\n"));
        self.write(&format!("{directory}/dev"), &format!("81:{number}\n"));
        self.link(&format!("{directory}/device"), &format!("../../devices/{device}"));
    }

    /// Another camera of the USB device on this port: node `number`, whose udev has the name of them both.
    pub(crate) fn second_function(&self, number: u32, port: &str, card: &str, function: &str) {
        let interface = format!("usb1/{port}/{port}:1.2");
        self.write(&format!("devices/{interface}/bInterfaceClass"), "0e\n");
        self.write(&format!("devices/{interface}/interface"), &format!("{function}\n"));
        self.link(&format!("devices/{interface}/subsystem"), "../../../../bus/usb");
        self.node(number, card, &interface, 0);
        let by_id = fs::read_dir(self.0.path().join("v4l/by-id")).unwrap().flatten().next().unwrap().path();
        fs::remove_file(&by_id).unwrap();
        symlink(format!("../../video{number}"), by_id).unwrap();
        self.link(&format!("v4l/by-path/pci-usb-{port}:1.2-video-index0"), &format!("../../video{number}"));
    }

    /// A USB camera: its picture node `number` and the node with metadata after it.
    pub(crate) fn usb(&self, number: u32, port: &str, product: &str, serial: Option<&str>) {
        let device = format!("devices/usb1/{port}");
        self.write(&format!("{device}/product"), &format!("{product}\n"));
        self.write(&format!("{device}/idVendor"), "04f2\n");
        self.write(&format!("{device}/idProduct"), "b6d0\n");
        if let Some(serial) = serial {
            self.write(&format!("{device}/serial"), &format!("{serial}\n"));
        }
        let interface = format!("usb1/{port}/{port}:1.0");
        self.write(&format!("devices/{interface}/bInterfaceClass"), "0e\n");
        self.link(&format!("devices/{interface}/subsystem"), "../../../../bus/usb");
        let card: String = product.chars().take(31).collect();
        self.node(number, &card, &interface, 0);
        self.node(number + 1, &card, &interface, 1);
        let serial = serial.unwrap_or("");
        let by_id = self.0.path().join(format!("v4l/by-id/usb-{}{serial}-video-index0", product.replace(' ', "_")));
        // The last that claims a name has it.
        let _ = fs::remove_file(&by_id);
        fs::create_dir_all(by_id.parent().unwrap()).unwrap();
        symlink(format!("../../video{number}"), by_id).unwrap();
        self.link(&format!("v4l/by-path/pci-usb-{port}-video-index0"), &format!("../../video{number}"));
    }
}

fn labels(cameras: &[Camera]) -> Vec<String> {
    cameras.iter().map(Camera::label).collect()
}

#[test]
fn cameras_and_loopbacks_are_told_apart_without_opening_them() {
    let fake = Fake::new();
    fake.loopback(10, "Lenscap");
    fake.loopback(9, "OBS Virtual Camera");
    fake.usb(2, "1-5", "Webcam", Some("0001"));
    for number in 20..50 {
        fake.node(number, &format!("Somebody's ISP Capture {number}"), "pci0/isp", number - 20);
        fake.write(&format!("udev/c81:{number}"), "E:ID_V4L_CAPABILITIES=:capture:\n");
    }
    fs::create_dir_all(fake.0.path().join("devices/pci0/isp")).unwrap();
    fake.link("video4linux/v4l-subdev0/device", "../../devices/pci0/isp");
    let system = fake.system();
    let (raw, cameras): (Vec<_>, Vec<_>) = system.cameras().into_iter().partition(|camera| camera.is_raw);
    assert_eq!((labels(&cameras), raw.len()), (vec!["Webcam (video2)".to_owned()], 30));
    let loopbacks = loopbacks(&system.class);
    assert_eq!(
        loopbacks.iter().map(Node::label).collect::<Vec<_>>(),
        ["OBS Virtual Camera (video9)", "Lenscap (video10)"]
    );
    assert_eq!(loopbacks[1].path, Path::new("/dev/video10"));
    let none = System::of(&fake.0.path().join("none/video4linux"));
    assert!(none.cameras().is_empty());
}

#[test]
fn a_camera_is_described_by_sysfs() {
    let fake = Fake::new();
    fake.usb(0, "1-5", "A Product With a Name of More Than Thirty-One Letters", Some("0001"));
    fake.write("devices/usb1/1-5/removable", "fixed\n");
    fake.write("devices/usb1/1-5/physical_location/panel", "front\n");
    let [camera] = &fake.system().cameras()[..] else { panic!("one camera") };
    assert_eq!(camera.name, "A Product With a Name of More Than Thirty-One Letters");
    assert_eq!(camera.bus.as_deref(), Some("usb 1-5"));
    assert_eq!(camera.location, Some(Location::Front));
    assert!(camera.id.ends_with("0001") && camera.present, "{camera:?}");
    let Source::V4l2(path) = &camera.source else { panic!("{:?}", camera.source) };
    assert!(path.starts_with(fake.0.path().join("v4l/by-id")), "{}", path.display());
}

#[test]
fn what_a_camera_says_of_itself_is_one_visible_line() {
    let fake = Fake::new();
    fake.usb(0, "1-5", "Cam\u{1b}[31m\u{7}\u{202e}\n* root", Some("\u{1b}1"));
    let [camera] = &fake.system().cameras()[..] else { panic!("one camera") };
    assert_eq!(camera.name, "Cam [31m * root");
    for shown in [camera.label(), camera.id.clone(), ids::name_from(Path::new("/dev/v4l/by-id/usb-A\u{1b}\u{2066}B"))] {
        assert_eq!(lenscap_text::clean(&shown, lenscap_text::PATH), shown);
    }
}

#[test]
fn two_identical_cameras_are_told_apart_by_their_place() {
    let fake = Fake::new();
    fake.usb(0, "1-1", "Twin", None);
    fake.usb(2, "1-2", "Twin", None);
    fake.usb(4, "1-3", "Single", Some("7"));
    let ids: Vec<_> = fake.system().cameras().into_iter().map(|camera| camera.id).collect();
    assert_eq!(ids, ["pci-usb-1-1", "pci-usb-1-2", "usb-Single7"]);
    assert!(fake.system().is_shared(Path::new("/dev/video2")) && !fake.system().is_shared(Path::new("/dev/video4")));
    assert!(fake.system().cameras().iter().all(|camera| camera.shared.is_none()), "each is a device of its own");
}

#[test]
fn the_two_cameras_of_one_device_are_told_apart_by_their_place_whoever_has_the_link() {
    let fake = Fake::new();
    fake.usb(0, "1-5", "Webcam", Some("0001"));
    let by_id = fake.0.path().join("v4l/by-id/usb-Webcam0001-video-index0");
    assert_eq!(fake.system().cameras()[0].source, Source::V4l2(by_id.clone()));
    fake.second_function(2, "1-5", "Webcam: IR Camera", "IR Camera");
    for owner in ["../../video0", "../../video2"] {
        fs::remove_file(&by_id).unwrap();
        symlink(owner, &by_id).unwrap();
        let cameras = fake.system().cameras();
        let ids: Vec<_> = cameras.iter().map(|camera| camera.id.as_str()).collect();
        assert_eq!(ids, ["pci-usb-1-5", "pci-usb-1-5:1.2"]);
        assert!(cameras.iter().all(|camera| camera.shared.as_ref() == Some(&by_id)), "{cameras:?}");
        assert_eq!([cameras[0].sight(), cameras[1].sight()], [Sight::Colour, Sight::Infrared]);
        // What the settings said until now means the one with colours.
        let meant = choice::find(&cameras, &Source::V4l2(by_id.clone())).unwrap();
        assert_eq!(meant.node.as_deref(), Some(Path::new("/dev/video0")));
    }
    assert!(fake.system().is_shared(Path::new("/dev/video0")) && fake.system().is_shared(Path::new("/dev/video2")));
}

#[test]
fn links_that_udev_says_two_claim_are_shared() {
    let fake = Fake::new();
    // No serial number, another product: what the link is made of is udev's business.
    fake.usb(0, "1-1", "Twin", None);
    fake.usb(2, "1-2", "Other", Some("2"));
    for number in [0, 2] {
        let claimed = "E:ID_V4L_CAPABILITIES=:capture:\nS:v4l/by-id/usb-Twin-video-index0\n";
        fake.write(&format!("udev/c81:{number}"), claimed);
    }
    let ids: Vec<_> = fake.system().cameras().into_iter().map(|camera| camera.id).collect();
    assert_eq!(ids, ["pci-usb-1-1", "pci-usb-1-2"]);
}

#[test]
fn what_udev_knows_of_a_node_decides() {
    let fake = Fake::new();
    fake.usb(0, "1-1", "Webcam", Some("1"));
    // A second picture, a decoder.
    fake.node(2, "Webcam: IR", "usb1/1-1/1-1:1.0", 2);
    fake.node(3, "decoder", "platform/codec", 0);
    for (number, capabilities) in [(0, ":capture:"), (1, ":"), (2, ":capture:"), (3, ":capture:video_output:")] {
        fake.write(&format!("udev/c81:{number}"), &format!("I:1\nE:ID_V4L_CAPABILITIES={capabilities}\n"));
    }
    let cameras = fake.system().cameras();
    assert_eq!(labels(&cameras), ["Webcam (video0)", "Webcam: IR (video2)"]);
    assert_eq!([cameras[0].sight(), cameras[1].sight()], [Sight::Colour, Sight::Infrared]);
}

#[test]
fn what_a_process_has_open_is_told_by_its_descriptors() {
    let directory = tempfile::tempdir().unwrap();
    for (name, target) in [("0", "/dev/null"), ("3", "/dev/video7"), ("4", "socket:[1]"), ("5", "/dev/media0")] {
        symlink(target, directory.path().join(name)).unwrap();
    }
    assert_eq!(open_nodes(directory.path()), [Path::new("/dev/video7")]);
    assert!(open_nodes(&directory.path().join("none")).is_empty());
}
