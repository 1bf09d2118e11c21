//! Texts where a desktop reads markup: tooltips, the body of notifications.

/// The text as it is to be read, whatever looks like markup in it: a program's name, a camera's.
pub fn escaped(text: &str) -> String {
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

/// The text for who may take it for markup or not: with characters that are none, and read alike.
pub fn avoided(text: &str) -> String {
    text.replace('&', "+").replace('<', "‹").replace('>', "›")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_avoided_reads_the_same_as_markup_and_as_text() {
        let avoided = avoided("Camera A&B <x> is on");
        assert_eq!(avoided, "Camera A+B ‹x› is on");
        assert_eq!(escaped(&avoided), avoided);
    }

    #[test]
    fn nothing_is_markup_and_nothing_is_lost() {
        assert_eq!(escaped("a <b> & 'c' \"d\" …"), "a &lt;b&gt; &amp; &#39;c&#39; &quot;d&quot; …");
    }
}
