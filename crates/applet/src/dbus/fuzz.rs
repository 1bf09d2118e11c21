//! What comes over D-Bus; see `lenscap::fuzz`.

use glib::{Variant, VariantTy};
use lenscap_api::Request;

/// Arguments of a method: its name, their type and their bytes, divided by zeros.
pub fn dbus(data: &[u8]) {
    let mut parts = data.splitn(3, |byte| *byte == 0);
    let mut text = || std::str::from_utf8(parts.next().unwrap_or_default()).unwrap_or_default();
    let (method, kind) = (text(), text());
    // What GDBus refuses before anybody sees it: D-Bus has fewer types, and nests 32 arrays and 32 structures at most. GLib
    // itself aborts at a value that lies twice as deep.
    let nesting = kind.bytes().filter(|byte| matches!(byte, b'a' | b'(' | b'{')).count();
    if !Variant::is_signature(kind) || nesting > 64 {
        return;
    }
    let Ok(kind) = VariantTy::new(kind) else { return };
    if !kind.is_definite() {
        return;
    }
    let arguments = Variant::from_bytes_with_type(&glib::Bytes::from(parts.next().unwrap_or_default()), kind);
    match super::request(method, &arguments) {
        Ok(Some(Request::SetControl { .. } | Request::ResetControls { .. } | Request::Pause { .. })) | Ok(_) => {}
        Err(refusal) => assert!(!lenscap_words::refusal::sentence(&refusal).is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    #[test]
    fn what_is_kept_is_fed() {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/dbus");
        let files: Vec<_> = fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(!files.is_empty(), "{} is empty", kept.display());
        for file in files {
            // Seen where one fails.
            println!("{}", file.display());
            super::dbus(&fs::read(file).unwrap());
        }
    }
}
