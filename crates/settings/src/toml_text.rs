//! What the parsers of TOML lack.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;
use toml_edit::DocumentMut;

use super::rules::Given;

/// A value as somebody has written it in `text`.
pub(super) fn given<'a>(value: &'a Spanned<DeValue<'_>>, text: &'a str) -> Given<'a> {
    let written = |span: Range<usize>| Given::Other(text.get(span).unwrap_or("this"));
    match value.get_ref() {
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or_else(|_| written(value.span()), Given::Integer)
        }
        DeValue::String(string) => Given::Text(string),
        DeValue::Boolean(value) => Given::Bool(*value),
        DeValue::Array(entries) => Given::List(entries.iter().map(|entry| given(entry, text)).collect()),
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => written(value.span()),
    }
}

/// The comments behind the last setting, taken out.
pub(super) fn take_trailing(document: &mut DocumentMut) -> String {
    let mut trailing = document.trailing().as_str().unwrap_or_default().to_owned();
    if !trailing.is_empty() && !trailing.ends_with('\n') {
        trailing.push('\n');
    }
    document.set_trailing("");
    trailing
}
