//! The controls of a V4L2 camera: listed, set, followed through the kernel's events. Opening a node to turn its knobs does
//! not switch the camera on.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;
use rustix::io::Errno;

use lenscap_core::controls::{self, Control, ControlTrouble, Entry, Flags, Kind, Origin, Range, Value};
use lenscap_sys::v4l2::controls::{self as sys, Change, Description, RawValue};

/// Most entries of a menu that are read; a driver may announce any maximum.
const MAX_ENTRIES: i64 = 512;
/// Most entries of all menus of a camera.
const MAX_ALL_ENTRIES: i64 = 8192;
/// Most controls of a camera that are looked at.
const MAX_CONTROLS: usize = 512;
/// Most changes taken in at one go: a driver may report them faster than they are read.
const MAX_CHANGES: usize = 1024;

/// An open camera, as far as its controls go.
#[derive(Debug)]
pub struct ControlDevice {
    file: File,
    descriptions: Vec<Description>,
    controls: Vec<Control>,
    /// The driver reports changes.
    has_events: bool,
}

impl ControlDevice {
    /// Opens the node and reads all controls.
    ///
    /// # Errors
    /// The kernel's error. A camera without controls is none.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = i32::try_from((OFlags::NONBLOCK | OFlags::CLOEXEC).bits()).unwrap_or_default();
        let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
        let mut descriptions = match sys::query_all(&file) {
            Err(error) if error.raw_os_error() == Some(Errno::NOTTY.raw_os_error()) => Vec::new(),
            other => other?,
        };
        descriptions.retain(|it| it.kind != sys::TYPE_CLASS && it.flags & sys::FLAG_DISABLED == 0);
        descriptions.truncate(MAX_CONTROLS);
        let mut device = Self { file, descriptions, controls: Vec::new(), has_events: false };
        let mut entries_left = MAX_ALL_ENTRIES;
        for description in &device.descriptions {
            let mut control = control(description);
            control.menu = device.menu(description, &mut entries_left);
            let same = device.controls.iter().filter(|other| other.name == control.name).count();
            let is_taken = |key: &str| device.controls.iter().any(|other| other.key == key);
            if is_taken(&control.key) {
                let mut keys = (same.max(1) + 1..).map(|number| format!("{}_{number}", control.key));
                control.key = keys.find(|key| !is_taken(key)).unwrap_or_default();
            }
            control.value = device.value(description);
            device.controls.push(control);
        }
        Ok(device)
    }

    /// The controls, as far as is known.
    pub fn controls(&self) -> &[Control] {
        &self.controls
    }

    /// Lets the kernel report changes. Without, [`Self::set`] reads all anew.
    pub fn subscribe(&mut self) {
        // Each on its own: some drivers have controls that report nothing.
        self.has_events = self.descriptions.iter().filter(|it| sys::subscribe(&self.file, it.id).is_ok()).count() > 0;
    }

    /// `POLLPRI` when [`Self::dispatch`] has something to do; `None` where nothing is reported.
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.has_events.then(|| self.file.as_fd())
    }

    /// Takes in what changed. Whether anything did.
    ///
    /// # Errors
    /// The camera is gone; nothing more will be reported.
    pub fn dispatch(&mut self) -> io::Result<bool> {
        let mut any = false;
        for _ in 0..MAX_CHANGES {
            match sys::dequeue_change(&self.file) {
                Ok(Some(change)) => any |= self.take(&change),
                Ok(None) => return Ok(any),
                Err(error) => {
                    self.has_events = false;
                    return Err(error);
                }
            }
        }
        // The rest is still there, and makes the descriptor ready again.
        Ok(any)
    }

    fn take(&mut self, change: &Change) -> bool {
        let Some(position) = self.descriptions.iter().position(|it| it.id == change.id) else { return false };
        let description = &mut self.descriptions[position];
        description.flags = change.flags;
        // Events have 32 bits: the limits of larger ones stay as they were read.
        let is_small = !matches!(description.kind, sys::TYPE_INTEGER64 | sys::TYPE_BITMASK);
        if is_small && description.kind != sys::TYPE_STRING && description.elems <= 1 {
            description.minimum = change.minimum.into();
            description.maximum = change.maximum.into();
            description.step = u64::try_from(change.step).unwrap_or(0);
            description.default = change.default.into();
        }
        let description = self.descriptions[position].clone();
        let fresh = control(&description);
        let value = match (fresh.kind, description.flags & sys::FLAG_WRITE_ONLY) {
            (Kind::Button | Kind::Compound, _) | (_, 1..) => None,
            (Kind::String, 0) => self.value(&description),
            (kind, 0) if change.changes & sys::CHANGED_VALUE != 0 && !fresh.flags.volatile => {
                from_raw(kind, &RawValue::Number(change.value))
            }
            (_, 0) => self.value(&description),
        };
        let control = &mut self.controls[position];
        let before = control.clone();
        control.flags = fresh.flags;
        control.range = fresh.range;
        control.default = fresh.default;
        control.value = value;
        *control != before
    }

    /// Sets a control, and takes in what that changed elsewhere.
    ///
    /// # Errors
    /// There is no such control, it may not be set at present, the value is wrong, the camera refuses it.
    pub fn set(&mut self, key: &str, value: &Value) -> Result<(), ControlTrouble> {
        let Some(position) = self.controls.iter().position(|control| control.key == key) else {
            return Err(ControlTrouble::Absent { key: key.into() });
        };
        let control = &self.controls[position];
        control.check_writable()?;
        let value = control.check(value)?;
        let raw = match &value {
            Value::Text(text) => RawValue::Text(text.clone().into_bytes()),
            Value::Boolean(value) => RawValue::Number(i64::from(*value)),
            Value::Integer(value) => RawValue::Number(*value),
            // No V4L2 control is a fraction.
            Value::Real(_) => {
                let control = control.key.as_str().into();
                return Err(ControlTrouble::NoFractions { control, value: value.to_string().into() });
            }
        };
        sys::set(&self.file, &self.descriptions[position], &raw).map_err(|error| why(control, &value, &error))?;
        if !self.has_events {
            self.read_again();
        }
        Ok(())
    }

    fn read_again(&mut self) {
        let Ok(fresh) = sys::query_all(&self.file) else { return };
        for position in 0..self.descriptions.len() {
            if let Some(description) = fresh.iter().find(|it| it.id == self.descriptions[position].id) {
                let value = self.value(description);
                let shown = control(description);
                let control = &mut self.controls[position];
                (control.flags, control.range, control.default) = (shown.flags, shown.range, shown.default);
                control.value = value;
                self.descriptions[position] = description.clone();
            }
        }
    }

    fn value(&self, description: &Description) -> Option<Value> {
        let kind = kind(description);
        if matches!(kind, Kind::Button | Kind::Compound) || description.flags & sys::FLAG_WRITE_ONLY != 0 {
            return None;
        }
        from_raw(kind, &sys::get(&self.file, description).ok()?)
    }

    /// `left`: how many entries may still be asked for.
    fn menu(&self, description: &Description, left: &mut i64) -> Vec<Entry> {
        let is_integer = match description.kind {
            sys::TYPE_MENU => false,
            sys::TYPE_INTEGER_MENU => true,
            _ => return Vec::new(),
        };
        let most = MAX_ENTRIES.min(*left);
        let last = description.maximum.min(description.minimum.saturating_add(most - 1));
        *left -= last.saturating_sub(description.minimum).saturating_add(1).clamp(0, most);
        (description.minimum..=last)
            .filter_map(|value| {
                let label =
                    sys::menu_entry(&self.file, description.id, u32::try_from(value).ok()?, is_integer).ok()??;
                Some(Entry { value, label })
            })
            .collect()
    }
}

