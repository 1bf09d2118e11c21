//! A loopback whose driver is not to be trusted; fed by `fuzz/`.

use std::fs::File;
use std::path::Path;

use super::super::BUFFERS;
use super::{request_slots, set_format, usable};
use lenscap_picture::format::VideoFormat;

/// Takes it as far as it goes without a kernel: format, buffers, rotation.
pub(in crate::output) fn take(path: &Path) {
    let Ok(file) = File::open(path) else { return };
    let format = VideoFormat::new(Default::default(), 640, 480, 30).expect("a usual format");
    let _ = set_format(&file, path, &format);
    if let Ok(layout) = request_slots(&file, path, format.size_image()) {
        assert!((1..=BUFFERS as usize).contains(&layout.offsets.len()), "{layout:?}");
        assert!(layout.length >= format.size_image() as usize, "{layout:?} has no room for {format}");
        let _ = usable(&file, &layout).map(|count| assert!((1..=BUFFERS).contains(&count)));
    }
}
