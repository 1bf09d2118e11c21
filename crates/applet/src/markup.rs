//! Texts where a desktop reads markup: tooltips, the body of notifications.

/// The text as it is to be read, whatever looks like markup in it: a program's name, a camera's.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_markup_and_nothing_is_lost() {
        assert_eq!(escaped("a <b> & 'c' \"d\" …"), "a &lt;b&gt; &amp; &#39;c&#39; &quot;d&quot; …");
    }
}
