//! The text of an autostart entry: whether it starts something, and from where. (Desktop Entry Specification 1.5, "Value types"
//! and "The Exec key".)

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Whether this entry starts its program, as the session reads it.
pub fn starts(text: &str) -> bool {
    let is_off = |line: &str| {
        let line: String = line.split_whitespace().collect();
        line == "Hidden=true" || line == "X-GNOME-Autostart-enabled=false"
    };
    !text.lines().any(is_off)
}

/// The program without which the session ignores this entry, where that is ours.
pub fn program(text: &str) -> Option<PathBuf> {
    text.lines()
        .find_map(|line| line.strip_prefix("TryExec="))
        .map(unescaped)
        .filter(|path| is_ours(path))
        .map(PathBuf::from)
}

/// The entry with our program at this path: the session's `PATH` may lack the directory. An entry that starts something else
/// (`env`, `flatpak`) stays as it is.
pub fn with_program(text: &str, program: &Path) -> String {
    // A path that is no text cannot stand in an entry; PATH may do.
    let Some(program) = program.to_str() else { return text.to_owned() };
    let changed = |line: &str| match line.split_once('=') {
        Some(("TryExec", value)) if is_ours(&unescaped(value)) => format!("TryExec={}\n", escaped(program)),
        Some(("Exec", value)) => {
            let (first, rest) = split_argument(value);
            let is_ours = is_ours(first.trim_matches('"'));
            if is_ours { format!("Exec={}{rest}\n", escaped(&argument(program))) } else { format!("{line}\n") }
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(changed).collect()
}

fn is_ours(program: &str) -> bool {
    Path::new(program).file_name() == Some(OsStr::new("lenscap"))
}

/// As one argument of `Exec`: quoted where it has to be, and no field code.
fn argument(text: &str) -> String {
    let text = text.replace('%', "%%");
    if !text.contains(|sign: char| sign.is_whitespace() || "\"'\\><~|&;$*?#()`".contains(sign)) {
        return text;
    }
    let is_special = |sign: char| "\"`$\\".contains(sign);
    let quoted = text.chars().flat_map(|sign| is_special(sign).then_some('\\').into_iter().chain([sign]));
    format!("\"{}\"", quoted.collect::<String>())
}

/// The first argument of `Exec` as it stands there, and the rest.
fn split_argument(value: &str) -> (&str, &str) {
    let end = match value.strip_prefix('"') {
        Some(quoted) => quoted.match_indices('"').find(|(at, _)| !quoted[..*at].ends_with('\\')).map(|(at, _)| at + 2),
        None => value.find(char::is_whitespace),
    };
    value.split_at(end.unwrap_or(value.len()))
}

/// As a value of the type string, in which a backslash begins an escape.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t")
}

fn unescaped(value: &str) -> String {
    let mut signs = value.trim().chars();
    let next = |signs: &mut std::str::Chars| match signs.next()? {
        '\\' => signs.next().map(|escape| match escape {
            's' => ' ',
            'n' => '\n',
            't' => '\t',
            other => other,
        }),
        sign => Some(sign),
    };
    std::iter::from_fn(|| next(&mut signs)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "[Desktop Entry]\nName=Lenscap\nExec=lenscap --gapplication-service\nTryExec=lenscap\n";

    #[test]
    fn the_program_is_named_by_its_path_and_found_again() {
        for (path, exec) in [
            ("/usr/local/bin/lenscap", "/usr/local/bin/lenscap"),
            ("/home/a b/lenscap", "\"/home/a b/lenscap\""),
            ("/home/50%/lenscap", "/home/50%%/lenscap"),
            (r#"/home/$a"b\c/lenscap"#, r#""/home/\\$a\\"b\\\\c/lenscap""#),
        ] {
            let text = with_program(ENTRY, Path::new(path));
            assert!(text.contains(&format!("\nExec={exec} --gapplication-service\n")), "{text}");
            assert_eq!(program(&text).as_deref(), Some(Path::new(path)));
            // And changed once more.
            assert_eq!(with_program(&text, Path::new("lenscap")), ENTRY, "{text}");
        }
    }

    #[test]
    fn what_starts_something_else_stays() {
        let flatpak = "[Desktop Entry]\nExec=/usr/bin/flatpak run --command=lenscap io.github.lenscap.Lenscap\n";
        let own = "[Desktop Entry]\nExec=env A=1 lenscap\nTryExec=env\n";
        for text in [flatpak, own] {
            assert_eq!(with_program(text, Path::new("/opt/lenscap")), text);
            assert_eq!(program(text), None);
        }
    }
}
