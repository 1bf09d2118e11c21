//! Every format, every size, every kind of bad picture.

use std::fs;
use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};
use proptest::prelude::*;

use super::*;
use crate::format::{PixelFormat, Side};

fn format(pixel_format: PixelFormat, width: u32, height: u32) -> VideoFormat {
    VideoFormat::new(pixel_format, width, height, 30).unwrap()
}

fn painter(kind: CardKind) -> Painter {
    Painter::new(CardStyle { kind })
}

fn long_reason() -> CardText {
    CardText::new(
        "The camera does not work",
        "The GStreamer element icamerasrc is missing: install the package gst-plugins-icamera for this distribution, \
         then choose \"Try again\" in the tray; until then this card is shown to every program that asks for a camera.",
    )
}

/// The luma plane of a picture in any format.
fn luma(picture: &[u8], format: &VideoFormat) -> Vec<u8> {
    match format.pixel_format {
        PixelFormat::Yuy2 => picture.iter().copied().step_by(2).collect(),
        PixelFormat::Nv12 | PixelFormat::I420 => picture[..(format.width * format.height) as usize].to_vec(),
    }
}

/// The (U, V) pairs of a picture in any format.
fn chroma(picture: &[u8], format: &VideoFormat) -> Vec<(u8, u8)> {
    let planes = &picture[(format.width * format.height) as usize..];
    match format.pixel_format {
        PixelFormat::Yuy2 => picture.chunks(4).map(|quad| (quad[1], quad[3])).collect(),
        PixelFormat::Nv12 => planes.chunks(2).map(|pair| (pair[0], pair[1])).collect(),
        PixelFormat::I420 => {
            let (u, v) = planes.split_at(planes.len() / 2);
            u.iter().copied().zip(v.iter().copied()).collect()
        }
    }
}

#[test]
fn black_is_16_128_128_in_every_format() {
    for pixel_format in PixelFormat::ALL {
        let format = format(pixel_format, 64, 48);
        let picture = painter(CardKind::Black).draw(&CardText::default(), &format).unwrap();
        assert_eq!(picture.len(), format.size_image() as usize);
        assert!(luma(&picture, &format).iter().all(|y| *y == 16));
        assert!(chroma(&picture, &format).iter().all(|uv| *uv == (128, 128)));
    }
}

#[test]
fn sizes_are_exact_and_all_formats_agree_on_luma() {
    for (width, height) in [(2, 2), (32, 16), (320, 180), (640, 480), (480, 640), (1920, 1080)] {
        let pictures = PixelFormat::ALL.map(|pixel_format| {
            let format = format(pixel_format, width, height);
            let picture = Painter::default().draw(&long_reason(), &format).unwrap();
            assert_eq!(picture.len(), format.size_image() as usize, "{format}");
            luma(&picture, &format)
        });
        assert_eq!(pictures[0], pictures[1]);
        assert_eq!(pictures[0], pictures[2]);
    }
}

#[test]
fn words_are_drawn_and_differ() {
    let format = format(PixelFormat::Nv12, 640, 480);
    let draw = |title: &str| Painter::default().draw(&CardText::new(title, ""), &format).unwrap();
    let off = draw("Camera is off");
    assert!(luma(&off, &format).iter().any(|y| *y > 200), "light text on a dark card");
    assert_ne!(off, draw("Camera is paused"));
}

#[test]
fn text_stays_inside_the_picture_with_a_margin() {
    for (width, height) in [(320, 180), (640, 480), (180, 320), (3840, 2160)] {
        let format = format(PixelFormat::Nv12, width, height);
        let luma = luma(&Painter::default().draw(&long_reason(), &format).unwrap(), &format);
        let background = luma[0];
        let border = |x: u32, y: u32| x < 2 || y < 2 || x >= width - 2 || y >= height - 2;
        for y in 0..height {
            for x in 0..width {
                if border(x, y) {
                    assert_eq!(luma[(y * width + x) as usize], background, "{x},{y} of {width}x{height}");
                }
            }
        }
    }
}

#[test]
fn an_invalid_format_is_an_error() {
    let odd = VideoFormat { pixel_format: PixelFormat::Yuy2, width: 33, height: 16, framerate: 30 };
    for kind in [CardKind::Text, CardKind::Black] {
        let trouble = FormatTrouble::SideOdd { side: Side::Width, value: 33 };
        assert_eq!(painter(kind).draw(&CardText::default(), &odd), Err(trouble.into()));
    }
}

