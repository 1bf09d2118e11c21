//! What a camera can do: formats, sizes and rates.

mod node;

use serde::{Deserialize, Serialize};

use lenscap_core::mode::FrameRate;
pub(crate) use node::no_permission;
pub use node::{NodeFacts, ask};

/// A pixel format with all its sizes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Format {
    /// Its four-character code, of a GStreamer element GStreamer's name.
    pub fourcc: String,
    /// In words.
    pub description: String,
    /// Whether it has to be decoded: MJPEG and such.
    pub compressed: bool,
    /// Whether it is made in software.
    pub emulated: bool,
    /// Its sizes; empty where the driver does not say.
    pub sizes: Vec<Size>,
}

/// A size, or a range of sizes, in pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Size {
    /// This one.
    Fixed {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// Frames per second.
        rates: Rates,
    },
    /// Any within.
    #[allow(missing_docs)] // the names say it
    Range {
        min_width: u32,
        max_width: u32,
        step_width: u32,
        min_height: u32,
        max_height: u32,
        step_height: u32,
        /// Frames per second at the largest size.
        rates: Rates,
    },
}

/// Frames per second, to three decimals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Rates {
    /// These, the highest first; none where the driver does not say.
    List(Vec<f64>),
    /// Any between.
    Range {
        /// Lowest.
        min: f64,
        /// Highest.
        max: f64,
    },
}

impl Rates {
    /// Those of a list that are rates, the highest first.
    pub fn list(rates: impl IntoIterator<Item = Option<FrameRate>>) -> Self {
        let mut rates: Vec<_> = rates.into_iter().flatten().map(FrameRate::per_second).collect();
        rates.sort_by(|a, b| b.total_cmp(a));
        Rates::List(rates)
    }

    /// From the lowest to the highest, as far as these are rates.
    pub fn between(min: Option<FrameRate>, max: Option<FrameRate>) -> Self {
        match (min, max) {
            (Some(min), Some(max)) if min < max => Rates::Range { min: min.per_second(), max: max.per_second() },
            (min, max) => Self::list([max.or(min)]),
        }
    }

    /// The highest.
    pub fn highest(&self) -> Option<f64> {
        match self {
            Rates::List(rates) => rates.iter().copied().max_by(f64::total_cmp),
            Rates::Range { max, .. } => Some(*max),
        }
    }
}

impl Size {
    /// Frames per second.
    pub fn rates(&self) -> &Rates {
        match self {
            Size::Fixed { rates, .. } | Size::Range { rates, .. } => rates,
        }
    }

    /// Whether a picture can have it.
    pub fn is_sane(&self) -> bool {
        const MOST: u32 = 32_768;
        let ordered = match self {
            Size::Fixed { width, height, .. } => *width > 0 && *height > 0,
            Size::Range { min_width, max_width, min_height, max_height, .. } => {
                min_width <= max_width && min_height <= max_height && *max_width > 0 && *max_height > 0
            }
        };
        let (width, height) = self.largest();
        ordered && width <= MOST && height <= MOST
    }

    /// Width and height of the largest.
    pub fn largest(&self) -> (u32, u32) {
        match self {
            Size::Fixed { width, height, .. } => (*width, *height),
            Size::Range { max_width, max_height, .. } => (*max_width, *max_height),
        }
    }

    /// Whether the camera gives exactly this.
    pub fn has(&self, (width, height): (u32, u32)) -> bool {
        match self {
            Size::Fixed { width: w, height: h, .. } => (*w, *h) == (width, height),
            Size::Range { min_width, max_width, step_width, min_height, max_height, step_height, .. } => {
                let fits = |value: u32, min: u32, max: u32, step: u32| {
                    (min..=max).contains(&value) && (value - min).is_multiple_of(step.max(1))
                };
                fits(width, *min_width, *max_width, *step_width) && fits(height, *min_height, *max_height, *step_height)
            }
        }
    }
}

