//! What a camera gives, beside what was asked for.

mod shortfall;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use shortfall::{FrameSize, ModeShortfall};

/// Frames per second, as far as a number from a device is one: a thousandth to a thousand. Drivers also say 0, or a frame
/// every 100 ns: that is no rate, and nobody is shown it or compares with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameRate(u32);

impl FrameRate {
    /// The highest, in frames per second: more than any camera gives.
    pub const MOST: u32 = 1000;

    /// So many frames in so many seconds; `None` where that is no rate.
    pub fn of(frames: u32, seconds: u32) -> Option<Self> {
        if seconds == 0 { None } else { Self::new(f64::from(frames) / f64::from(seconds)) }
    }

    /// `None` where that is no rate.
    pub fn new(per_second: f64) -> Option<Self> {
        let millihertz = (per_second * 1000.0).round();
        let is_rate = (1.0..=f64::from(Self::MOST * 1000)).contains(&millihertz);
        is_rate.then_some(Self(millihertz as u32))
    }

    /// Frames in a thousand seconds.
    pub fn millihertz(self) -> u32 {
        self.0
    }

    /// To three decimals.
    pub fn per_second(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

/// The mode a camera runs in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mode {
    /// Pixel format in GStreamer's words, or [`Mode::JPEG`].
    pub format: String,
    /// Pixels across; 0: not known.
    pub width: u32,
    /// Pixels down; 0: not known.
    pub height: u32,
    /// Frames in a thousand seconds: what the camera promises, and once that has proved wrong what it gives; 0: not known.
    pub millihertz: u32,
    /// Pixels across that were asked for.
    pub asked_width: u32,
    /// Pixels down that were asked for.
    pub asked_height: u32,
    /// Frames per second that were asked for.
    pub asked_rate: u32,
    /// Buffers between camera and pipeline; `None`: the source does not say.
    pub buffers: Option<u32>,
    /// Buffers that were asked for; `None`: the source takes no number.
    pub asked_buffers: Option<u32>,
    /// The decoder's element, where there is something to decode.
    pub decoder: Option<String>,
    /// What is less than was asked for. `None`: nothing.
    pub shortfall: Option<ModeShortfall>,
}

impl Mode {
    /// What nothing but JPEG is called here.
    pub const JPEG: &str = "MJPG";

    /// Whether this asks no less of the bus than `other` does: what has no room for that has none for this.
    pub fn asks_as_much_as(&self, other: &Mode) -> bool {
        // Of a rate that is not known nothing is concluded.
        let is_rate_known = self.millihertz > 0 && other.millihertz > 0;
        let rate = |mode: &Mode| if is_rate_known { mode.millihertz } else { 1 };
        let load = |mode: &Mode| u64::from(mode.width) * u64::from(mode.height) * u64::from(rate(mode));
        (self.format == Self::JPEG) == (other.format == Self::JPEG) && load(self) >= load(other)
    }

    /// Frames per second for people, as in "30", "12.5" or "29.97".
    pub fn rate(millihertz: u32) -> String {
        let hundredths = (u64::from(millihertz) + 5) / 10;
        format!("{}.{:02}", hundredths / 100, hundredths % 100).trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// As in "YUY2 1280x720@30".
impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.format)?;
        if self.width > 0 && self.height > 0 {
            write!(f, " {}x{}", self.width, self.height)?;
        }
        if self.millihertz > 0 {
            write!(f, "@{}", Self::rate(self.millihertz))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_that_no_camera_has_is_none() {
        let millihertz = |frames, seconds| FrameRate::of(frames, seconds).map(FrameRate::millihertz);
        assert_eq!(millihertz(30, 1), Some(30_000));
        assert_eq!(millihertz(30_000, 1001), Some(29_970));
        assert_eq!((millihertz(1000, 1), millihertz(1, 1000)), (Some(1_000_000), Some(1)));
        for (frames, seconds) in [(0, 1), (1, 0), (10_000_000, 1), (1001, 1), (1, 10_000), (u32::MAX, 1)] {
            assert_eq!(millihertz(frames, seconds), None, "{frames}/{seconds}");
        }
        assert!([f64::NAN, f64::INFINITY, -30.0].into_iter().all(|rate| FrameRate::new(rate).is_none()));
    }

    #[test]
    fn rates_are_short() {
        for (millihertz, text) in
            [(30_000, "30"), (29_970, "29.97"), (12_500, "12.5"), (7, "0.01"), (240_000, "240"), (100_000, "100")]
        {
            assert_eq!(Mode::rate(millihertz), text);
        }
    }

    #[test]
    fn the_bus_is_asked_for_pixels_in_a_second() {
        let mode = |format: &str, width, height, rate: u32| Mode {
            format: format.into(),
            width,
            height,
            millihertz: rate * 1000,
            ..Mode::default()
        };
        let hd = mode("YUY2", 1280, 720, 30);
        assert!(hd.asks_as_much_as(&hd) && mode("NV12", 1920, 1080, 30).asks_as_much_as(&hd));
        assert!(!mode("YUY2", 1280, 720, 10).asks_as_much_as(&hd) && !mode("YUY2", 640, 480, 30).asks_as_much_as(&hd));
        assert!(!mode(Mode::JPEG, 1280, 720, 30).asks_as_much_as(&hd));
        assert!(!mode("YUY2", 640, 480, 30).asks_as_much_as(&mode("YUY2", 1280, 720, 0)));
    }

    #[test]
    fn a_mode_shows_what_is_known() {
        let mode = Mode { format: "YUY2".into(), width: 640, height: 480, millihertz: 30_000, ..Mode::default() };
        assert_eq!(mode.to_string(), "YUY2 640x480@30");
        assert_eq!(Mode { format: "MJPG".into(), ..Mode::default() }.to_string(), "MJPG");
    }
}
