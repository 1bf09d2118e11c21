//! The camera as programs have it through the camera portal: one that asks for it, one from a Flatpak, and Chromium. The portal
//! and all programs are the real ones; the relay has memory for its device, and a test picture for its camera.

use std::collections::HashSet;
use std::fs;
use std::process::Stdio;
use std::time::Instant;

use lenscap_test_support::browser::{Browser, CHROMIUM};
use lenscap_test_support::pipewire::Session;
use lenscap_test_support::portal::{Portal, PortalClient};
use lenscap_test_support::process::{DEADLINE, alone, eventually};
use lenscap_test_support::relay::Relay;

use crate::pipewire::{Reader, is_listed, relay};

/// What is there first when a user logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    Lenscap,
    Portal,
}

/// A session with server, portal and relay; `None` where it cannot be: the test says so and is skipped.
fn login(test: &str, first: First) -> Option<(Session, Portal, Relay)> {
    if let Some(why) = Portal::lack() {
        println!("SKIP {test}: {why}");
        return None;
    }
    let mut session = Session::new(test)?;
    let (portal, relay) = match first {
        First::Lenscap => {
            let relay = relay(&session, "auto");
            session.start_server();
            eventually("it is listed", || is_listed(&session));
            (Portal::start(&session), relay)
        }
        First::Portal => {
            session.start_server();
            let portal = Portal::start(&session);
            let relay = relay(&session, "auto");
            eventually("it is listed", || is_listed(&session));
            (portal, relay)
        }
    };
    Some((session, portal, relay))
}

/// The camera is on, for this client and nobody else.
fn is_live_for(relay: &mut Relay, client: &str) {
    eventually(&format!("live for {client}"), || {
        let line = relay.poll();
        line.state == "live" && line.live && line.clients == [client]
    });
    // What is waited for next comes after this.
    relay.seen.clear();
}

fn is_off(relay: &mut Relay) {
    let line = relay.wait_for("idle");
    assert!(!line.live && line.clients.is_empty(), "{line:?}");
    assert!(relay.workers().is_empty());
}

fn a_client_has_it(test: &str, first: First) {
    let Some((session, portal, mut relay)) = login(test, first) else { return };
    let client = PortalClient::new(&session);
    // Before 1.20 the portal says for ever what was so when it was started.
    println!("figures: {first:?} first: IsCameraPresent is {}", client.is_camera_present());
    assert!(client.is_camera_present() || first == First::Portal);
    let remote = client.open();
    assert_eq!(portal.asked(), [""], "a program outside of any sandbox");
    assert_eq!(relay.poll().state, "idle", "to be let in is no use of the camera");
    let reader = Reader::start_with(&session, "reader", &["fd=0"], Stdio::from(remote));
    is_live_for(&mut relay, "gst-launch-1.0 streaming");
    reader.moves();
    drop(reader);
    is_off(&mut relay);
    relay.quit();
}

#[test]
fn a_client_of_the_portal_has_the_camera_that_was_there_first() {
    a_client_has_it("a_client_of_the_portal_has_the_camera_that_was_there_first", First::Lenscap);
}

#[test]
fn a_client_of_the_portal_has_the_camera_that_came_after_it() {
    a_client_has_it("a_client_of_the_portal_has_the_camera_that_came_after_it", First::Portal);
}

#[test]
fn a_flatpak_is_named_by_its_application_id() {
    const TEST: &str = "a_flatpak_is_named_by_its_application_id";
    if !rustix::process::geteuid().is_root() {
        return println!("SKIP {TEST}: only root can have another root directory");
    }
    if let Some(why) = Portal::lack().or_else(Session::lack) {
        return println!("SKIP {TEST}: {why}");
    }
    // The root directory is the whole process's.
    if !alone(&format!("portal::{TEST}")) {
        return;
    }
    let (session, portal, mut relay) = login(TEST, First::Lenscap).expect("nothing is lacking");
    let client = PortalClient::new(&session);
    // The portal looks for this file in the root directory of whoever asks, and once.
    let sandbox = session.path("sandbox");
    fs::create_dir(&sandbox).expect("a directory");
    let description = "[Application]\nname=org.example.Camera\n[Instance]\ninstance-id=1\n";
    fs::write(sandbox.join(".flatpak-info"), description).expect("a file");
    // From 1.20 on it looks for this one, too.
    let instance = session.runtime_dir().join(".flatpak/1");
    fs::create_dir_all(&instance).expect("a directory");
    let process = format!("{{\"child-pid\": {}}}", std::process::id());
    fs::write(instance.join("bwrapinfo.json"), process).expect("a file");
    let outside = fs::File::open("/").expect("a directory");
    rustix::process::chroot(&sandbox).expect("root may");
    let remote = client.open();
    rustix::process::fchdir(&outside).expect("it is there");
    rustix::process::chroot(".").expect("root may");
    assert_eq!(portal.asked(), ["org.example.Camera"]);
    let reader = Reader::start_with(&session, "reader", &["fd=0"], Stdio::from(remote));
    is_live_for(&mut relay, "org.example.Camera streaming");
    reader.moves();
    drop(reader);
    is_off(&mut relay);
    relay.quit();
}

/// Waits for pictures of a page that are not all one.
fn moves(browser: &Browser) {
    eventually("the page's picture moves", || browser.pictures().into_iter().collect::<HashSet<_>>().len() >= 4);
}

fn chromium_has_it(test: &str, first: First) {
    if let Some(why) = Browser::lack(CHROMIUM) {
        return println!("SKIP {test}: {why}");
    }
    let Some((session, portal, mut relay)) = login(test, first) else { return };
    let start = Instant::now();
    let flag = ["--enable-features=WebRtcPipeWireCamera"];
    let browser =
        Browser::start(CHROMIUM, |program| session.command(program), &session.path("chromium"), &flag, DEADLINE);
    // At its first question Chromium may still have none.
    eventually("the page is offered a camera", || !browser.cameras().is_empty());
    println!("figures: {first:?} first: the page lists it {:?} after Chromium's start", start.elapsed());
    assert_eq!(browser.cameras(), ["Lenscap"], "once");
    assert_eq!(relay.poll().state, "idle", "looking at the list is no use of the camera");
    assert_eq!(portal.asked(), [""]);
    let track = browser.start_camera();
    assert_eq!((track.label.as_str(), track.width, track.height), ("Lenscap", 320, 180));
    assert!((track.frame_rate - 15.0).abs() < 0.1, "{track:?}");
    is_live_for(&mut relay, "chromium streaming");
    moves(&browser);
    assert_eq!(browser.cameras(), ["Lenscap"], "once");
    assert!(relay.lenscap(&["pause"]).0);
    relay.wait_for("paused");
    eventually("the page's picture is a card", || {
        let pictures = browser.pictures();
        pictures.windows(2).all(|pair| pair[0] == pair[1])
    });
    assert!(relay.lenscap(&["resume"]).0);
    is_live_for(&mut relay, "chromium streaming");
    moves(&browser);
    browser.stop_camera();
    is_off(&mut relay);
    browser.start_camera();
    is_live_for(&mut relay, "chromium streaming");
    drop(browser);
    is_off(&mut relay);
    println!("figures: {first:?} first: {:?} in all", start.elapsed());
    relay.quit();
}

#[test]
fn chromium_has_the_camera_that_was_there_first() {
    chromium_has_it("chromium_has_the_camera_that_was_there_first", First::Lenscap);
}

#[test]
fn chromium_has_the_camera_that_came_after_the_portal() {
    chromium_has_it("chromium_has_the_camera_that_came_after_the_portal", First::Portal);
}
