//! Cameras: what there is, what they are called, what they can do. Looking at the list opens nothing; a node is opened,
//! and a vendor's library asked, only through [`modes::ask`] and [`vendors::ask`], when somebody wants to know.

pub mod asked;
pub mod choice;
pub mod controls;
#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;
pub mod ids;
pub mod modes;
pub mod moved;
pub mod numbers;
pub mod off;
pub mod owner;
mod place;
pub mod sight;
pub mod signal;
pub mod vendors;
pub mod watch;

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use lenscap_core::source::Source;
use lenscap_text as text;
pub use place::Location;
use sight::{Evidence, Sight};

/// The option of the worker's program that leaves it what it could give up, where it is asked about cameras that are off.
pub const UNCONFINED: &str = "--unconfined";

/// Where the kernel lists video nodes.
pub const CLASS: &str = "/sys/class/video4linux";

/// A video node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Below `/dev`.
    pub path: PathBuf,
    /// The card's name.
    pub name: String,
}

impl Node {
    /// The name and the node, short enough for a list.
    pub fn label(&self) -> String {
        let node = self.path.file_name().unwrap_or(self.path.as_os_str());
        format!("{} ({})", self.name, node.display())
    }
}

/// Through what a camera is read, in the order that `auto` prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Intel's library.
    Icamera,
    /// libcamera.
    Libcamera,
    /// The kernel alone.
    V4l2,
}

impl Kind {
    /// As settings and JSON name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Icamera => "icamera",
            Kind::Libcamera => "libcamera",
            Kind::V4l2 => "v4l2",
        }
    }
}

/// A camera.
#[derive(Debug, Clone, PartialEq)]
pub struct Camera {
    /// What the settings say to choose it: the same tomorrow, and after it was unplugged.
    pub source: Source,
    /// What its own settings are kept under.
    pub id: String,
    /// udev's link to it that another camera of its device claims as well: what the settings may still say.
    pub shared: Option<PathBuf>,
    /// For people.
    pub name: String,
    /// What the function of its device is called, where that has a name of its own.
    pub function: Option<String>,
    /// Through what it is read.
    pub kind: Kind,
    /// Its node today.
    pub node: Option<PathBuf>,
    /// Where it is plugged in, as in "usb 1-5".
    pub bus: Option<String>,
    /// Where it looks.
    pub location: Option<Location>,
    /// How far its sensor is turned, in degrees.
    pub rotation: Option<u32>,
    /// Whether it is there.
    pub present: bool,
    /// What it can do; `None`: it was not asked.
    pub formats: Option<Vec<modes::Format>>,
    /// Why it cannot be used, as far as that is known: one sentence.
    pub problem: Option<String>,
    /// Whether it gives nothing but a sensor's raw data, which programs like libcamera make pictures of.
    pub is_raw: bool,
}

impl Camera {
    /// The name and what tells it from another of this name, short enough for a list.
    pub fn label(&self) -> String {
        match self.node.as_deref().and_then(Path::file_name) {
            Some(node) => format!("{} ({})", self.name, node.display()),
            None => format!("{} ({})", self.name, self.kind.as_str()),
        }
    }

    /// What it sees, as far as that is known: infrared cameras and such come last.
    pub fn sight(&self) -> Sight {
        Evidence { name: &self.name, function: self.function.as_deref(), formats: self.formats.as_deref() }.sight()
    }

    /// Opens its node and asks what it can do.
    pub fn ask(&mut self) {
        let Some(node) = &self.node else { return };
        match modes::ask(node) {
            Ok(answer) => {
                self.is_raw = answer.is_raw;
                self.formats = Some(answer.formats);
                self.location = answer.location.or(self.location);
                self.rotation = answer.rotation.or(self.rotation);
                self.problem = signal::missing(node, &self.name, signal::Moment::Before).map(|reason| reason.text);
                if self.bus.is_none() && !answer.bus_info.is_empty() {
                    self.bus = Some(answer.bus_info);
                }
            }
            Err(sentence) => self.problem = Some(sentence),
        }
    }
}

/// Where a system tells of its cameras.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// [`CLASS`].
    pub class: PathBuf,
    /// udev's database, which is readable for all.
    pub udev: PathBuf,
    /// udev's links.
    pub links: PathBuf,
    /// Where the nodes are.
    pub dev: PathBuf,
}

/// A node of the class that captures, with what tells it from others.
struct Found {
    node: Node,
    /// Its directory of the class.
    directory: PathBuf,
    /// What it is called by, that others may be called by as well.
    claims: Vec<String>,
    /// The USB device that it is a part of.
    device: Option<PathBuf>,
}

impl System {
    /// The running one.
    pub fn here() -> Self {
        Self { class: CLASS.into(), udev: "/run/udev/data".into(), links: ids::LINKS.into(), dev: "/dev".into() }
    }

    /// One that lists its nodes in `class`; the running one's but for tests, which have udev's files beside it.
    pub fn of(class: &Path) -> Self {
        if class == Path::new(CLASS) {
            return Self::here();
        }
        let beside = |name| class.with_file_name(name);
        Self { class: class.into(), udev: beside("udev"), links: beside("v4l"), dev: beside("dev") }
    }