fn kind(description: &Description) -> Kind {
    if description.elems > 1 {
        return Kind::Compound;
    }
    match description.kind {
        sys::TYPE_INTEGER => Kind::Integer,
        sys::TYPE_BOOLEAN => Kind::Boolean,
        sys::TYPE_MENU => Kind::Menu,
        sys::TYPE_BUTTON => Kind::Button,
        sys::TYPE_INTEGER64 => Kind::Integer64,
        sys::TYPE_STRING => Kind::String,
        sys::TYPE_BITMASK => Kind::Bitmask,
        sys::TYPE_INTEGER_MENU => Kind::IntegerMenu,
        // What is not known yet can at least be named.
        _ => Kind::Compound,
    }
}

fn control(description: &Description) -> Control {
    let kind = kind(description);
    let has = |flag| description.flags & flag != 0;
    let range = match kind {
        Kind::Boolean | Kind::Button | Kind::Compound => Range::None,
        Kind::Bitmask => Range::Whole { min: 0, max: description.maximum & 0xffff_ffff, step: 0 },
        _ => Range::Whole { min: description.minimum, max: description.maximum, step: description.step },
    };
    let default = match kind {
        Kind::Button | Kind::Compound | Kind::String => None,
        _ => from_raw(kind, &RawValue::Number(description.default)),
    };
    let key = match controls::key(&description.name) {
        key if key.is_empty() => format!("control_{:08x}", description.id),
        key => key,
    };
    Control {
        key,
        id: description.id,
        name: description.name.clone(),
        kind,
        range,
        default,
        value: None,
        menu: Vec::new(),
        flags: Flags {
            inactive: has(sys::FLAG_INACTIVE),
            read_only: has(sys::FLAG_READ_ONLY) || kind == Kind::Compound,
            volatile: has(sys::FLAG_VOLATILE),
            write_only: has(sys::FLAG_WRITE_ONLY),
            grabbed: has(sys::FLAG_GRABBED),
        },
        origin: Origin::Camera,
    }
}

