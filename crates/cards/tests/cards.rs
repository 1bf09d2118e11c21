//! The program as the relay asks it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use image::{Rgb, RgbImage};
use lenscap_core::event::Card;
use lenscap_picture::card::{CardKind, CardStyle, Colour, Colours, Picture, PictureProblem, wordless, yuv};
use lenscap_picture::format::{PixelFormat, VideoFormat};
use lenscap_test_support::programs::program;
use lenscap_wire::cards::{Answer, CardOrder, Pictures, draw};
use lenscap_words::card::titles;

const LIMIT: Duration = Duration::from_secs(60);

fn format(width: u32, height: u32) -> VideoFormat {
    VideoFormat::new(PixelFormat::Nv12, width, height, 30).unwrap()
}

fn drawn_by(program: &Path, style: &CardStyle, order: CardOrder) -> (Answer, Vec<Vec<u8>>) {
    let mut pictures = Vec::new();
    let until = Instant::now() + LIMIT;
    let answer = draw(program, style, order, until, |picture| pictures.push(picture.to_vec())).unwrap();
    (answer, pictures)
}

fn drawn(style: &CardStyle, order: CardOrder) -> (Answer, Vec<Vec<u8>>) {
    drawn_by(&program("lenscap-cards"), style, order)
}

/// The brightness of each pixel of a card that says this; `None`: there are no letters for it here.
fn saying(title: &str, size: (u32, u32)) -> Option<Vec<u8>> {
    let order = CardOrder::new(&CardStyle::default(), [title; 6].map(str::to_owned), format(size.0, size.1));
    let (answer, mut pictures) = drawn(&CardStyle::default(), order);
    let mut picture = (answer.pictures == Pictures::Each).then(|| pictures.swap_remove(0))?;
    picture.truncate(size.0 as usize * size.1 as usize);
    Some(picture)
}

#[test]
fn the_cards_are_told_apart_and_have_words() {
    let light = Colours { background: Colour([255; 3]), foreground: None };
    for colours in [Colours::default(), light] {
        let style = CardStyle { colours, ..CardStyle::default() };
        for size in [(160, 90), (640, 480), (1920, 1080)] {
            let (answer, cards) = drawn(&style, CardOrder::new(&style, titles(), format(size.0, size.1)));
            if answer.pictures == Pictures::None {
                println!("SKIP the_cards_are_told_apart_and_have_words: no font is installed");
                return;
            }
            for (index, (one, card)) in cards.iter().zip(Card::ALL).enumerate() {
                let plain = yuv::from_rgb(&wordless(card, &colours, size), PixelFormat::Nv12);
                assert_ne!(*one, plain, "{card:?} has words at {size:?}");
                for other in &cards[index + 1..] {
                    let differ = one.iter().zip(other).filter(|(one, other)| one.abs_diff(**other) > 80).count();
                    let of = size.0 as usize * size.1 as usize;
                    assert!(differ * 200 > of, "{card:?}: {differ} of {of} pixels at {size:?}");
                }
            }
        }
    }
}

#[test]
fn words_stay_inside_the_picture_with_a_margin() {
    let style = CardStyle { text: "word ".repeat(20).trim().into(), ..CardStyle::default() };
    for (width, height) in [(96, 48), (160, 90), (180, 320), (640, 480), (3840, 2160)] {
        for title in ["Camera is not available", "Unteilbareswortohnejedeluecke", &"many words ".repeat(30)] {
            let order = CardOrder::new(&style, [title; 6].map(str::to_owned), format(width, height));
            let (_, cards) = drawn(&style, order);
            let Some(card) = cards.first() else { continue };
            let rows: Vec<&[u8]> = card[..(width * height) as usize].chunks(width as usize).collect();
            let is_background = |pixel: &u8| *pixel == card[0];
            let (first, last) = (rows[0], rows[rows.len() - 1]);
            assert!(first.iter().chain(last).all(is_background), "{title:?} at {width}x{height}");
            let sides = rows.iter().flat_map(|row| [&row[0], &row[row.len() - 1]]);
            assert!(sides.into_iter().all(is_background), "{title:?} at {width}x{height}");
        }
    }
}

#[test]
fn a_title_that_does_not_fit_whole_is_left_out() {
    let long = "Camera is not ".repeat(40) + "off";
    let Some(card) = saying(&long, (320, 180)) else {
        println!("SKIP a_title_that_does_not_fit_whole_is_left_out: no font is installed");
        return;
    };
    let plain = yuv::from_rgb(&wordless(Card::Off, &Colours::default(), (320, 180)), PixelFormat::Nv12);
    assert!(card[..] == plain[..card.len()], "a part of it could say the opposite");
}

#[test]
fn scripts_are_shaped_and_laid_out() {
    const SIZE: (u32, u32) = (640, 360);
    for (script, text, unshaped) in [
        // Letters that are kept from joining.
        ("Arabic", "كاميرا", "ك\u{200c}ا\u{200c}م\u{200c}ي\u{200c}ر\u{200c}ا"),
        // A vowel that is written before its consonant, and two consonants that become one.
        ("Devanagari", "क्षि", "क्\u{200c}ष\u{200c}ि"),
        // Laid out from the right: else its letters would stand as in the second.
        ("Hebrew", "מצלמה", "\u{202d}מצלמה\u{202c}"),
    ] {
        let (Some(card), Some(other)) = (saying(text, SIZE), saying(unshaped, SIZE)) else {
            println!("SKIP scripts_are_shaped_and_laid_out, {script}: no font for it is installed");
            continue;
        };
        assert!(card != other, "{script}");
    }
    if let (Some(card), Some(reversed)) = (saying("מצלמה", SIZE), saying("\u{202d}המלצמ\u{202c}", SIZE)) {
        assert!(card == reversed, "from right to left");
    }
    for (script, text) in [
        ("Chinese", "摄像头已关闭"),
        ("Japanese", "カメラはオフです"),
        ("Korean", "카메라가 꺼져 있습니다"),
        ("Thai", "กล้องปิดอยู่"),
    ] {
        let Some(card) = saying(text, SIZE) else {
            println!("SKIP scripts_are_shaped_and_laid_out, {script}: no font for it is installed");
            continue;
        };
        let below = &card[card.len() / 2..];
        assert!(below.iter().filter(|pixel| **pixel > 200).count() > 500, "{script} has letters");
    }
}

