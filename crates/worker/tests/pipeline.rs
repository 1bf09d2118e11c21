//! The real worker with real GStreamer pipelines and no camera. A test whose elements are not installed says so.

use std::os::fd::{AsFd, AsRawFd};

use lenscap_core::controls::{Origin, Saved, Value};
use lenscap_core::event::Step;
use lenscap_core::source::{Framing, Orientation, Rotation};
use lenscap_core::trouble::{Trouble, TroubleKind};
use lenscap_picture::format::PixelFormat::{I420, Nv12, Yuy2};
use lenscap_picture::format::VideoFormat;
use lenscap_wire::channel::Channel;
use lenscap_worker_rig::{LIMIT, Rig, format, worker};

/// Whether every element is installed; says which one is not.
fn has(test: &str, elements: &[&str]) -> bool {
    gst::init().unwrap();
    match elements.iter().find(|name| gst::ElementFactory::find(name).is_none()) {
        Some(missing) => {
            eprintln!("SKIPPED {test}: the element {missing} is not installed");
            false
        }
        None => true,
    }
}

fn rig(source: &str, format: VideoFormat) -> Rig {
    Rig::spawn(&worker(), source, format, &[])
}

#[test]
fn the_test_source_fills_the_slots_in_rotation_without_copies() {
    if !has("the_test_source_fills_the_slots", &["videotestsrc", "videoconvertscale"]) {
        return;
    }
    for format in [format(Yuy2, 640, 480, 30), format(Nv12, 322, 242, 60), format(I420, 1280, 720, 30)] {
        let mut rig = rig("test", format);
        rig.keep = true;
        rig.rotation = (2, 4);
        rig.until("warm", |rig| rig.warm);
        assert!(rig.started.is_none(), "the camera was touched before the start");
        rig.run(20);
        assert_eq!(rig.step, Some(Step::Streaming), "every step of the start is told");
        let slots: Vec<u32> = rig.frames.iter().map(|frame| frame.slot).collect();
        let expected: Vec<u32> = (2..).map(|i| i % 4).take(slots.len()).collect();
        assert_eq!(slots, expected, "{format}");
        assert!(rig.frames.is_sorted_by_key(|frame| frame.timestamp), "{format}");
        assert!(rig.frames.windows(2).any(|pair| pair[0].picture != pair[1].picture), "{format}: it does not move");
        assert!(rig.frames.iter().all(|frame| frame.picture.iter().any(|byte| *byte > 100)), "{format}: no picture");
        let (camera, caps) = rig.started.clone().unwrap();
        assert_eq!(camera, "Test picture");
        assert!(caps.contains(&format!("width=(int){}", format.width)), "{caps}");
        let stats = rig.stop();
        // The first frame is made before the gate is open.
        assert!(stats.copies <= 2, "{format}: {stats:?}");
        assert!(stats.frames >= 20, "{format}: {stats:?}");
    }
}

/// Luma of a pixel of a YUY2 picture.
fn luma(picture: &[u8], format: &VideoFormat, x: u32, y: u32) -> u8 {
    picture[(y * format.bytes_per_line() + x * 2) as usize]
}

/// A white picture of this size in RGB, paced by the clock like a camera.
fn white(width: u32, height: u32) -> String {
    format!(
        "pipeline:videotestsrc is-live=true pattern=white ! \
         video/x-raw,format=RGB,width={width},height={height},framerate=30/1"
    )
}

#[test]
fn a_conversion_writes_into_the_slots_and_copies_nothing() {
    if !has("a_conversion_writes_into_the_slots", &["videotestsrc", "videoconvertscale"]) {
        return;
    }
    let format = format(Yuy2, 640, 480, 30);
    let mut rig = rig(&white(320, 240), format);
    rig.keep = true;
    rig.run(20);
    let picture = &rig.frames[10].picture;
    for (x, y) in [(0, 0), (639, 0), (0, 479), (639, 479), (320, 240)] {
        assert!(luma(picture, &format, x, y) > 225, "({x}, {y}) is not white");
    }
    let slots: Vec<u32> = rig.frames.iter().map(|frame| frame.slot).collect();
    assert!(slots.windows(2).all(|pair| pair[1] == (pair[0] + 1) % 4), "{slots:?}");
    let stats = rig.stop();
    // The first frame was converted before the gate was open.
    assert!(stats.copies <= 1, "{stats:?}");
}

