//! Whether somebody has the node open who cannot be seen: another user's process, a sandbox.
//!
//! The module's reference count is the number of open files on all of its nodes, readable by everybody: what is not
//! accounted for by files that can be seen is somebody's. It never errs towards a holder that is not there: a file seen
//! through two descriptors counts twice. Without it (another driver, a kernel that unloads no modules) the balance of
//! opens and closes is all there is.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use super::inotify::AccessEvents;
use super::procfs::ProcessScan;

const MODULE_REFERENCES: &str = "/sys/module/v4l2loopback/refcnt";
const VIRTUAL_DEVICES: &str = "/sys/devices/virtual/video4linux";
/// Nodes looked at; the module itself allows no more video devices than there are minor numbers.
const MAX_NODES: usize = 256;

/// Keeps the balance.
#[derive(Debug)]
pub(super) struct UnseenHolders {
    is_loopback: bool,
    /// Opens minus closes heard so far, with what inotify merged missing.
    balance: u32,
    /// All nodes of the module, as last seen.
    nodes: BTreeSet<(u32, u32)>,
}

impl UnseenHolders {
    /// `is_loopback`: the node belongs to v4l2loopback.
    pub(super) fn new(is_loopback: bool) -> Self {
        Self { is_loopback, balance: 0, nodes: BTreeSet::new() }
    }

    /// Takes what was heard into account.
    pub(super) fn hear(&mut self, heard: &AccessEvents) {
        self.balance = self.balance.saturating_add(heard.opens).saturating_sub(heard.closes);
    }

    /// The device numbers of all nodes of the module; empty for another driver's.
    pub(super) fn nodes(&mut self) -> BTreeSet<(u32, u32)> {
        if self.is_loopback
            && let Ok(nodes) = loopbacks()
        {
            self.nodes = nodes;
        }
        self.nodes.clone()
    }

    /// Whether somebody unseen has the node open; `None` where that is not known this time. `scan` has just been made
    /// with [`Self::nodes`]; `own_files` are our own open files on the node.
    pub(super) fn is_somebody_unseen(&mut self, scan: &ProcessScan, nodes: usize, own_files: usize) -> Option<bool> {
        let unaccounted = usize::try_from(self.balance).unwrap_or(usize::MAX) > scan.found.len();
        let references = if nodes > 0 { self.references().ok()? } else { None };
        Some(match references {
            Some(references) => references > scan.loopback_files + own_files && (nodes == 1 || unaccounted),
            None if scan.some_unreadable => unaccounted,
            None => {
                // Everybody was seen: what the balance says otherwise is its own error.
                self.balance = u32::try_from(scan.found.len()).unwrap_or(u32::MAX);
                false
            }
        })
    }

    /// `None` where the module counts nothing.
    fn references(&self) -> io::Result<Option<usize>> {
        if !self.is_loopback {
            return Ok(None);
        }
        match fs::read_to_string(MODULE_REFERENCES) {
            Ok(text) => text.trim().parse().map(Some).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn loopbacks() -> io::Result<BTreeSet<(u32, u32)>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(VIRTUAL_DEVICES)?.take(MAX_NODES) {
        let node = entry?.path();
        // Only v4l2loopback's have this attribute.
        if node.join("max_openers").exists() {
            found.extend(device_of(&node));
        }
    }
    Ok(found)
}

/// The number in a device's `dev` attribute, "81:0".
fn device_of(directory: &Path) -> Option<(u32, u32)> {
    let text = fs::read_to_string(directory.join("dev")).ok()?;
    let (major, minor) = text.trim().split_once(':')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(opens: u32, closes: u32) -> AccessEvents {
        AccessEvents { opens, closes, ..AccessEvents::default() }
    }

    #[test]
    fn an_open_that_nobody_seen_accounts_for_is_somebodys() {
        let mut unseen_holders = UnseenHolders::new(false);
        unseen_holders.hear(&heard(1, 0));
        let unreadable = ProcessScan { some_unreadable: true, ..ProcessScan::default() };
        assert_eq!(unseen_holders.is_somebody_unseen(&unreadable, 0, 0), Some(true));
        unseen_holders.hear(&heard(0, 1));
        assert_eq!(unseen_holders.is_somebody_unseen(&unreadable, 0, 0), Some(false));
        unseen_holders.hear(&heard(0, 1));
        unseen_holders.hear(&heard(1, 0));
        assert_eq!(
            unseen_holders.is_somebody_unseen(&unreadable, 0, 0),
            Some(true),
            "a close of an earlier open leaves no debt"
        );
    }

    #[test]
    fn where_everybody_is_seen_the_balance_is_put_right() {
        let mut unseen_holders = UnseenHolders::new(false);
        unseen_holders.hear(&heard(5, 1));
        let unreadable = ProcessScan { some_unreadable: true, ..ProcessScan::default() };
        assert_eq!(unseen_holders.is_somebody_unseen(&ProcessScan::default(), 0, 0), Some(false));
        assert_eq!(unseen_holders.is_somebody_unseen(&unreadable, 0, 0), Some(false));
    }

    #[test]
    fn a_device_number_is_read() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("dev"), "81:3\n").unwrap();
        assert_eq!(device_of(directory.path()), Some((81, 3)));
        fs::write(directory.path().join("dev"), "nonsense").unwrap();
        assert_eq!(device_of(directory.path()), None);
    }
}