#[test]
fn without_a_font_there_are_no_cards_with_words() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::write(at("fonts.conf"), "<fontconfig><dir>/nowhere/fonts</dir></fontconfig>").unwrap();
    let script = format!(
        "#!/bin/sh\nFONTCONFIG_FILE={} exec {} \"$@\"\n",
        at("fonts.conf").display(),
        program("lenscap-cards").display()
    );
    // Written by another process: what another test forks meanwhile would have it open for writing.
    let write = "printf '%s' \"$1\" > \"$2\" && chmod 755 \"$2\"";
    assert!(Command::new("sh").args(["-c", write, "sh", &script]).arg(at("cards")).status().unwrap().success());
    let order = CardOrder::new(&CardStyle::default(), titles(), format(320, 180));
    let (answer, pictures) = drawn_by(&at("cards"), &CardStyle::default(), order);
    assert_eq!((answer, pictures), (Answer { pictures: Pictures::None, problem: None }, vec![]));
}

#[test]
fn a_line_of_the_users_own_stands_below_the_words_in_any_script() {
    let with = |text: &str| {
        let style = CardStyle { text: text.into(), ..CardStyle::default() };
        drawn(&style, CardOrder::new(&style, titles(), format(640, 360))).1
    };
    let without = with("");
    if without.is_empty() {
        println!("SKIP a_line_of_the_users_own_stands_below_the_words_in_any_script: no font is installed");
        return;
    }
    // Also where a letter has no font: the user sees it, and chooses another.
    for text in ["Ada Lovelace", "חוזרת מיד", "☕ بازمی\u{200c}گردم", "\u{10ffff}"] {
        assert!(with(text).iter().zip(&without).all(|(card, plain)| card != plain), "{text}");
    }
}

fn with_picture(path: &Path, size: (u32, u32)) -> (Answer, Vec<Vec<u8>>) {
    let style = CardStyle { kind: CardKind::Picture(Picture::look(path)), ..CardStyle::default() };
    drawn(&style, CardOrder::new(&style, titles(), format(size.0, size.1)))
}

fn saved(directory: &Path, name: &str, width: u32, height: u32, colour: [u8; 3]) -> PathBuf {
    let path = directory.join(name);
    RgbImage::from_pixel(width, height, Rgb(colour)).save(&path).unwrap();
    path
}

#[test]
fn a_picture_is_the_same_for_all_cards_letterboxed_not_stretched() {
    let directory = tempfile::tempdir().unwrap();
    let path = saved(directory.path(), "square.png", 50, 50, [255, 255, 255]);
    let (answer, pictures) = with_picture(&path, (320, 180));
    assert_eq!(answer, Answer { pictures: Pictures::Same, problem: None });
    assert_eq!(pictures.len(), 1);
    for row in pictures[0][..320 * 180].chunks(320) {
        assert!(row[..70].iter().all(|y| *y == 16), "black on the left");
        assert!(row[250..].iter().all(|y| *y == 16), "black on the right");
        assert!(row[70..250].iter().all(|y| *y == 235), "white from edge to edge");
    }
    assert!(pictures[0][320 * 180..].iter().all(|chroma| *chroma == 128));
}

#[test]
fn jpeg_large_and_very_thin_pictures_work() {
    let directory = tempfile::tempdir().unwrap();
    for (name, width, height) in
        [("a.jpg", 300, 200), ("large.png", 2000, 1600), ("wide.png", 4000, 1), ("tall.png", 1, 4000)]
    {
        let path = saved(directory.path(), name, width, height, [200, 200, 200]);
        let (_, pictures) = with_picture(&path, (160, 120));
        assert!(pictures[0][..160 * 120].iter().any(|y| *y > 100), "{name} is visible");
    }
}

#[test]
fn what_is_wrong_with_a_picture_is_said_and_the_words_are_there_instead() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = directory.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let good = fs::read(saved(directory.path(), "good.png", 64, 64, [1, 2, 3])).unwrap();
    let words = drawn(&CardStyle::default(), CardOrder::new(&CardStyle::default(), titles(), format(320, 180))).1;
    for (path, problem) in [
        (directory.path().join("absent.png"), PictureProblem::Missing),
        (directory.path().to_owned(), PictureProblem::NoFile),
        (file("text.png", b"not a picture at all"), PictureProblem::OtherKind),
        (file("empty.png", b""), PictureProblem::OtherKind),
        (file("cut.png", &good[..good.len() / 2]), PictureProblem::Damaged),
        (file("kind.gif", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"), PictureProblem::OtherKind),
        (saved(directory.path(), "huge.png", 8200, 2, [0; 3]), PictureProblem::TooLarge),
    ] {
        let (answer, pictures) = with_picture(&path, (320, 180));
        assert_eq!(answer.problem, Some(problem));
        assert!(pictures == words, "{}", path.display());
    }
}

#[test]
fn who_starts_it_by_hand_is_told_so() {
    let output = Command::new(program("lenscap-cards")).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("run \"lenscap\""));
}
