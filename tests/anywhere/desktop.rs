//! What the doctor says of the session, on a real bus: with the real portal, and stand-ins for tray and notifications.

use std::process::{Command, Stdio};

use lenscap_test_support::desktop::{owner, refuse_cameras, watcher};
use lenscap_test_support::pipewire::Session;
use lenscap_test_support::portal::Portal;
use lenscap_test_support::process::{eventually, output_of};

/// What is found of the session, by code, each with its commands.
fn found(session: &Session) -> Vec<(String, Vec<String>)> {
    let mut doctor = session.command(env!("CARGO_BIN_EXE_lenscap"));
    doctor.args(["doctor", "--json"]).env("DISPLAY", ":7").env_remove("SSH_CONNECTION").stderr(Stdio::null());
    let (_, printed) = output_of(&mut doctor);
    let report: serde_json::Value = serde_json::from_slice(&printed).expect("a report");
    let of_session = |finding: &&serde_json::Value| {
        ["session-bus", "tray", "notifications", "portals"].contains(&finding["check"].as_str().unwrap_or_default())
    };
    let commands = |finding: &serde_json::Value| {
        let commands = finding["commands"].as_array().cloned().unwrap_or_default();
        commands.iter().map(|command| command.as_str().unwrap_or_default().to_owned()).collect()
    };
    let findings = report["findings"].as_array().expect("findings").iter().filter(of_session);
    findings
        .map(|finding| (finding["diagnosis"]["code"].as_str().unwrap_or_default().to_owned(), commands(finding)))
        .collect()
}

fn codes(session: &Session) -> Vec<String> {
    found(session).into_iter().map(|(code, _)| code).collect()
}

#[test]
fn the_doctor_sees_who_is_in_the_session() {
    let Some(session) = Session::new("the_doctor_sees_who_is_in_the_session") else { return };
    assert_eq!(codes(&session), ["tray-absent", "notifications-absent", "portal-absent"]);
    let _notifications = owner(&session, "org.freedesktop.Notifications");
    let _portal = owner(&session, "org.freedesktop.portal.Desktop");
    let lonely = watcher(&session, false);
    assert_eq!(codes(&session), ["tray-absent"], "nobody shows what is registered; who does not answer is not judged");
    drop(lonely);
    let _tray = watcher(&session, true);
    assert_eq!(codes(&session), [""; 0]);
}

#[test]
fn the_doctor_sees_that_the_portal_has_no_cameras() {
    const TEST: &str = "the_doctor_sees_that_the_portal_has_no_cameras";
    if let Some(why) = Portal::lack() {
        return println!("SKIP {TEST}: {why}");
    }
    let Some(mut session) = Session::new(TEST) else { return };
    session.start_server();
    let _processes = Portal::without_backend(&session);
    eventually("it says so", || codes(&session).contains(&"portal-without-camera".to_owned()));
}

#[test]
fn the_doctor_sees_what_the_portal_refuses_and_its_command_mends_that() {
    const TEST: &str = "the_doctor_sees_what_the_portal_refuses";
    if let Some(why) = Portal::lack() {
        return println!("SKIP {TEST}: {why}");
    }
    let Some(mut session) = Session::new(TEST) else { return };
    session.start_server();
    let _portal = Portal::start(&session);
    let of_portal = |session: &Session| {
        let mut found = found(session);
        found.retain(|(code, _)| code.starts_with("portal"));
        found
    };
    assert_eq!(of_portal(&session), [], "it has cameras, and refuses nobody");
    for application in ["org.mozilla.firefox", ""] {
        refuse_cameras(&session, application);
        let [(code, commands)] = &of_portal(&session)[..] else { panic!("{:?}", of_portal(&session)) };
        assert_eq!((code.as_str(), commands.len()), ("portal-refuses", 1));
        if Command::new("busctl").arg("--version").output().is_err() {
            return println!("SKIP {TEST}: busctl is not installed");
        }
        let (status, _) = output_of(session.command("sh").args(["-c", &commands[0]]));
        assert!(status.success(), "{commands:?}");
        assert_eq!(of_portal(&session), []);
    }
}
