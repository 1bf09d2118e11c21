//! Writes the cards as PNG files to look at: `cargo run --example cards [DIRECTORY]`, by default `target/cards`. Needs
//! `lenscap-cards` beside it: `cargo build -p lenscap-cards`.

use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use lenscap::core::event::Card;
use lenscap::frame::card::{CardStyle, Colour, Colours};
use lenscap::frame::format::{PixelFormat, VideoFormat};
use lenscap::i18n::card::titles;
use lenscap::wire::cards::{CardOrder, draw};

const SIZES: [(u32, u32); 5] = [(1920, 1080), (640, 480), (320, 180), (480, 640), (160, 90)];

fn main() -> Result<(), Box<dyn Error>> {
    lenscap::i18n::init();
    let directory = std::env::args_os().nth(1).map_or_else(|| "target/cards".into(), PathBuf::from);
    std::fs::create_dir_all(&directory)?;
    let own = std::env::current_exe()?;
    // An example lies in a directory below the programs.
    let program = own.parent().and_then(|examples| examples.parent()).ok_or("no directory")?.join("lenscap-cards");
    let light = Colours { background: Colour([0xfa; 3]), foreground: None };
    for (theme, colours) in [("dark", Colours::default()), ("light", light)] {
        for (text, own_line) in [("", ""), ("-text", "Ada Lovelace, back at half past ten")] {
            let style = CardStyle { colours, text: own_line.into(), ..CardStyle::default() };
            for (width, height) in SIZES {
                let format =
                    VideoFormat::new(PixelFormat::Yuy2, width, height, 30).map_err(|trouble| format!("{trouble:?}"))?;
                let order = CardOrder { is_rgb: true, ..CardOrder::new(&style, titles(), format) };
                let mut cards = Vec::new();
                let until = Instant::now() + Duration::from_secs(30);
                draw(&program, &style, order, until, |card| cards.push(card.to_vec()))
                    .map_err(|trouble| format!("{trouble:?}"))?;
                for (rgb, card) in cards.iter().zip(Card::ALL) {
                    let path = directory.join(format!("{theme}{text}-{card:?}-{width}x{height}.png"));
                    image::save_buffer(&path, rgb, width, height, image::ColorType::Rgb8)?;
                }
            }
        }
    }
    println!("{}", directory.display());
    Ok(())
}
