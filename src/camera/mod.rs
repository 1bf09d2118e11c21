//! Cameras: what there is, what they are called, what they can do. Looking at the list opens nothing; a node is opened,
//! and a vendor's library asked, only through [`modes::ask`] and [`vendors::ask`], when somebody wants to know.

pub mod asked;
pub mod choice;
pub mod controls;
pub mod ids;
pub mod modes;
pub mod owner;
mod place;
pub mod sight;
pub mod vendors;
pub mod watch;

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::core::source::Source;
pub use place::Location;
use sight::{Evidence, Sight};

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
    /// Why it could not be asked: one sentence.
    pub problem: Option<String>,
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
                self.formats = Some(answer.formats);
                self.location = answer.location.or(self.location);
                self.rotation = answer.rotation.or(self.rotation);
                self.problem = None;
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
}

impl System {
    /// The running one.
    pub fn here() -> Self {
        Self { class: CLASS.into(), udev: "/run/udev/data".into(), links: ids::LINKS.into() }
    }

    /// One that lists its nodes in `class`; the running one's but for tests, which have udev's files beside it.
    pub fn of(class: &Path) -> Self {
        if class == Path::new(CLASS) {
            return Self::here();
        }
        Self { class: class.into(), udev: class.with_file_name("udev"), links: class.with_file_name("v4l") }
    }

    /// V4L2 cameras by number: neither loopbacks, which have no hardware behind them, nor a camera's second node with
    /// metadata, nor decoders, nor raw sensors. No node is opened: what it captures is known from udev, who asked it when
    /// it came.
    pub fn cameras(&self) -> Vec<Camera> {
        let nodes = nodes(&self.class, |directory, name| {
            directory.join("device").exists() && !is_raw(name) && self.captures(directory)
        });
        let identities: Vec<_> = nodes.iter().map(|node| place::identity(&self.directory(&node.path))).collect();
        let is_twin = |identity: &Option<String>| {
            identity.is_some() && identities.iter().filter(|other| *other == identity).count() > 1
        };
        nodes
            .into_iter()
            .zip(&identities)
            .map(|(node, identity)| {
                let directory = self.directory(&node.path);
                let path = ids::stable_path(&self.links, &node.path, is_twin(identity));
                Camera {
                    id: ids::id_of(&path),
                    source: Source::V4l2(path),
                    name: place::product(&directory, &node.name),
                    function: place::function(&directory),
                    kind: Kind::V4l2,
                    node: Some(node.path),
                    bus: place::bus(&directory),
                    location: place::location(&directory),
                    rotation: None,
                    present: true,
                    formats: None,
                    problem: None,
                }
            })
            .collect()
    }

    /// How many raw sensor nodes there are; they give nothing that can be shown.
    pub fn raw_nodes(&self) -> usize {
        nodes(&self.class, |_, name| is_raw(name)).len()
    }

    /// Whether another camera here says the same of itself.
    pub(crate) fn has_twin(&self, node: &Path) -> bool {
        let identity = place::identity(&self.directory(node));
        identity.is_some()
            && nodes(&self.class, |directory, _| self.captures(directory))
                .iter()
                .any(|other| other.path != node && place::identity(&self.directory(&other.path)) == identity)
    }

    fn directory(&self, node: &Path) -> PathBuf {
        self.class.join(node.file_name().unwrap_or_default())
    }

    fn captures(&self, directory: &Path) -> bool {
        let number = fs::read_to_string(directory.join("dev")).unwrap_or_default();
        let entry = fs::read_to_string(self.udev.join(format!("c{}", number.trim()))).unwrap_or_default();
        match entry.lines().find_map(|line| line.strip_prefix("E:ID_V4L_CAPABILITIES=")) {
            Some(capabilities) => capabilities.contains(":capture:") && !capabilities.contains(":video_output:"),
            // Without udev the first node of a camera is the one with its pictures.
            None => {
                let index = fs::read_to_string(directory.join("index")).unwrap_or_default();
                matches!(index.trim(), "" | "0")
            }
        }
    }
}

/// Raw sensors of Intel's image processing units.
fn is_raw(name: &str) -> bool {
    ["Intel IPU", "ipu3-cio2", "ipu3-imgu"].iter().any(|prefix| name.starts_with(prefix))
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
            let name = fs::read_to_string(entry.path().join("name")).unwrap_or_default().trim().to_owned();
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
            fake.node(number, &format!("Intel IPU6 ISYS Capture {number}"), "pci0/isys", number - 20);
        }
        fake.write("video4linux/v4l-subdev0/name", "ov01a10\n");
        let system = fake.system();
        assert_eq!(labels(&system.cameras()), ["Webcam (video2)"]);
        assert_eq!(system.raw_nodes(), 30);
        let loopbacks = loopbacks(&system.class);
        assert_eq!(
            loopbacks.iter().map(Node::label).collect::<Vec<_>>(),
            ["OBS Virtual Camera (video9)", "Lenscap (video10)"]
        );
        assert_eq!(loopbacks[1].path, Path::new("/dev/video10"));
        let none = System::of(&fake.0.path().join("none/video4linux"));
        assert_eq!((none.cameras().len(), none.raw_nodes()), (0, 0));
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
    fn two_identical_cameras_are_told_apart_by_their_place() {
        let fake = Fake::new();
        fake.usb(0, "1-1", "Twin", None);
        fake.usb(2, "1-2", "Twin", None);
        fake.usb(4, "1-3", "Single", Some("7"));
        let ids: Vec<_> = fake.system().cameras().into_iter().map(|camera| camera.id).collect();
        assert_eq!(ids, ["pci-usb-1-1", "pci-usb-1-2", "usb-Single7"]);
        assert!(fake.system().has_twin(Path::new("/dev/video2")) && !fake.system().has_twin(Path::new("/dev/video4")));
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