    /// V4L2 cameras by number: neither loopbacks, which have no hardware behind them, nor a camera's second node with
    /// metadata, nor decoders. No node is opened: what it captures is known from udev, who asked it when it came, and raw
    /// sensors, which are among them, by what is beside them until they are asked.
    pub fn cameras(&self) -> Vec<Camera> {
        let found = self.captures_of(|directory| directory.join("device").exists());
        let steered = place::steered(&self.class);
        found
            .iter()
            .map(|it| {
                let path = ids::stable_path(&self.links, &it.node.path, it.is_shared(&found));
                Camera {
                    id: ids::id_of(&path),
                    source: Source::V4l2(path),
                    shared: it.shared_link(&found, &self.links),
                    name: place::product(&it.directory, &it.node.name),
                    function: place::function(&it.directory),
                    kind: Kind::V4l2,
                    problem: self.no_permission(&it.node.path),
                    node: Some(it.node.path.clone()),
                    bus: place::bus(&it.directory),
                    location: place::location(&it.directory),
                    rotation: None,
                    present: true,
                    formats: None,
                    is_raw: place::is_steered(&it.directory, &steered),
                }
            })
            .collect()
    }

    /// Whether udev's name for this node may be another's, too.
    pub(crate) fn is_shared(&self, node: &Path) -> bool {
        let found = self.captures_of(|_| true);
        found.iter().find(|it| it.node.path == node).is_some_and(|it| it.is_shared(&found))
    }

    /// What the camera at this node is called by that stays the same; `None` when there is none.
    pub(crate) fn identity_of(&self, node: &Path) -> Option<numbers::Identity> {
        let found = self.captures_of(|directory| directory.join("device").exists());
        let it = found.iter().find(|it| it.node.path == node)?;
        let camera = place::product(&it.directory, &it.node.name);
        let mut names = ids::names(&self.links, node, it.is_shared(&found));
        names.extend(place::bus(&it.directory));
        Some(numbers::Identity { names, camera })
    }

    fn captures_of(&self, is_wanted: impl Fn(&Path) -> bool) -> Vec<Found> {
        nodes(&self.class, |directory, _| is_wanted(directory) && self.captures(directory))
            .into_iter()
            .map(|node| {
                let directory = self.class.join(node.path.file_name().unwrap_or_default());
                let mut claims = self.links_of(&directory);
                claims.extend(place::identity(&directory));
                Found { claims, device: place::usb_device(&directory), directory, node }
            })
            .collect()
    }

    /// Why it may not be opened, seen from outside.
    fn no_permission(&self, node: &Path) -> Option<String> {
        let access = rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK;
        match rustix::fs::access(self.dev.join(node.file_name()?), access) {
            Err(rustix::io::Errno::ACCESS | rustix::io::Errno::PERM) => Some(modes::no_permission(node)),
            Ok(()) | Err(_) => None,
        }
    }

    fn entry(&self, directory: &Path) -> String {
        let number = fs::read_to_string(directory.join("dev")).unwrap_or_default();
        fs::read_to_string(self.udev.join(format!("c{}", number.trim()))).unwrap_or_default()
    }

    /// The links by what it is that udev made for this node, or would have made had no other had them.
    fn links_of(&self, directory: &Path) -> Vec<String> {
        let entry = self.entry(directory);
        entry.lines().filter_map(|line| line.strip_prefix("S:v4l/by-id/")).map(str::to_owned).collect()
    }

    fn captures(&self, directory: &Path) -> bool {
        match self.entry(directory).lines().find_map(|line| line.strip_prefix("E:ID_V4L_CAPABILITIES=")) {
            Some(capabilities) => capabilities.contains(":capture:") && !capabilities.contains(":video_output:"),
            // Without udev the first node of a camera is the one with its pictures.
            None => {
                let index = fs::read_to_string(directory.join("index")).unwrap_or_default();
                matches!(index.trim(), "" | "0")
            }
        }
    }
}

impl Found {
    fn is_shared(&self, all: &[Found]) -> bool {
        all.iter().any(|other| other.node.path != self.node.path && self.shares_with(other))
    }

    fn shares_with(&self, other: &Found) -> bool {
        self.claims.iter().any(|claim| other.claims.contains(claim))
    }

    /// The link that is shared with another camera of the same device, whoever has it now.
    fn shared_link(&self, all: &[Found], links: &Path) -> Option<PathBuf> {
        let beside = |other: &&Found| other.device == self.device && self.shares_with(other);
        let group: Vec<_> = all.iter().filter(beside).collect();
        if self.device.is_none() || group.len() < 2 {
            return None;
        }
        let by_id = links.join("by-id");
        group.iter().find_map(|one| ids::link_to(&by_id, &one.node.path))
    }
}

/// v4l2loopback's nodes, by number: they have neither a parent device nor a driver link; `max_openers` is an attribute of
/// their own.
pub fn loopbacks(class: &Path) -> Vec<Node> {
    nodes(class, |directory, _| directory.join("max_openers").exists())
}

fn nodes(class: &Path, is_wanted: impl Fn(&Path, &str) -> bool) -> Vec<Node> {
    let mut found: Vec<(u32, Node)> = fs::read_dir(class)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let node = entry.file_name().into_string().ok()?;
            let number = node.strip_prefix("video")?.parse().ok()?;
            let name = text::name(fs::read(entry.path().join("name")).unwrap_or_default());
            is_wanted(&entry.path(), &name).then(|| (number, Node { path: Path::new("/dev").join(node), name }))
        })
        .collect();
    found.sort_by_key(|(number, _)| *number);
    found.into_iter().map(|(_, node)| node).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A system in a directory.
    pub(super) struct Fake(pub(super) tempfile::TempDir);

    impl Fake {
        pub(super) fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        pub(super) fn system(&self) -> System {
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
        pub(super) fn second_function(&self, number: u32, port: &str, card: &str, function: &str) {
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
        pub(super) fn usb(&self, number: u32, port: &str, product: &str, serial: Option<&str>) {
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
        for shown in
            [camera.label(), camera.id.clone(), ids::name_from(Path::new("/dev/v4l/by-id/usb-A\u{1b}\u{2066}B"))]
        {
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
        assert!(
            fake.system().is_shared(Path::new("/dev/video2")) && !fake.system().is_shared(Path::new("/dev/video4"))
        );
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
}
