//! What must not come into a report that others read: who the user is, and which computer this is.
//!
//! 1. What a finding knows comes through by name only: a text whose name is not in [`SHOWN`] is left out, whatever it holds,
//!    so that a new one is private until somebody decides otherwise.
//! 2. What comes through, and what the computer says of itself, is searched for the names that are known here, and for what
//!    looks like an address, a serial number or somebody's file.

use std::path::{Component, Path};

use serde_json::Value;

use super::{Patient, sandboxes};
use crate::text;

/// What stands for what is left out.
const HIDDEN: &str = "…";
/// Texts of a finding that only ever name parts of the system, by their names.
const SHOWN: [&str; 22] = [
    "by", "code", "controls", "decoder", "driver", "element", "elements", "failure", "file", "files", "group", "kind",
    "line", "log", "parts", "path", "program", "release", "saved", "setting", "version", "way",
];
/// Names of programs and of the module's options that say nothing of the user.
const KNOWN: [&str; 14] = [
    "camera-effects",
    "camera-relay",
    "card_label",
    "devices",
    "droidcam",
    "droidcam-cli",
    "exclusive_caps",
    "fluxframe",
    "ipu6-camera-daemon",
    "max_buffers",
    "obs",
    "scrcpy",
    "v4l2-relayd",
    "video_nr",
];
/// Where the files of the system are; those below the other ones may be anybody's.
const SYSTEM: [&str; 9] =
    ["/dev/video", "/etc/", "/lib/", "/proc/", "/run/udev/", "/sys/", "/usr/", "/var/lib/dkms/", "/var/cache/akmods/"];
/// From so many hexadecimal digits on it is a serial number or an id of a machine.
const SERIAL: usize = 8;
/// A name that is shorter is found in every second word.
const SHORTEST: usize = 3;
/// Longest text that comes through, in letters.
const LONGEST: usize = 200;

/// Knows what is private on this computer.
#[derive(Debug)]
pub(super) struct Private {
    /// In lower case, the longest first.
    words: Vec<String>,
}

impl Private {
    /// `variable`: of the environment; `user`: this user's number.
    pub(super) fn of(patient: &Patient, variable: &dyn Fn(&str) -> Option<String>, user: u32) -> Self {
        let mut words: Vec<String> = ["USER", "LOGNAME", "HOSTNAME"].iter().filter_map(|name| variable(name)).collect();
        words.extend(variable("HOME").as_deref().and_then(last));
        for path in ["/etc/hostname", "/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname", "/etc/machine-id"] {
            words.extend(patient.read(path));
        }
        for serial in ["product_serial", "product_uuid", "board_serial", "chassis_serial", "chassis_asset_tag"] {
            words.extend(patient.read(&format!("/sys/class/dmi/id/{serial}")));
        }
        let devices = std::fs::read_dir(patient.at("/sys/bus/usb/devices")).into_iter().flatten().flatten().take(256);
        words.extend(devices.filter_map(|device| {
            patient.read(&format!("/sys/bus/usb/devices/{}/serial", device.file_name().to_str()?))
        }));
        // passwd(5): name, password, number, group, who that is, home.
        for line in patient.read("/etc/passwd").unwrap_or_default().lines() {
            let fields: Vec<_> = line.split(':').collect();
            if let [name, _, number, _, person, home, ..] = fields[..]
                && number.parse() == Ok(user)
            {
                words.extend([name.to_owned(), person.to_owned()]);
                words.extend(last(home));
                words.extend(person.split([' ', ',']).map(str::to_owned));
            }
        }
        let labels: Vec<_> = words.iter().filter_map(|word| word.split_once('.')).collect();
        let labels: Vec<_> =
            labels.into_iter().flat_map(|(host, domain)| [host.to_owned(), domain.to_owned()]).collect();
        words.extend(labels);
        let mut words: Vec<_> = words.iter().map(|word| word.trim().to_lowercase()).collect();
        // "(none)" is the kernel's domain where there is none; root is nobody in particular.
        words.retain(|word| word.len() >= SHORTEST && !["(none)", "root", "localhost"].contains(&word.as_str()));
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        words.dedup();
        Self { words }
    }

    /// A text that names parts of the system, without what is private in it, fit for a line of Markdown.
    pub(super) fn hide(&self, said: &str) -> String {
        let said = text::clean(said, LONGEST).replace(['`', '|', '<', '>'], "'");
        let words: Vec<_> = said.split_whitespace().map(|word| if is_telling(word) { HIDDEN } else { word }).collect();
        self.words.iter().fold(words.join(" "), |said, word| without(&said, word))
    }

    /// What a finding knows, as far as others may: numbers, and texts by name.
    pub(super) fn data(&self, name: &str, value: &Value) -> Value {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
            Value::String(said) if SHOWN.contains(&name) => self.hide(said).into(),
            // With its label in front, which anybody may have written.
            Value::String(said) if name == "node" => {
                self.hide(said.rsplit(['(', '/']).next().unwrap_or_default().trim_end_matches(')')).into()
            }
            Value::String(said) if name == "name" && KNOWN.contains(&said.as_str()) => value.clone(),
            // Which other applications somebody has is private.
            Value::String(said) if matches!(name, "name" | "id") && sandboxes::is_known(said) => value.clone(),
            // Of an option or a setting: labels are the user's.
            Value::String(said) if name == "value" && is_plain(said) => value.clone(),
            Value::String(_) => HIDDEN.into(),
            Value::Array(values) => values.iter().map(|value| self.data(name, value)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(name, value)| (name.clone(), self.data(name, value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }
}

/// Whether a value is numbers, or yes or no.
fn is_plain(value: &str) -> bool {
    ["true", "false"].contains(&value) || value.chars().all(|letter| "0123456789,YN".contains(letter))
}

/// The last part of a path.
fn last(path: &str) -> Option<String> {
    match Path::new(path).components().next_back()? {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    }
}

/// The text without each place where this is a word of its own; `word` is in lower case.
fn without(said: &str, word: &str) -> String {
    let lower = said.to_lowercase();
    // Where a letter has another length in lower case, the places are not the same.
    if lower.len() != said.len() {
        return if lower.contains(word) { HIDDEN.to_owned() } else { said.to_owned() };
    }
    let (mut kept, mut rest) = (String::new(), 0);
    for (start, found) in lower.match_indices(word) {
        let end = start + found.len();
        let is_inside = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        if start < rest || is_inside(lower[..start].chars().next_back()) || is_inside(lower[end..].chars().next()) {
            continue;
        }
        kept += said.get(rest..start).unwrap_or_default();
        kept += HIDDEN;
        rest = end;
    }
    kept + said.get(rest..).unwrap_or_default()
}

/// Whether a word looks like an address, a number of one device or machine, or a file that is not the system's.
fn is_telling(word: &str) -> bool {
    let bare = word.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '/');
    let is_path = bare.matches('/').count() > 1 || bare.starts_with('/') || bare.contains("=/") || bare.contains(":/");
    let is_file = is_path && !SYSTEM.iter().any(|system| bare.starts_with(system));
    let hexadecimal = bare.chars().filter(char::is_ascii_hexdigit).count();
    let is_number =
        hexadecimal >= SERIAL && bare.chars().all(|letter| letter.is_ascii_hexdigit() || "-:".contains(letter));
    is_file || is_number || bare.contains(['@', '~']) || bare.contains("://") || bare.contains("/../")
}
