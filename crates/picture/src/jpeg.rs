//! Whether the bytes from a camera are a whole JPEG picture. The decoder shows what is there of a cut one and says nothing
//! about it; it is also kept from what would cost it gigabytes. Markers as in ITU-T T.81, annex B.

/// Largest side that is decoded; the format's own limit is 65535, which would be 13 GB.
const MAX_SIDE: u16 = 8192;

/// How it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With the mark of its end.
    There,
    /// It was cut, or the camera writes no end.
    Missing,
}

/// Looks at the header and at the end, not at the coded picture between them. `None`: no JPEG picture.
pub fn look(bytes: &[u8]) -> Option<End> {
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    let mut has_frame = false;
    loop {
        // Any number of 0xff may stand before a marker.
        let start = rest.iter().position(|byte| *byte != 0xff).filter(|start| *start > 0)?;
        let (marker, after) = (rest[start], &rest[start + 1..]);
        let length = usize::from(u16::from_be_bytes([*after.first()?, *after.get(1)?]));
        let segment = after.get(2..length)?;
        rest = &after[length..];
        match marker {
            // Baseline and progressive; no decoder of ours takes the others.
            0xc0..=0xc2 => {
                let side = |at: usize| Some(u16::from_be_bytes([*segment.get(at)?, *segment.get(at + 1)?]));
                let (height, width) = (side(1)?, side(3)?);
                if !(1..=MAX_SIDE).contains(&height) || !(1..=MAX_SIDE).contains(&width) {
                    return None;
                }
                has_frame = true;
            }
            0xda => break,
            // Neither a picture nor its end belongs here; nor do markers without a length.
            0x00..=0x01 | 0xd0..=0xd9 => return None,
            _ => {}
        }
    }
    if !has_frame {
        return None;
    }
    // In the coded picture 0xff is always followed by 0 or by a restart marker. Whatever fills up the buffer comes behind.
    match rest.windows(2).rposition(|pair| pair == [0xff, 0xd9]) {
        Some(_) => Some(End::There),
        None => Some(End::Missing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A real picture, 64x48.
    fn picture() -> Vec<u8> {
        let mut bytes = Vec::new();
        let picture = image::RgbImage::from_fn(64, 48, |x, y| image::Rgb([x as u8 * 4, y as u8 * 5, 128]));
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 80).encode_image(&picture).unwrap();
        bytes
    }

    #[test]
    fn whole_pictures_are_whole_and_cut_ones_are_not() {
        let whole = picture();
        assert_eq!(look(&whole), Some(End::There));
        let padded = [whole.as_slice(), &[0; 500]].concat();
        assert_eq!(look(&padded), Some(End::There));
        for length in 0..whole.len() - 1 {
            assert_ne!(look(&whole[..length]), Some(End::There), "{length} of {}", whole.len());
        }
        assert_eq!(look(&whole[..whole.len() - 20]), Some(End::Missing));
    }

    #[test]
    fn pictures_without_sense_or_measure_are_none() {
        let whole = picture();
        let frame = whole.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        for (at, bytes) in [(5, [0, 0]), (5, [0xff, 0xff]), (7, [0, 0]), (7, [0x7f, 0xff]), (2, [0, 1])] {
            let mut broken = whole.clone();
            broken[frame + at..frame + at + 2].copy_from_slice(&bytes);
            assert_eq!(look(&broken), None, "{bytes:?} at {at}");
        }
        assert_eq!(look(b""), None);
        assert_eq!(look(&[0xff, 0xd8, 0xff, 0xd9]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = look(&bytes);
            let _ = look(&[&[0xff, 0xd8, 0xff], bytes.as_slice()].concat());
        }

        #[test]
        fn garbled_pictures_are_survived(changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..20)) {
            let mut picture = picture();
            for (at, byte) in changes {
                let at = at % picture.len();
                picture[at] = byte;
            }
            let _ = look(&picture);
        }
    }
}