#[test]
fn pictures_of_another_shape_get_borders_and_are_not_stretched() {
    if !has("pictures_of_another_shape_get_borders", &["videotestsrc", "videoconvertscale"]) {
        return;
    }
    let format = format(Yuy2, 640, 480, 30);
    // 2:1 in 4:3: 640x320 between two bars of 80 rows. 1:1: 480x480 between two bars of 80 columns.
    for (source, black, lit) in [
        (white(320, 160), [(320, 40), (320, 439)], [(2, 240), (637, 240), (320, 84), (320, 395)]),
        (white(200, 200), [(40, 240), (599, 240)], [(84, 240), (555, 240), (320, 2), (320, 477)]),
    ] {
        let mut rig = rig(&source, format);
        rig.keep = true;
        rig.run(5);
        let picture = &rig.frames[4].picture;
        for (x, y) in black {
            assert_eq!(luma(picture, &format, x, y), 16, "{source}: ({x}, {y}) is not black");
            let chroma = (y * format.bytes_per_line() + x / 2 * 4 + 1) as usize;
            assert_eq!([picture[chroma], picture[chroma + 2]], [128, 128], "{source}: ({x}, {y}) is not grey");
        }
        for (x, y) in lit {
            assert!(luma(picture, &format, x, y) > 225, "{source}: ({x}, {y}) is not white");
        }
        rig.stop();
    }
}

#[test]
fn a_source_that_says_nothing_of_its_pixels_has_square_ones() {
    if !has("a_source_that_says_nothing_of_its_pixels", &["multifilesrc", "videoconvertscale"]) {
        return;
    }
    // 16:9 in 4:3: 320x180 between two bars of 30 rows.
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), vec![235; 640 * 360 * 2]).unwrap();
    let path = file.path().display();
    let format = format(Yuy2, 320, 240, 30);
    let caps = "video/x-raw,format=(string)YUY2,width=(int)640,height=(int)360";
    let mut rig = rig(&format!("pipeline:multifilesrc location={path} loop=true caps=\"{caps}\""), format);
    rig.keep = true;
    rig.run(2);
    let (_, given) = rig.started.clone().unwrap();
    assert!(!given.contains("2147483647"), "{given}");
    let picture = &rig.frames[1].picture;
    assert_eq!([10, 229].map(|y| luma(picture, &format, 160, y)), [16, 16], "stretched: {given}");
    assert!([34, 120, 205].iter().all(|y| luma(picture, &format, 160, *y) > 200), "{given}");
    rig.stop();
}

#[test]
fn pictures_are_turned_and_then_mirrored() {
    if !has("pictures_are_turned_and_then_mirrored", &["videotestsrc", "videobox", "videoflip"]) {
        return;
    }
    let format = format(Yuy2, 64, 64, 30);
    // White in the upper left quarter, black elsewhere.
    let source = format!("{} ! videobox right=-32 bottom=-32", white(32, 32));
    let corners = [(8, 8), (56, 8), (56, 56), (8, 56)];
    for (quarters, rotation) in Rotation::ALL.into_iter().enumerate() {
        for mirror in [false, true] {
            let orientation = Orientation { rotation, mirror, ..Orientation::default() };
            let mut rig = Rig::try_spawn_laid(&worker(), &source, format, orientation, &[]).unwrap();
            rig.keep = true;
            rig.run(3);
            let picture = &rig.frames[2].picture;
            // Clockwise from the upper left; the mirror exchanges left and right.
            let (turned_x, y) = corners[quarters];
            let lit = (if mirror { 64 - turned_x } else { turned_x }, y);
            for (x, y) in corners {
                let is_white = luma(picture, &format, x, y) > 128;
                assert_eq!(is_white, (x, y) == lit, "{orientation:?}: ({x}, {y})");
            }
            rig.stop();
        }
    }
}

/// Dark at the left and at the top, lighter to the right and downwards: 128 columns and rows in steps of 4 and 64.
const STEPS: &str = "pipeline:videotestsrc is-live=true pattern=white ! \
     video/x-raw,format=I420,width=64,height=64,framerate=30/1 ! videobox right=-64 bottom=-64";

