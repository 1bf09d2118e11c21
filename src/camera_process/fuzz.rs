//! What a worker sends; see [`crate::fuzz`].

/// What a worker says.
pub fn host(data: &[u8]) {
    super::host::fuzz::converse(data);
}
