//! What a camera gives, beside what was asked for.

use std::fmt;

use serde::{Deserialize, Serialize};

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
    /// Buffers between camera and pipeline; `None`: the source does not tell.
    pub buffers: Option<u32>,
    /// Buffers that were asked for; `None`: the source takes no number.
    pub asked_buffers: Option<u32>,
    /// The decoder's element, where there is something to decode.
    pub decoder: Option<String>,
    /// What is less than was asked for, and what to do about it: one sentence. `None`: nothing.
    pub shortfall: Option<String>,
}

impl Mode {
    /// What nothing but JPEG is called here.
    pub const JPEG: &str = "MJPG";

    /// Whether this asks no less of the bus than `other` does: what has no room for that has none for this.
    pub fn asks_as_much_as(&self, other: &Mode) -> bool {
        let load = |mode: &Mode| u64::from(mode.width) * u64::from(mode.height) * u64::from(mode.millihertz);
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
    }

    #[test]
    fn a_mode_shows_what_is_known() {
        let mode = Mode { format: "YUY2".into(), width: 640, height: 480, millihertz: 30_000, ..Mode::default() };
        assert_eq!(mode.to_string(), "YUY2 640x480@30");
        assert_eq!(Mode { format: "MJPG".into(), ..Mode::default() }.to_string(), "MJPG");
    }
}
