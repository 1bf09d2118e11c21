//! Every format, every size, every card.

use proptest::prelude::*;

use super::*;
use crate::format::PixelFormat;

fn format(pixel_format: PixelFormat, width: u32, height: u32) -> VideoFormat {
    VideoFormat::new(pixel_format, width, height, 30).unwrap()
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
    let style = CardStyle { kind: CardKind::Black, ..CardStyle::default() };
    for pixel_format in PixelFormat::ALL {
        let format = format(pixel_format, 64, 48);
        let picture = plain(Card::Off, &style, &format);
        assert_eq!(picture.len(), format.size_image() as usize);
        assert!(luma(&picture, &format).iter().all(|y| *y == 16));
        assert!(chroma(&picture, &format).iter().all(|uv| *uv == (128, 128)));
    }
}

#[test]
fn colours_are_bt601() {
    let red = Colours { background: Colour([255, 0, 0]), foreground: Some(Colour([255, 0, 0])) };
    let style = CardStyle { colours: red, ..CardStyle::default() };
    for pixel_format in PixelFormat::ALL {
        let format = format(pixel_format, 64, 48);
        let picture = plain(Card::Off, &style, &format);
        // ITU-R BT.601: red is Y 82, U 90, V 240 in eight bits.
        assert!(luma(&picture, &format).iter().all(|y| *y == 82));
        assert!(chroma(&picture, &format).iter().all(|(u, v)| (*u, *v) == (90, 240)), "{pixel_format}");
    }
}

#[test]
fn sizes_are_exact_and_all_formats_agree_on_luma() {
    for (width, height) in [(2, 2), (32, 16), (160, 90), (640, 480), (480, 640), (1920, 1080)] {
        let pictures = PixelFormat::ALL.map(|pixel_format| {
            let format = format(pixel_format, width, height);
            let picture = plain(Card::Paused, &CardStyle::default(), &format);
            assert_eq!(picture.len(), format.size_image() as usize, "{format}");
            luma(&picture, &format)
        });
        assert_eq!(pictures[0], pictures[1]);
        assert_eq!(pictures[0], pictures[2]);
    }
}

#[test]
fn the_cards_are_told_apart_without_words() {
    let light = Colours { background: Colour([255; 3]), foreground: None };
    for colours in [Colours::default(), light] {
        for size in [(160, 90), (320, 180), (1920, 1080)] {
            let cards = Card::ALL.map(|card| wordless(card, &colours, size).into_rgb());
            // Of the square that the sign fills.
            let square = (size.1 / 2).pow(2) as f32;
            for (index, one) in cards.iter().enumerate() {
                for other in &cards[index + 1..] {
                    let pixels = one.chunks(3).zip(other.chunks(3));
                    let differ = pixels.filter(|(one, other)| one[0].abs_diff(other[0]) > 100).count();
                    assert!(differ as f32 > square * 0.05, "{index}: {differ} of {square} at {size:?}");
                }
            }
        }
    }
}

#[test]
fn the_foreground_is_read_on_every_background() {
    for grey in 0..=255_u8 {
        for background in [Colour([grey; 3]), Colour([grey, 0, 255 - grey]), Colour([0, grey, 128])] {
            let colours = Colours { background, foreground: None };
            let contrast = colours.foreground().contrast(background);
            assert!(contrast >= 3.5, "{background}: {contrast}");
        }
    }
    let own = Colours { background: Colour::DARK, foreground: Some(Colour::BLACK) };
    assert_eq!(own.foreground(), Colour::BLACK, "what the user chose");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_size_works(width in 1u32..=320, height in 1u32..=320, card in 0usize..5, pixel_format in 0usize..3) {
        let format = format(PixelFormat::ALL[pixel_format], width * 2, height * 2);
        let picture = plain(Card::ALL[card], &CardStyle::default(), &format);
        prop_assert_eq!(picture.len(), format.size_image() as usize);
    }
}
