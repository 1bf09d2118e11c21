//! Reads files that others put there.

use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

/// What a file says, and whose it is.
pub(crate) struct Content {
    pub bytes: Vec<u8>,
    pub owner: u32,
    /// Whether there is more than was asked for.
    pub is_cut: bool,
}

/// The beginning of a file, in at most so many bytes. `Ok(None)`: it is none that can be read at once, such as a pipe.
pub(crate) fn read(
    directory: impl AsFd,
    path: impl AsRef<Path>,
    flags: OFlags,
    limit: u64,
) -> rustix::io::Result<Option<Content>> {
    let flags = flags | OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = std::fs::File::from(rustix::fs::openat(directory, path.as_ref(), flags, Mode::empty())?);
    let Some(meta) = file.metadata().ok().filter(std::fs::Metadata::is_file) else { return Ok(None) };
    let mut bytes = Vec::new();
    if file.take(limit + 1).read_to_end(&mut bytes).is_err() {
        return Ok(None);
    }
    let is_cut = bytes.len() as u64 > limit;
    bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(Some(Content { bytes, owner: meta.uid(), is_cut }))
}
