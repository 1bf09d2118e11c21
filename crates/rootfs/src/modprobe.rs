//! What modprobe's files say of a kernel module.
//!
//! It joins the lines of all files in the order of their names, whatever the directory; the kernel takes the last of a repeated
//! option (modprobe.d(5), and measured with kmod 30: a line goes on behind a backslash without a blank between).

use crate::Root;

/// In the order in which they hide one another.
const DIRECTORIES: [&str; 5] =
    ["/etc/modprobe.d", "/run/modprobe.d", "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d"];

/// A line of a file, by words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The file.
    pub path: String,
    /// From 1; of one that goes on, where it begins.
    pub number: usize,
    /// Never fewer than two: the command and what it is about, a module but for an alias.
    pub words: Vec<String>,
}

/// An option of a module's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleOption {
    /// Its name.
    pub name: String,
    /// The value that holds: the last; without the quotes around all of it, the only ones that the kernel takes away.
    pub value: String,
    /// The file that has it.
    pub path: String,
}

/// The lines about the module, in the order in which they count.
pub fn lines(root: &Root, module: &str) -> Vec<Line> {
    let files = root.drop_ins(&DIRECTORIES, ".conf").into_iter();
    files.flat_map(|path| parse(&path, &root.read(&path).unwrap_or_default(), module)).collect()
}

/// Those of a file's text.
pub fn parse(path: &str, text: &str, module: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut rest = text.lines().zip(1..);
    while let Some((first, number)) = rest.next() {
        let mut line = first.to_owned();
        while line.ends_with('\\') {
            line.pop();
            line += rest.next().map_or("", |(more, _)| more);
        }
        let words = words(&line);
        let is_about = match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["options" | "blacklist" | "install", about, ..] => about == module,
            // A name that leads to no module.
            ["alias", about, "off", ..] => about == module,
            _ => false,
        };
        if is_about {
            lines.push(Line { path: path.to_owned(), number, words });
        }
    }
    lines
}

/// The options in these lines, in the order of their first appearance.
pub fn options<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Vec<ModuleOption> {
    let mut options: Vec<ModuleOption> = Vec::new();
    for line in lines.into_iter().filter(|line| line.words[0] == "options") {
        for (name, value) in line.words[2..].iter().filter_map(|word| word.split_once('=')) {
            let option =
                ModuleOption { name: name.to_owned(), value: unquoted(value).to_owned(), path: line.path.clone() };
            match options.iter_mut().find(|known| known.name == option.name) {
                Some(known) => *known = option,
                None => options.push(option),
            }
        }
    }
    options
}

/// As the kernel parts options: at blanks outside of quotes.
fn words(line: &str) -> Vec<String> {
    let mut is_quoted = false;
    let parts = line.split(|letter: char| {
        is_quoted ^= letter == '"';
        letter.is_ascii_whitespace() && !is_quoted
    });
    parts.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn unquoted(value: &str) -> &str {
    let Some(rest) = value.strip_prefix('"') else { return value };
    rest.strip_suffix('"').unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_their_numbers_and_go_on_behind_a_backslash() {
        let text =
            "# options loop devices=9\n options\tloop devices=1\\\n,2 label=\"A B\" \\\n x=1\n\nblacklist loop\\";
        let lines = parse("f", text, "loop");
        let found: Vec<_> = lines.iter().map(|line| (line.number, line.words.join("|"))).collect();
        let expected = [(2, "options|loop|devices=1,2|label=\"A B\"|x=1"), (6, "blacklist|loop")];
        assert_eq!(found, expected.map(|(number, words)| (number, words.to_owned())));
    }

    #[test]
    fn what_is_about_another_module_or_about_none_is_left_out() {
        let none = "options loopback x=1\noptionsloop x=1\noptions\nalias loop other\nalias other off\ninstall\nsoftdep loop pre: x\n";
        assert_eq!(parse("f", none, "loop"), []);
        assert_eq!(parse("f", "alias loop off\ninstall loop /bin/true\n", "loop").len(), 2);
    }

    #[test]
    fn of_a_repeated_option_the_last_holds() {
        let mut lines = parse("a", "options loop devices=1 label=\"A\"\n", "loop");
        lines.extend(parse("b", "options loop flag devices=\"2\n", "loop"));
        let options = options(&lines);
        let found: Vec<_> = options.iter().map(|it| format!("{} {} {}", it.name, it.value, it.path)).collect();
        assert_eq!(found, ["devices 2 b", "label A a"]);
    }
}
