//! The system calls that a camera needs none of.

use lenscap_sandbox::calls::{DeniedCalls, Error};

/// Denies them from now on; `may_connect`: but for `connect`.
///
/// # Errors
/// When the kernel takes no filter.
pub(super) fn restrict(may_connect: bool) -> Result<(), Error> {
    let mut denied = DeniedCalls::common()?;
    denied.sockets(true)?;
    if !may_connect {
        denied.always(&[libc::SYS_connect]);
    }
    denied.apply()
}
