//! One layer of settings.

use lenscap_core::controls::Saved;

use super::model::Settings;
use super::table::{Overrides, Setting, SettingValue};

/// What one layer says, or several on top of each other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layer {
    pub(super) given: Overrides,
    pub(super) controls: Saved,
}

impl Layer {
    /// What it says of this setting.
    pub fn value(&self, setting: &Setting) -> Option<&SettingValue> {
        self.given.get(setting)
    }

    /// This one on top of `below`: where both say something, this one decides.
    pub fn over(&self, below: &Layer) -> Layer {
        let mut both = below.clone();
        for (setting, value) in self.given.iter() {
            both.given.set(setting, value.clone());
        }
        put_controls(&self.controls, &mut both.controls);
        both
    }

    /// Puts what it says into these settings.
    pub fn put_into(&self, settings: &mut Settings) {
        self.given.put_into(settings);
        put_controls(&self.controls, &mut settings.controls);
    }
}

/// Puts values of controls on top of others.
pub(super) fn put_controls(above: &Saved, below: &mut Saved) {
    for (camera, values) in above {
        below.entry(camera.clone()).or_default().extend(values.clone());
    }
}
