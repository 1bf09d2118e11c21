//! Drawing cards leaves nothing behind; alone in its process, so that the figure is its own.

use std::time::{Duration, Instant};

use lenscap::core::event::Card;
use lenscap::frame::card::CardStyle;
use lenscap::frame::format::{PixelFormat, VideoFormat};
use lenscap::i18n::card::titles;
use lenscap::output::cards::{CardSet, Cards, Packed};
use lenscap::wire::cards::{CardOrder, draw};
use lenscap_test_support::process::alone;
use lenscap_test_support::programs::program;

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
    let format = VideoFormat::new(PixelFormat::Yuy2, 1920, 1080, 30).unwrap();
    let before = resident_kib();
    let mut plain = Cards::new(CardSet::plain(CardStyle::default(), format));
    Card::ALL.into_iter().for_each(|card| plain.show(card));
    // In a thread, as the relay has it done.
    let drawn = std::thread::spawn(move || {
        let mut pictures = Vec::new();
        let order = CardOrder::new(&CardStyle::default(), titles(), format);
        let until = Instant::now() + Duration::from_secs(60);
        let program = program("lenscap-cards");
        draw(&program, &CardStyle::default(), order, until, |picture| pictures.push(Packed::new(picture))).unwrap();
        pictures
    });
    let drawn = CardSet::drawn(CardStyle::default(), format, &drawn.join().unwrap());
    let grown = resident_kib().saturating_sub(before);
    assert!(drawn.is_drawn());
    // One picture alone is 4050 KiB.
    assert!(grown < 2000, "{grown} KiB stayed behind");
    println!("REPORT the cards of 1920x1080, without words and with, keep {grown} KiB");
}
