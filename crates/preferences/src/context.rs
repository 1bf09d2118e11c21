//! What window and pages are made from.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use lenscap_autostart::Once;
use lenscap_cameras::CLASS;

use crate::applet::AppletProxy;
use crate::autostart::Autostart;
use crate::controls::Panel;
use crate::preview;
use crate::stage::Stage;
use crate::store::Store;

/// What the window looks at, besides the display.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The user's settings file.
    pub config: PathBuf,
    /// Where video nodes are listed; [`CLASS`] but for tests.
    pub class: PathBuf,
    /// Whether the applet starts with the session.
    pub autostart: Autostart,
    /// The welcome.
    pub welcome: Once,
    /// A description in the place of the loopback node, for tests.
    pub preview_source: Option<String>,
}

impl Surroundings {
    /// Those of this session, with the settings at `config`.
    pub fn here(config: &Path) -> Self {
        Self {
            config: config.to_owned(),
            class: CLASS.into(),
            autostart: Autostart::from_environment(),
            welcome: Once::welcome(),
            preview_source: std::env::var(preview::SOURCE_VARIABLE).ok(),
        }
    }
}

/// What the pages are made from.
pub struct Context {
    /// The settings.
    pub store: Rc<Store>,
    /// The running applet.
    pub applet: Rc<AppletProxy>,
    /// Where further windows belong.
    pub window: adw::Window,
    /// Where it is said what was done.
    pub toasts: adw::ToastOverlay,
    /// The session.
    pub surroundings: Surroundings,
    /// The rows of the page "Controls".
    pub controls: Rc<Panel>,
    /// The preview above the pages.
    pub stage: Rc<Stage>,
}
