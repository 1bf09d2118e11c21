//! Is there an image processor, whose camera needs more than V4L2, and are its driver, its firmware and its sensor there?
//!
//! The kernel has the names in drivers/media/pci/intel/ipu6/ipu6.h, drivers/staging/media/ipu7/ipu7.h,
//! drivers/media/pci/intel/ipu-bridge.c (sensors) and drivers/gpu/drm/amd/amdgpu/isp_v4_1_1.c.

use std::fs::{OpenOptions, read_link};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;

use super::{Finding, Patient, SystemDiagnosis, Verdict, found};
use crate::camera::{self, System};
use crate::text;

const CHECK: &str = "image-processor";
const PCI: &str = "/sys/bus/pci/devices";
const PLATFORM: &str = "/sys/bus/platform/devices";
const ACPI: &str = "/sys/bus/acpi/devices";

/// A kind of them.
struct Kind {
    name: &'static str,
    /// Intel's PCI devices.
    ids: &'static [&'static str],
    /// What the kernel's words of its firmware have in them.
    firmware: &'static str,
}

const IPU6: Kind =
    Kind { name: "Intel IPU6", ids: &["0x9a19", "0x4e19", "0x465d", "0x462e", "0xa75d", "0x7d19"], firmware: "ipu6" };
const IPU7: Kind = Kind { name: "Intel IPU7", ids: &["0x645d", "0xb05d", "0xd719"], firmware: "ipu7" };
/// A part of the graphics processor: a platform device like "amd_isp_capture.1.auto". Its firmware drives the sensor.
const AMD: Kind = Kind { name: "AMD ISP", ids: &[], firmware: "isp_4" };
const AMD_DEVICE: &str = "amd_isp_capture.";
const INTEL: &str = "0x8086";

/// Subdevices of the processors themselves, and of what stands between them and a sensor.
const PARTS: [&str; 2] = ["Intel IPU", "Intel IVSC"];
/// How the names of sensors begin in ACPI.
const SENSORS: [&str; 11] =
    ["OVTI", "HIMX", "GCTI", "SONY", "XMCC", "SSLC", "INT33BE", "INT3474", "INT347A", "INT347E", "INT3537"];
/// Of the kernel's log, in bytes.
const MAX_LOG: usize = 4 << 20;

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let Some((kind, device)) = processor(patient) else { return Vec::new() };
    let processor = kind.name.to_owned();
    let has_other = System::of(&patient.at(camera::CLASS)).cameras().iter().any(|camera| {
        !camera.is_raw && !PARTS.iter().any(|part| camera.name.starts_with(part)) && camera.name != "ipu6"
    });
    let bad = if has_other { Verdict::Note } else { Verdict::Problem };
    let driver = read_link(patient.at(&format!("{device}/driver"))).ok();
    let driver = driver.and_then(|link| Some(text::name(link.file_name()?.as_encoded_bytes())));
    let (verdict, diagnosis) = match (driver, sensor(patient), announced(patient)) {
        // A driver that does not get it goes away again.
        (_, None, _) if let Some(line) = firmware(patient, kind.firmware) => {
            (bad, SystemDiagnosis::FirmwareMissing { processor, line })
        }
        (None, ..) => (bad, SystemDiagnosis::ProcessorWithoutDriver { processor, device }),
        // Many computers have the processor, and a camera at USB.
        (Some(driver), None, sensors) if kind.name != AMD.name && (!has_other || !sensors.is_empty()) => {
            (bad, SystemDiagnosis::SensorAbsent { processor, driver, sensors })
        }
        (Some(driver), sensor, _) => (Verdict::Fine, SystemDiagnosis::Processor { processor, driver, sensor }),
    };
    vec![found(CHECK, verdict, &diagnosis.into())]
}

/// What it is, and its directory.
fn processor(patient: &Patient) -> Option<(Kind, String)> {
    let intel = patient.names(PCI).into_iter().find_map(|address| {
        let path = format!("{PCI}/{address}");
        let id = |name: &str| patient.read(&format!("{path}/{name}")).unwrap_or_default();
        let (vendor, device) = (id("vendor"), id("device"));
        let is_it = |kind: &Kind| vendor == INTEL && kind.ids.contains(&device.as_str());
        Some(([IPU6, IPU7].into_iter().find(is_it)?, path))
    });
    let amd = || patient.names(PLATFORM).into_iter().find(|name| name.starts_with(AMD_DEVICE));
    intel.or_else(|| Some((AMD, format!("{PLATFORM}/{}", amd()?))))
}

/// The first sensor that has a driver, as that says it: "ov01a10 10-0036".
fn sensor(patient: &Patient) -> Option<String> {
    let subdevices = patient.names(camera::CLASS).into_iter().filter(|name| name.starts_with("v4l-subdev"));
    let names = subdevices.filter_map(|name| patient.read(&format!("{}/{name}/name", camera::CLASS)));
    names.map(text::name).find(|name| !PARTS.iter().any(|part| name.starts_with(part)))
}

/// The sensors that the computer's firmware says are there: "OVTI01A0:00".
fn announced(patient: &Patient) -> Vec<String> {
    // Bits of ACPI's _STA: present, enabled, shown, working.
    let is_there = |name: &String| patient.read(&format!("{ACPI}/{name}/status")).is_some_and(|status| status == "15");
    let is_sensor = |name: &String| SENSORS.iter().any(|start| name.starts_with(start));
    patient.names(ACPI).into_iter().filter(|name| is_sensor(name) && is_there(name)).take(8).collect()
}

/// The last thing that the kernel said of this firmware, where that was a failure. Its log is not for everybody.
fn firmware(patient: &Patient, firmware: &str) -> Option<String> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut log = OpenOptions::new().read(true).custom_flags(flags).open(patient.at("/dev/kmsg")).ok()?;
    // Each read gives one message (Documentation/ABI/testing/dev-kmsg), until there are no more.
    let mut text = Vec::new();
    let mut message = [0; 8192];
    while text.len() < MAX_LOG
        && let Ok(length @ 1..) = log.read(&mut message)
    {
        text.extend_from_slice(&message[..length]);
    }
    let text = String::from_utf8_lossy(&text);
    let about = text.lines().rfind(|line| line.contains(firmware) && line.contains("firmware"))?;
    let has_failed = ["fail", "Fail", "error"].iter().any(|word| about.contains(word));
    // "3,1234,5678,-;intel-ipu6 0000:00:05.0: Direct firmware load for …"
    has_failed.then(|| text::clean(about.split_once(';').map_or(about, |(_, said)| said), text::SENTENCE))
}
