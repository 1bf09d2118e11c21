//! What is kept in `fuzz/corpus` goes to its target: each file once was found to be of interest, or broke something.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{ELSEWHERE, TARGETS};

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).expect("a directory").flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().trim_end_matches(".rs").to_owned()).collect()
}

#[test]
fn every_target_has_a_program_and_a_corpus_and_no_others() {
    let known: BTreeSet<String> =
        TARGETS.iter().map(|(name, _)| name).chain(ELSEWHERE).map(|name| (*name).to_owned()).collect();
    assert_eq!(names(&fuzz().join("fuzz_targets")), known);
    assert_eq!(names(&fuzz().join("corpus")), known);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).expect("a manifest");
    for name in &known {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} is no program of fuzz/");
    }
}

/// One test a target, so that a failure names it.
macro_rules! targets {
    ($($name:ident)*) => {
        #[test]
        fn every_target_is_fed() {
            assert_eq!([$(stringify!($name)),*].to_vec(), TARGETS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        }
        $(
            #[test]
            fn $name() {
                let directory = fuzz().join("corpus").join(stringify!($name));
                let files = names(&directory);
                assert!(!files.is_empty(), "{} is empty", directory.display());
                for file in files {
                    // Seen where one fails.
                    println!("{file}");
                    super::feed(stringify!($name), &fs::read(directory.join(file)).expect("a file"));
                }
            }
        )*
    };
}

targets!(apps control driver import jpeg proc report settings sysfs udev worker);
