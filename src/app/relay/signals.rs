//! Signals as descriptors.

use std::io;
use std::os::unix::net::UnixStream;

use crate::core::trouble::start::StartTrouble;

/// A descriptor that becomes readable when one of these signals arrives.
pub(super) fn signals(list: &[i32]) -> Result<UnixStream, StartTrouble> {
    let connect = || -> io::Result<UnixStream> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        for signal in list {
            signal_hook::low_level::pipe::register(*signal, theirs.try_clone()?)?;
        }
        Ok(ours)
    };
    connect().map_err(|error| StartTrouble::Signals { cause: error.into() })
}

pub(super) fn drain(mut stream: &UnixStream) -> bool {
    let mut buffer = [0; 64];
    let mut any = false;
    while matches!(io::Read::read(&mut stream, &mut buffer), Ok(count) if count > 0) {
        any = true;
    }
    any
}
