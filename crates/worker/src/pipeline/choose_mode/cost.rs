//! What it costs to take less, or other, than was promised.

use lenscap_picture::format::VideoFormat;

use super::rates::frame_rate;

/// What a combination costs, compared in this order.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(super) struct Cost {
    /// For what is less than promised.
    pub(super) shortfall: f64,
    /// For the work.
    pub(super) work: f64,
}

/// How much too small a picture is: the part of its scale that is missing, 0 for none.
pub(super) fn shortness(offered: (u32, u32), wanted: (u32, u32)) -> f64 {
    let across = f64::from(offered.0) / f64::from(wanted.0);
    let down = f64::from(offered.1) / f64::from(wanted.1);
    (1.0 - across.min(down)).max(0.0)
}

/// What converting from this format costs; `None`: it cannot be converted.
pub(super) fn format_cost(name: &str, wanted: &VideoFormat) -> Option<f64> {
    if name == wanted.pixel_format.gst_name() {
        return Some(0.0);
    }
    let info = gst_video::VideoFormatInfo::from_format(gst_video::VideoFormat::from_string(name));
    match info.format() {
        gst_video::VideoFormat::Unknown | gst_video::VideoFormat::Encoded => None,
        // Deep and tiled formats are dear to convert; grey ones are infrared cameras.
        _ if info.is_gray() => Some(3.0),
        _ if info.depth().first().is_some_and(|depth| *depth > 8) => Some(0.4),
        _ if info.is_yuv() => Some(0.05),
        _ => Some(0.1),
    }
}

/// What another shape, and more pixels than wanted, cost.
pub(super) fn size_cost(offered: (u32, u32), wanted: (u32, u32)) -> f64 {
    let across = f64::from(offered.0) / f64::from(wanted.0);
    let down = f64::from(offered.1) / f64::from(wanted.1);
    let shape = (across / down).ln().abs();
    let pixels = (across * down).max(1.0).log2();
    0.7 * shape + 0.5 * pixels
}

/// What frames cost that are left out again.
pub(super) fn rate_cost(offered: gst::Fraction, wanted: u32) -> f64 {
    frame_rate(offered).map_or(0.0, |rate| 0.1 * (rate.per_second() / f64::from(wanted)).max(1.0).log2())
}
