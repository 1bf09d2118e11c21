//! The USB cameras as sysfs shows them, readable by everybody and without waking a camera.
//!
//! A camera is a VideoControl interface (class 0e, subclass 01), the `device` of its video nodes. Its VideoStreaming
//! interfaces (subclass 02) are siblings; where the device has several functions, those of its interface association.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::sampler::{Held, Reading, Transfers};
use lenscap_text as text;

/// Nodes looked at; the kernel has no more minor numbers for them.
const MAX_NODES: usize = 256;
/// Longest attribute read.
const MAX_ATTRIBUTE: usize = 64;
const VIDEO_CLASS: u32 = 0x0e;
const CONTROL: u32 = 1;
const STREAMING: u32 = 2;

/// What the kernel answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Readout<T> {
    /// This.
    Known(T),
    /// There is no such thing, or no longer.
    Gone,
    /// It could not be read or not be understood: whatever was known before still holds.
    Unknown,
}

impl<T> Readout<T> {
    fn failed(error: &io::Error) -> Self {
        match rustix::io::Errno::from_io_error(error) {
            Some(rustix::io::Errno::NOENT | rustix::io::Errno::NODEV) => Self::Gone,
            _ => Self::Unknown,
        }
    }

    fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Gone | Self::Unknown => None,
        }
    }

    /// `None` of `understand`: unknown.
    fn and_then<U>(self, understand: impl FnOnce(T) -> Option<U>) -> Readout<U> {
        match self {
            Self::Known(value) => understand(value).map_or(Readout::Unknown, Readout::Known),
            Self::Gone => Readout::Gone,
            Self::Unknown => Readout::Unknown,
        }
    }
}

/// An attribute that stays open: reading it again is one system call.
#[derive(Debug)]
struct Attribute {
    path: PathBuf,
    /// Opened when it is needed, and again after it could not be read.
    file: RefCell<Option<File>>,
}

impl Attribute {
    fn new(path: PathBuf) -> Self {
        Self { path, file: RefCell::new(None) }
    }

    fn read<T>(&self, understand: impl FnOnce(&str) -> Option<T>) -> Readout<T> {
        let said = self.text().and_then(|text| understand(&text));
        if !matches!(said, Readout::Known(_)) {
            *self.file.borrow_mut() = None;
        }
        said
    }

    fn text(&self) -> Readout<String> {
        let mut file = self.file.borrow_mut();
        let opened = match file.take().map_or_else(|| File::open(&self.path), Ok) {
            Ok(opened) => opened,
            Err(error) => return Readout::failed(&error),
        };
        let mut buffer = [0; MAX_ATTRIBUTE];
        match opened.read_at(&mut buffer, 0) {
            Ok(count) => {
                *file = Some(opened);
                Readout::Known(String::from_utf8_lossy(&buffer[..count]).trim().to_owned())
            }
            Err(error) => Readout::failed(&error),
        }
    }
}

/// A USB camera.
#[derive(Debug)]
pub(super) struct UsbCamera {
    /// Its VideoControl interface.
    pub interface: PathBuf,
    /// A name for people.
    pub name: String,
    /// Its nodes' names below `/dev`, those with metadata among them.
    pub nodes: Vec<String>,
    /// Whether all that matters of it was there and could be read: what it has does not change, the rest may.
    pub is_complete: bool,
    status: Attribute,
    streams: Vec<Stream>,
    /// No further streaming interface is to come.
    has_all_streams: bool,
    urbs: Attribute,
}

/// A VideoStreaming interface.
#[derive(Debug)]
struct Stream {
    directory: PathBuf,
    alternate: Attribute,
    /// Whether it carries its video in bulk; `None`: not known yet.
    is_bulk: Cell<Option<bool>>,
}

impl Stream {
    fn new(directory: PathBuf) -> Self {
        let stream = Self {
            alternate: Attribute::new(directory.join("bAlternateSetting")),
            is_bulk: Cell::new(None),
            directory,
        };
        let _ = stream.read();
        stream
    }

    /// The alternate setting now.
    fn read(&self) -> Readout<u32> {
        let alternate = self.alternate.read(|text| text.parse::<u32>().ok());
        if self.is_bulk.get().is_none() {
            self.is_bulk.set(match alternate {
                // Bulk video needs no other setting. (A still picture may come in bulk, at another one.)
                Readout::Known(0) => has_bulk_endpoint(&self.directory).known(),
                Readout::Known(_) => Some(false),
                Readout::Gone | Readout::Unknown => None,
            });
        }
        alternate
    }
}

