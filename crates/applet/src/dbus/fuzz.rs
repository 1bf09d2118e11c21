//! What comes over D-Bus; see `lenscap::fuzz`.

use zbus::zvariant::serialized::{Context, Data};
use zbus::zvariant::{LE, Signature, Structure};

use super::requests::{CallTrouble, request};

/// Arguments of a method: its name, their signature and their bytes, divided by zeros.
pub fn dbus(data: &[u8]) {
    let mut parts = data.splitn(3, |byte| *byte == 0);
    let mut text = || std::str::from_utf8(parts.next().unwrap_or_default()).unwrap_or_default();
    let (method, signature) = (text(), text());
    let Ok(signature @ Signature::Structure(_)) = Signature::try_from(signature) else { return };
    let bytes = Data::new(parts.next().unwrap_or_default(), Context::new_dbus(LE, 0));
    let Ok((arguments, _)) = bytes.deserialize_for_dynamic_signature::<_, Structure<'_>>(signature) else { return };
    if let Err(CallTrouble::Refused(refusal)) = request(method, arguments.fields()) {
        assert!(!lenscap_words::refusal::sentence(&refusal).is_empty());
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
