//! May anybody but root open the module's control device?
//!
//! Whoever opens it adds devices and deletes those of anybody, and with version 0.15.0 of the module writes in the kernel's memory:
//! the module checks no right, and that version does not check the number of buffers that it is asked for (measured). Debian 13's
//! v4l2loopback-utils gives it to the group video.

use std::os::unix::fs::MetadataExt;

use super::{Finding, Patient, SystemDiagnosis, Verdict, found};

const CHECK: &str = "control";
const DEVICE: &str = "/dev/v4l2loopback";
/// For a group and for all.
const OTHERS: u32 = 0o066;

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let Ok(meta) = std::fs::metadata(patient.at(DEVICE)) else { return Vec::new() };
    // A group that is root's gives nothing to others.
    let open = meta.mode() & if meta.gid() == 0 { OTHERS & 0o007 } else { OTHERS };
    let mode = format!("{:04o}", meta.mode() & 0o7777);
    (open != 0)
        .then(|| found(CHECK, Verdict::Note, &SystemDiagnosis::ControlOpen { mode }.into()))
        .into_iter()
        .collect()
}