/// Whether the four corners and the middle are lit, clockwise from the upper left.
fn lit(picture: &[u8], format: &VideoFormat) -> [bool; 5] {
    let (right, bottom) = (format.width - 9, format.height - 9);
    [(8, 8), (right, 8), (right, bottom), (8, bottom), (format.width / 2 - 8, format.height / 2 - 8)]
        .map(|(x, y)| luma(picture, format, x, y) > 128)
}

#[test]
fn the_part_that_is_looked_at_is_shown() {
    if !has("the_part_that_is_looked_at", &["videotestsrc", "videobox", "videoflip", "videoconvertscale"]) {
        return;
    }
    // Lit is the upper left quarter.
    for promised in [format(Yuy2, 128, 128, 30), format(Yuy2, 256, 256, 30), format(Yuy2, 64, 64, 30)] {
        for (zoom, pan_x, pan_y, rotation, mirror, expected) in [
            (200, 0, 0, Rotation::None, false, [true, false, false, false, true]),
            (200, -100, -100, Rotation::None, false, [true; 5]),
            (200, 100, -100, Rotation::None, false, [false; 5]),
            (400, -20, -20, Rotation::None, false, [true, false, false, false, true]),
            // Turned and mirrored it is where people look for it.
            (200, 100, -100, Rotation::Quarter, false, [true; 5]),
            (200, 100, -100, Rotation::None, true, [true; 5]),
            (200, 100, 100, Rotation::Half, false, [true; 5]),
            (200, -100, -100, Rotation::Quarter, true, [true; 5]),
            (200, -100, 100, Rotation::ThreeQuarters, false, [true; 5]),
        ] {
            let framing = Framing { zoom, pan_x, pan_y };
            let orientation = Orientation { rotation, mirror, framing };
            let mut rig = Rig::try_spawn_laid(&worker(), STEPS, promised, orientation, &[]).unwrap();
            rig.keep = true;
            rig.run(3);
            let seen = lit(&rig.frames[2].picture, &promised);
            let corners = if expected[0] == expected[1] { 5 } else { 4 };
            assert_eq!(seen[..corners], expected[..corners], "{promised} {orientation:?}");
            rig.stop();
        }
    }
}

#[test]
fn the_picture_is_laid_anew_while_it_runs() {
    if !has("the_picture_is_laid_anew", &["videotestsrc", "videobox", "videoflip", "videoconvertscale"]) {
        return;
    }
    let quarter = [true, false, false, false];
    // The same size, a larger and a smaller one; a format that is handed through and one that is converted.
    for promised in [format(Yuy2, 128, 128, 30), format(I420, 128, 128, 30), format(Nv12, 64, 64, 30)] {
        let mut rig = rig(STEPS, promised);
        rig.keep = true;
        rig.run(3);
        let seen = |rig: &Rig| {
            let picture = &rig.frames.last().unwrap().picture;
            let step = if promised.pixel_format == Yuy2 { 2 } else { 1 };
            let at = |x: u32, y: u32| picture[(y * promised.bytes_per_line() + x * step) as usize] > 128;
            let (right, bottom) = (promised.width - 9, promised.height - 9);
            [at(8, 8), at(right, 8), at(right, bottom), at(8, bottom)]
        };
        rig.until("the picture as it is", |rig| seen(rig) == quarter);
        let framed = |zoom, pan| Framing { zoom, pan_x: pan, pan_y: pan };
        let laid = |rotation, mirror, framing| Orientation { rotation, mirror, framing };
        for (orientation, expected) in [
            (laid(Rotation::None, true, Framing::default()), [false, true, false, false]),
            (laid(Rotation::None, true, framed(200, -100)), [false; 4]),
            (laid(Rotation::None, false, framed(200, -100)), [true; 4]),
            (laid(Rotation::Half, false, framed(200, 0)), [false, false, true, false]),
            (laid(Rotation::Half, false, framed(300, 100)), [true; 4]),
            (Orientation::default(), quarter),
        ] {
            rig.host.lay(orientation);
            rig.until("the new picture", |rig| seen(rig) == expected);
        }
        assert_eq!(rig.failed, None);
        rig.stop();
    }
}