fn saved(directory: &Path, name: &str, width: u32, height: u32, colour: [u8; 3]) -> PathBuf {
    let path = directory.join(name);
    RgbImage::from_pixel(width, height, Rgb(colour)).save(&path).unwrap();
    path
}

#[test]
fn a_picture_is_letterboxed_not_stretched() {
    let directory = tempfile::tempdir().unwrap();
    let path = saved(directory.path(), "square.png", 50, 50, [255, 255, 255]);
    for pixel_format in PixelFormat::ALL {
        let format = format(pixel_format, 320, 180);
        let picture = painter(CardKind::Picture(Picture::read(&path))).draw(&CardText::default(), &format).unwrap();
        let luma = luma(&picture, &format);
        for row in luma.chunks(320) {
            assert!(row[..70].iter().all(|y| *y == 16), "black on the left");
            assert!(row[250..].iter().all(|y| *y == 16), "black on the right");
            assert!(row[70..250].iter().all(|y| *y == 235), "white from edge to edge");
        }
        assert!(chroma(&picture, &format).iter().all(|uv| *uv == (128, 128)));
    }
}

#[test]
fn colours_are_bt601() {
    let directory = tempfile::tempdir().unwrap();
    let red = saved(directory.path(), "red.png", 64, 48, [255, 0, 0]);
    for pixel_format in PixelFormat::ALL {
        let format = format(pixel_format, 64, 48);
        let picture = painter(CardKind::Picture(Picture::read(&red))).draw(&CardText::default(), &format).unwrap();
        // ITU-R BT.601: red is Y 82, U 90, V 240 in eight bits.
        assert!(luma(&picture, &format).iter().all(|y| *y == 82));
        assert!(chroma(&picture, &format).iter().all(|(u, v)| (*u, *v) == (90, 240)), "{pixel_format}");
    }
}

#[test]
fn jpeg_large_and_very_thin_pictures_work() {
    let directory = tempfile::tempdir().unwrap();
    let format = format(PixelFormat::I420, 160, 120);
    for (name, width, height) in
        [("a.jpg", 300, 200), ("large.png", 2000, 1600), ("wide.png", 4000, 1), ("tall.png", 1, 4000)]
    {
        let path = saved(directory.path(), name, width, height, [200, 200, 200]);
        let picture = painter(CardKind::Picture(Picture::read(&path))).draw(&CardText::default(), &format).unwrap();
        assert_eq!(picture.len(), format.size_image() as usize);
        assert!(luma(&picture, &format).iter().any(|y| *y > 100), "{name} is visible");
    }
}

#[test]
fn what_is_wrong_with_a_picture_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = directory.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let good = fs::read(saved(directory.path(), "good.png", 64, 64, [1, 2, 3])).unwrap();
    let cases = [
        (directory.path().join("absent.png"), PictureProblem::Missing),
        (directory.path().to_owned(), PictureProblem::NoFile),
        (file("text.png", b"not a picture at all"), PictureProblem::OtherKind),
        (file("empty.png", b""), PictureProblem::OtherKind),
        (file("cut.png", &good[..good.len() / 2]), PictureProblem::Damaged),
        (file("kind.gif", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"), PictureProblem::OtherKind),
        (saved(directory.path(), "huge.png", 8200, 2, [0; 3]), PictureProblem::TooLarge),
    ];
    for (path, problem) in cases {
        let format = format(PixelFormat::Yuy2, 64, 48);
        let drawn = painter(CardKind::Picture(Picture::read(&path))).draw(&CardText::default(), &format);
        assert_eq!(drawn, Err(PictureTrouble { path, problem }.into()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_size_and_any_words_work(
        width in 1u32..=320, height in 1u32..=320, title in ".{0,80}", detail in ".{0,400}", pixel_format in 0usize..3,
    ) {
        let format = format(PixelFormat::ALL[pixel_format], width * 2, height * 2);
        let picture = Painter::default().draw(&CardText { title, detail }, &format).unwrap();
        prop_assert_eq!(picture.len(), format.size_image() as usize);
    }
}
