//! Drawing cards leaves nothing behind; alone in its process, so that the figure is its own.

use lenscap::frame::card::{CardKind, CardStyle, CardText, Painter, Picture};
use lenscap::frame::format::{PixelFormat, VideoFormat};
use lenscap_test_support::process::alone;

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn cards_are_drawn_and_their_memory_returned() {
    if !alone("card_memory::cards_are_drawn_and_their_memory_returned") {
        return;
    }
    lenscap::sys::memory::return_freed_memory();
    let directory = tempfile::tempdir().unwrap();
    let picture = directory.path().join("off.png");
    image::RgbImage::from_pixel(1000, 1000, image::Rgb([9, 99, 199])).save(&picture).unwrap();
    let format = VideoFormat::new(PixelFormat::Yuy2, 1920, 1080, 30).unwrap();
    let card = CardText::new("Camera is off", "It turns on when an app uses it");
    let before = resident_kib();
    for kind in [CardKind::Text, CardKind::Black, CardKind::Picture(Picture::read(&picture)), CardKind::Text] {
        let painter = Painter::new(CardStyle { kind });
        assert_eq!(painter.draw(&card, &format).unwrap().len(), format.size_image() as usize);
    }
    let grown = resident_kib().saturating_sub(before);
    // One picture alone is 4050 KiB.
    assert!(grown < 3000, "{grown} KiB stayed behind");
}
