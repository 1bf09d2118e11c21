//! What comes over the control socket and D-Bus; see `fuzz` at the root.

use glib::{Variant, VariantTy};
use lenscap_api::Request;
use lenscap_relay::server::fuzz as server;

use super::dbus;

/// Bytes that clients send: one that says for whom and how many, then these.
pub fn control(data: &[u8]) {
    server::serve(data);
}

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
    match dbus::request(method, &arguments) {
        Ok(Some(Request::SetControl { .. } | Request::ResetControls { .. } | Request::Pause { .. })) | Ok(_) => {}
        Err(refusal) => assert!(!crate::i18n::refusal::sentence(&refusal).is_empty()),
    }
}
