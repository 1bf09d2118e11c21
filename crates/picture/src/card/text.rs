//! The text card: a lens cap, a title, and a few lines that say what is going on.

use ab_glyph::{Font, FontRef, PxScale, PxScaleFont, ScaleFont, point};

use super::CardText;
use super::canvas::{Canvas, Rgb};

/// DejaVu Sans, Latin, Greek and Cyrillic; `data/fonts/README` says how it was made.
static FONT: &[u8] = include_bytes!("../../../../data/fonts/DejaVuSans-subset.ttf");

const BACKGROUND: Rgb = [0x1e, 0x1e, 0x22];
const CAP: Rgb = [0x36, 0x36, 0x3d];
const CAP_EDGE: Rgb = [0x5c, 0x5c, 0x66];
const CAP_GRIP: Rgb = [0x2a, 0x2a, 0x30];
const TITLE: Rgb = [0xf2, 0xf2, 0xf4];
const DETAIL: Rgb = [0xb4, 0xb4, 0xbc];

/// Below this no word can be read: plain background.
const SMALLEST: (u32, u32) = (96, 48);
/// Smallest type that stays readable after a video call's compression, in pixels.
const MIN_TITLE: f32 = 17.0;
const MIN_DETAIL: f32 = 13.0;
/// Words beyond this are not even measured.
const MAX_CHARS: usize = 1000;
const MAX_TITLE_LINES: usize = 2;
const MAX_DETAIL_LINES: usize = 6;

/// The card; any size works, tiny ones stay plain.
pub(super) fn card(text: &CardText, width: u32, height: u32) -> Canvas {
    let mut canvas = Canvas::new(width, height, BACKGROUND);
    if width < SMALLEST.0 || height < SMALLEST.1 {
        return canvas;
    }
    if let Ok(font) = FontRef::try_from_slice(FONT) {
        Layout::new(&font, text, width as f32, height as f32).paint(&mut canvas);
    }
    canvas
}

/// What goes where, in pixels from the top.
struct Layout<'a> {
    /// Radius of the lens cap, and its centre's height; not where it has no room.
    cap: Option<(f32, f32)>,
    lines: Vec<Line<'a>>,
}

struct Line<'a> {
    font: PxScaleFont<&'a FontRef<'static>>,
    text: String,
    colour: Rgb,
    /// Height of the baseline.
    baseline: f32,
}

impl<'a> Layout<'a> {
    fn new(font: &'a FontRef<'static>, text: &CardText, width: f32, height: f32) -> Self {
        // Tall narrow pictures are ruled by their width.
        let scale = height.min(width * 0.75);
        let title_font = font.as_scaled(PxScale::from((scale * 0.085).max(MIN_TITLE)));
        let detail_font = font.as_scaled(PxScale::from((scale * 0.05).max(MIN_DETAIL)));
        let room = height - 2.0 * (height * 0.06).max(2.0);
        let title_step = title_font.height() * 1.05;
        let detail_step = detail_font.height() * 1.2;
        let gap = detail_font.height() * 0.55;
        let cap_radius = scale * 0.115;
        let cap_gap = scale * 0.075;

        let fitting = |room: f32, step: f32| (room / step).max(0.0) as usize;
        let title = wrap(
            &title_font,
            &text.title,
            (width * 0.86).min(width - 8.0),
            fitting(room, title_step).min(MAX_TITLE_LINES),
        );
        let used = title.len() as f32 * title_step;
        let detail_room = fitting(room - used - gap, detail_step).min(MAX_DETAIL_LINES);
        let detail_width = (width * 0.78).min(width - 8.0).max(detail_font.height() * 4.0);
        let detail = wrap(&detail_font, &text.detail, detail_width, detail_room);

        let mut total = used;
        if !detail.is_empty() {
            total += detail.len() as f32 * detail_step + if title.is_empty() { 0.0 } else { gap };
        }
        let with_cap = total + 2.0 * cap_radius + if total > 0.0 { cap_gap } else { 0.0 };
        let has_cap = with_cap <= room;
        let mut y = (height - if has_cap { with_cap } else { total }) / 2.0;
        let cap = has_cap.then_some((cap_radius, y + cap_radius));
        if has_cap {
            y += 2.0 * cap_radius + cap_gap;
        }

        let mut lines = Vec::with_capacity(title.len() + detail.len());
        for text in title {
            lines.push(Line { font: title_font, text, colour: TITLE, baseline: y + title_font.ascent() });
            y += title_step;
        }
        if !lines.is_empty() {
            y += gap;
        }
        for text in detail {
            lines.push(Line { font: detail_font, text, colour: DETAIL, baseline: y + detail_font.ascent() });
            y += detail_step;
        }
        Self { cap, lines }
    }

    fn paint(&self, canvas: &mut Canvas) {
        let middle = canvas.width() as f32 / 2.0;
        if let Some((radius, y)) = self.cap {
            paint_cap(canvas, (middle, y), radius);
        }
        for line in &self.lines {
            // Whole pixels: the same line is equally sharp on every card.
            let left = (middle - measure(&line.font, &line.text) / 2.0).round();
            paint_line(canvas, line, left);
        }
    }
}

