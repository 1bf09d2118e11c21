//! Chromium at the node, which it reads by V4L2 unless it is asked for PipeWire. Its page draws what it gets.
//!
//! Without the browser around it: that one has not listed its cameras after four minutes on an emulated machine.

use std::collections::HashSet;
use std::process::Command;
use std::time::{Duration, Instant};

use lenscap_test_support::browser::{Browser, HEADLESS_SHELL};
use lenscap_test_support::process::eventually;
use lenscap_test_support::relay::Relay;
use tempfile::TempDir;

use crate::machine::NODE;

/// How long the page may take for an answer: Chromium's start is most of it.
const LIMIT: Duration = Duration::from_secs(180);
const CLIENT: &str = "chromium-headless-shell streaming";

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn chromium_lists_it_once_gets_moving_pictures_and_it_is_off_after() {
    let Some((directory, start)) = begun() else { return };
    let browser = browser(&directory);
    // The harder order: a node that Chromium has looked at already, when it was no camera.
    assert!(browser.cameras().is_empty(), "{:?}", browser.cameras());
    let started = start.elapsed();
    let mut relay = relay();
    eventually("the page is offered a camera", || !browser.cameras().is_empty());
    use_it(&browser, &mut relay);
    close_while_live(browser, &mut relay);
    println!("REPORT {started:?} to Chromium's first answer, {:?} in all", start.elapsed());
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn chromium_started_after_lenscap_gets_the_same() {
    let Some((directory, start)) = begun() else { return };
    let mut relay = relay();
    let browser = browser(&directory);
    use_it(&browser, &mut relay);
    close_while_live(browser, &mut relay);
    println!("REPORT {:?} in all", start.elapsed());
    relay.quit();
}

/// Where there is a Chromium: a directory for it, and when the test began.
fn begun() -> Option<(TempDir, Instant)> {
    if let Some(why) = Browser::lack(HEADLESS_SHELL) {
        println!("SKIP chromium: {why}");
        return None;
    }
    Some((tempfile::tempdir().expect("a directory"), Instant::now()))
}

fn browser(directory: &TempDir) -> Browser {
    Browser::start(HEADLESS_SHELL, Command::new, directory.path(), &[], LIMIT)
}

fn relay() -> Relay {
    // A slow rate: what the browser draws it cannot leave to others on this machine.
    let arguments = ["--device", NODE, "--source", "test", "-w", "160", "-H", "90", "-f", "5", "--cooldown-ms", "800"];
    let mut relay = Relay::start(&arguments);
    relay.wait_for("idle");
    relay
}

fn use_it(browser: &Browser, relay: &mut Relay) {
    assert_eq!(browser.cameras(), ["Lenscap"], "once");
    relay.poll();
    assert!(relay.seen.iter().all(|line| !line.live), "looking at the list is no use of the camera: {:?}", relay.seen);
    let track = browser.start_camera();
    assert_eq!((track.label.as_str(), track.width, track.height), ("Lenscap", 160, 90));
    let live = relay.wait_for("live");
    assert!(live.live && live.clients == [CLIENT], "{live:?}");
    eventually("the page's picture moves", || browser.pictures().into_iter().collect::<HashSet<_>>().len() >= 4);
    assert_eq!(browser.cameras(), ["Lenscap"], "once");
    assert_eq!(relay.poll().clients, [CLIENT]);
    browser.stop_camera();
    let off = relay.wait_for("idle");
    assert!(!off.live && relay.workers().is_empty(), "{off:?}");
}

fn close_while_live(browser: Browser, relay: &mut Relay) {
    browser.start_camera();
    relay.wait_for("live");
    drop(browser);
    relay.wait_for("idle");
}