#[test]
fn the_mode_is_told_before_the_first_frame() {
    if !has("the_mode_is_told", &["videotestsrc", "jpegenc", "jpegdec", "videoconvertscale"]) {
        return;
    }
    let mut rig = rig("test", format(Yuy2, 640, 480, 30));
    rig.run(1);
    let mode = rig.modes[0].clone();
    assert_eq!((mode.format.as_str(), mode.width, mode.height, mode.millihertz), ("YUY2", 640, 480, 30_000));
    assert_eq!((mode.asked_width, mode.asked_height, mode.asked_rate), (640, 480, 30));
    assert_eq!((mode.buffers, mode.decoder, mode.shortfall), (None, None, None));
    rig.stop();
    let source = "pipeline:videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=15/1 ! jpegenc";
    let mut rig = self::rig(source, format(Yuy2, 640, 480, 30));
    rig.run(1);
    assert_eq!(rig.modes[0].to_string(), "MJPG 320x240@15");
    assert_eq!(rig.modes[0].decoder.as_deref(), Some("jpegdec"));
    rig.stop();
}

#[test]
fn a_source_that_lies_about_its_rate_is_found_out_once() {
    if !has("a_source_that_lies", &["videotestsrc", "capssetter", "identity", "videoconvertscale"]) {
        return;
    }
    // It numbers its frames as it promises and gives a third of them.
    let source = "pipeline:videotestsrc is-live=true ! video/x-raw,format=YUY2,width=64,height=48,framerate=10/1 ! \
                  capssetter caps=video/x-raw,framerate=30/1";
    let mut rig = rig(source, format(Yuy2, 64, 48, 30));
    rig.run(1);
    assert_eq!(rig.modes.len(), 1);
    rig.until("the truth", |rig| rig.modes.len() > 1);
    let mode = rig.modes[1].clone();
    assert!((9_000..11_000).contains(&mode.millihertz), "{mode:?}");
    let said = mode.shortfall.unwrap();
    assert!(said.contains("promises 30") && said.contains("64x48"), "{said}");
    let frames = rig.frames.len();
    rig.until("more frames", |rig| rig.frames.len() > frames + 10);
    assert_eq!(rig.modes.len(), 2);
    rig.stop();
}

/// A directory of numbered files with these bytes.
fn files(pictures: &[Vec<u8>]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (number, picture) in pictures.iter().enumerate() {
        std::fs::write(directory.path().join(format!("{number:04}.jpg")), picture).unwrap();
    }
    directory
}

/// These files again and again, as a camera's JPEG pictures of 64x48, a hundred a second.
fn camera_of(directory: &tempfile::TempDir) -> String {
    format!(
        "pipeline:multifilesrc location={}/%04d.jpg loop=true \
         caps=image/jpeg,width=64,height=48,framerate=100/1 ! identity sleep-time=10000",
        directory.path().display()
    )
}

/// A real picture, 64x48, white.
fn jpeg() -> Vec<u8> {
    let mut bytes = Vec::new();
    let picture = image::RgbImage::from_pixel(64, 48, image::Rgb([255; 3]));
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 80).encode_image(&picture).unwrap();
    bytes
}

#[test]
fn broken_jpeg_pictures_are_counted_and_not_shown() {
    if !has("broken_jpeg_pictures", &["multifilesrc", "jpegdec", "videoconvertscale"]) {
        return;
    }
    let whole = jpeg();
    let cut = whole[..whole.len() / 2].to_vec();
    // One that passes every look and that no decoder takes: of 16 bits a sample.
    let mut senseless = whole.clone();
    let frame = senseless.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    senseless[frame + 4] = 16;
    let sequence = [whole.clone(), cut, whole.clone(), b"garbage".to_vec(), whole.clone(), senseless, whole];
    let directory = files(&sequence);
    let format = format(Yuy2, 64, 48, 100);
    let mut rig = rig(&camera_of(&directory), format);
    rig.keep = true;
    rig.run(80);
    assert!(rig.frames.iter().all(|frame| luma(&frame.picture, &format, 32, 40) > 225));
    let stats = rig.stop();
    // Three of seven; where it ended is not known.
    let expected = (stats.frames + stats.dropped + stats.skipped) * 3 / 4;
    assert!(stats.bad + 4 >= expected && stats.bad <= expected + 4, "{stats:?}");
    assert_eq!(stats.lost, 0);
}

