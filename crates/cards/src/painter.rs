//! A card with words: the sign, what it says, and the user's own line, one below the other.

use cairo::{Antialias, FontOptions, Format, HintMetrics, ImageSurface};
use lenscap_core::event::Card;
use lenscap_picture::card::{Canvas, Colour, Colours, signed, wordless};
use lenscap_wire::cards::CardOrder;
use pango::{Alignment, Context, Direction, EllipsizeMode, FontDescription, Language, Layout, Script, WrapMode};

/// Below this no word can be read.
const SMALLEST: (u32, u32) = (96, 48);
/// Smallest type that stays readable after a video call's compression, in pixels.
const MIN_TITLE: f64 = 14.0;
const MIN_TEXT: f64 = 12.0;
/// Lines of each, at most.
const MAX_LINES: i32 = 2;
/// Scripts that are written from right to left.
const RIGHT_TO_LEFT: [Script; 5] = [Script::Arabic, Script::Hebrew, Script::Syriac, Script::Thaana, Script::Nko];

/// Draws the cards of one order.
pub(crate) struct Painter<'a> {
    order: &'a CardOrder,
    colours: Colours,
    context: Context,
}

/// What stands below the sign.
struct Words {
    lines: Vec<(Layout, f64)>,
    height: f64,
}

impl<'a> Painter<'a> {
    /// `None`: there are no fonts with the letters of the titles.
    pub(crate) fn new(order: &'a CardOrder) -> Option<Self> {
        use pango::prelude::FontMapExt;
        let context = pangocairo::FontMap::default().create_context();
        if context.list_families().is_empty() {
            return None;
        }
        let mut options = FontOptions::new().ok()?;
        // Of coloured edges, as screens have them, a video's chroma makes smears.
        options.set_antialias(Antialias::Gray);
        options.set_hint_metrics(HintMetrics::Off);
        pangocairo::functions::context_set_font_options(&context, Some(&options));
        context.set_base_dir(direction(&context.language().unwrap_or_else(Language::default)));
        let colours = Colours { background: order.background, foreground: Some(order.foreground) };
        let painter = Self { order, colours, context };
        order.titles.iter().all(|title| painter.has_letters_for(title)).then_some(painter)
    }

    /// This card, with these words where they fit.
    pub(crate) fn card(&self, card: Card, title: &str) -> Result<Canvas, cairo::Error> {
        let (width, height) = (self.order.format.width, self.order.format.height);
        let (w, h) = (f64::from(width), f64::from(height));
        // Tall narrow pictures are ruled by their width.
        let scale = h.min(w * 0.75);
        let room = h * 0.88;
        let gap = scale * 0.07;
        let sign_of = |words: &Words| (scale * 0.18).min((room - words.height - gap) / 2.0);
        let fits = |words: &Words| sign_of(words) >= scale * 0.1;
        let text = self.order.text.as_str();
        let words = if width < SMALLEST.0 || height < SMALLEST.1 {
            None
        } else {
            self.words(title, text).filter(fits).or_else(|| self.words(title, "").filter(fits))
        };
        let Some(words) = words else { return Ok(wordless(card, &self.colours, (width, height))) };
        let radius = sign_of(&words);
        let top = (h - 2.0 * radius - gap - words.height) / 2.0;
        let centre = ((w / 2.0) as f32, (top + radius) as f32);
        let canvas = signed(card, &self.colours, (width, height), centre, radius as f32);
        self.with_words(canvas, &words, top + 2.0 * radius + gap)
    }