impl UsbCamera {
    /// [`Readout::Gone`]: it is no USB camera.
    fn new(interface: PathBuf, nodes: Vec<(u32, String)>, name: Option<String>) -> Readout<Self> {
        for (attribute, expected) in [("bInterfaceClass", VIDEO_CLASS), ("bInterfaceSubClass", CONTROL)] {
            match hex(&interface, attribute) {
                Readout::Known(readout) if readout == expected => {}
                Readout::Known(_) | Readout::Gone => return Readout::Gone,
                Readout::Unknown => return Readout::Unknown,
            }
        }
        let Some(device) = interface.parent() else { return Readout::Gone };
        let product = name.or_else(|| text(device, "product").known()).filter(|name| !name.is_empty());
        let name = product.unwrap_or_else(|| nodes.first().map(|(_, node)| node.clone()).unwrap_or_default());
        let mut camera = Self {
            is_complete: false,
            status: Attribute::new(interface.join("power/runtime_status")),
            urbs: Attribute::new(device.join("urbnum")),
            streams: Vec::new(),
            has_all_streams: false,
            name: text::name(name),
            nodes: nodes.into_iter().map(|(_, node)| node).collect(),
            interface,
        };
        camera.complete();
        Readout::Known(camera)
    }

    /// Looks for what was not there yet, or could not be read.
    pub(super) fn complete(&mut self) {
        let Some(device) = self.interface.parent() else { return };
        let (streams, has_all_streams) = streams(&self.interface, device);
        self.streams = streams.into_iter().map(Stream::new).collect();
        self.has_all_streams = has_all_streams;
        self.is_complete = has_all_streams && self.streams.iter().all(|stream| stream.is_bulk.get().is_some());
    }

    /// What it shows now; [`Readout::Gone`] when it is no longer there.
    pub(super) fn read(&self, held: Held) -> Readout<Reading> {
        let mut alternate = self.has_all_streams.then_some(false);
        let mut is_gone = false;
        for stream in &self.streams {
            match stream.read() {
                Readout::Known(0) => {}
                Readout::Known(_) => alternate = Some(true),
                Readout::Gone => is_gone = true,
                Readout::Unknown => {
                    is_gone |= is_missing(&stream.directory);
                    alternate = alternate.filter(|alternate| *alternate);
                }
            }
        }
        if is_gone || (self.streams.is_empty() && is_missing(&self.interface)) {
            return Readout::Gone;
        }
        let status = self.status.read(|text| match text {
            "suspended" => Some(Some(false)),
            "active" | "resuming" | "suspending" | "error" => Some(Some(true)),
            "unsupported" => Some(None),
            _ => None,
        });
        let awake = match status {
            Readout::Known(Some(awake)) => Some(awake),
            // A kernel without power management: whoever has it open may stream.
            Readout::Known(None) | Readout::Gone => Some(held == Held::Yes),
            Readout::Unknown => None,
        };
        let is_bulk = self.streams.iter().any(|stream| stream.is_bulk.get() == Some(true));
        let transfers = match (is_bulk, awake) {
            (true, Some(true) | None) => match self.urbs.read(transfers) {
                Readout::Known(count) => Transfers::Count(count),
                Readout::Gone | Readout::Unknown => Transfers::Unknown,
            },
            (true, Some(false)) | (false, _) => Transfers::Uncounted,
        };
        Readout::Known(Reading { awake, alternate, transfers, held, mapped: None })
    }
}

/// `urbnum` as the kernel prints it: 32 bits with a sign, which has been seen negative.
fn transfers(text: &str) -> Option<u32> {
    let number: i64 = text.parse().ok()?;
    i32::try_from(number).map(i32::cast_unsigned).or_else(|_| u32::try_from(number)).ok()
}

/// Whether there is certainly no such file.
fn is_missing(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| Readout::<()>::failed(&error) == Readout::Gone)
}

/// What there is.
#[derive(Debug, Default)]
pub(super) struct UsbScan {
    /// By their first node's number.
    pub cameras: Vec<UsbCamera>,
    /// VideoControl interfaces, perhaps, of which not enough could be read.
    pub unknown: BTreeSet<PathBuf>,
    /// Nodes could not be listed: there may be more.
    pub is_partial: bool,
}

impl UsbScan {
    /// Whether it is worth another look.
    pub(super) fn is_whole(&self) -> bool {
        !self.is_partial && self.unknown.is_empty() && self.cameras.iter().all(|camera| camera.is_complete)
    }

    /// Whether this camera, which it does not have, may be there all the same.
    pub(super) fn leaves_open(&self, interface: &Path) -> bool {
        self.is_partial || self.unknown.contains(interface)
    }
}

/// All USB cameras below this root of sysfs.
pub(super) fn cameras(root: &Path) -> UsbScan {
    let mut scan = UsbScan::default();
    let mut found: BTreeMap<PathBuf, Vec<(u32, String, Option<String>)>> = BTreeMap::new();
    // Without the directory no video driver is loaded.
    for entry in entries(&root.join("class/video4linux"), &mut scan.is_partial).into_iter().take(MAX_NODES) {
        let Some(node) = entry.file_name().and_then(|name| name.to_str()).map(str::to_owned) else { continue };
        let Some(number) = node.strip_prefix("video").and_then(|number| number.parse().ok()) else { continue };
        match entry.join("device").canonicalize() {
            Ok(interface) => {
                found.entry(interface).or_default().push((number, node, text(&entry, "name").known()));
            }
            // A loopback's node has no device.
            Err(error) => scan.is_partial |= Readout::<()>::failed(&error) == Readout::Unknown,
        }
    }
    let mut cameras = Vec::new();
    for (interface, mut nodes) in found {
        nodes.sort();
        let Some((first, _, name)) = nodes.first().cloned() else { continue };
        let nodes = nodes.into_iter().map(|(number, node, _)| (number, node)).collect();
        match UsbCamera::new(interface.clone(), nodes, name) {
            Readout::Known(camera) => cameras.push((first, camera)),
            Readout::Gone => {}
            Readout::Unknown => drop(scan.unknown.insert(interface)),
        }
    }
    cameras.sort_by_key(|(first, _)| *first);
    scan.cameras = cameras.into_iter().map(|(_, camera)| camera).collect();
    scan
}