fn from_raw(kind: Kind, raw: &RawValue) -> Option<Value> {
    Some(match (kind, raw) {
        (Kind::Boolean, RawValue::Number(number)) => Value::Boolean(*number != 0),
        (Kind::Bitmask, RawValue::Number(number)) => Value::Integer(number & 0xffff_ffff),
        (_, RawValue::Number(number)) => Value::Integer(*number),
        (_, RawValue::Text(bytes)) => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
    })
}

fn why(control: &Control, value: &Value, error: &io::Error) -> ControlTrouble {
    let key = control.key.as_str().into();
    match Errno::from_io_error(error) {
        Some(Errno::NODEV) => ControlTrouble::Gone,
        Some(Errno::BUSY) => ControlTrouble::InUse { control: key },
        _ => ControlTrouble::Refused { control: key, value: value.to_string().into(), cause: Some(error.into()) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn description(kind: u32, name: &str) -> Description {
        Description {
            id: 0x0098_0900,
            kind,
            name: name.into(),
            minimum: 0,
            maximum: 255,
            step: 1,
            default: 128,
            flags: 0,
            elem_size: 4,
            elems: 1,
        }
    }

    #[test]
    fn what_the_driver_says_becomes_a_control() {
        let flags = sys::FLAG_INACTIVE | sys::FLAG_VOLATILE;
        let gain = control(&Description { flags, ..description(sys::TYPE_INTEGER, "Gain") });
        assert_eq!((gain.key.as_str(), gain.kind), ("gain", Kind::Integer));
        assert_eq!(gain.range, Range::Whole { min: 0, max: 255, step: 1 });
        assert_eq!(gain.default, Some(Value::Integer(128)));
        assert!(gain.flags.inactive && gain.flags.volatile && !gain.flags.read_only);
        let auto = control(&description(sys::TYPE_BOOLEAN, "White Balance, Automatic"));
        assert_eq!((auto.key.as_str(), auto.default), ("white_balance_automatic", Some(Value::Boolean(true))));
        // A bit mask's maximum may come with its sign.
        let bits = control(&Description { maximum: -1, ..description(sys::TYPE_BITMASK, "Bits") });
        assert_eq!(bits.range, Range::Whole { min: 0, max: 0xffff_ffff, step: 0 });
    }

    #[test]
    fn arrays_and_what_is_not_known_are_shown_and_never_set() {
        for strange in [
            Description { elems: 8, ..description(sys::TYPE_INTEGER, "Points") },
            description(0x0106, "Area"),
            description(99, ""),
        ] {
            let control = control(&strange);
            assert_eq!(control.kind, Kind::Compound);
            assert!(control.check_writable().is_err() && !control.key.is_empty());
        }
    }

    #[test]
    fn what_is_no_camera_is_an_error_or_has_no_controls() {
        assert!(ControlDevice::open(Path::new("/dev/no-such-camera")).is_err());
        assert!(ControlDevice::open(Path::new("/dev/null")).unwrap().controls().is_empty());
    }
}
