//! The process `lenscap-cards`: draws the cards that have words or the user's picture, and ends.
//!
//! Rules:
//! 1. A process of its own, for Pango and what it needs (fonts, shapers, caches) would stay in the resident one for ever, and
//!    would be loaded at each start of the camera in the worker.
//! 2. It draws over what the relay draws without it ([`lenscap_picture::card::signed`]): one family, with and without words.
//! 3. Where the words cannot be shown as they are written, there are none: boxes in the place of letters say nothing.
//! 4. It can do nothing else ([`sandbox`]).

mod painter;
mod picture;
mod sandbox;

use std::io::{self, Write};
use std::process::ExitCode;

use lenscap_core::event::Card;
use lenscap_picture::card::{Canvas, yuv};
use lenscap_wire::cards::{Answer, CardOrder, Pictures};

use painter::Painter;

/// Why nothing was drawn.
#[derive(Debug, thiserror::Error)]
enum DrawError {
    #[error(transparent)]
    Cairo(#[from] cairo::Error),
    #[error(transparent)]
    Output(#[from] io::Error),
}

/// Draws what its argument orders ([`CardOrder`], as JSON) to standard output.
pub fn run() -> ExitCode {
    let Some(order) = std::env::args().nth(1).and_then(|order| serde_json::from_str(&order).ok()) else {
        eprintln!("lenscap-cards is started by lenscap, not by hand: run \"lenscap\".");
        return ExitCode::from(2);
    };
    match draw(&order, &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lenscap-cards: {error}");
            ExitCode::FAILURE
        }
    }
}

fn draw(order: &CardOrder, out: &mut impl Write) -> Result<(), DrawError> {
    if order.is_confined {
        sandbox::enter();
    }
    let size = (order.format.width, order.format.height);
    let mut problem = None;
    if order.is_picture {
        match picture::letterboxed(io::stdin().lock(), size) {
            Ok(canvas) => {
                out.write_all(&Answer { pictures: Pictures::Same, problem }.to_bytes())?;
                return Ok(out.write_all(&pixels(canvas, order))?);
            }
            Err(wrong) => problem = Some(wrong),
        }
    }
    let Some(painter) = Painter::new(order) else {
        return Ok(out.write_all(&Answer { pictures: Pictures::None, problem }.to_bytes())?);
    };
    out.write_all(&Answer { pictures: Pictures::Each, problem }.to_bytes())?;
    for (card, title) in Card::ALL.into_iter().zip(&order.titles) {
        out.write_all(&pixels(painter.card(card, title)?, order))?;
    }
    Ok(out.flush()?)
}

fn pixels(canvas: Canvas, order: &CardOrder) -> Vec<u8> {
    match order.is_rgb {
        true => canvas.into_rgb(),
        false => yuv::from_rgb(&canvas, order.format.pixel_format),
    }
}
