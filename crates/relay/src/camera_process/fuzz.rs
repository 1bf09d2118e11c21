//! What a worker sends; fed by `fuzz/`.

/// What a worker says.
pub fn host(data: &[u8]) {
    super::host::fuzz::converse(data);
}
