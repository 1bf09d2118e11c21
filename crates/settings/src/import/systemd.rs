//! As systemd reads its files (systemd.syntax(7), systemd.exec(5) of `EnvironmentFile=`, systemd.service(5) of command lines).

/// The lines that say something: without comments, and continued ones put together.
pub fn lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut begun: Option<String> = None;
    for line in text.lines() {
        let line = line.trim();
        // Also between the parts of a continued one.
        if line.starts_with(['#', ';']) {
            continue;
        }
        let (part, goes_on) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
        let whole = begun.take().map_or_else(|| part.to_owned(), |begun| format!("{begun} {part}"));
        match goes_on {
            true => begun = Some(whole),
            false => lines.push(whole),
        }
    }
    lines.extend(begun);
    lines.retain(|line| !line.is_empty());
    lines
}

/// Key and value of a line, as written.
pub fn assignment(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    Some((key.trim(), value.trim()))
}

/// A value without its quotes; it may hold spaces outside of them.
pub fn unquoted(value: &str) -> String {
    pieces(value, false).concat()
}

/// The words of a command line.
pub fn words(line: &str) -> Vec<String> {
    pieces(line, true)
}

fn pieces(text: &str, at_spaces: bool) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut rest = text.chars();
    while let Some(next) = rest.next() {
        match next {
            '\\' if quote != Some('\'') => word.get_or_insert_default().extend(rest.next()),
            '"' | '\'' if quote == Some(next) => quote = None,
            '"' | '\'' if quote.is_none() => {
                quote = Some(next);
                word.get_or_insert_default();
            }
            space if space.is_whitespace() && quote.is_none() && at_spaces => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_words_and_values_are_as_systemd_takes_them() {
        let text = "# a\nA=1\\\n; not this\n 2 \n\n[S]\nB = 'x y' z\\";
        assert_eq!(lines(text), ["A=1 2", "[S]", "B = 'x y' z"]);
        assert_eq!(assignment("B = 'x y' z"), Some(("B", "'x y' z")));
        assert_eq!(unquoted("'x y' z"), "x y z");
        assert_eq!(unquoted("Intel MIPI Camera"), "Intel MIPI Camera");
        assert_eq!(unquoted(r#""a \"b\"""#), "a \"b\"");
        assert_eq!(words(r#"a  "b c"d '' 'e\f' g\ h"#), ["a", "b cd", "", "e\\f", "g h"]);
    }
}
