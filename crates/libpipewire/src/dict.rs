//! Properties: texts by name, both ways.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};

use crate::ffi::{self, Dict, DictItem};
use crate::library::Functions;

/// Longest value that is taken from another process, in bytes; the rest of it is cut off.
const MAX_VALUE: usize = 1024;

/// What an object says of itself, of the names that were asked for. The values are another process's: not cleaned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Properties(BTreeMap<&'static str, Vec<u8>>);

impl Properties {
    /// The value of this name, where there is one.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// The value as a number.
    pub fn number(&self, name: &str) -> Option<u32> {
        std::str::from_utf8(self.get(name)?).ok()?.parse().ok()
    }

    /// Puts the later values over these.
    pub fn update(&mut self, later: Self) {
        self.0.extend(later.0);
    }

    /// Copies those of these names.
    ///
    /// # Safety
    /// `dict` is null or a dictionary of the library's, valid during this call.
    pub(crate) unsafe fn read(dict: *const Dict, names: &'static [&'static str]) -> Self {
        let mut properties = BTreeMap::new();
        // SAFETY: as promised by the caller.
        let Some(dict) = (unsafe { dict.as_ref() }) else { return Self(properties) };
        if dict.items.is_null() {
            return Self(properties);
        }
        // SAFETY: a dictionary has as many items as it says.
        for item in unsafe { std::slice::from_raw_parts(dict.items, dict.count as usize) } {
            if item.key.is_null() || item.value.is_null() {
                continue;
            }
            // SAFETY: both are texts that end in a zero.
            let (key, value) = unsafe { (CStr::from_ptr(item.key), CStr::from_ptr(item.value)) };
            if let Some(name) = names.iter().find(|name| name.as_bytes() == key.to_bytes()) {
                let value = value.to_bytes();
                properties.insert(*name, value[..value.len().min(MAX_VALUE)].to_vec());
            }
        }
        Self(properties)
    }
}

impl FromIterator<(&'static str, Vec<u8>)> for Properties {
    fn from_iter<I: IntoIterator<Item = (&'static str, Vec<u8>)>>(properties: I) -> Self {
        Self(properties.into_iter().collect())
    }
}

/// Properties that the library owns from the call on that takes them; null where memory is short. A value ends where it has
/// a zero.
pub(crate) fn new_properties(functions: &Functions, properties: &[(&str, &str)]) -> *mut ffi::Properties {
    let text = |text: &str| CString::new(text.split('\0').next().unwrap_or_default()).unwrap_or_default();
    let texts: Vec<_> = properties.iter().map(|(key, value)| (text(key), text(value))).collect();
    let items: Vec<_> =
        texts.iter().map(|(key, value)| DictItem { key: key.as_ptr(), value: value.as_ptr() }).collect();
    let dict = Dict { flags: 0, count: u32::try_from(items.len()).unwrap_or(0), items: items.as_ptr() };
    // SAFETY: the dictionary and its texts are valid during the call, which copies them.
    unsafe { (functions.pw_properties_new_dict)(&raw const dict) }
}
