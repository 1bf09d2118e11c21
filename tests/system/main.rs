//! What the system tier runs in its Debian 13: a browser at the installed Lenscap, on the device that the setup made.

use std::collections::HashSet;
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use lenscap_test_support::browser::{Browser, HEADLESS_SHELL};
use lenscap_test_support::process::eventually;
use serde_json::Value;

/// How long the page may take for an answer: Chromium's start is most of it, in an emulated machine.
const LIMIT: Duration = Duration::from_secs(300);
/// Where the picture is kept, as a data URL.
const KEPT: &str = "LENSCAP_KEPT_PICTURE";

fn is_live() -> bool {
    let output = Command::new("lenscap").args(["status", "--json"]).output().expect("lenscap starts");
    let status: Value = serde_json::from_slice(&output.stdout).expect("a status");
    status["live"].as_bool().expect("a word about it")
}

#[test]
#[ignore = "system tier: runs in tests/system"]
fn a_page_gets_moving_pictures_and_the_camera_is_off_when_it_closes() {
    let directory = tempfile::tempdir().expect("a directory");
    let browser = Browser::start(HEADLESS_SHELL, Command::new, directory.path(), &[], LIMIT);
    assert!(!is_live());
    let track = browser.start_camera();
    assert_eq!(track.label, "Lenscap");
    eventually("the page's picture moves", || browser.pictures().into_iter().collect::<HashSet<_>>().len() >= 4);
    assert!(is_live());
    assert!(browser.cameras().contains(&"Lenscap".to_owned()));
    if let Some(kept) = env::var_os(KEPT) {
        fs::write(kept, browser.png()).expect("written");
    }
    drop(browser);
    eventually("the camera is off", || !is_live());
}
