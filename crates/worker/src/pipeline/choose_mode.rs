//! Which of a camera's formats to ask for.
//!
//! Every combination a camera offers gets a cost; the cheapest wins, and one that reaches the promised size and rate
//! always wins against one that does not. Too small or too slow cannot be made up for: a somewhat slower picture of the full
//! size is better than one blown up, a slide show is not. JPEG costs a decoder and blemishes; too large costs a little time
//! in scaling; a foreign pixel format next to nothing, for the conversion writes where the copy would. The result is fixed
//! down to the framerate: without one V4L2 drivers take what they like (measured: vivid takes 5 fps).

mod cost;
mod offered;
mod rates;

use glib::prelude::*;

use lenscap_core::mode::{FrameRate, Mode};
use lenscap_picture::format::VideoFormat;

use cost::{Cost, format_cost, rate_cost, shortness, size_cost};
use offered::{rate, side, strings};
use rates::{as_f64, is_enough};
pub(crate) use rates::{exceeds, frame_rate, millihertz};

/// What to ask for.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    /// Fixed in size, and in rate where the camera lists rates; what it leaves out as a wish in front.
    pub(crate) caps: gst::Caps,
    /// Whether it has to be decoded.
    pub(crate) is_jpeg: bool,
    /// What is less than promised.
    pub(crate) shortfall: Option<Shortfall>,
}

impl Choice {
    /// What the camera is asked for.
    pub(crate) fn mode(&self) -> Mode {
        // Behind the wishes.
        self.caps.iter().last().map(mode).unwrap_or_default()
    }
}

/// What fixed caps say of a mode.
pub(crate) fn mode(given: &gst::StructureRef) -> Mode {
    let side = |name: &str| given.get::<i32>(name).ok().and_then(|side| side.try_into().ok()).unwrap_or(0);
    Mode {
        format: match given.name().as_str() {
            "image/jpeg" => Mode::JPEG.into(),
            name => given.get::<String>("format").unwrap_or_else(|_| name.to_owned()),
        },
        width: side("width"),
        height: side("height"),
        millihertz: given.get::<gst::Fraction>("framerate").ok().and_then(frame_rate).map_or(0, FrameRate::millihertz),
        ..Mode::default()
    }
}

/// What a camera gives less of than was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shortfall {
    /// Its size, as the camera gives it.
    pub(crate) size: (u32, u32),
    /// Its rate.
    pub(crate) rate: f64,
    /// Whether the size is less.
    pub(crate) is_small: bool,
    /// Whether the rate is less.
    pub(crate) is_slow: bool,
    /// The largest size that reaches the rate.
    pub(crate) fast: Option<(u32, u32)>,
}

const PIXEL_SHAPE: &str = "pixel-aspect-ratio";
const INTERLACING: &str = "interlace-mode";
const PROGRESSIVE: &str = "progressive";

/// What is asked for, and in front of it the same with everything named that it leaves out: where a source says nothing of a
/// field, what follows it does, with a range, of which GStreamer would take the least (seen with vivid at 640x360: pixels of
/// 1/2147483647, a picture stretched to the frame). A source that cannot take the wishes is asked without them.
pub(crate) fn with_wishes(asked: &gst::CapsRef, framerate: u32) -> gst::Caps {
    let wished = asked.iter().map(|asked| {
        let mut wished = asked.to_owned();
        let mut wish = |name: &str, value: glib::SendValue| {
            if !wished.has_field(name) {
                wished.set_value(name, value);
            }
        };
        wish(PIXEL_SHAPE, gst::Fraction::new(1, 1).to_send_value());
        wish("framerate", gst::Fraction::new(framerate.cast_signed(), 1).to_send_value());
        if asked.name() == "video/x-raw" {
            wish(INTERLACING, PROGRESSIVE.to_send_value());
        }
        wished
    });
    let is_more = |wished: &gst::Structure| !asked.iter().any(|asked| *asked == **wished);
    let wished = wished.filter(is_more).chain(asked.iter().map(gst::StructureRef::to_owned));
    wished.fold(gst::Caps::builder_full(), gst::caps::BuilderFull::structure).build()
}

/// What a pad gives, roughly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Media {
    /// Anything: it says so when it runs.
    Any,
    /// Raw video.
    Raw,
    /// JPEG pictures and no raw video.
    Jpeg,
    /// Something else; its name.
    Other(String),
}

/// What these caps are about.
pub(crate) fn media(caps: &gst::CapsRef) -> Media {
    if caps.is_any() {
        return Media::Any;
    }
    let names: Vec<&str> = caps.iter().map(|structure| structure.name().as_str()).collect();
    if names.contains(&"video/x-raw") {
        Media::Raw
    } else if names.contains(&"image/jpeg") {
        Media::Jpeg
    } else {
        Media::Other(names.first().copied().unwrap_or("nothing").to_owned())
    }
}