/// The largest size of all formats: the sensor's own, as far as the camera says.
pub fn native(formats: &[Format]) -> Option<(u32, u32)> {
    let largest = formats.iter().flat_map(|format| &format.sizes).map(Size::largest);
    largest.max_by_key(|(width, height)| (u64::from(*width) * u64::from(*height), *width))
}

/// The sizes it gives by themselves, the largest first; of a range its ends.
pub fn sizes(formats: &[Format]) -> Vec<(u32, u32)> {
    let mut sizes: Vec<_> = formats.iter().flat_map(|format| &format.sizes).map(Size::largest).collect();
    sizes.sort_unstable_by_key(|(width, height)| (u64::from(*width) * u64::from(*height), *width));
    sizes.dedup();
    sizes.reverse();
    sizes
}

/// Whether it gives this size by itself.
pub fn has_size(formats: &[Format], size: (u32, u32)) -> bool {
    formats.iter().flat_map(|format| &format.sizes).any(|offered| offered.has(size))
}

/// The size that serves this one best: itself, else the next larger, else the largest.
pub fn serving(formats: &[Format], (width, height): (u32, u32)) -> Option<(u32, u32)> {
    if has_size(formats, (width, height)) {
        return Some((width, height));
    }
    let sizes = sizes(formats);
    let larger = sizes.iter().rev().find(|(w, h)| *w >= width && *h >= height);
    larger.or(sizes.first()).copied()
}

/// The rates it reaches at this size in any format, the highest first; a range as its ends.
pub fn rates(formats: &[Format], size: (u32, u32)) -> Vec<f64> {
    let mut rates: Vec<f64> = Vec::new();
    for offered in formats.iter().flat_map(|format| &format.sizes).filter(|offered| offered.has(size)) {
        match offered.rates() {
            Rates::List(list) => rates.extend(list),
            Rates::Range { min, max } => rates.extend([*min, *max]),
        }
    }
    rates.sort_by(|a, b| b.total_cmp(a));
    rates.dedup();
    rates
}

/// A webcam with a raw and a compressed format, for tests.
#[cfg(debug_assertions)]
pub fn webcam() -> Vec<Format> {
    let format = |fourcc: &str, compressed, sizes: &[(u32, u32, &[f64])]| Format {
        fourcc: fourcc.into(),
        description: fourcc.into(),
        compressed,
        emulated: false,
        sizes: sizes
            .iter()
            .map(|(width, height, rates)| Size::Fixed {
                width: *width,
                height: *height,
                rates: Rates::List(rates.to_vec()),
            })
            .collect(),
    };
    vec![
        format("YUYV", false, &[(640, 480, &[30.0, 15.0]), (1280, 720, &[10.0])]),
        format("MJPG", true, &[(1280, 720, &[60.0, 30.0]), (1920, 1080, &[30.0])]),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_size_is_the_native_one() {
        assert_eq!(native(&webcam()), Some((1920, 1080)));
        assert_eq!(sizes(&webcam()), [(1920, 1080), (1280, 720), (640, 480)]);
        assert_eq!(rates(&webcam(), (1280, 720)), [60.0, 30.0, 10.0]);
        assert_eq!(native(&[]), None);
    }

    #[test]
    fn a_size_is_served_by_itself_else_by_the_next_larger_else_by_the_largest() {
        let serving = |size| serving(&webcam(), size);
        assert_eq!(serving((640, 480)), Some((640, 480)));
        assert_eq!(serving((800, 600)), Some((1280, 720)));
        assert_eq!(serving((3840, 2160)), Some((1920, 1080)));
    }

    #[test]
    fn a_range_has_what_lies_on_its_steps() {
        let range = Size::Range {
            min_width: 2,
            max_width: 4096,
            step_width: 2,
            min_height: 2,
            max_height: 3000,
            step_height: 2,
            rates: Rates::Range { min: 1.0, max: 30.0 },
        };
        assert!(range.has((640, 480)) && !range.has((641, 480)) && !range.has((640, 3002)) && !range.has((0, 480)));
        assert_eq!(range.rates().highest(), Some(30.0));
        assert_eq!(range.largest(), (4096, 3000));
    }
}
