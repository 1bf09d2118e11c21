//! What stands below a row's title.

use std::rc::Rc;

use adw::prelude::*;

use super::refusal::ERROR;

/// A subtitle that depends on other settings or on devices; asked anew when one of them changes.
pub type Subtitle = Rc<dyn Fn() -> String>;

pub fn always(subtitle: &str) -> Subtitle {
    let subtitle = subtitle.to_owned();
    Rc::new(move || subtitle.clone())
}

/// Says anew what the row says, unless it says why something was refused.
pub fn refresh(row: &impl IsA<adw::ActionRow>, words: &Subtitle) {
    let row = row.upcast_ref::<adw::ActionRow>();
    if !row.has_css_class(ERROR) {
        row.set_subtitle(&words());
    }
}
