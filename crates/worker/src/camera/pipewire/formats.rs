//! What a camera in PipeWire can give, in the words of the list of cameras.

use glib::prelude::*;

use lenscap_cameras::modes::{Format, Rates, Size};
use lenscap_core::mode::FrameRate;
use lenscap_libpipewire::{Choice, Encoding, VideoFormat};

use crate::list_cameras::add;

/// The last format that has one number in PipeWire and in GStreamer.
const LAST_ALIKE: u32 = 77; // Y444_12LE

/// What a node gives.
pub(super) fn formats(offered: &[VideoFormat]) -> Vec<Format> {
    let mut found = Vec::new();
    for offer in offered {
        let names: Vec<_> = offer.encodings.iter().filter_map(|encoding| name(*encoding)).collect();
        for size in sizes(&offer.sizes, &rates(offer.rates.as_ref())) {
            for (name, compressed) in &names {
                add(&mut found, name, *compressed, &size);
            }
        }
    }
    found
}

/// GStreamer's name, and whether pictures have to be decoded.
fn name(encoding: Encoding) -> Option<(&'static str, bool)> {
    match encoding {
        Encoding::Jpeg => Some(("JPEG", true)),
        Encoding::H264 => Some(("H264", true)),
        Encoding::Raw(number) if number <= LAST_ALIKE => {
            let known = glib::EnumClass::with_type(gst_video::VideoFormat::static_type())?;
            let format: gst_video::VideoFormat = known.value(number.cast_signed())?.to_value(&known).get().ok()?;
            let is_pixels = !matches!(format, gst_video::VideoFormat::Unknown | gst_video::VideoFormat::Encoded);
            is_pixels.then(|| (format.to_str().as_str(), false))
        }
        Encoding::Raw(_) => None,
    }
}

fn sizes(sizes: &Choice, rates: &Rates) -> Vec<Size> {
    match sizes {
        Choice::Values(values) => {
            let fixed =
                |(width, height): &(u32, u32)| Size::Fixed { width: *width, height: *height, rates: rates.clone() };
            values.iter().map(fixed).collect()
        }
        Choice::Range { least, most, step } => vec![Size::Range {
            min_width: least.0,
            max_width: most.0,
            step_width: step.0.max(1),
            min_height: least.1,
            max_height: most.1,
            step_height: step.1.max(1),
            rates: rates.clone(),
        }],
    }
}

fn rates(rates: Option<&Choice>) -> Rates {
    let rate = |(frames, seconds): &(u32, u32)| FrameRate::of(*frames, *seconds);
    match rates {
        None => Rates::List(Vec::new()),
        Some(Choice::Values(values)) => Rates::list(values.iter().map(rate)),
        Some(Choice::Range { least, most, .. }) => Rates::between(rate(least), rate(most)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenscap_cameras::modes;

    fn offered(encodings: &[Encoding], sizes: Choice, rates: Option<Choice>) -> VideoFormat {
        VideoFormat { encodings: encodings.to_vec(), sizes, rates }
    }

    #[test]
    fn what_a_node_gives_is_said_as_of_other_cameras() {
        gst::init().unwrap();
        let vga = || Choice::Values(vec![(640, 480)]);
        let sensor = Choice::Range { least: (32, 32), most: (1928, 1092), step: (2, 0) };
        let any = Choice::Range { least: (0, 1), most: (i32::MAX.cast_unsigned(), 1), step: (1, 1) };
        let formats = formats(&[
            offered(&[Encoding::Raw(23), Encoding::Raw(4)], vga(), Some(Choice::Values(vec![(15, 1), (30, 1)]))),
            offered(&[Encoding::Raw(23)], sensor, Some(any)),
            offered(&[Encoding::Raw(23)], vga(), Some(Choice::Values(vec![(15, 1), (30, 1)]))),
            offered(&[Encoding::Jpeg], Choice::Values(vec![(1280, 720)]), Some(Choice::Values(vec![(30_000, 1001)]))),
            offered(&[Encoding::H264], vga(), None),
            offered(&[0, 1, 78, u32::MAX].map(Encoding::Raw), vga(), None),
        ]);
        let names: Vec<_> = formats.iter().map(|it| (it.fourcc.as_str(), it.compressed, it.sizes.len())).collect();
        assert_eq!(names, [("NV12", false, 2), ("YUY2", false, 1), ("JPEG", true, 1), ("H264", true, 1)]);
        assert_eq!(modes::native(&formats), Some((1928, 1092)));
        assert_eq!(modes::rates(&formats, (640, 480)), [30.0, 15.0]);
        assert_eq!(modes::rates(&formats, (1280, 720)), [29.97]);
        assert!(modes::has_size(&formats, (34, 33)) && !modes::has_size(&formats, (33, 33)));
    }

    #[test]
    fn the_last_number_that_is_alike_is_the_one_it_is_taken_for() {
        gst::init().unwrap();
        assert_eq!(name(Encoding::Raw(LAST_ALIKE)), Some(("Y444_12LE", false)));
        assert_eq!(name(Encoding::Raw(2)), Some(("I420", false)));
    }
}
