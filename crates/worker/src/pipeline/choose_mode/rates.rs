//! Rates of frames as GStreamer writes them.

use lenscap_core::mode::FrameRate;

/// Frames in a thousand seconds; 0 where that is no rate.
pub(crate) fn millihertz(rate: f64) -> u32 {
    FrameRate::new(rate).map_or(0, FrameRate::millihertz)
}

/// The rate in caps; `None` for one that varies, and for what is none.
pub(crate) fn frame_rate(fraction: gst::Fraction) -> Option<FrameRate> {
    FrameRate::of(u32::try_from(fraction.numer()).ok()?, u32::try_from(fraction.denom()).ok()?)
}

/// A rate of 30000/1001 is what people call 30. One that is not known is given the benefit of the doubt.
pub(super) fn is_enough(offered: gst::Fraction, wanted: u32) -> bool {
    frame_rate(offered).is_none_or(|_| as_f64(offered) >= 0.98 * f64::from(wanted))
}

/// Whether a camera of this rate may give more frames than promised, or that is not known.
pub(crate) fn exceeds(rate: gst::Fraction, promised: u32) -> bool {
    frame_rate(rate).is_none_or(|_| as_f64(rate) > f64::from(promised))
}

/// As a number to compare; of no rate, too.
pub(super) fn as_f64(fraction: gst::Fraction) -> f64 {
    f64::from(fraction.numer()) / f64::from(fraction.denom().max(1))
}
