//! Settings that name a camera by what it shares with another, rewritten; see [`crate::camera::moved`].

use std::cell::Cell;

use super::controls::UnsavedValues;
use crate::camera::{Camera, moved};
use crate::config::{self, Layers, Settings};
use crate::core::controls::Saved;

/// Rewrites the user's file where that is needed, also where it lists blocked programs as it did before there were rules for
/// applications; one that cannot be read is for others to complain of.
pub(crate) fn file(layers: &Layers, cameras: &[Camera]) {
    let has_moved_rules = Cell::new(false);
    let change = |settings: &mut Settings| {
        has_moved_rules.set(settings.move_blocked());
        change(cameras, settings) || has_moved_rules.get()
    };
    match config::update_own(layers, change) {
        Ok(false) => {}
        Ok(true) if has_moved_rules.get() => {
            tracing::info!("{} now has the blocked programs in [apps]", layers.user().display());
        }
        Ok(true) => tracing::info!("{} now names each camera of a device that has several", layers.user().display()),
        Err(error) => tracing::warn!("{error}"),
    }
}

fn change(cameras: &[Camera], settings: &mut Settings) -> bool {
    let source = moved::source(cameras, &settings.camera.source);
    let is_moved = source.is_some();
    if let Some(source) = source {
        settings.camera.source = source;
    }
    moved::controls(cameras, &mut settings.controls) || is_moved
}

/// What is to be saved otherwise for the cameras that are there now.
pub(super) fn controls(cameras: &[Camera], saved: &Saved) -> UnsavedValues {
    let mut new = saved.clone();
    if !moved::controls(cameras, &mut new) {
        return UnsavedValues::new();
    }
    let each = |saved: &Saved| -> UnsavedValues {
        let values = saved.iter().flat_map(|(id, values)| values.iter().map(move |(key, value)| (id, key, value)));
        values.map(|(id, key, value)| ((id.clone(), key.clone()), Some(value.clone()))).collect()
    };
    let mut changes: UnsavedValues = each(saved).into_keys().map(|key| (key, None)).collect();
    changes.extend(each(&new));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::choice;
    use crate::config::Overrides;
    use crate::core::controls::Value;
    use crate::core::source::Source;

    fn cameras() -> Vec<Camera> {
        let link = "/dev/v4l/by-id/usb-Webcam-video-index0";
        ["/dev/v4l/by-path/pci-1.0-video-index0", "/dev/v4l/by-path/pci-1.2-video-index0"]
            .into_iter()
            .map(|path| {
                let camera = choice::missing(&Source::V4l2(path.into())).unwrap();
                Camera { present: true, shared: Some(link.into()), ..camera }
            })
            .collect()
    }

    #[test]
    fn the_file_names_each_camera_and_keeps_its_comments() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        let layers = Layers::alone(&path);
        let old = "[camera]\n# mine\nsource = \"v4l2:/dev/v4l/by-id/usb-Webcam-video-index0\"\n\
                   [controls.\"usb-Webcam\"]\ngain = 7\n";
        std::fs::write(&path, old).unwrap();
        file(&layers, &[]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), old, "alone all stays");
        file(&layers, &cameras());
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("# mine") && !text.contains("usb-Webcam-video"), "{text}");
        let settings = config::load(&layers, &Overrides::default()).unwrap();
        assert_eq!(settings.camera.source, cameras()[0].source);
        assert!(cameras().iter().all(|camera| settings.controls[&camera.id]["gain"] == Value::Integer(7)), "{text}");
        file(&layers, &cameras());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "once");
    }

    #[test]
    fn blocked_programs_become_rules_and_the_files_comments_stay() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        std::fs::write(&path, "# mine\n[privacy]\nblocked = [\"zoom\"] # never\ncooldown_ms = 7\n").unwrap();
        file(&Layers::alone(&path), &[]);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("# mine") && text.contains("block = [\"program:zoom\"]"), "{text}");
        let settings = config::load(&Layers::alone(&path), &Overrides::default()).unwrap();
        assert!(settings.privacy.blocked.is_empty() && settings.policy().rules.len() == 1, "{text}");
    }

    #[test]
    fn values_in_use_move_as_changes() {
        let mut saved = Saved::from([("usb-Webcam".to_owned(), [("gain".to_owned(), Value::Integer(7))].into())]);
        let changes = controls(&cameras(), &saved);
        super::super::controls::merge(&mut saved, &changes);
        assert_eq!(saved.keys().collect::<Vec<_>>(), ["pci-1.0", "pci-1.2"]);
        assert!(controls(&cameras(), &saved).is_empty());
    }
}
