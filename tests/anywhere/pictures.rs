//! The pictures in data/screenshots show what there is today: each carries a digest of it, which `make pictures` puts in.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use gio::glib::{ChecksumType, compute_checksum_for_string};
use lenscap_test_translations::catalogue;

/// The PNG's text with the digest.
const KEY: &str = "lenscap-shows";

/// Writes the digests to this file instead of comparing them; set by `scripts/pictures.sh`.
const WRITE: &str = "LENSCAP_WRITE_PICTURES";

/// What pictures show, by the beginning of the picture's name.
struct Shown {
    pictures: &'static str,
    /// Sources whose texts are in it, by the beginnings of their paths.
    texts: &'static [&'static str],
    /// Drawings and styles in it; of a directory all.
    files: &'static [&'static str],
}

const ICONS: &str = "icons/hicolor/symbolic/apps";
const CALL: &str = "tests/desktop/call.svg";

const SHOWN: &[Shown] = &[
    Shown { pictures: "icons", texts: &[], files: &[ICONS, "tests/desktop/icon_looks.py"] },
    Shown {
        pictures: "tray",
        texts: &[
            "crates/applet/src/tray/",
            "crates/words/src/menu.rs",
            "crates/words/src/offer.rs",
            "crates/words/src/status.rs",
        ],
        files: &[ICONS],
    },
    Shown { pictures: "session", texts: &["crates/words/src/card.rs"], files: &[CALL] },
    Shown {
        // Each has the titles of all pages.
        pictures: "preferences-",
        texts: &[
            "crates/preferences/src/pages/",
            "crates/preferences/src/stage",
            "crates/words/src/controls.rs",
            "crates/words/src/offer.rs",
            "crates/words/src/preferences.rs",
            "crates/words/src/status.rs",
        ],
        files: &["crates/preferences/src/pages.rs", "crates/preferences/src/style.css", ICONS, CALL],
    },
    Shown {
        pictures: "welcome",
        texts: &[
            "crates/preferences/src/welcome.rs",
            "crates/preferences/src/diagnosis.rs",
            "crates/preferences/src/pages/general.rs",
            "crates/preferences/src/rows/finding.rs",
        ],
        files: &["crates/preferences/src/style.css"],
    },
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn files(directory: &str) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(root().join(directory)).expect("a directory");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

impl Shown {
    fn digest(&self) -> String {
        let messages = catalogue::parse(&read("po/lenscap.pot"));
        let mut shown = String::new();
        for start in self.texts {
            let before = shown.len();
            for message in messages.iter().filter(|message| message.files.iter().any(|file| file.starts_with(start))) {
                shown.extend([message.id.as_str(), "\n", message.plural.as_deref().unwrap_or_default(), "\n"]);
            }
            assert!(shown.len() > before, "{start} has no text");
        }
        for file in self.files {
            let path = root().join(file);
            let paths = if path.is_dir() { files(file) } else { BTreeSet::from([path]) };
            shown.extend(paths.iter().map(|path| fs::read_to_string(path).expect("a file")));
        }
        compute_checksum_for_string(ChecksumType::Sha256, &shown).expect("a checksum").into()
    }
}

/// The digest in a picture: a PNG's text stands in it as it is.
fn stamp(picture: &Path) -> Option<String> {
    let content = fs::read(picture).expect("a file");
    let key = format!("tEXt{KEY}\0");
    let start = content.windows(key.len()).position(|bytes| bytes == key.as_bytes())? + key.len();
    let digits = content[start..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count().min(64);
    String::from_utf8(content[start..start + digits].to_vec()).ok()
}

#[test]
fn each_picture_shows_what_there_is_today() {
    if let Some(path) = std::env::var_os(WRITE) {
        let lines = SHOWN.iter().map(|shown| format!("{} {KEY} {}\n", shown.pictures, shown.digest()));
        fs::write(path, lines.collect::<String>()).expect("written");
        return;
    }
    let named = ["README.md", "CONTRIBUTING.md", "data/io.github.lenscap.Lenscap.metainfo.xml.in"].map(read).concat();
    let mut old = vec![];
    for path in files("data/screenshots") {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        assert!(named.contains(name), "{name} is shown nowhere");
        let shown = SHOWN.iter().find(|shown| name.starts_with(shown.pictures));
        let shown = shown.unwrap_or_else(|| panic!("nothing says what {name} shows"));
        if stamp(&path) != Some(shown.digest()) {
            old.push(name.to_owned());
        }
    }
    assert!(old.is_empty(), "{old:?} show what was there before: make pictures");
}
