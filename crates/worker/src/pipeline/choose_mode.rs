//! Which of a camera's formats to ask for.
//!
//! Every combination a camera offers gets a cost; the cheapest wins, and one that reaches the promised size and rate
//! always wins against one that does not. Too small or too slow cannot be made up for: a somewhat slower picture of the full
//! size is better than one blown up, a slide show is not. JPEG costs a decoder and blemishes; too large costs a little time
//! in scaling; a foreign pixel format next to nothing, for the conversion writes where the copy would. The result is fixed
//! down to the framerate: without one V4L2 drivers take what they like (measured: vivid takes 5 fps).

use glib::prelude::*;

use lenscap_core::mode::{FrameRate, Mode};
use lenscap_picture::format::VideoFormat;

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

/// Frames in a thousand seconds; 0 where that is no rate.
pub(crate) fn millihertz(rate: f64) -> u32 {
    FrameRate::new(rate).map_or(0, FrameRate::millihertz)
}

/// The rate in caps; `None` for one that varies, and for what is none.
pub(crate) fn frame_rate(fraction: gst::Fraction) -> Option<FrameRate> {
    FrameRate::of(u32::try_from(fraction.numer()).ok()?, u32::try_from(fraction.denom()).ok()?)
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

/// What a combination costs, compared in this order.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
struct Cost {
    /// For what is less than promised.
    shortfall: f64,
    /// For the work.
    work: f64,
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

/// How much too small a picture is: the part of its scale that is missing, 0 for none.
fn shortness(offered: (u32, u32), wanted: (u32, u32)) -> f64 {
    let across = f64::from(offered.0) / f64::from(wanted.0);
    let down = f64::from(offered.1) / f64::from(wanted.1);
    (1.0 - across.min(down)).max(0.0)
}

fn format_cost(name: &str, wanted: &VideoFormat) -> Option<f64> {
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

fn size_cost(offered: (u32, u32), wanted: (u32, u32)) -> f64 {
    let across = f64::from(offered.0) / f64::from(wanted.0);
    let down = f64::from(offered.1) / f64::from(wanted.1);
    let shape = (across / down).ln().abs();
    let pixels = (across * down).max(1.0).log2();
    0.7 * shape + 0.5 * pixels
}

fn rate_cost(offered: gst::Fraction, wanted: u32) -> f64 {
    frame_rate(offered).map_or(0.0, |rate| 0.1 * (rate.per_second() / f64::from(wanted)).max(1.0).log2())
}

/// A rate of 30000/1001 is what people call 30. One that is not known is given the benefit of the doubt.
fn is_enough(offered: gst::Fraction, wanted: u32) -> bool {
    frame_rate(offered).is_none_or(|_| as_f64(offered) >= 0.98 * f64::from(wanted))
}

/// Whether a camera of this rate may give more frames than promised, or that is not known.
pub(crate) fn exceeds(rate: gst::Fraction, promised: u32) -> bool {
    frame_rate(rate).is_none_or(|_| as_f64(rate) > f64::from(promised))
}

fn as_f64(fraction: gst::Fraction) -> f64 {
    f64::from(fraction.numer()) / f64::from(fraction.denom().max(1))
}

/// One side of the picture: the wanted one, else the next larger, else the largest.
fn side(offered: &glib::SendValue, wanted: u32, native: bool) -> Option<u32> {
    let mut sides = Vec::new();
    each(offered, &mut |value| {
        if let Ok(fixed) = value.get::<i32>() {
            sides.extend(u32::try_from(fixed));
        } else if let Ok(range) = value.get::<gst::IntRange<i32>>() {
            let (least, most) = (u32::try_from(range.min()).unwrap_or(1), u32::try_from(range.max()).unwrap_or(0));
            let step = u32::try_from(range.step()).unwrap_or(1).max(1);
            let inside = wanted.clamp(least, most.max(least));
            sides.push(least + (inside - least).div_ceil(step) * step);
            sides.push(most);
        }
    });
    let most = sides.iter().copied().max()?;
    if native && wanted < most / 2 {
        return Some(most);
    }
    Some(sides.into_iter().filter(|side| *side >= wanted).min().unwrap_or(most))
}

/// The rate: the wanted one, else the next higher, else the highest.
fn rate(offered: &glib::SendValue, wanted: u32) -> Option<gst::Fraction> {
    let exact = gst::Fraction::new(wanted.cast_signed(), 1);
    let mut rates = Vec::new();
    each(offered, &mut |value| {
        if let Ok(fixed) = value.get::<gst::Fraction>() {
            rates.push(fixed);
        } else if let Ok(range) = value.get::<gst::FractionRange>() {
            rates.push(exact.clamp(range.min(), range.max().max(range.min())));
        }
    });
    let by_size = |a: &gst::Fraction, b: &gst::Fraction| as_f64(*a).total_cmp(&as_f64(*b));
    let (known, unknown): (Vec<_>, Vec<_>) = rates.into_iter().partition(|rate| frame_rate(*rate).is_some());
    let enough = known.iter().copied().filter(|rate| is_enough(*rate, wanted)).min_by(by_size);
    enough.or_else(|| known.into_iter().max_by(by_size)).or_else(|| unknown.into_iter().min_by(by_size))
}

fn strings(offered: &glib::SendValue) -> Vec<String> {
    let mut found = Vec::new();
    each(offered, &mut |value| found.extend(value.get::<String>()));
    found
}

/// Calls `look` with the value, or with each of a list.
fn each(offered: &glib::SendValue, look: &mut dyn FnMut(&glib::Value)) {
    match offered.get::<gst::List>() {
        Ok(list) => list.iter().for_each(|value| look(value)),
        Err(_) => look(offered),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenscap_picture::format::PixelFormat;

    #[test]
    fn only_a_camera_that_may_give_more_than_promised_exceeds() {
        let exceeds = |numer, denom| exceeds(gst::Fraction::new(numer, denom), 30);
        assert!(exceeds(0, 1) && exceeds(60, 1) && exceeds(31, 1));
        assert!(!exceeds(30, 1) && !exceeds(30_000, 1001) && !exceeds(15, 1));
    }

    fn chosen(offered: &str, width: u32, height: u32, framerate: u32) -> String {
        chosen_with(offered, width, height, framerate, false, true)
    }

    fn chosen_with(offered: &str, width: u32, height: u32, framerate: u32, native: bool, jpeg: bool) -> String {
        gst::init().unwrap();
        let format = VideoFormat::new(PixelFormat::Yuy2, width, height, framerate).unwrap();
        let offered: gst::Caps = offered.parse().unwrap();
        let Some(choice) = choose(&offered, &format, native, jpeg, &[]) else { return "none".into() };
        let structure = choice.caps.structure(0).unwrap();
        assert_eq!(choice.is_jpeg, structure.name() == "image/jpeg");
        format!(
            "{} {}x{}@{}",
            structure.get::<String>("format").unwrap_or_else(|_| "jpeg".into()),
            structure.get::<i32>("width").unwrap(),
            structure.get::<i32>("height").unwrap(),
            structure.get::<gst::Fraction>("framerate").unwrap()
        )
    }

    const WEBCAM: &str = "video/x-raw,format=YUY2,width=640,height=480,framerate={30/1,15/1}; \
        video/x-raw,format=YUY2,width=1280,height=720,framerate=10/1; \
        image/jpeg,width=1280,height=720,framerate={60/1,30/1}; image/jpeg,width=1920,height=1080,framerate=30/1";

    #[test]
    fn raw_of_the_promised_size_and_rate_comes_first() {
        assert_eq!(chosen(WEBCAM, 640, 480, 30), "YUY2 640x480@30");
        assert_eq!(chosen(WEBCAM, 640, 480, 15), "YUY2 640x480@15");
        assert_eq!(chosen(WEBCAM, 320, 240, 30), "YUY2 640x480@30");
        assert_eq!(chosen(WEBCAM, 1280, 720, 10), "YUY2 1280x720@10");
    }

    #[test]
    fn jpeg_beats_blowing_up_and_slow_motion() {
        assert_eq!(chosen(WEBCAM, 1280, 720, 30), "jpeg 1280x720@30");
        assert_eq!(chosen(WEBCAM, 1920, 1080, 30), "jpeg 1920x1080@30");
        // Without a decoder: a third of the frames, which is reported, before a picture blown up.
        assert_eq!(chosen_with(WEBCAM, 1280, 720, 30, false, false), "YUY2 1280x720@10");
    }

    fn shortfall(offered: &str, width: u32, height: u32, framerate: u32, jpeg: bool) -> Option<Shortfall> {
        gst::init().unwrap();
        let format = VideoFormat::new(PixelFormat::Yuy2, width, height, framerate).unwrap();
        choose(&offered.parse::<gst::Caps>().unwrap(), &format, false, jpeg, &[]).unwrap().shortfall
    }

    #[test]
    fn what_reaches_size_and_rate_wins_and_the_rest_says_what_it_lacks() {
        // Nearly is not enough: the decoder is worth it.
        let nearly = "video/x-raw,format=YUY2,width=1280,height=720,framerate=25/1; \
                      image/jpeg,width=1280,height=720,framerate=30/1";
        assert_eq!(chosen(nearly, 1280, 720, 30), "jpeg 1280x720@30");
        assert_eq!(shortfall(nearly, 1280, 720, 30, true), None);
        assert_eq!(chosen(nearly, 1280, 720, 25), "YUY2 1280x720@25");
        let slow = shortfall(WEBCAM, 1280, 720, 30, false).unwrap();
        let expected =
            Shortfall { size: (1280, 720), rate: 10.0, is_small: false, is_slow: true, fast: Some((640, 480)) };
        assert_eq!(slow, expected);
        let small = shortfall(WEBCAM, 3840, 2160, 30, true).unwrap();
        assert_eq!((small.size, small.is_small, small.is_slow), ((1920, 1080), true, false));
        assert_eq!(shortfall(WEBCAM, 640, 480, 60, false).unwrap().fast, None);
    }

    /// vivid's webcam input, as v4l2src lists it.
    const VIVID: &str = "video/x-raw,format={YUY2,NV12,RGB},width=320,height=180,framerate=[1/1,60/1]; \
        video/x-raw,format={YUY2,NV12,RGB},width=640,height=360,framerate=[1/1,40/1]; \
        video/x-raw,format={YUY2,NV12,RGB},width=640,height=480,framerate=[1/1,25/1]; \
        video/x-raw,format={YUY2,NV12,RGB},width=1280,height=720,framerate=[1/1,25/2]; \
        video/x-raw,format={YUY2,NV12,RGB},width=1920,height=1080,framerate=[1/1,5/1]";

    #[test]
    fn slow_pictures_of_the_full_size_come_before_blown_up_ones_and_slide_shows_do_not() {
        assert_eq!(chosen(VIVID, 640, 480, 25), "YUY2 640x480@25");
        assert_eq!(chosen(VIVID, 640, 480, 30), "YUY2 640x480@25");
        assert_eq!(chosen(VIVID, 1280, 720, 30), "YUY2 1280x720@25/2");
        assert_eq!(chosen(VIVID, 1920, 1080, 30), "YUY2 640x360@30");
        assert_eq!(shortfall(VIVID, 1920, 1080, 30, true).unwrap().fast, Some((640, 360)));
    }

    #[test]
    fn what_a_camera_leaves_out_is_wished_for_and_not_left_to_gstreamer() {
        gst::init().unwrap();
        let format = VideoFormat::new(PixelFormat::Yuy2, 320, 240, 30).unwrap();
        let choose = |offered: &str| choose(&offered.parse::<gst::Caps>().unwrap(), &format, false, true, &[]).unwrap();
        let choice = choose("video/x-raw,format=YUY2,width=640,height=360");
        let wished = "video/x-raw,format=YUY2,width=640,height=360,pixel-aspect-ratio=1/1,framerate=30/1,\
             interlace-mode=progressive; video/x-raw,format=YUY2,width=640,height=360";
        assert_eq!(choice.caps, wished.parse::<gst::Caps>().unwrap());
        assert_eq!(choice.mode().millihertz, 0, "a wish is no mode");
        let named = "image/jpeg,width=640,height=360,pixel-aspect-ratio={2/1,1/1},framerate=25/1";
        let fixed = "image/jpeg,width=640,height=360,pixel-aspect-ratio=1/1,framerate=25/1";
        assert_eq!(choose(named).caps, fixed.parse::<gst::Caps>().unwrap());
        let interlaced = "video/x-raw,format=YUY2,width=640,height=360,interlace-mode={interleaved,progressive}";
        assert!(choose(interlaced).caps.iter().all(|it| it.get::<&str>("interlace-mode") == Ok("progressive")));
    }

    #[test]
    fn stepwise_sizes_are_met_or_passed_by_one_step() {
        let caps = "video/x-raw,format=YUY2,width=[16,1920,16],height=[16,1080,8],framerate=[1/1,30/1]";
        assert_eq!(chosen(caps, 1280, 720, 30), "YUY2 1280x720@30");
        assert_eq!(chosen(caps, 1366, 768, 30), "YUY2 1376x768@30");
        let shortfall = shortfall(caps, 2560, 1440, 30, true).unwrap();
        assert!(shortfall.is_small && !shortfall.is_slow && shortfall.size == (1920, 1080), "{shortfall:?}");
    }

    proptest::proptest! {
        #[test]
        fn a_choice_lies_within_what_is_offered(
            sizes in proptest::collection::vec((1_i32..4000, 1_i32..3000, 1_i32..121, 1_i32..3, proptest::bool::ANY), 1..8),
            wanted in (1_u32..1000, 1_u32..1000, 1_u32..121),
        ) {
            gst::init().unwrap();
            let mut offered = gst::Caps::new_empty();
            for (width, height, numer, denom, is_jpeg) in sizes {
                let builder = match is_jpeg {
                    true => gst::Structure::builder("image/jpeg"),
                    false => gst::Structure::builder("video/x-raw").field("format", "YUY2"),
                };
                let rate = gst::Fraction::new(numer, denom);
                offered.get_mut().unwrap().append_structure(
                    builder.field("width", width).field("height", height).field("framerate", rate).build(),
                );
            }
            let format = VideoFormat::new(PixelFormat::Yuy2, wanted.0 * 2, wanted.1 * 2, wanted.2).unwrap();
            let choice = choose(&offered, &format, false, true, &[]).unwrap();
            let asked = choice.caps.iter().last().unwrap();
            let asked = gst::Caps::builder_full().structure(asked.to_owned()).build();
            proptest::prop_assert!(asked.is_fixed() && asked.is_subset(&offered));
            proptest::prop_assert!(choice.caps.iter().all(|it| it.get::<i32>("width") == asked.structure(0).unwrap().get("width")));
            // It reaches what was asked for, or nothing does.
            let reaches = |structure: &gst::StructureRef| {
                let side = |name| structure.get::<i32>(name).unwrap().cast_unsigned();
                shortness((side("width"), side("height")), (format.width, format.height)) == 0.0
                    && is_enough(structure.get("framerate").unwrap(), format.framerate)
            };
            proptest::prop_assert_eq!(choice.caps.iter().all(reaches), offered.iter().any(reaches));
            proptest::prop_assert!(choice.shortfall.is_none() || !offered.iter().any(reaches));
        }
    }

    #[test]
    fn what_was_refused_gives_way_to_what_asks_less_of_the_bus() {
        gst::init().unwrap();
        let offered: gst::Caps = format!(
            "{WEBCAM}; video/x-raw,format=YUY2,width=1280,height=720,framerate=30/1; \
            video/x-raw,format=NV12,width=1920,height=1080,framerate=30/1"
        )
        .parse()
        .unwrap();
        let format = VideoFormat::new(PixelFormat::Yuy2, 1280, 720, 30).unwrap();
        let mut refused = Vec::new();
        let mut order = Vec::new();
        for _ in 0..6 {
            let choice = choose(&offered, &format, false, true, &refused).unwrap();
            order.push(choice.mode().to_string());
            refused.push(choice.mode());
        }
        // JPEG of the same size, then what is less. What is left asks for as many pixels a second: the best of it.
        let less = ["YUY2 1280x720@30", "MJPG 1280x720@30", "YUY2 1280x720@10"];
        assert_eq!(order[..3], less);
        assert_eq!(order[3..], ["NV12 1920x1080@30", "MJPG 1920x1080@30", "YUY2 640x480@30"]);
        refused.clear();
        refused.push(Mode { format: "YUY2".into(), width: 640, height: 480, millihertz: 30_000, ..Mode::default() });
        let only: gst::Caps = "video/x-raw,format=YUY2,width=640,height=480,framerate=30/1".parse().unwrap();
        let choice = choose(&only, &format, false, true, &refused).unwrap();
        assert_eq!(choice.mode(), refused[0], "a camera with one mode has no other");
    }

    #[test]
    fn the_rate_is_exact_else_the_next_higher_else_the_highest() {
        let caps = "video/x-raw,format=YUY2,width=640,height=480,framerate={5/1,30000/1001,50/1,60/1}";
        assert_eq!(chosen(caps, 640, 480, 30), "YUY2 640x480@30000/1001");
        assert_eq!(chosen(caps, 640, 480, 40), "YUY2 640x480@50");
        assert_eq!(chosen(caps, 640, 480, 90), "YUY2 640x480@60");
        let range = "video/x-raw,format=YUY2,width=640,height=480,framerate=[1/1,25/1]";
        assert_eq!(chosen(range, 640, 480, 30), "YUY2 640x480@25");
        assert_eq!(chosen(range, 640, 480, 12), "YUY2 640x480@12");
    }

    #[test]
    fn a_rate_that_is_none_is_not_known_and_never_wins() {
        // uvcvideo makes 100 ns of an interval of 0.
        let strange = "video/x-raw,format=YUY2,width=640,height=480,framerate=10000000/1";
        assert_eq!(shortfall(strange, 640, 480, 30, true), None);
        let caps: gst::Caps = strange.parse().unwrap();
        assert_eq!(mode(caps.structure(0).unwrap()).to_string(), "YUY2 640x480");
        assert!(exceeds(gst::Fraction::new(10_000_000, 1), 30));
        let list = "video/x-raw,format=YUY2,width=640,height=480,framerate={10000000/1,15/1,30/1,0/1}";
        assert_eq!(chosen(list, 640, 480, 30), "YUY2 640x480@30");
        assert_eq!(chosen(list, 640, 480, 60), "YUY2 640x480@30");
    }

    #[test]
    fn ranges_give_the_promised_size_and_lists_the_promised_format() {
        let caps = "video/x-raw,format={NV12,YUY2},width=[2,4096,2],height=[2,4096,2],framerate=[0/1,120/1]";
        assert_eq!(chosen(caps, 1280, 720, 30), "YUY2 1280x720@30");
        let colour = "video/x-raw,format={GRAY8,NV12,RGB},width=640,height=480,framerate=30/1";
        assert_eq!(chosen(colour, 640, 480, 30), "NV12 640x480@30");
    }

    #[test]
    fn sensors_are_not_asked_for_less_than_half() {
        let caps = "video/x-raw,format=NV12,width=[32,1928],height=[32,1092],framerate=30/1";
        assert_eq!(chosen_with(caps, 640, 480, 30, true, true), "NV12 1928x1092@30");
        assert_eq!(chosen_with(caps, 1280, 720, 30, true, true), "NV12 1280x720@30");
    }

    #[test]
    fn pixels_are_square_where_there_is_a_choice() {
        gst::init().unwrap();
        let format = VideoFormat::new(PixelFormat::Yuy2, 640, 480, 30).unwrap();
        let shape = |text: &str| {
            let offered: gst::Caps = format!("video/x-raw,format=YUY2,width=640,height=480{text}").parse().unwrap();
            let caps = choose(&offered, &format, false, true, &[]).unwrap().caps;
            caps.structure(0).unwrap().get::<gst::Fraction>("pixel-aspect-ratio").ok()
        };
        assert_eq!(shape(",pixel-aspect-ratio=[1/2147483647,2147483647/1]"), Some(gst::Fraction::new(1, 1)));
        assert_eq!(shape(",pixel-aspect-ratio=12/11"), Some(gst::Fraction::new(12, 11)));
        assert_eq!(shape(""), Some(gst::Fraction::new(1, 1)), "wished for");
    }

    #[test]
    fn what_is_no_video_in_memory_is_not_chosen() {
        assert_eq!(
            chosen("audio/x-raw,rate=48000; video/x-bayer,format=grbg,width=640,height=480", 640, 480, 30),
            "none"
        );
        let gpu = "video/x-raw(memory:DMABuf),format=DMA_DRM,width=640,height=480,framerate=30/1";
        assert_eq!(chosen(gpu, 640, 480, 30), "none");
    }

    #[test]
    fn media_are_told_apart() {
        gst::init().unwrap();
        let of = |text: &str| media(&text.parse::<gst::Caps>().unwrap());
        assert_eq!(of("ANY"), Media::Any);
        assert_eq!(of("image/jpeg; video/x-raw,format=RGB"), Media::Raw);
        assert_eq!(of("image/jpeg"), Media::Jpeg);
        assert_eq!(of("audio/x-raw,rate=8000"), Media::Other("audio/x-raw".into()));
    }
}
