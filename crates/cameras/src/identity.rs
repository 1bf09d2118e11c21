//! Where a camera is and what it says of itself, from sysfs. `directory` is the node's, below
//! `/sys/class/video4linux`; its `device` is the USB interface, or the PCI or platform device.

use std::fs;
use std::path::{Path, PathBuf};

use lenscap_core::location::Location;
use lenscap_text as text;

/// Longest text of a USB device: 126 letters.
const MAX_ATTRIBUTE: usize = 126;

fn attribute(directory: &Path, name: &str) -> Option<String> {
    let said = fs::read(directory.join(name)).ok()?;
    Some(text::clean(said, MAX_ATTRIBUTE)).filter(|said| !said.is_empty())
}

/// The device behind a node.
fn device(directory: &Path) -> Option<PathBuf> {
    directory.join("device").canonicalize().ok()
}

/// The devices whose parts programs steer one by one: they have nodes for these, beside those for pictures.
pub(super) fn steered(class: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(class).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"v4l-subdev"))
        .filter_map(|entry| device(&entry.path()))
        .collect()
}

/// Whether the node belongs to one of these.
pub(super) fn is_steered(directory: &Path, steered: &[PathBuf]) -> bool {
    device(directory).is_some_and(|device| steered.contains(&device))
}

/// The USB device: the interface's parent.
pub(super) fn usb_device(directory: &Path) -> Option<PathBuf> {
    let device = device(directory)?.parent()?.to_owned();
    device.join("idVendor").exists().then_some(device)
}

/// What a USB camera says of itself, of which udev makes its name; `None` of others, whose place is all there is. The
/// cameras of one device have the same.
pub(super) fn usb_identity(directory: &Path) -> Option<String> {
    let device = usb_device(directory)?;
    let said = |name| attribute(&device, name).unwrap_or_default();
    let index = attribute(directory, "index").unwrap_or_default();
    Some(format!("{}:{}:{}:{index}", said("idVendor"), said("idProduct"), said("serial")))
}

/// The product's name, which V4L2 cuts after 31 letters, else the card's.
pub(super) fn product(directory: &Path, card: &str) -> String {
    let product = usb_device(directory).and_then(|device| attribute(&device, "product"));
    match product {
        Some(product) if card.is_empty() || (card.len() >= 31 && product.starts_with(card)) => product,
        _ => card.to_owned(),
    }
}

/// What the function that the node belongs to is called, where that is another name than the device's.
pub(super) fn function(directory: &Path) -> Option<String> {
    let usb = usb_device(directory)?;
    let function = attribute(&device(directory)?, "interface")?;
    (attribute(&usb, "product").as_ref() != Some(&function)).then_some(function)
}

/// The bus and the place on it: "usb 1-5", "pci 0000:00:14.0".
pub(super) fn bus(directory: &Path) -> Option<String> {
    let device = device(directory)?;
    let subsystem = fs::read_link(device.join("subsystem")).ok()?;
    let bus = subsystem.file_name()?.to_string_lossy();
    let place = usb_device(directory).unwrap_or(device);
    Some(text::name(format!("{bus} {}", place.file_name()?.to_string_lossy())))
}

/// Where the firmware says that it is. A camera on a USB port that anybody may use has no place: the port has.
pub(super) fn location(directory: &Path) -> Option<Location> {
    let own = device(directory)?;
    let usb = usb_device(directory);
    if let Some(usb) = &usb {
        match attribute(usb, "removable").as_deref() {
            Some("removable") => return Some(Location::External),
            Some("fixed") => {}
            _ => return None,
        }
    }
    let panel = [Some(own), usb].into_iter().flatten().find_map(|device| {
        attribute(&device, "physical_location/panel")
            .or_else(|| attribute(&device, "firmware_node/physical_location/panel"))
    });
    match panel.as_deref() {
        Some("front") => Some(Location::Front),
        Some("back") => Some(Location::Back),
        _ => None,
    }
}