    /// Laid out; `None` where the title does not fit whole: a part of it could say the opposite.
    fn words(&self, title: &str, text: &str) -> Option<Words> {
        let (w, h) = (f64::from(self.order.format.width), f64::from(self.order.format.height));
        let scale = h.min(w * 0.75);
        let title = self.layout(title, (scale * 0.085).max(MIN_TITLE), pango::Weight::Bold);
        if title.is_ellipsized() {
            return None;
        }
        let mut words = Words { lines: Vec::new(), height: f64::from(title.pixel_size().1) };
        words.lines.push((title, 0.0));
        if !text.is_empty() {
            let size = (scale * 0.055).max(MIN_TEXT);
            let text = self.layout(text, size, pango::Weight::Normal);
            let top = words.height + size * 0.5;
            words.height = top + f64::from(text.pixel_size().1);
            words.lines.push((text, top));
        }
        Some(words)
    }

    fn layout(&self, text: &str, size: f64, weight: pango::Weight) -> Layout {
        let mut font = FontDescription::from_string("Sans");
        font.set_absolute_size(size * f64::from(pango::SCALE));
        font.set_weight(weight);
        let layout = Layout::new(&self.context);
        layout.set_font_description(Some(&font));
        layout.set_width((f64::from(self.order.format.width) * 0.88) as i32 * pango::SCALE);
        layout.set_height(-MAX_LINES);
        layout.set_wrap(WrapMode::WordChar);
        layout.set_ellipsize(EllipsizeMode::End);
        layout.set_alignment(Alignment::Center);
        layout.set_text(text);
        layout
    }

    fn has_letters_for(&self, text: &str) -> bool {
        self.layout(text, MIN_TITLE, pango::Weight::Bold).unknown_glyphs_count() == 0
    }

    fn with_words(&self, canvas: Canvas, words: &Words, top: f64) -> Result<Canvas, cairo::Error> {
        let (width, height) = (canvas.width(), canvas.height());
        let side = |side: u32| i32::try_from(side).map_err(|_| cairo::Error::InvalidSize);
        let mut surface = ImageSurface::create(Format::Rgb24, side(width)?, side(height)?)?;
        let stride = usize::try_from(surface.stride()).map_err(|_| cairo::Error::InvalidStride)?;
        let row = width as usize * 4;
        let mut rgb = canvas.into_rgb();
        {
            let mut data = surface.data().map_err(|_| cairo::Error::SurfaceTypeMismatch)?;
            for (to, from) in data.chunks_mut(stride).zip(rgb.chunks(width as usize * 3)) {
                for (to, from) in to[..row].chunks_exact_mut(4).zip(from.chunks_exact(3)) {
                    // A number of 32 bits, as cairo has it: 0x00RRGGBB.
                    to.copy_from_slice(&u32::from_be_bytes([0, from[0], from[1], from[2]]).to_ne_bytes());
                }
            }
        }
        {
            let cairo = cairo::Context::new(&surface)?;
            let Colour(channels) = self.order.foreground;
            let [red, green, blue] = channels.map(|channel| f64::from(channel) / 255.0);
            cairo.set_source_rgb(red, green, blue);
            let left = (f64::from(width) - f64::from(width) * 0.88) / 2.0;
            for (layout, below) in &words.lines {
                // Whole pixels: the same words are equally sharp on every card.
                cairo.move_to(left.round(), (top + below).round());
                pangocairo::functions::show_layout(&cairo, layout);
            }
        }
        let data = surface.data().map_err(|_| cairo::Error::SurfaceTypeMismatch)?;
        for (from, to) in data.chunks(stride).zip(rgb.chunks_mut(width as usize * 3)) {
            for (from, to) in from[..row].chunks_exact(4).zip(to.chunks_exact_mut(3)) {
                if let Ok(pixel) = from.try_into() {
                    to.copy_from_slice(&u32::from_ne_bytes(pixel).to_be_bytes()[1..]);
                }
            }
        }
        Ok(Canvas::from_rgb(width, height, rgb))
    }
}

/// In which direction the language is written: for texts whose letters do not say it. Those that do decide for themselves.
fn direction(language: &Language) -> Direction {
    let is_right_to_left = language.scripts().iter().any(|script| RIGHT_TO_LEFT.contains(script));
    if is_right_to_left { Direction::Rtl } else { Direction::Ltr }
}
