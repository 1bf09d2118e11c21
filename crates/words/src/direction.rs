//! Order within a text: what is put into it (names, numbers, other sentences) keeps its own direction, and turns nothing that
//! stands beside it. Where one writes from right to left, "1280 × 720" would be read as "720 × 1280".
//!
//! The marks for that are for windows, menus and notifications. A terminal may show them as boxes: a process has to ask for them
//! ([`isolate_parts`]), and what leaves it for a terminal, a log or another program goes through [`lenscap_text::without_isolates`].

use std::sync::OnceLock;

use lenscap_text::direction::{FIRST_STRONG_ISOLATE, LEFT_TO_RIGHT_ISOLATE, LEFT_TO_RIGHT_MARK, POP_ISOLATE};
use lenscap_text::direction::{RIGHT_TO_LEFT_MARK, has_right_to_left};

/// How the user's language is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Direction {
    LeftToRight,
    RightToLeft,
}

static DIRECTION: OnceLock<Direction> = OnceLock::new();

/// From here on, parts of texts are kept apart. For processes whose texts people read on the desktop, after [`crate::init`].
pub fn isolate_parts() {
    // A language is written as its words are.
    let is_right_to_left = has_right_to_left(&crate::tr("Camera is off"));
    DIRECTION.get_or_init(|| if is_right_to_left { Direction::RightToLeft } else { Direction::LeftToRight });
}

/// `None`: texts stay without marks.
pub(crate) fn of_language() -> Option<Direction> {
    DIRECTION.get().copied()
}

/// A part, as it is put into a text. A text of one direction has no marks.
pub(crate) fn isolated(part: String, language: Option<Direction>) -> String {
    let is_apart = match language {
        None => false,
        Some(Direction::LeftToRight) => has_right_to_left(&part),
        Some(Direction::RightToLeft) => !part.is_empty(),
    };
    if is_apart { format!("{FIRST_STRONG_ISOLATE}{part}{POP_ISOLATE}") } else { part }
}

/// A text with its parts: what it begins with must not decide the direction of all of it. (Pango 1.50 looks into isolates, too.)
pub(crate) fn led(text: String, language: Option<Direction>) -> String {
    let mark = match language {
        Some(Direction::LeftToRight) => LEFT_TO_RIGHT_MARK,
        Some(Direction::RightToLeft) => RIGHT_TO_LEFT_MARK,
        None => return text,
    };
    if text.contains(FIRST_STRONG_ISOLATE) && !text.starts_with(mark) { format!("{mark}{text}") } else { text }
}

/// Numbers that are read from left to right in every language.
pub(crate) fn left_to_right(numbers: String, language: Option<Direction>) -> String {
    match language {
        Some(Direction::RightToLeft) => format!("{LEFT_TO_RIGHT_ISOLATE}{numbers}{POP_ISOLATE}"),
        Some(Direction::LeftToRight) | None => numbers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fill_in;

    const ARABIC: Option<Direction> = Some(Direction::RightToLeft);
    const ENGLISH: Option<Direction> = Some(Direction::LeftToRight);

    #[test]
    fn parts_keep_their_order_where_one_writes_from_right_to_left() {
        let text = |part: &str, language| fill_in("{app} يستخدم", &[("app", &part)], language);
        assert_eq!(text("Zoom", ARABIC), "\u{200f}\u{2068}Zoom\u{2069} يستخدم");
        assert_eq!(text("Zoom", None), "Zoom يستخدم", "in a terminal");
        // Numbers come last (see `filled_for`), and do not mark it once more.
        assert_eq!(fill_in(&text("Zoom {n}", ARABIC), &[("n", &3)], ARABIC).matches('\u{200f}').count(), 1);
        assert_eq!(left_to_right("1280 × 720".into(), ARABIC), "\u{2066}1280 × 720\u{2069}");
    }

    #[test]
    fn elsewhere_only_a_name_that_is_written_so_is_kept_apart() {
        let text = |part: &str| fill_in("{app}: on", &[("app", &part)], ENGLISH);
        assert_eq!(text("Zoom"), "Zoom: on");
        assert_eq!(text("זום 2"), "\u{200e}\u{2068}זום 2\u{2069}: on");
        assert_eq!(left_to_right("1280 × 720".into(), ENGLISH), "1280 × 720");
    }

    #[test]
    fn what_leaves_for_a_terminal_has_no_marks() {
        let text =
            fill_in("{size} {app}", &[("size", &left_to_right("2 × 1".into(), ARABIC)), ("app", &"Zoom")], ARABIC);
        assert_eq!(lenscap_text::without_isolates(&text), "2 × 1 Zoom");
    }
}
