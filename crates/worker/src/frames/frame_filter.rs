//! What comes from the camera, judged before any work is spent on it: frames above the promised rate, broken ones, lost
//! ones, and whether the camera keeps its word about the rate.

use std::time::Duration;

use crate::frames::rate_limiter::RateLimiter;
use lenscap_picture::jpeg;

/// Frames at the beginning are of no account: exposure settles, drivers start.
const SETTLE: Duration = Duration::from_secs(1);
/// How long the rate is measured then.
const MEASURE: Duration = Duration::from_secs(4);
/// Fewest frames a rate is measured from.
const FEWEST: u64 = 8;
/// A rate below this part of the promised one is another rate.
const TOLERANCE: f64 = 0.9;
/// How long nothing but broken frames may come; the machine's own limit for no frames at all is a second longer.
const ONLY_BAD: Duration = Duration::from_secs(2);
/// So many pictures in a row without their end, and never one with it: this camera writes none.
const ENDLESS: u32 = 10;

/// Measures once how many frames really come, by their times.
#[derive(Debug, Default)]
struct Meter {
    /// When the first frame of all came.
    began: Option<Duration>,
    /// The frame the measurement begins with, and its number.
    first: Option<(Duration, u64)>,
    frames: u64,
    done: bool,
}

impl Meter {
    /// `number` is the camera's own count of this frame, which also has those that did not reach us.
    fn frame(&mut self, time: Duration, number: Option<u64>) -> Option<f64> {
        if self.done {
            return None;
        }
        self.frames += 1;
        let began = *self.began.get_or_insert(time);
        if time < began + SETTLE {
            return None;
        }
        let number = number.unwrap_or(self.frames);
        let Some((start, first)) = self.first else {
            self.first = Some((time, number));
            return None;
        };
        let count = number.checked_sub(first)?;
        let span = time.saturating_sub(start);
        if span < MEASURE || count < FEWEST {
            return None;
        }
        self.done = true;
        Some(count as f64 / span.as_secs_f64())
    }
}

/// What is to be done with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameVerdict {
    /// It goes on.
    Pass,
    /// It came too early for the promised rate.
    Skip,
    /// It is broken.
    Bad,
}

/// A frame as it comes from the camera.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival<'a> {
    /// Its time, on a clock that only goes forward.
    pub(crate) time: Duration,
    /// The camera's own number of it.
    pub(crate) number: Option<u64>,
    /// Whether the driver says that it is broken.
    pub(crate) is_marked: bool,
    /// Its bytes, when it is a JPEG picture.
    pub(crate) jpeg: Option<&'a [u8]>,
}

/// One camera's frames. See the module.
#[derive(Debug)]
pub(crate) struct FrameFilter {
    /// `None`: a camera that does not exceed the promise may tremble as it likes.
    limiter: Option<RateLimiter>,
    /// What the camera promises, frames per second; `None`: nothing, or what it gives has been reported.
    promised: Option<f64>,
    meter: Meter,
    last_number: Option<u64>,
    /// Frames that the camera numbered and that never came.
    lost: u64,
    /// Since when only broken frames came, and how many.
    bad: Option<(Duration, u32)>,
    /// JPEG pictures without their end since the beginning; `None`: one had it.
    endless: Option<u32>,
}

impl FrameFilter {
    pub(crate) fn new(limiter: Option<RateLimiter>, promised: Option<f64>) -> Self {
        Self { limiter, promised, meter: Meter::default(), last_number: None, lost: 0, bad: None, endless: Some(0) }
    }

    /// Judges the next frame.
    pub(crate) fn judge(&mut self, frame: &Arrival<'_>) -> FrameVerdict {
        if let (Some(last), Some(number)) = (self.last_number, frame.number) {
            self.lost += number.saturating_sub(last).saturating_sub(1);
        }
        self.last_number = frame.number;
        if frame.is_marked || frame.jpeg.is_some_and(|bytes| !self.is_whole(bytes)) {
            return FrameVerdict::Bad;
        }
        match self.limiter.as_mut().is_none_or(|limiter| limiter.pass(frame.time)) {
            true => FrameVerdict::Pass,
            false => FrameVerdict::Skip,
        }
    }

    /// The rate, frames per second, when the camera has just proved to give fewer frames than it promised. Reported once.
    pub(crate) fn measure(&mut self, frame: &Arrival<'_>) -> Option<f64> {
        let promised = self.promised?;
        let rate = self.meter.frame(frame.time, frame.number)?;
        self.promised = None;
        (rate < TOLERANCE * promised).then_some(rate)
    }

