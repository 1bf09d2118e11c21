//! What the driver of a node says; fed by `fuzz/`.

use std::path::Path;

/// A loopback node.
pub fn node(path: &Path) {
    super::loopback::fuzz::take(path);
}
