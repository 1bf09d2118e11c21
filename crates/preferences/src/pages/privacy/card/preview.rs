//! Each card as applications see it, drawn by the program that draws theirs.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Instant;

use adw::prelude::*;
use lenscap_core::event::Card;
use lenscap_picture::card::{Canvas, CardKind, CardStyle, Colour, Picture, PictureTrouble, wordless};
use lenscap_picture::format::VideoFormat;
use lenscap_settings::Settings;
use lenscap_wire::cards::{self, CardOrder};
use lenscap_words as words;
use lenscap_words::tr;

use crate::rows;
use crate::store::Store;

/// Height of what is drawn: the smallest at which type has the size that it has on larger cards.
const HEIGHT: u32 = 360;
/// Width and height of what is shown, in the desktop's units.
const SHOWN: (i32, i32) = (160, 90);

/// The row of previews.
pub fn row(store: &Rc<Store>) -> adw::PreferencesRow {
    let flow = gtk::FlowBox::builder()
        .selection_mode(gtk::SelectionMode::None)
        // Nothing in it is to be reached, and the Tab key would stay before it for ever.
        .can_focus(false)
        .homogeneous(true)
        .min_children_per_line(1)
        .max_children_per_line(3)
        .column_spacing(6)
        .row_spacing(6)
        .build();
    let note = gtk::Label::builder().wrap(true).xalign(0.0).visible(false).css_classes(["caption", "error"]).build();
    let pictures = Card::ALL.map(|card| {
        let title = words::card::title(card);
        let picture = gtk::Picture::builder().alternative_text(&title).can_shrink(true).build();
        picture.set_size_request(SHOWN.0, SHOWN.1);
        let label = gtk::Label::builder().label(&title).wrap(true).css_classes(["caption"]).build();
        let cell = gtk::Box::new(gtk::Orientation::Vertical, 3);
        // A picture is as wide as its pixels otherwise.
        let clamp = adw::Clamp::builder().maximum_size(SHOWN.0).tightening_threshold(SHOWN.0).child(&picture).build();
        cell.append(&clamp);
        cell.append(&label);
        let child = gtk::FlowBoxChild::builder().child(&cell).focusable(false).build();
        flow.insert(&child, -1);
        picture
    });
    let content = gtk::Box::builder()
        .orientation(gtk::Orientation::Vertical)
        .spacing(6)
        .margin_top(12)
        .margin_bottom(12)
        .margin_start(12)
        .margin_end(12)
        .build();
    content.append(&flow);
    content.append(&note);
    let row = rows::filler(&content);
    row.set_title(&tr("What applications see"));
    row.set_visible(true);
    let sheet = Rc::new(Sheet { pictures, note, wanted: RefCell::default(), is_drawing: Cell::default() });
    store.follow(Wanted::of, move |wanted| Rc::clone(&sheet).show(wanted.clone()));
    row
}

/// What the settings say of cards.
#[derive(Clone, PartialEq)]
struct Wanted {
    style: CardStyle,
    format: Option<VideoFormat>,
}

impl Wanted {
    fn of(settings: &Settings) -> Self {
        let picture = settings.card_picture(Some(&glib::home_dir())).map(|path| Picture::look(&path));
        let VideoFormat { pixel_format, width, height, framerate } = settings.camera.format;
        let even = (HEIGHT * width / height.max(1)).clamp(2, VideoFormat::MAX_SIDE) & !1;
        let format = VideoFormat::new(pixel_format, even, HEIGHT, framerate).ok();
        Self { style: settings.card_style(picture), format }
    }
}

/// Cards, and what is wrong with them.
struct Drawn {
    cards: Vec<Vec<u8>>,
    problem: Option<String>,
}

struct Sheet {
    pictures: [gtk::Picture; Card::ALL.len()],
    note: gtk::Label,
    /// To be drawn next; of several the newest.
    wanted: RefCell<Option<Wanted>>,
    is_drawing: Cell<bool>,
}

impl Sheet {
    fn show(self: Rc<Self>, wanted: Wanted) {
        self.wanted.replace(Some(wanted));
        if self.is_drawing.replace(true) {
            return;
        }
        glib::spawn_future_local(async move {
            while let Some(Wanted { style, format: Some(format) }) = self.wanted.take() {
                if let Ok(drawn) = gio::spawn_blocking(move || draw(&style, format)).await {
                    self.set(&drawn, format);
                }
            }
            self.is_drawing.set(false);
        });
    }

    fn set(&self, drawn: &Drawn, format: VideoFormat) {
        let side = |side: u32| i32::try_from(side).unwrap_or(0);
        for (picture, card) in self.pictures.iter().zip(drawn.cards.iter().cycle()) {
            let texture = gtk::gdk::MemoryTexture::new(
                side(format.width),
                side(format.height),
                gtk::gdk::MemoryFormat::R8g8b8,
                &glib::Bytes::from(card),
                format.width as usize * 3,
            );
            picture.set_paintable(Some(&texture));
        }
        self.note.set_label(drawn.problem.as_deref().unwrap_or_default());
        self.note.set_visible(drawn.problem.is_some());
    }
}

/// As the relay shows them.
fn draw(style: &CardStyle, format: VideoFormat) -> Drawn {
    let size = (format.width, format.height);
    if style.kind == CardKind::Black {
        return Drawn { cards: vec![Canvas::new(size.0, size.1, Colour::BLACK).into_rgb()], problem: None };
    }
    let order = CardOrder { is_rgb: true, ..CardOrder::new(style, words::card::titles(), format) };
    let mut cards = Vec::new();
    let drawn =
        cards::draw(&super::program(), style, order, Instant::now() + super::LIMIT, |card| cards.push(card.to_vec()));
    let problem = match (&drawn, &style.kind) {
        (Err(trouble), _) => Some(words::card::not_drawn(trouble)),
        (Ok(cards::Answer { problem: Some(problem), .. }), CardKind::Picture(picture)) => {
            let trouble = PictureTrouble { path: picture.path.clone(), problem: problem.clone() };
            Some(format!("{}.", words::picture::own_picture(&trouble)))
        }
        (Ok(cards::Answer { pictures: cards::Pictures::None, .. }), _) => Some(words::card::no_letters()),
        (Ok(_), _) => None,
    };
    if drawn.is_err() || cards.is_empty() {
        cards = Card::ALL.map(|card| wordless(card, &style.colours, size).into_rgb()).into();
    }
    Drawn { cards, problem }
}
