//! Which node applications open.

use std::path::{Path, PathBuf};

use lenscap_words::{tr, trf};

use crate::applet::{AppletProxy, AppletState};
use crate::store::Store;

/// The node that applications open: the one the applet says it holds, else the one the settings name.
pub fn find(applet: &AppletProxy, store: &Store, class: &Path) -> Result<PathBuf, String> {
    if let AppletState::Running(view) = applet.state()
        && !view.node.is_empty()
    {
        return Ok(view.node.into());
    }
    let device = store.settings().device;
    if let Some(node) = device.node {
        return match node.exists() {
            true => Ok(node),
            false => {
                Err(trf!("{node} is not there: choose another device on the page \"Device\".", node = node.display()))
            }
        };
    }
    lenscap_cameras::loopbacks(class).into_iter().find(|node| node.name == device.label).map(|node| node.path).ok_or_else(|| {
        tr("There is no device that applications could see: load the kernel module v4l2loopback, then start Lenscap.")
    })
}