    /// A frame proved to be broken. `true`: nothing else has come for too long. Reported once.
    pub(crate) fn is_hopeless(&mut self, time: Duration) -> bool {
        let (since, count) = self.bad.get_or_insert((time, 0));
        *count = count.saturating_add(1);
        let hopeless = *count > 1 && time.saturating_sub(*since) >= ONLY_BAD;
        if hopeless {
            self.bad = None;
        }
        hopeless
    }

    /// A frame proved to be sound.
    pub(crate) fn is_sound(&mut self) {
        self.bad = None;
    }

    /// Frames lost since this was asked last.
    pub(crate) fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }

    fn is_whole(&mut self, bytes: &[u8]) -> bool {
        match (jpeg::look(bytes), &mut self.endless) {
            (None, _) => false,
            (Some(jpeg::End::There), _) => {
                self.endless = None;
                true
            }
            (Some(jpeg::End::Missing), None) => false,
            (Some(jpeg::End::Missing), Some(count)) => {
                *count += 1;
                *count > ENDLESS
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Arrival<'static> {
        Arrival { time: Duration::from_secs_f64(100.0 + seconds), number: None, is_marked: false, jpeg: None }
    }

    /// What is measured of frames at this rate, in ten seconds.
    fn measured(rate: f64, promised: Option<f64>, every: u64) -> Vec<f64> {
        let mut filter = FrameFilter::new(None, promised);
        let frames = (10.0 * rate) as u64;
        (0..frames)
            .filter(|number| number % every == 0)
            .filter_map(|number| filter.measure(&Arrival { number: Some(number), ..at(number as f64 / rate) }))
            .collect()
    }

    #[test]
    fn a_rate_that_is_not_kept_is_told_once() {
        let reported = measured(15.0, Some(30.0), 1);
        assert_eq!(reported.len(), 1);
        assert!((reported[0] - 15.0).abs() < 0.1, "{reported:?}");
        assert!(measured(30.0, Some(30.0), 1).is_empty());
        assert!(measured(28.5, Some(30.0), 1).is_empty());
        assert!(measured(60.0, Some(30.0), 1).is_empty());
        assert!(measured(5.0, None, 1).is_empty());
    }

    #[test]
    fn frames_that_we_missed_are_not_the_cameras_fault() {
        assert!(measured(30.0, Some(30.0), 3).is_empty());
        let mut filter = FrameFilter::new(None, None);
        for number in [0, 1, 4, 5, 5, 3, 4] {
            filter.judge(&Arrival { number: Some(number), ..at(0.0) });
        }
        assert_eq!((filter.take_lost(), filter.take_lost()), (2, 0));
    }

    #[test]
    fn broken_frames_are_told_apart_and_only_they_for_too_long_are_hopeless() {
        let mut filter = FrameFilter::new(None, None);
        assert_eq!(filter.judge(&Arrival { is_marked: true, ..at(0.0) }), FrameVerdict::Bad);
        assert_eq!(filter.judge(&Arrival { jpeg: Some(b"garbage"), ..at(0.0) }), FrameVerdict::Bad);
        assert_eq!(filter.judge(&at(0.0)), FrameVerdict::Pass);
        let mut hopeless = |seconds| filter.is_hopeless(at(seconds).time);
        assert!(!hopeless(0.0) && !hopeless(1.9) && hopeless(2.0) && !hopeless(2.1));
        let mut filter = FrameFilter::new(None, None);
        assert!(!filter.is_hopeless(at(0.0).time));
        filter.is_sound();
        assert!(!filter.is_hopeless(at(5.0).time) && filter.is_hopeless(at(7.0).time));
    }

    /// A real picture.
    fn picture() -> Vec<u8> {
        let mut bytes = Vec::new();
        let picture = image::RgbImage::from_fn(64, 48, |x, y| image::Rgb([x as u8 * 4, y as u8 * 5, 128]));
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 80).encode_image(&picture).unwrap();
        bytes
    }

    #[test]
    fn a_camera_that_never_ends_its_pictures_is_let_have_its_way() {
        let (mut endless, whole) = (picture(), picture());
        endless.truncate(endless.len() - 2);
        let mut filter = FrameFilter::new(None, None);
        let mut is_whole = |bytes| filter.judge(&Arrival { jpeg: Some(bytes), ..at(0.0) }) == FrameVerdict::Pass;
        let first: Vec<bool> = (0..=ENDLESS).map(|_| is_whole(&endless)).collect();
        assert_eq!(first.iter().filter(|whole| **whole).count(), 1, "{first:?}");
        assert!(is_whole(&whole));
        assert!((0..100).all(|_| !is_whole(&endless)), "one that once had its end is cut without it");
    }
}
