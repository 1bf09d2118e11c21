//! Why something in the window was refused or cannot be had. Rows and toasts show its sentence.

use std::fmt;

use lenscap_autostart::EntryUnwritable;
use lenscap_core::controls::ControlTrouble;
use lenscap_core::trouble::Trouble;
use lenscap_core::trouble::cameras::ReadTrouble;
use lenscap_core::trouble::preferences::PreferencesTrouble;
use lenscap_core::trouble::settings::SettingTrouble;
use lenscap_picture::card::PictureTrouble;

/// Trouble of the window or of what it uses. Displays as one sentence.
#[derive(Debug)]
pub enum WindowError {
    /// Its own.
    Window(PreferencesTrouble),
    /// What GStreamer lacks, or what is wrong with a pipeline.
    Pipeline(Trouble),
    /// A control takes no such value.
    Control(ControlTrouble),
    /// The user's picture cannot be shown.
    Card(PictureTrouble),
    /// A setting takes no such value.
    Setting(SettingTrouble),
    /// The settings file cannot be used.
    File(lenscap_settings::Error),
    /// The controls of a camera that is off cannot be had.
    Read(ReadTrouble),
    /// The sentence with which the applet refuses.
    Answer(String),
}

impl fmt::Display for WindowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WindowError::Window(trouble) => f.write_str(&lenscap_words::preferences::sentence(trouble)),
            WindowError::Pipeline(trouble) => f.write_str(&lenscap_words::trouble::sentence(trouble)),
            WindowError::Control(trouble) => f.write_str(&lenscap_words::controls::sentence(trouble)),
            WindowError::Card(trouble) => write!(f, "{}.", lenscap_words::picture::own_picture(trouble)),
            WindowError::Setting(refusal) => write!(f, "{}.", lenscap_words::settings::refusal(refusal)),
            WindowError::File(error) => error.fmt(f),
            WindowError::Answer(sentence) => f.write_str(sentence),
            WindowError::Read(trouble) => f.write_str(&lenscap_words::cameras::read(trouble)),
        }
    }
}

impl std::error::Error for WindowError {}

impl From<PreferencesTrouble> for WindowError {
    fn from(trouble: PreferencesTrouble) -> Self {
        Self::Window(trouble)
    }
}

impl From<Trouble> for WindowError {
    fn from(trouble: Trouble) -> Self {
        Self::Pipeline(trouble)
    }
}

impl From<EntryUnwritable> for WindowError {
    fn from(unwritable: EntryUnwritable) -> Self {
        let EntryUnwritable { path, error } = unwritable;
        PreferencesTrouble::AutostartUnwritable { path, cause: error.into() }.into()
    }
}