#[test]
fn nothing_but_broken_pictures_is_a_failure_that_says_so() {
    if !has("nothing_but_broken_pictures", &["multifilesrc", "jpegdec", "videoconvertscale"]) {
        return;
    }
    let directory = files(&[b"garbage".to_vec(), jpeg()[..100].to_vec()]);
    let mut rig = rig(&camera_of(&directory), format(Yuy2, 64, 48, 100));
    rig.host.start();
    rig.until("failure", |rig| rig.failed.is_some());
    let reason = rig.failed.clone().unwrap();
    assert_eq!(reason.kind(), TroubleKind::Hang);
    assert!(lenscap_words::trouble::sentence(&reason).contains("only broken pictures"), "{reason:?}");
    assert_eq!(rig.end(), None);
}

#[test]
fn garbled_jpeg_pictures_crash_nothing() {
    if !has("garbled_jpeg_pictures", &["multifilesrc", "jpegdec", "videoconvertscale"]) {
        return;
    }
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    let whole = jpeg();
    let length = whole.len();
    let garbled =
        (proptest::collection::vec((0..length, any::<u8>()), 0..12), 0..length * 4).prop_map(|(changes, cut)| {
            let mut picture = jpeg();
            changes.into_iter().for_each(|(at, byte)| picture[at] = byte);
            picture.truncate(cut);
            picture
        });
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut pictures: Vec<_> = (0..150).map(|_| garbled.new_tree(&mut runner).unwrap().current()).collect();
    pictures.push(whole);
    let directory = files(&pictures);
    let mut rig = rig(&camera_of(&directory), format(Yuy2, 64, 48, 100));
    // All of them, and the first ones again.
    rig.run(1);
    let last = rig.frames[0].timestamp + std::time::Duration::from_secs(2);
    rig.until("all pictures", |rig| rig.frames.last().is_some_and(|frame| frame.timestamp > last));
    let stats = rig.stop();
    assert!(stats.bad > 20 && stats.frames > 20, "{stats:?}");
}

#[test]
fn pictures_that_need_no_conversion_are_copied_once() {
    if !has("pictures_that_need_no_conversion", &["videotestsrc", "videoconvertscale", "identity"]) {
        return;
    }
    // Odd strides: GStreamer pads NV12 rows of 322 bytes to 324, the slots do not. The identity keeps our memory from
    // the source, as a camera's driver does.
    for format in [format(Nv12, 322, 240, 30), format(I420, 322, 242, 30), format(Yuy2, 322, 242, 30)] {
        let source = format!(
            "pipeline:videotestsrc is-live=true pattern=gradient ! video/x-raw,format={},width={},height={},\
             framerate=30/1 ! identity drop-allocation=true",
            format.pixel_format, format.width, format.height
        );
        let mut rig = rig(&source, format);
        rig.keep = true;
        rig.run(10);
        // The gradient is dark at the top, and each row is of one brightness: strides are right when rows are even.
        let picture = &rig.frames[5].picture;
        let step = if format.pixel_format == Yuy2 { 2 } else { 1 };
        let rows: Vec<(u8, u8)> = picture[..(format.bytes_per_line() * format.height) as usize]
            .chunks(format.bytes_per_line() as usize)
            .map(|row| {
                let lumas = row.iter().step_by(step);
                (*lumas.clone().min().unwrap(), *lumas.max().unwrap())
            })
            .collect();
        assert!(rows.iter().all(|(least, most)| least == most), "{format}: {rows:?}");
        assert!(rows[0].0.abs_diff(rows[rows.len() - 1].0) > 100, "{format}: {rows:?}");
        let stats = rig.stop();
        assert_eq!(stats.copies, stats.frames, "{format}: {stats:?}");
    }
}