/// A centre-pinch lens cap from the front: a disc with an edge and two grips.
fn paint_cap(canvas: &mut Canvas, centre: (f32, f32), radius: f32) {
    let disc = |x: f32, y: f32, r: f32| x.hypot(y) - r;
    canvas.fill(centre, radius, CAP_EDGE, |x, y| disc(x, y, radius));
    canvas.fill(centre, radius, CAP, |x, y| disc(x, y, radius * 0.92));
    // The grips: what is left of a smaller disc on both sides of a bar.
    let grip = |x: f32, y: f32, shrink: f32| disc(x, y, radius * 0.72 - shrink).max(radius * 0.24 + shrink - y.abs());
    let edge = (radius * 0.035).max(0.6);
    canvas.fill(centre, radius, CAP_EDGE, |x, y| grip(x, y, 0.0));
    canvas.fill(centre, radius, CAP_GRIP, |x, y| grip(x, y, edge));
}

fn paint_line(canvas: &mut Canvas, line: &Line<'_>, left: f32) {
    let font = &line.font;
    let mut x = left;
    let mut previous = None;
    for character in line.text.chars() {
        let id = font.glyph_id(character);
        if let Some(previous) = previous {
            x += font.kern(previous, id);
        }
        let glyph = id.with_scale_and_position(font.scale(), point(x, line.baseline.round()));
        if let Some(outline) = font.outline_glyph(glyph) {
            let bounds = outline.px_bounds();
            let (left, top) = (bounds.min.x as i64, bounds.min.y as i64);
            outline.draw(|x, y, coverage| {
                canvas.blend(left + i64::from(x), top + i64::from(y), line.colour, coverage);
            });
        }
        x += font.h_advance(id);
        previous = Some(id);
    }
}

fn measure(font: &PxScaleFont<&FontRef<'_>>, text: &str) -> f32 {
    let mut width = 0.0;
    let mut previous = None;
    for character in text.chars() {
        let id = font.glyph_id(character);
        width += font.h_advance(id) + previous.map_or(0.0, |previous| font.kern(previous, id));
        previous = Some(id);
    }
    width
}

/// Breaks at spaces, inside a word only where it is wider than a line, and ends with an ellipsis what does not fit.
fn wrap(font: &PxScaleFont<&FontRef<'_>>, text: &str, width: f32, max_lines: usize) -> Vec<String> {
    if max_lines == 0 {
        return Vec::new();
    }
    let clean: String = text.chars().take(MAX_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in clean.split_whitespace() {
        let candidate = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if measure(font, &candidate) <= width {
            line = candidate;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for character in word.chars() {
            line.push(character);
            if measure(font, &line) > width && line.chars().nth(1).is_some() {
                line.pop();
                lines.push(std::mem::replace(&mut line, character.into()));
            }
        }
        if lines.len() > max_lines {
            break;
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    let cut = lines.len() > max_lines || text.chars().nth(MAX_CHARS).is_some();
    lines.truncate(max_lines);
    if let (true, Some(last)) = (cut, lines.last_mut()) {
        while !last.is_empty() && measure(font, &format!("{last}…")) > width {
            // Whole words go; of a single one, letters.
            match last.rfind(' ') {
                Some(space) => last.truncate(space),
                None => drop(last.pop()),
            }
        }
        last.truncate(last.trim_end_matches([' ', ',', ':', ';', '.']).len());
        last.push('…');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(text: &str, width: f32, lines: usize) -> Vec<String> {
        let font = FontRef::try_from_slice(FONT).unwrap();
        wrap(&font.as_scaled(PxScale::from(20.0)), text, width, lines)
    }

    #[test]
    fn the_font_covers_the_alphabets_it_promises() {
        let font = FontRef::try_from_slice(FONT).unwrap();
        for character in "Camera Łódź Ελλάδα Україна ệ “quoted” – … €".chars() {
            assert_ne!(font.glyph_id(character).0, 0, "{character:?} is missing");
        }
    }

    #[test]
    fn lines_break_at_spaces_and_keep_every_word() {
        let text = "The camera is in use by another program: close it and try again";
        let lines = wrapped(text, 200.0, 20);
        assert!(lines.len() > 2, "{lines:?}");
        assert_eq!(lines.join(" "), text);
    }

    #[test]
    fn what_does_not_fit_ends_with_an_ellipsis() {
        let lines = wrapped(&"word ".repeat(100), 200.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with("word…"), "{lines:?}");
        assert!(!lines[0].contains('…'));
    }

    #[test]
    fn a_word_wider_than_the_line_is_broken() {
        let lines = wrapped("/dev/v4l/by-id/usb-046d_HD_Pro_Webcam_C920_0123456789AB-video-index0", 150.0, 20);
        assert!(lines.len() > 2, "{lines:?}");
        assert!(lines.concat().ends_with("video-index0"));
    }

    #[test]
    fn nothing_to_say_gives_no_lines() {
        assert!(wrapped(" \n\t ", 100.0, 3).is_empty());
        assert!(wrapped("text", 100.0, 0).is_empty());
    }
}
