//! What a camera and the worker send; see [`crate::fuzz`].

use super::jpeg::{self, End};

/// What a camera calls a JPEG picture.
pub fn jpeg(bytes: &[u8]) {
    if jpeg::look(bytes) == Some(End::There) {
        assert!(bytes.starts_with(&[0xff, 0xd8]) && bytes.windows(2).any(|pair| pair == [0xff, 0xd9]));
    }
}

/// What a worker says.
pub fn host(data: &[u8]) {
    super::host::fuzz::converse(data);
}
