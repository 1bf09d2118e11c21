//! The kinds of rows, each tied to one setting: what the user sets is written at once; what is refused is said in the
//! row, in the place of its subtitle, and the row goes back to what is in the file.

mod choice;
pub mod control;
mod entry;
mod finding;
mod number;
mod plain;
mod refusal;
mod slider;
mod subtitle;
mod switch;

pub use choice::{Choices, choice, choice_with, show_whole_names};
pub use entry::{TextEntry, bare_entry, entry};
pub use finding::{finding, with_commands};
pub use number::{NumberOf, SpinRange, number, number_within};
pub use plain::{filler, name, plain, prepare};
pub use refusal::report;
pub use subtitle::{Subtitle, refresh};
pub use switch::{switch, switch_of, switch_with};