/// The best of what is offered; `None` when nothing of it is video we can take. With `native` a size below half of the
/// sensor's is not asked for: some sensors behind libcamera abort then. What was `refused`, and what asks as much of the
/// bus, is taken only where there is nothing else.
pub(crate) fn choose(
    offered: &gst::CapsRef,
    format: &VideoFormat,
    native: bool,
    jpeg: bool,
    refused: &[Mode],
) -> Option<Choice> {
    let best = |is_welcome: &dyn Fn(&Mode) -> bool| best(offered, format, native, jpeg, is_welcome);
    best(&|mode| !refused.iter().any(|refused| mode.asks_as_much_as(refused)))
        .or_else(|| best(&|mode| !refused.contains(mode)))
        .or_else(|| best(&|_| true))
}

fn best(
    offered: &gst::CapsRef,
    format: &VideoFormat,
    native: bool,
    jpeg: bool,
    is_welcome: &dyn Fn(&Mode) -> bool,
) -> Option<Choice> {
    let mut best: Option<(Cost, Choice)> = None;
    let mut fast: Option<(u32, u32)> = None;
    for (structure, features) in offered.iter_with_features() {
        let is_jpeg = structure.name() == "image/jpeg";
        let is_raw = structure.name() == "video/x-raw";
        let in_memory = features.is_empty() || features.contains(gst::CAPS_FEATURE_MEMORY_SYSTEM_MEMORY);
        if !in_memory || !(is_raw || (is_jpeg && jpeg)) {
            continue;
        }
        let Some((cost, shortfall, structure)) = cheapest(structure, format, native, is_jpeg) else { continue };
        if !is_welcome(&mode(&structure)) {
            continue;
        }
        if !shortfall.is_slow && fast.is_none_or(|(width, height)| shortfall.size.0 * shortfall.size.1 > width * height)
        {
            fast = Some(shortfall.size);
        }
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            let asked = gst::Caps::builder_full().structure(structure).build();
            let caps = with_wishes(&asked, format.framerate);
            best = Some((
                cost,
                Choice { caps, is_jpeg, shortfall: (shortfall.is_small || shortfall.is_slow).then_some(shortfall) },
            ));
        }
    }
    best.map(|(_, choice)| Choice {
        shortfall: choice.shortfall.map(|shortfall| Shortfall { fast, ..shortfall }),
        ..choice
    })
}

fn cheapest(
    structure: &gst::StructureRef,
    format: &VideoFormat,
    native: bool,
    is_jpeg: bool,
) -> Option<(Cost, Shortfall, gst::Structure)> {
    let mut fixed = structure.to_owned();
    let mut cost = Cost { shortfall: 0.0, work: if is_jpeg { 3.0 } else { 0.0 } };
    let wanted = (format.width, format.height);
    let mut shortfall =
        Shortfall { size: wanted, rate: f64::from(format.framerate), is_small: false, is_slow: false, fast: None };
    if !is_jpeg {
        let (format_cost, name) = strings(structure.value("format").ok()?)
            .into_iter()
            .filter_map(|name| Some((format_cost(&name, format)?, name)))
            .min_by(|(a, _), (b, _)| a.total_cmp(b))?;
        fixed.set("format", name);
        cost.work += format_cost;
    }
    if let (Ok(width), Ok(height)) = (structure.value("width"), structure.value("height")) {
        let width = side(width, format.width, native)?;
        let height = side(height, format.height, native)?;
        fixed.set("width", width.cast_signed());
        fixed.set("height", height.cast_signed());
        let short = shortness((width, height), wanted);
        shortfall.size = (width, height);
        // A picture of another shape with borders is no less of one.
        shortfall.is_small = width < wanted.0 && height < wanted.1;
        cost.shortfall += 10.0 * short;
        cost.work += size_cost((width, height), wanted);
    }
    if let Ok(rates) = structure.value("framerate") {
        let rate = rate(rates, format.framerate)?;
        fixed.set("framerate", rate);
        shortfall.is_slow = !is_enough(rate, format.framerate);
        let missing = if shortfall.is_slow { 1.0 - as_f64(rate) / f64::from(format.framerate) } else { 0.0 };
        shortfall.rate = frame_rate(rate).map_or(0.0, FrameRate::per_second);
        // A third of the rate at the full size beats half the size, a sixth does not.
        cost.shortfall += 11.0 * missing * missing;
        cost.work += rate_cost(rate, format.framerate);
    }
    // V4L2 cameras offer every shape of pixel; left open, GStreamer takes the first: a picture without width.
    if fixed.has_field(PIXEL_SHAPE) {
        fixed.fixate_field_nearest_fraction(PIXEL_SHAPE, gst::Fraction::new(1, 1));
    }
    if fixed.has_field(INTERLACING) {
        fixed.fixate_field_str(INTERLACING, PROGRESSIVE);
    }
    if cost.shortfall > 0.0 {
        // Nothing reaches the promise: decoding is then worth a better picture, not the least bit of one.
        cost = Cost { shortfall: cost.shortfall + cost.work, work: 0.0 };
    }
    Some((cost, shortfall, fixed))
}

#[cfg(test)]
mod tests;
