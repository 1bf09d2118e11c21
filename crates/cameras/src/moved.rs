//! Settings that name a camera by a link which another camera of the same device claims as well: who has it changes with
//! every event of udev's. They are rewritten once to what leads to the camera itself.
//!
//! What was chosen was, as a rule, the camera with colours: the source means that one now. Values of controls may have been
//! saved for either: each gets those that it has none of its own for.

use super::choice;
use super::{Camera, ids};
use lenscap_core::controls::{Saved, Values};
use lenscap_core::source::Source;

/// The source that this one means; `None`: itself.
pub fn source(cameras: &[Camera], source: &Source) -> Option<Source> {
    let Source::V4l2(path) = source else { return None };
    cameras.iter().find(|camera| camera.shared.as_ref() == Some(path))?;
    choice::find(cameras, source).map(|camera| camera.source.clone()).filter(|moved| moved != source)
}

/// Puts saved values where their cameras look for them. Whether any were moved.
pub fn controls(cameras: &[Camera], saved: &mut Saved) -> bool {
    let mut old: Vec<String> = cameras.iter().filter_map(|camera| camera.shared.as_deref()).map(ids::id_of).collect();
    old.sort();
    old.dedup();
    let mut any = false;
    for id in old {
        // A file may keep an empty table for its comments.
        if saved.get(&id).is_none_or(Values::is_empty) {
            continue;
        }
        let values = saved.remove(&id).unwrap_or_default();
        any = true;
        for camera in
            cameras.iter().filter(|camera| camera.shared.as_deref().is_some_and(|link| ids::id_of(link) == id))
        {
            let own = saved.entry(camera.id.clone()).or_default();
            for (key, value) in &values {
                own.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    }
    any
}

#[cfg(test)]
mod tests {
    use super::super::system::tests::Fake;
    use super::*;
    use lenscap_core::controls::Value;
    use std::path::Path;

    fn values(gain: i64) -> Values {
        Values::from([("gain".into(), Value::Integer(gain))])
    }

    #[test]
    fn settings_that_named_a_shared_link_are_rewritten_and_nothing_is_lost() {
        let fake = Fake::new();
        fake.usb(0, "1-5", "Webcam", Some("0001"));
        let link = Source::V4l2(fake.0.path().join("v4l/by-id/usb-Webcam0001-video-index0"));
        let mut saved = Saved::from([("usb-Webcam0001".to_owned(), values(7)), ("usb-Other".to_owned(), values(9))]);
        // One camera alone: all stays.
        let alone = fake.system().cameras();
        assert!(source(&alone, &link).is_none() && !controls(&alone, &mut saved));
        fake.second_function(2, "1-5", "Webcam: IR Camera", "IR Camera");
        let cameras = fake.system().cameras();
        let moved = source(&cameras, &link).unwrap();
        assert_eq!(choice::find(&cameras, &moved).unwrap().node.as_deref(), Some(Path::new("/dev/video0")));
        assert!(source(&cameras, &moved).is_none() && source(&cameras, &Source::Auto).is_none());
        saved.insert(cameras[1].id.clone(), values(1));
        assert!(controls(&cameras, &mut saved));
        let expected = [("pci-usb-1-5", 7), ("pci-usb-1-5:1.2", 1), ("usb-Other", 9)];
        assert_eq!(saved, expected.map(|(id, gain)| (id.to_owned(), values(gain))).into());
        assert!(!controls(&cameras, &mut saved), "once");
        // A reset is no reason for the old values.
        saved.remove("pci-usb-1-5");
        assert!(!controls(&cameras, &mut saved) && !saved.contains_key("pci-usb-1-5"));
    }
}