#[test]
fn jpeg_is_decoded() {
    if !has("jpeg_is_decoded", &["videotestsrc", "jpegenc", "jpegdec", "videoconvertscale"]) {
        return;
    }
    let format = format(Yuy2, 640, 480, 30);
    let source = "pipeline:videotestsrc is-live=true pattern=white ! video/x-raw,width=320,height=240,framerate=30/1 \
                  ! jpegenc";
    let mut rig = rig(source, format);
    rig.keep = true;
    rig.run(10);
    assert!(luma(&rig.frames[5].picture, &format, 320, 240) > 225);
    assert!(rig.started.clone().unwrap().1.contains("image/jpeg"));
    assert!(rig.stop().copies <= 1);
}

#[test]
fn a_queue_in_the_description_keeps_the_order() {
    if !has("a_queue_in_the_description", &["videotestsrc", "queue", "videoconvertscale"]) {
        return;
    }
    // The source renders into our memory and works ahead of the sink.
    let format = format(Yuy2, 640, 480, 60);
    let mut rig = rig("pipeline:videotestsrc is-live=true pattern=ball ! queue", format);
    rig.run(60);
    let slots: Vec<u32> = rig.frames.iter().map(|frame| frame.slot).collect();
    assert!(slots.windows(2).all(|pair| pair[1] == (pair[0] + 1) % 4), "{slots:?}");
    assert!(rig.frames.is_sorted_by_key(|frame| frame.timestamp));
    let stats = rig.stop();
    assert!(stats.dropped * 4 < stats.frames, "{stats:?}");
}

#[test]
fn faster_sources_are_brought_down_to_the_promise() {
    if !has("faster_sources_are_brought_down", &["videotestsrc", "videoconvertscale"]) {
        return;
    }
    let source = "pipeline:videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=60/1";
    let mut rig = rig(source, format(Yuy2, 320, 240, 30));
    rig.run(30);
    // By the frames' own times, whatever the machine's load did to their arrival.
    let span = rig.frames[29].timestamp - rig.frames[0].timestamp;
    assert!(span.as_millis() >= 900, "30 frames in {span:?}");
    let stats = rig.stop();
    assert!(stats.skipped >= 25, "{stats:?}");
}

#[test]
fn sources_that_are_not_live_are_paced_by_the_clock() {
    if !has("sources_that_are_not_live", &["videotestsrc", "videoconvertscale"]) {
        return;
    }
    let source = "pipeline:videotestsrc ! video/x-raw,width=320,height=240,framerate=30/1";
    let mut rig = rig(source, format(Yuy2, 320, 240, 30));
    rig.run(30);
    let span = rig.frames[29].timestamp - rig.frames[0].timestamp;
    assert!(span.as_millis() >= 900, "30 frames in {span:?}");
    let stats = rig.stop();
    // A busy machine makes it catch up in bursts; without a pace it would be thousands.
    assert!(stats.skipped <= stats.frames, "{stats:?}");
}

#[test]
fn nothing_is_written_while_the_gate_is_closed() {
    if !has("nothing_is_written_while_the_gate_is_closed", &["videotestsrc", "videoconvertscale"]) {
        return;
    }
    let mut rig = rig("test", format(Yuy2, 320, 240, 30));
    rig.grant = false;
    rig.host.start();
    rig.until("started", |rig| rig.started.is_some());
    assert!((0..4).all(|slot| rig.slots.picture(slot).iter().all(|byte| *byte == 0)));
    rig.host.grant(1, 3);
    rig.until("frames", |rig| rig.frames.len() >= 5);
    assert_eq!(rig.frames[0].slot, 1, "the first frame waited for the gate");
    rig.host.revoke();
    rig.host.grant(0, 2);
    let before = rig.frames.len();
    rig.until("frames", |rig| rig.frames.len() >= before + 4);
    let slots: Vec<u32> = rig.frames[before..].iter().map(|frame| frame.slot).take(4).collect();
    assert_eq!(slots, [0, 1, 0, 1]);
    assert!(rig.slots.picture(3).iter().all(|byte| *byte == 0), "a slot outside the rotation was written to");
    rig.stop();
}

