//! Files that root reads here; see `lenscap::fuzz`.

use lenscap_api::SetupStep;
use lenscap_rootfs::Root;

use crate::manifest::Manifest;
use crate::node::Devices;
use crate::options::{Others, PATH};
use crate::undo;

/// Others' options for the module, and, behind a zero, what was written down about what we did.
pub fn setup(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let mut text = || String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    options(&text());
    record(&text());
}

/// What is written is one line of options, whatever others wrote.
fn options(text: &str) {
    let labels = [Devices::First.labels(), Devices::Further.labels()].concat();
    for count in 1..=labels.len() {
        merged(text, &labels[..count]);
    }
}

fn merged(text: &str, labels: &[String]) {
    let Ok(merged) = Others::in_text("/etc/modprobe.d/others.conf", text).merged(labels) else { return };
    let lines: Vec<&str> = merged.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(matches!(lines[..], [line] if line.starts_with("options v4l2loopback ") && line.len() < 5000), "{merged}");
    assert!(merged.lines().count() == 2 && !merged.replace('\n', "").contains(char::is_control), "{merged}");
    assert!(Others::in_text(PATH, &merged).have(labels), "{merged}");
}

/// What is taken back lies below `/etc`, and is run with names of our own.
fn record(text: &str) {
    let Some(manifest) = Manifest::parse(text) else { return };
    for step in undo::steps(&Root::new("/nowhere"), &manifest).steps {
        match step {
            SetupStep::Run { command } => {
                let is_known = |word: &String| !word.starts_with('-') || word.starts_with("--");
                assert!(["systemctl", "udevadm"].contains(&command[0].as_str()) && command.iter().all(is_known));
                let unit = (command[0] == "systemctl").then(|| command.get(2)).flatten();
                assert!(unit.is_none_or(|unit| unit.ends_with(".service") && !unit.contains('/')), "{command:?}");
            }
            SetupStep::Remove { path } => assert!(path == crate::manifest::PATH, "{path}"),
            SetupStep::Write { .. } | SetupStep::Link { .. } => panic!("{step:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    #[test]
    fn what_is_kept_is_fed() {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/setup");
        let files: Vec<_> = fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(!files.is_empty(), "{} is empty", kept.display());
        for file in files {
            // Seen where one fails.
            println!("{}", file.display());
            super::setup(&fs::read(file).unwrap());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn options_of_any_kind_are_joined_or_left(
            words in prop::collection::vec("[a-z]{1,3}=[\"\\\\, \t\r0-9A-Z\u{1b}-]{0,6}|(devices|video_nr|card_label|exclusive_caps)=[\", 0-9A-C-]{0,8}|\\PC{0,4}|\\\\\n|\noptions v4l2loopback", 0..8),
        ) {
            super::setup(format!("options v4l2loopback {}", words.join(" ")).as_bytes());
        }
    }
}
