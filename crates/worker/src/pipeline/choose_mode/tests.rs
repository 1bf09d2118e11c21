//! What is asked of cameras that offer this and that.

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
    let expected = Shortfall { size: (1280, 720), rate: 10.0, is_small: false, is_slow: true, fast: Some((640, 480)) };
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
    assert_eq!(chosen("audio/x-raw,rate=48000; video/x-bayer,format=grbg,width=640,height=480", 640, 480, 30), "none");
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