#[test]
fn timestamps_are_of_the_monotonic_clock() {
    if !has("timestamps_are_of_the_monotonic_clock", &["videotestsrc", "videoconvertscale"]) {
        return;
    }
    let before = lenscap_sys::clock::monotonic_now();
    let mut rig = rig("test", format(Yuy2, 320, 240, 30));
    rig.run(5);
    let after = lenscap_sys::clock::monotonic_now();
    assert!(rig.frames.iter().all(|frame| frame.timestamp > before && frame.timestamp < after));
    rig.stop();
}

/// Starts a source that cannot work and returns why; checks that the worker ends and that the reason is for people.
fn failure(source: &str) -> Trouble {
    let mut rig = rig(source, format(Yuy2, 320, 240, 30));
    rig.host.start();
    rig.until("failure", |rig| rig.failed.is_some());
    assert_eq!(rig.end(), None);
    let reason = rig.failed.unwrap();
    assert!(
        lenscap_words::trouble::sentence(&reason).ends_with('.')
            && lenscap_words::trouble::sentence(&reason).contains(": "),
        "no next step: {reason:?}"
    );
    reason
}

#[test]
fn sources_that_cannot_work_say_why() {
    if !has("sources_that_cannot_work", &["videotestsrc", "audiotestsrc", "v4l2src", "videoconvertscale"]) {
        return;
    }
    for (source, kind, words) in [
        ("pipeline:videotestsrc ! nosuchelement", TroubleKind::Setup, "\"nosuchelement\" is missing"),
        ("pipeline:videotestsrc ! ! x", TroubleKind::Setup, "correct it in the settings"),
        ("pipeline:videotestsrc ! fakesink", TroubleKind::Setup, "not open"),
        ("pipeline:videotestsrc pattern=nonsense", TroubleKind::Setup, "pattern"),
        ("pipeline:audiotestsrc num-buffers=10 ! decodebin", TroubleKind::Setup, "sound, not video"),
        ("pipeline:audiotestsrc", TroubleKind::Setup, "sound, not video"),
        ("pipeline:videotestsrc num-buffers=3", TroubleKind::Other, "ended its stream"),
        ("v4l2:/dev/no-such-camera", TroubleKind::Missing, "/dev/no-such-camera"),
        ("v4l2:/dev/null", TroubleKind::Setup, "/dev/null"),
    ] {
        let reason = failure(source);
        assert_eq!(reason.kind(), kind, "{source}: {reason:?}");
        assert!(lenscap_words::trouble::sentence(&reason).contains(words), "{source}: {reason:?}");
    }
}

#[test]
fn the_node_is_told_before_it_is_opened() {
    if !has("the_node_is_told", &["v4l2src", "videoconvertscale"]) {
        return;
    }
    for (source, nodes) in [
        ("v4l2:/dev/null", &["/dev/null"][..]),
        ("pipeline:v4l2src device=/dev/null ! videoconvert", &["/dev/null"]),
        ("test", &[]),
    ] {
        let mut rig = rig(source, format(Yuy2, 320, 240, 30));
        rig.host.start();
        rig.until("told", |rig| rig.opening.is_some());
        assert_eq!(rig.opening.unwrap(), nodes.iter().map(std::path::PathBuf::from).collect::<Vec<_>>(), "{source}");
    }
}

#[test]
fn sources_of_other_projects_are_named_with_their_package() {
    gst::init().unwrap();
    for (source, element) in [("icamera", "icamerasrc"), ("libcamera", "libcamerasrc"), ("pipewire", "pipewiresrc")] {
        if gst::ElementFactory::find(element).is_some() {
            eprintln!("SKIPPED sources_of_other_projects: {element} is installed");
            continue;
        }
        let reason = failure(source);
        assert_eq!(reason.kind(), TroubleKind::Setup);
        assert!(
            lenscap_words::trouble::sentence(&reason).contains(element)
                && lenscap_words::trouble::sentence(&reason).contains("install"),
            "{reason:?}"
        );
    }
}

