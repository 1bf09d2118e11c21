//! Direction of writing, as in Unicode's bidirectional algorithm (UAX 9). Texts of ours alone have these marks:
//! [`clean`](crate::clean) takes them out of what comes from outside.

use std::borrow::Cow;

/// Before a part that has the direction of its first letter, whatever stands around it.
pub const FIRST_STRONG_ISOLATE: char = '\u{2068}';
/// Before a part that is written from left to right.
pub const LEFT_TO_RIGHT_ISOLATE: char = '\u{2066}';
/// Behind such a part.
pub const POP_ISOLATE: char = '\u{2069}';
/// An invisible letter that is written from left to right.
pub const LEFT_TO_RIGHT_MARK: char = '\u{200e}';
/// An invisible letter that is written from right to left.
pub const RIGHT_TO_LEFT_MARK: char = '\u{200f}';

const MARKS: [char; 5] =
    [FIRST_STRONG_ISOLATE, LEFT_TO_RIGHT_ISOLATE, POP_ISOLATE, LEFT_TO_RIGHT_MARK, RIGHT_TO_LEFT_MARK];

/// Whether a letter in it is written from right to left: of Hebrew, Arabic or another of the blocks that Unicode has for these.
pub fn has_right_to_left(text: &str) -> bool {
    text.contains(|letter| {
        matches!(letter, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
    })
}

/// A text of ours for a terminal, a log or another program.
pub fn without_isolates(text: &str) -> Cow<'_, str> {
    if text.contains(MARKS) { Cow::Owned(text.replace(MARKS, "")) } else { Cow::Borrowed(text) }
}
