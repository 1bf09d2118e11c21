//! Lines of `/proc`; fed by `fuzz/`.

use super::{MappedFile, NodeIdentity, WatchedNode, is_mapping_of};

/// The first line is the path of a node, the second the link of a descriptor, the others are of a memory map.
pub(in crate::detect) fn maps(data: &[u8]) {
    let mut lines = data.split_inclusive(|byte| *byte == b'\n');
    let mut next = || lines.next().unwrap_or_default().trim_ascii().to_vec();
    let (path, link) = (next(), next());
    let place = MappedFile { device: (0, 6), inode: 417, path: path.clone() };
    let node =
        WatchedNode { path: "/dev/video0".into(), identity: NodeIdentity::Device((81, 0)), place: place.clone() };
    assert!(node.is_candidate(&path) && (link == path || link.starts_with(b"/") || !node.is_candidate(&link)));
    for line in lines {
        let says = |word: &[u8]| word.is_empty() || line.windows(word.len()).any(|window| window == word);
        if is_mapping_of(line, &place) {
            assert!(says(b"417") || says(&path), "{:?}", line.escape_ascii().to_string());
        }
    }
}
