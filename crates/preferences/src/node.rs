//! Which node applications open.

use std::path::{Path, PathBuf};

use lenscap_core::trouble::preferences::PreferencesTrouble;

use crate::applet::{AppletProxy, AppletState};
use crate::store::Store;

/// The node that applications open: the one the applet says it holds, else the one the settings name.
pub fn find(applet: &AppletProxy, store: &Store, class: &Path) -> Result<PathBuf, PreferencesTrouble> {
    if let AppletState::Running(view) = applet.state()
        && !view.node.is_empty()
    {
        return Ok(view.node.into());
    }
    let device = store.settings().device;
    if let Some(node) = device.node {
        return if node.exists() { Ok(node) } else { Err(PreferencesTrouble::NodeMissing { node }) };
    }
    let mut nodes = lenscap_cameras::loopbacks(class).into_iter();
    nodes.find(|node| node.name == device.label).map(|node| node.path).ok_or(PreferencesTrouble::NoNode)
}
