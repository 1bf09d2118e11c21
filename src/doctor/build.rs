//! Why is there no v4l2loopback for the running kernel, or why is it refused?

use std::io::{BufRead, BufReader, Read};

use super::{Patient, SystemDiagnosis};
use crate::text;

/// Of a log of DKMS, in bytes: its errors stand long before.
const MAX_LOG: u64 = 4 << 20;
/// Where DKMS keeps its state, a directory a version.
const DKMS: &str = "/var/lib/dkms/v4l2loopback";
const AKMODS: &str = "/var/cache/akmods/v4l2loopback";
/// Its last byte is 1 where Secure Boot is on (UEFI's global variable, with four bytes of attributes before it).
const SECURE_BOOT: &str = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
/// The public half of what modules are signed with: of Ubuntu's shim-signed, of DKMS, of Fedora's akmods.
const KEYS: [&str; 3] =
    ["/var/lib/shim-signed/mok/MOK.der", "/var/lib/dkms/mok.pub", "/etc/pki/akmods/certs/public_key.der"];

/// The running kernel's.
pub(super) fn release(patient: &Patient) -> String {
    text::name(patient.read("/proc/sys/kernel/osrelease").unwrap_or_default())
}

/// What keeps it from being there, where more is known than that it is not.
pub(super) fn why_missing(patient: &Patient) -> Option<SystemDiagnosis> {
    let release = release(patient);
    let modules = patient.at("/lib/modules");
    // Where there are none at all, as in a container, nothing was replaced.
    if modules.exists() && !modules.join(&release).exists() {
        return Some(SystemDiagnosis::KernelReplaced { release });
    }
    let versions = patient.names(DKMS);
    if !versions.is_empty() && !modules.join(&release).join("build").exists() {
        return Some(SystemDiagnosis::HeadersMissing { release });
    }
    let dkms = versions.iter().map(|version| format!("{DKMS}/{version}/build/make.log"));
    let akmods =
        patient.names(AKMODS).into_iter().filter(|name| name.ends_with(".failed.log") && name.contains(&release));
    let akmods = akmods.map(|name| format!("{AKMODS}/{name}"));
    let (log, line) = dkms.chain(akmods).find_map(|log| Some((log.clone(), error_line(patient, &log, &release)?)))?;
    Some(SystemDiagnosis::BuildFailed { release, log: text::clean(&log, text::PATH), line })
}

/// The first error in the log of a build for this kernel that failed; what went well has "# exit code: 0" at its end.
fn error_line(patient: &Patient, log: &str, release: &str) -> Option<String> {
    let file = std::fs::File::open(patient.at(log)).ok()?;
    let mut first = None;
    for line in BufReader::new(file.take(MAX_LOG)).split(b'\n').map_while(Result::ok) {
        let line = text::clean(line, text::SENTENCE);
        // "DKMS (dkms-3.2.2) make.log for v4l2loopback/0.15.0 for kernel 6.12.117 (x86_64)"
        if line.starts_with("DKMS") && line.contains(" for kernel ") && !line.contains(release) {
            return None;
        }
        // Of the compiler, of make ("make[1]: *** [Makefile:1: x] Error 2"), of DKMS.
        let is_error = [" error: ", "fatal error:", "] Error ", "ERROR: "].iter().any(|word| line.contains(word));
        let is_end = line.starts_with("# exit code: ");
        if line == "# exit code: 0" {
            return None;
        } else if first.is_none() && (is_error || is_end) {
            first = Some(line);
        }
    }
    first
}

/// Where the kernel refuses modules that it does not know the key of.
pub(super) fn secure_boot(patient: &Patient) -> Option<SystemDiagnosis> {
    let is_on = std::fs::read(patient.at(SECURE_BOOT)).is_ok_and(|value| value.len() == 5 && value[4] == 1);
    let key = || KEYS.into_iter().find(|key| patient.at(key).exists()).map(str::to_owned);
    is_on.then(|| SystemDiagnosis::SecureBoot { key: key() })
}