#[test]
fn sigterm_switches_the_camera_off_in_order() {
    if !has("sigterm_switches_the_camera_off", &["videotestsrc", "videoconvertscale"]) {
        return;
    }
    let mut rig = rig("test", format(Yuy2, 320, 240, 30));
    rig.run(3);
    let pid = rustix::process::Pid::from_raw(rig.host.pid().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    rig.until("exit", |rig| rig.exited.is_some());
    assert!(rig.stopped, "SIGTERM switches the camera off in order");
    // Nobody of ours asked for it; that it stopped was said already.
    assert_eq!(rig.exited, Some(None));
}

#[test]
fn started_by_hand_it_says_so() {
    let output = std::process::Command::new(worker()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not by hand"));
}

#[test]
fn a_worker_ends_when_its_parents_socket_does() {
    let (ours, theirs) = Channel::pair().unwrap();
    let mut command = std::process::Command::new(worker());
    command.arg(theirs.as_raw_fd().to_string());
    let mut child = lenscap_sys::process::spawn_tied(&mut command, [theirs.as_fd()]).unwrap();
    drop((ours, theirs));
    let until = std::time::Instant::now() + LIMIT;
    let pidfd = lenscap_sys::process::pidfd(&child).unwrap();
    let left = until.saturating_duration_since(std::time::Instant::now());
    let timeout = rustix::time::Timespec { tv_sec: left.as_secs() as i64, tv_nsec: 0 };
    let mut fds = [rustix::event::PollFd::new(&pidfd, rustix::event::PollFlags::IN)];
    assert_eq!(rustix::event::poll(&mut fds, Some(&timeout)), Ok(1), "it lives on");
    child.wait().unwrap();
}

/// How long a start takes, for people who measure: `cargo test --test pipeline -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, not a test"]
fn time_to_the_first_frame() {
    for size in [(640, 480), (1920, 1080)] {
        let mut times = Vec::new();
        for _ in 0..7 {
            let mut rig = rig("test", format(Yuy2, size.0, size.1, 30));
            rig.until("warm", |rig| rig.warm);
            let before = std::time::Instant::now();
            rig.run(1);
            times.push(before.elapsed());
            rig.stop();
        }
        times.sort();
        println!("{size:?}: start to first frame {:?} (from {:?} to {:?})", times[3], times[0], times[6]);
    }
}

#[test]
fn what_the_camera_lacks_is_done_on_the_picture_from_the_first_frame_on_or_live() {
    let name = "what_the_camera_lacks_is_done_on_the_picture";
    if !has(name, &["videotestsrc", "videoconvertscale", "videobalance"]) {
        return;
    }
    let source = "pipeline:videotestsrc is-live=true pattern=solid-color foreground-color=0xff405060 ! \
                  video/x-raw,format=YUY2,width=320,height=240,framerate=30/1";
    let saved = |values: &[(&str, i64)]| {
        let values = values.iter().map(|(key, value)| ((*key).to_owned(), Value::Integer(*value)));
        Saved::from([("pipeline".to_owned(), values.collect())])
    };
    let luma = |rig: &Rig| rig.frames.last().map_or(0, |frame| frame.picture[0]);
    for is_live in [false, true] {
        let mut rig = rig(source, format(Yuy2, 320, 240, 30));
        rig.keep = true;
        if is_live {
            rig.run(3);
            let before = luma(&rig);
            assert!((70..90).contains(&before), "neutral: {before}");
            rig.until("controls", |rig| rig.controls.is_some());
            let list = rig.controls.clone().unwrap();
            assert_eq!(list.controls.len(), 4);
            assert!(list.controls.iter().all(|control| control.origin == Origin::Software));
            rig.host.set_controls(&saved(&[("brightness", 40)]));
            rig.until("brighter", |rig| luma(rig) > before + 80);
        } else {
            rig.host.set_controls(&saved(&[("brightness", 40)]));
            rig.run(1);
            assert!(luma(&rig) > 150, "the first frame has {}", luma(&rig));
        }
        // The next value needs no other pipeline; and what is no longer saved is neutral.
        rig.host.set_controls(&saved(&[("saturation", -100)]));
        rig.until("grey", |rig| {
            let picture = &rig.frames.last().unwrap().picture;
            luma(rig) < 90 && picture[1].abs_diff(128) <= 1 && picture[3].abs_diff(128) <= 1
        });
        rig.host.set_controls(&saved(&[]));
        rig.until("as it was", |rig| rig.frames.last().unwrap().picture[1].abs_diff(128) > 5);
        rig.stop();
    }
}
