//! The signs of the cards: those of the icon (`icons/hicolor/symbolic`). Told apart by their shape, at any size and in any colour.

use lenscap_core::event::Card;

use super::canvas::Canvas;
use super::colour::Colour;

/// Half the side of the grid that the shapes are given in, as the icons'; their origin is its middle.
const HALF: f32 = 8.0;
/// The width of an outline. A little more than the icons': a video's compression eats thin lines.
const STROKE: f32 = 1.3;
/// The middle of the camera's body, across.
const BODY: f32 = -2.5;

/// Paints the card's sign, `radius` pixels around `centre`.
pub(super) fn paint(canvas: &mut Canvas, card: Card, centre: (f32, f32), radius: f32, colour: Colour) {
    let shape = match card {
        Card::Off => outline,
        Card::Starting => in_viewfinder,
        Card::Paused => with_bars,
        Card::Waiting => with_question,
        Card::Blocked => crossed_out,
        Card::Unavailable => with_mark,
    };
    let unit = radius / HALF;
    canvas.fill(centre, radius, colour, |x, y| shape(x / unit, y / unit) * unit);
}

// Signed distances, negative inside.

fn outline(x: f32, y: f32) -> f32 {
    hollow(body(x, y)).min(hollow(lens(x, y)))
}

fn with_bars(x: f32, y: f32) -> f32 {
    let bars = (((x - BODY).abs() - 1.4).abs() - 0.8).max(y.abs() - 2.4);
    outline(x, y).min(bars)
}

fn crossed_out(x: f32, y: f32) -> f32 {
    let slash = |half_width| line((-7.0, -7.0), (7.0, 7.0), x, y, half_width);
    slash(0.8).min(without(outline(x, y), slash(1.9)))
}

fn with_mark(x: f32, y: f32) -> f32 {
    let mark = line((BODY, -2.9), (BODY, 0.3), x, y, 0.8).min((x - BODY).hypot(y - 3.0) - 1.0);
    without(camera(x, y), mark)
}

fn with_question(x: f32, y: f32) -> f32 {
    let (x, y) = (x - BODY, y + 1.2);
    // An arc open to the lower left, a stem below it, and a dot.
    let arc = ((x.hypot(y) - 1.9).abs() - 0.7).max(if x < 0.0 { y } else { f32::NEG_INFINITY });
    let stem = line((0.0, 1.9), (0.0, 2.3), x, y, 0.7);
    let mark = arc.min(stem).min(x.hypot(y - 4.2) - 0.9);
    without(camera(x + BODY, y - 1.2), mark)
}

fn in_viewfinder(x: f32, y: f32) -> f32 {
    const SMALLER: f32 = 0.62;
    let corners = hollow(rounded(x, y, (HALF, HALF), 3.5)).max(3.0 - x.abs().min(y.abs()));
    corners.min(camera(x / SMALLER, y / SMALLER) * SMALLER)
}

fn camera(x: f32, y: f32) -> f32 {
    body(x, y).min(lens(x, y))
}

fn body(x: f32, y: f32) -> f32 {
    rounded(x - BODY, y, (5.5, 5.0), 2.0)
}

/// Wider to the right. It begins inside the body: edges that only touch show as a seam.
fn lens(x: f32, y: f32) -> f32 {
    let (left, right) = ((2.7, 1.4), (HALF, 4.5));
    let (dx, dy): (f32, f32) = (right.0 - left.0, right.1 - left.1);
    let above = ((y.abs() - left.1) * dx - (x - left.0) * dy) / dx.hypot(dy);
    above.max(left.0 - x).max(x - right.0)
}

/// A rectangle with round corners; `half`: half its sides.
fn rounded(x: f32, y: f32, half: (f32, f32), radius: f32) -> f32 {
    let (x, y) = (x.abs() - half.0 + radius, y.abs() - half.1 + radius);
    x.max(0.0).hypot(y.max(0.0)) + x.max(y).min(0.0) - radius
}

/// A line with round ends.
fn line(from: (f32, f32), to: (f32, f32), x: f32, y: f32, half_width: f32) -> f32 {
    let (x, y) = (x - from.0, y - from.1);
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let along = ((x * dx + y * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    (x - along * dx).hypot(y - along * dy) - half_width
}

fn hollow(shape: f32) -> f32 {
    without(shape, shape + STROKE)
}

fn without(shape: f32, hole: f32) -> f32 {
    shape.max(-hole)
}
