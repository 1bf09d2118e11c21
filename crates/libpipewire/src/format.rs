//! What pictures a node of another's can give.

use crate::ffi;
use crate::pod::objects::ENUM_FORMAT;
use crate::pod::reading::{self, Choice};

/// Bytes of a pod that is read; a longer one is left out.
const MAX_POD: usize = 1 << 16;

// SPA_FORMAT_*
const MEDIA_TYPE: u32 = 1;
const MEDIA_SUBTYPE: u32 = 2;
const PIXELS: u32 = 0x2_0001;
const SIZE: u32 = 0x2_0003;
const RATE: u32 = 0x2_0004;

/// `SPA_MEDIA_TYPE_video`.
const VIDEO: u32 = 2;
// SPA_MEDIA_SUBTYPE_*
const RAW: u32 = 1;
const H264: u32 = 0x2_0001;
const MJPG: u32 = 0x2_0002;

/// How pictures are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all: `SPA_VIDEO_FORMAT_*`, whose numbers are those of GStreamer's `GstVideoFormat` up to `Y444_12LE`, 77.
    Raw(u32),
    /// Each by itself.
    Jpeg,
    /// As a stream.
    H264,
}

/// One of a node's formats. A node gives several, for each size or each encoding one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoFormat {
    /// Any of these.
    pub encodings: Vec<Encoding>,
    /// Width and height, in pixels.
    pub sizes: Choice,
    /// Frames, and the seconds for them; `None`: it does not say.
    pub rates: Option<Choice>,
}

impl VideoFormat {
    /// From an object of `SPA_TYPE_OBJECT_Format`; `None` where it is none of pictures that have a size.
    pub fn parse(pod: &[u8]) -> Option<Self> {
        let (mut media, mut subtypes, mut pixels) = (Vec::new(), Vec::new(), Vec::new());
        let (mut sizes, mut rates) = (None, None);
        for (key, value) in reading::properties(pod, ENUM_FORMAT.0)? {
            match key {
                MEDIA_TYPE => media = reading::ids(value),
                MEDIA_SUBTYPE => subtypes = reading::ids(value),
                PIXELS => pixels = reading::ids(value),
                SIZE => sizes = reading::sizes(value),
                RATE => rates = reading::fractions(value),
                _ => {}
            }
        }
        let encodings: Vec<_> = match (&media[..], &subtypes[..]) {
            ([VIDEO], [RAW]) => pixels.into_iter().map(Encoding::Raw).collect(),
            ([VIDEO], [MJPG]) => vec![Encoding::Jpeg],
            ([VIDEO], [H264]) => vec![Encoding::H264],
            _ => Vec::new(),
        };
        (!encodings.is_empty()).then_some(Self { encodings, sizes: sizes?, rates })
    }

    /// As [`Self::parse`].
    ///
    /// # Safety
    /// `pod` is null or a pod of the library's, valid during this call: it has read its size out of a message, and that the
    /// message has so many bytes.
    pub(crate) unsafe fn read(pod: *const ffi::Pod) -> Option<Self> {
        if pod.is_null() {
            return None;
        }
        // SAFETY: a pod begins with its size, a multiple of 8 bytes from the message's beginning, as the caller promises.
        let size = unsafe { pod.cast::<u32>().read() } as usize;
        // SAFETY: so many bytes follow its size and its type.
        (size <= MAX_POD).then(|| unsafe { std::slice::from_raw_parts(pod.cast(), 8 + size) }).and_then(Self::parse)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::pod::{Pod, Value};
    use crate::video::{Pixels, Video, format};
    use proptest::prelude::*;

    fn encoded(media: u32, subtype: u32) -> Option<VideoFormat> {
        let size = (SIZE, Value::Rectangle(640, 480));
        let kind = [(MEDIA_TYPE, Value::Id(media)), (MEDIA_SUBTYPE, Value::Id(subtype))];
        VideoFormat::parse(&Pod::object(ENUM_FORMAT, &[&kind[..], &[size]].concat()).bytes())
    }

    #[test]
    fn pictures_of_a_size_are_formats_and_nothing_else() {
        let sizes = Choice::Values(vec![(640, 480)]);
        let of = |encoding| Some(VideoFormat { encodings: vec![encoding], sizes: sizes.clone(), rates: None });
        assert_eq!(encoded(VIDEO, MJPG), of(Encoding::Jpeg));
        assert_eq!(encoded(VIDEO, H264), of(Encoding::H264));
        assert_eq!(encoded(VIDEO, RAW), None, "of no pixels");
        assert_eq!(encoded(1, MJPG), None, "sound");
        assert_eq!(encoded(VIDEO, 0x2_000a), None, "another encoding");
        let without_size = [(MEDIA_TYPE, Value::Id(VIDEO)), (MEDIA_SUBTYPE, Value::Id(MJPG))];
        assert_eq!(VideoFormat::parse(&Pod::object(ENUM_FORMAT, &without_size).bytes()), None);
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn what_is_kept_for_fuzzing_is_survived() {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/pod");
        let files = fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap());
        let parsed = files.filter(|file| VideoFormat::parse(&fs::read(file.path()).unwrap()).is_some());
        let mut names: Vec<_> = parsed.map(|file| file.file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["camera", "choices", "jpeg"]);
    }

    fn pod(width: u32, height: u32, rates: Vec<u32>) -> Vec<u8> {
        let video = Video { pixels: Pixels::Nv12, width, height, stride: 0, size: 0, rates };
        format(&video).bytes()
    }

    proptest! {
        #[test]
        fn what_our_own_node_offers_is_read(width: u32, height: u32, rates in prop::collection::vec(any::<u32>(), 1..8)) {
            let expected = VideoFormat {
                encodings: vec![Encoding::Raw(23)],
                sizes: Choice::Values(vec![(width, height)]),
                rates: Some(Choice::Values(rates.iter().map(|rate| (*rate, 1)).collect())),
            };
            prop_assert_eq!(VideoFormat::parse(&pod(width, height, rates)), Some(expected));
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = VideoFormat::parse(&bytes);
        }

        #[test]
        fn any_damage_is_survived(at: prop::sample::Index, word: u32, cut: prop::sample::Index) {
            let mut pod = pod(640, 480, vec![30, 15]);
            let at = at.index(pod.len() / 4) * 4;
            pod[at..at + 4].copy_from_slice(&word.to_ne_bytes());
            let _ = VideoFormat::parse(&pod);
            let _ = VideoFormat::parse(&pod[..cut.index(pod.len())]);
        }
    }
}
