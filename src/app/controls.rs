//! Saved values of controls, and the process that reads a camera which nobody uses.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::program;
use crate::camera::off;
use crate::core::controls::{CameraControls, Control, ControlTrouble, Saved, Value};
use crate::core::trouble::cameras::ReadTrouble;
use crate::core::trouble::start::StartTrouble;

/// [`off::read`] with the program that is installed.
pub fn read<E: From<StartTrouble> + From<ReadTrouble>>(arguments: &[OsString]) -> Result<CameraControls, E> {
    Ok(off::read(&program("lenscap-worker")?, arguments)?)
}

/// Values by camera and control that are to be saved, or no longer.
pub(super) type UnsavedValues = BTreeMap<(String, String), Option<Value>>;

/// Puts changes into saved values; `None` takes one away.
pub fn merge<'a>(saved: &mut Saved, changes: impl IntoIterator<Item = (&'a (String, String), &'a Option<Value>)>) {
    for ((camera, key), value) in changes {
        match value {
            Some(value) => drop(saved.entry(camera.clone()).or_default().insert(key.clone(), value.clone())),
            None => {
                if let Some(values) = saved.get_mut(camera) {
                    values.remove(key);
                    if values.is_empty() {
                        saved.remove(camera);
                    }
                }
            }
        }
    }
}

/// The keys that a reset is about: all, or this one, which has to be there.
pub fn to_reset<'a>(list: &'a CameraControls, keys: &[String]) -> Result<Vec<&'a Control>, ControlTrouble> {
    if keys.is_empty() {
        return Ok(list.controls.iter().filter(|control| control.is_saved() && !control.flags.read_only).collect());
    }
    keys.iter().map(|key| list.find(key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_put_in_and_taken_away() {
        let mut saved = Saved::new();
        let of = |key: &str| ("usb-1".to_owned(), key.to_owned());
        merge(&mut saved, [(&of("gain"), &Some(Value::Integer(1))), (&of("hue"), &Some(Value::Integer(2)))]);
        merge(&mut saved, [(&of("gain"), &None), (&of("none"), &None)]);
        assert_eq!(saved["usb-1"].len(), 1);
        merge(&mut saved, [(&of("hue"), &None)]);
        assert!(saved.is_empty());
    }
}
