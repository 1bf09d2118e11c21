//! The USB cameras as sysfs shows them, readable by everybody and without waking a camera.
//!
//! A camera is a VideoControl interface (class 0e, subclass 01), the `device` of its video nodes. Its VideoStreaming
//! interfaces (subclass 02) are siblings; where the device has several functions, those of its interface association.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::sampler::{Held, Reading};

/// Nodes looked at; the kernel has no more minor numbers for them.
const MAX_NODES: usize = 256;
/// Longest attribute read.
const MAX_ATTRIBUTE: usize = 64;
const MAX_NAME_CHARS: usize = 80;
const VIDEO_CLASS: &str = "0e";
const CONTROL: &str = "01";
const STREAMING: &str = "02";

/// An attribute that stays open: reading it again is one system call.
#[derive(Debug)]
struct Attribute(File);

impl Attribute {
    fn open(path: &Path) -> Option<Self> {
        File::open(path).ok().map(Self)
    }

    fn read(&self) -> Option<String> {
        let mut buffer = [0; MAX_ATTRIBUTE];
        let count = self.0.read_at(&mut buffer, 0).ok()?;
        Some(String::from_utf8_lossy(&buffer[..count]).trim().to_owned())
    }
}

/// A USB camera.
#[derive(Debug)]
pub(super) struct Camera {
    /// Its VideoControl interface.
    pub interface: PathBuf,
    /// A name for people.
    pub name: String,
    /// Its nodes' names below `/dev`, those with metadata among them.
    pub nodes: Vec<String>,
    status: Option<Attribute>,
    alternates: Vec<Attribute>,
    /// Where a streaming interface is bulk.
    urbs: Option<Attribute>,
}

impl Camera {
    fn new(interface: PathBuf, nodes: Vec<(u32, String)>, name: Option<String>) -> Option<Self> {
        if text(&interface, "bInterfaceClass")? != VIDEO_CLASS || text(&interface, "bInterfaceSubClass")? != CONTROL {
            return None;
        }
        let device = interface.parent()?;
        let streams = streams(&interface, device);
        let is_bulk = streams.iter().any(|stream| is_bulk(stream));
        let product = name.or_else(|| text(device, "product")).filter(|name| !name.is_empty());
        let name = product.unwrap_or_else(|| nodes.first().map(|(_, node)| node.clone()).unwrap_or_default());
        Some(Self {
            status: Attribute::open(&interface.join("power/runtime_status")),
            alternates: streams
                .iter()
                .filter_map(|stream| Attribute::open(&stream.join("bAlternateSetting")))
                .collect(),
            urbs: is_bulk.then(|| Attribute::open(&device.join("urbnum"))).flatten(),
            name: name.chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect(),
            nodes: nodes.into_iter().map(|(_, node)| node).collect(),
            interface,
        })
    }

    /// What it shows now; `None` when it is no longer there.
    pub(super) fn read(&self, held: Held) -> Option<Reading> {
        if self.alternates.is_empty() {
            return self.interface.exists().then_some(Reading { held, ..Reading::default() });
        }
        let mut alternate = false;
        for attribute in &self.alternates {
            alternate |= attribute.read()?.parse::<u32>().ok()? != 0;
        }
        let awake = match self.status.as_ref().and_then(Attribute::read).as_deref() {
            Some("suspended") => false,
            Some("active" | "resuming" | "suspending" | "error") => true,
            // A kernel without power management: whoever has it open may stream.
            Some(_) | None => held == Held::Yes,
        };
        let urbs = match (&self.urbs, awake) {
            (Some(attribute), true) => Some(attribute.read()?.parse().ok()?),
            (Some(_), false) | (None, _) => None,
        };
        Some(Reading { awake, alternate, urbs, held })
    }
}

/// All USB cameras below this root of sysfs, by their first node's number.
pub(super) fn cameras(root: &Path) -> Vec<Camera> {
    let mut found: BTreeMap<PathBuf, Vec<(u32, String, Option<String>)>> = BTreeMap::new();
    let entries = fs::read_dir(root.join("class/video4linux")).into_iter().flatten().flatten();
    for entry in entries.take(MAX_NODES) {
        let Ok(node) = entry.file_name().into_string() else { continue };
        let Some(number) = node.strip_prefix("video").and_then(|number| number.parse().ok()) else { continue };
        let Ok(interface) = entry.path().join("device").canonicalize() else { continue };
        let name = text(&entry.path(), "name");
        found.entry(interface).or_default().push((number, node, name));
    }
    let mut cameras: Vec<(u32, Camera)> = found
        .into_iter()
        .filter_map(|(interface, mut nodes)| {
            nodes.sort();
            let first = nodes.first()?.0;
            let name = nodes.first()?.2.clone();
            let nodes = nodes.into_iter().map(|(number, node, _)| (number, node)).collect();
            Some((first, Camera::new(interface, nodes, name)?))
        })
        .collect();
    cameras.sort_by_key(|(first, _)| *first);
    cameras.into_iter().map(|(_, camera)| camera).collect()
}

/// The number of open files of all nodes of the driver, as its module counts them.
#[derive(Debug)]
pub(super) struct References(Attribute);

impl References {
    /// `None` where the driver is built into the kernel, or not loaded.
    pub(super) fn open(root: &Path) -> Option<Self> {
        Attribute::open(&root.join("module/uvcvideo/refcnt")).map(Self)
    }

    /// `None` when the driver was unloaded.
    pub(super) fn read(&self) -> Option<u64> {
        self.0.read()?.parse().ok()
    }
}

/// The VideoStreaming interfaces that belong to this VideoControl interface.
fn streams(control: &Path, device: &Path) -> Vec<PathBuf> {
    let hex = |directory: &Path, name| u32::from_str_radix(&text(directory, name)?, 16).ok();
    let first = hex(control, "iad_bFirstInterface").unwrap_or(0);
    let count = hex(control, "iad_bInterfaceCount").unwrap_or(u32::MAX);
    let is_ours = |interface: &Path| {
        hex(interface, "bInterfaceNumber").is_none_or(|number| number >= first && number - first < count)
    };
    let mut streams: Vec<PathBuf> = fs::read_dir(device)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| text(path, "bInterfaceClass").as_deref() == Some(VIDEO_CLASS))
        .filter(|path| text(path, "bInterfaceSubClass").as_deref() == Some(STREAMING))
        .filter(|path| is_ours(path))
        .collect();
    streams.sort();
    streams
}

/// Whether this streaming interface carries its video in bulk: an endpoint of that type while at alternate setting 0.
fn is_bulk(stream: &Path) -> bool {
    let is_at_0 = text(stream, "bAlternateSetting").and_then(|alternate| alternate.parse::<u32>().ok()) == Some(0);
    let mut endpoints = fs::read_dir(stream)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("ep_"));
    is_at_0 && endpoints.any(|entry| text(&entry.path(), "type").as_deref() == Some("Bulk"))
}

/// An attribute's text without its end of line.
fn text(directory: &Path, attribute: &str) -> Option<String> {
    fs::read_to_string(directory.join(attribute)).ok().map(|text| text.trim().to_owned())
}