/// The number of open files of all nodes of the driver, as its module counts them.
#[derive(Debug)]
pub(super) struct References(Attribute);

impl References {
    /// Of the driver that may be loaded, now or later.
    pub(super) fn new(root: &Path) -> Self {
        Self(Attribute::new(root.join("module/uvcvideo/refcnt")))
    }

    /// `None` where the driver is built into the kernel or not loaded, or that is not known.
    pub(super) fn read(&self) -> Option<u64> {
        self.0.read(|text| text.parse().ok()).known()
    }
}

/// The VideoStreaming interfaces that belong to this VideoControl interface; whether these are all. A camera that has just
/// been plugged in may lack them: the kernel adds one interface after the other, and the driver makes its nodes with the
/// first (`usb_set_configuration`; seen on 6.1).
fn streams(control: &Path, device: &Path) -> (Vec<PathBuf>, bool) {
    let mut is_partial = false;
    let mut or = |readout: Readout<u32>, otherwise| {
        is_partial |= readout == Readout::Unknown;
        readout.known().unwrap_or(otherwise)
    };
    let first = or(hex(control, "iad_bFirstInterface"), 0);
    let count = or(hex(control, "iad_bInterfaceCount"), u32::MAX);
    let mut streams = entries(device, &mut is_partial);
    let interfaces = streams.iter().filter(|path| path.join("bInterfaceNumber").exists()).count();
    let announced = text(device, "bNumInterfaces").and_then(|text| text.parse().ok()).known().unwrap_or(0);
    is_partial |= interfaces < announced;
    streams.retain(|path| {
        // What is no interface has no class.
        let mut has = |name, expected| {
            let readout = hex(path, name);
            is_partial |= readout == Readout::Unknown;
            readout == Readout::Known(expected)
        };
        has("bInterfaceClass", VIDEO_CLASS) && has("bInterfaceSubClass", STREAMING)
    });
    streams.retain(|path| match hex(path, "bInterfaceNumber") {
        Readout::Known(number) => number >= first && number - first < count,
        Readout::Gone => true,
        Readout::Unknown => {
            is_partial = true;
            true
        }
    });
    streams.sort();
    is_partial |= announced == 0 && streams.is_empty();
    (streams, !is_partial)
}

/// Whether this streaming interface has a bulk endpoint at its present setting.
fn has_bulk_endpoint(stream: &Path) -> Readout<bool> {
    let mut is_unknown = false;
    let is_endpoint = |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"ep_"));
    for endpoint in entries(stream, &mut is_unknown).into_iter().filter(is_endpoint) {
        match text(&endpoint, "type") {
            Readout::Known(kind) if kind == "Bulk" => return Readout::Known(true),
            Readout::Known(kind) => is_unknown |= !matches!(kind.as_str(), "Isoc" | "Interrupt" | "Control"),
            Readout::Gone => {}
            Readout::Unknown => is_unknown = true,
        }
    }
    if is_unknown { Readout::Unknown } else { Readout::Known(false) }
}

/// What is in a directory. `is_partial` is set where that is not known; a directory that is not there has nothing.
fn entries(directory: &Path, is_partial: &mut bool) -> Vec<PathBuf> {
    let mut listed = Vec::new();
    match fs::read_dir(directory) {
        Ok(entries) => {
            for entry in entries {
                match entry {
                    Ok(entry) => listed.push(entry.path()),
                    Err(_) => *is_partial = true,
                }
            }
        }
        Err(error) => *is_partial |= Readout::<()>::failed(&error) == Readout::Unknown,
    }
    listed
}

/// A byte, in two hexadecimal digits.
fn hex(directory: &Path, attribute: &str) -> Readout<u32> {
    text(directory, attribute).and_then(|text| u8::from_str_radix(&text, 16).ok().map(u32::from))
}

/// An attribute's text without its end of line.
fn text(directory: &Path, attribute: &str) -> Readout<String> {
    match fs::read(directory.join(attribute)) {
        Ok(text) => Readout::Known(String::from_utf8_lossy(&text).trim().to_owned()),
        Err(error) => match rustix::io::Errno::from_io_error(&error) {
            // An attribute of something that is none.
            Some(rustix::io::Errno::NOTDIR) => Readout::Gone,
            _ => Readout::failed(&error),
        },
    }
}
