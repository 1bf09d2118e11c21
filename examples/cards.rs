//! Writes the cards as PNG files to look at: `cargo run --example cards [DIRECTORY]`, by default `target/cards`.

use std::error::Error;
use std::path::PathBuf;

use lenscap::frame::card::{CardText, Painter};

const SIZES: [(u32, u32); 6] = [(1280, 720), (640, 480), (320, 180), (480, 640), (160, 120), (96, 48)];

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args_os().nth(1).map_or_else(|| "target/cards".into(), PathBuf::from);
    std::fs::create_dir_all(&directory)?;
    let reason = "The GStreamer element icamerasrc is missing: install the package gst-plugins-icamera for this \
                  distribution, then choose \"Try again\" in the tray; until then every program that asks for a \
                  camera is shown this card, and nothing else.";
    let cards = [
        ("off", CardText::new("Camera is off", "It turns on when an app uses it")),
        ("paused", CardText::new("Camera is paused", "Choose \"Resume\" in the tray to allow it again")),
        ("failed", CardText::new("The camera does not work", reason)),
    ];
    for (name, card) in &cards {
        for (width, height) in SIZES {
            let rgb = Painter::default().draw_rgb(card, width, height).map_err(|trouble| format!("{trouble:?}"))?;
            let path = directory.join(format!("{name}-{width}x{height}.png"));
            image::save_buffer(&path, &rgb, width, height, image::ColorType::Rgb8)?;
        }
    }
    println!("{}", directory.display());
    Ok(())
}
