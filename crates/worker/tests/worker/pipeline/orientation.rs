//! Where the picture is laid in the promised frame: borders, rotation, mirror, zoom.

use lenscap_core::source::{Framing, Orientation, Rotation};
use lenscap_picture::format::PixelFormat::{I420, Nv12, Yuy2};
use lenscap_picture::format::VideoFormat;
use lenscap_worker_rig::{Rig, format, worker};

use super::{luma, rig, white};
use crate::has;

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
            let (turned_x, y) = corners[quarters % corners.len()];
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
