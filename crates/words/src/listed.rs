//! Names one after the other.

use crate::direction;

/// These in one line, separated as the language does it ("a, b"; in Arabic "a، b").
pub fn listed(items: impl IntoIterator<Item = impl Into<String>>) -> String {
    let language = direction::of_language();
    let items: Vec<String> = items.into_iter().map(|item| direction::isolated(item.into(), language)).collect();
    // TRANSLATORS: what stands between the names of a list, with the space behind it
    direction::led(items.join(&crate::tr(", ")), language)
}
