//! The status in words: the same in tray, tooltip, window and notifications.

use std::time::Instant;

use lenscap_core::presence::Use;
use lenscap_core::source::Way;
use lenscap_core::status::{OtherCamera, StateName, Status};

use crate::programs::{names, program};
use crate::state::{State, clock, time_of_day, unix_seconds};
use crate::{listed, tr, trf, trn};

/// The status as it is published: with sentences beside the troubles, and names that can be shown.
pub fn published(status: &Status) -> lenscap_api::Status {
    let mut published = lenscap_api::Status::new(status, &crate::trouble::sentence, &crate::devices::of_device);
    for (crowd, said) in status.crowds.iter().zip(&mut published.crowds) {
        said.reason = crate::devices::waits_in_line(crowd);
    }
    if let (Some(public), Some(mode)) = (&mut published.mode, &status.mode) {
        public.shortfall = mode.shortfall.as_ref().map(crate::mode::shortfall);
    }
    published.camera = crate::source::camera(&status.camera);
    published.way_reason = status.way.map(crate::source::way);
    published.paused_until = status.until.filter(|_| status.state == StateName::Paused).map(unix_seconds);
    for client in &mut published.clients {
        client.name = program(client);
    }
    published
}

/// A published status in one line, as `lenscap status` prints it.
pub fn summary(status: &lenscap_api::Status) -> String {
    let streaming = status.clients.iter().filter(|client| client.usage != Use::Open);
    let names: Vec<_> = streaming.map(|client| client.name.as_str()).collect();
    let state = State {
        name: status.state,
        is_live: status.live,
        is_stuck: status.stuck,
        offers: &status.offers,
        until: status.paused_until.and_then(clock),
    };
    let mut line = state.with_names((!names.is_empty()).then(|| listed(names)).as_deref());
    if !status.others.is_empty() {
        // TRANSLATORS: of a camera that goes through Lenscap, behind others: "Camera Foo is on: cheese. Lenscap: Camera is off"
        line = trf!("Lenscap: {state}", state = line);
    }
    // That it was chosen so is no news.
    let way = status.way_reason.as_ref().filter(|_| status.way == Some(Way::PipewireForBusy));
    let further = status.devices.iter().find_map(|device| device.reason.as_ref());
    let crowds = status.crowds.iter().map(|crowd| &crowd.reason);
    for reason in [way, status.reason.as_ref(), further].into_iter().flatten().chain(crowds) {
        line = format!("{}. {reason}", line.trim_end_matches('.'));
    }
    if let Some(shortfall) = status.mode.as_ref().and_then(|mode| mode.shortfall.as_ref()) {
        line += &format!(". {shortfall}");
    }
    // What is on comes first.
    let lines: Vec<String> = status.others.iter().map(other_camera).chain([line]).collect();
    lines.join(". ")
}

fn own(status: &Status) -> State<'_> {
    State {
        name: status.state,
        is_live: status.camera_live,
        is_stuck: status.stuck,
        offers: &status.offers,
        until: status.until.filter(|_| status.state == StateName::Paused).and_then(time_of_day),
    }
}

/// The state in a few words.
pub fn title(status: &Status) -> String {
    match &status.others[..] {
        others if status.camera_live || others.is_empty() => own(status).title(),
        [other] => trf!("Camera {camera} is on", camera = other.camera),
        others => trn!("{n} camera is on", "{n} cameras are on", others.len() as u64),
    }
}

/// The menu's first line: "Camera is on: Zoom, 12 min".
pub fn line(status: &Status, now: Instant) -> String {
    let line = own(status).with_names(names(&status.clients).as_deref());
    let time = match (status.live_since, status.until) {
        (Some(since), _) => Some(duration(now.saturating_duration_since(since).as_secs())),
        (None, Some(until)) if status.state == StateName::Paused => {
            // A minute that has begun counts.
            let left = until.saturating_duration_since(now).as_secs() + 59;
            Some(trf!("{time} left", time = duration(left.max(60))))
        }
        (None, _) => None,
    };
    match time {
        Some(time) => trf!("{state}, {time}", state = line, time = time),
        None => line,
    }
}

/// The menu's first lines; those of a camera that is on come first. See [`line`] for the relay's own.
pub fn lines(status: &Status, now: Instant) -> Vec<String> {
    let own = line(status, now);
    let mut others = others(status);
    if status.camera_live {
        others.insert(0, own);
    } else {
        others.push(own);
    }
    others
}

/// "Camera Foo is on: cheese".
pub fn other_camera(other: &OtherCamera) -> String {
    other_camera_of(&other.camera, &programs_of(other))
}

/// As [`other_camera`], of a camera and the programs that have it.
pub fn other_camera_of(camera: &str, programs: &[String]) -> String {
    // TRANSLATORS: a camera that Lenscap has nothing to do with; {names} are the programs that use it
    trf!("Camera {camera} is on: {names}", camera = camera, names = in_words(programs))
}

/// The programs that use another camera, in one line.
pub fn other_programs(other: &OtherCamera) -> String {
    in_words(&programs_of(other))
}

/// Each once.
fn programs_of(other: &OtherCamera) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in other.clients.iter().map(program) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn in_words(programs: &[String]) -> String {
    if programs.is_empty() {
        // TRANSLATORS: a program that cannot be seen, as in "Camera Foo is on: another program"
        tr("another program")
    } else {
        listed(programs)
    }
}

/// The cameras that programs use past the relay, one a line, and what that means.
fn others(status: &Status) -> Vec<String> {
    let mut lines: Vec<String> = status.others.iter().map(other_camera).collect();
    if !lines.is_empty() {
        lines.push(cannot_switch_off());
    }
    lines
}

/// Said of other cameras.
pub fn cannot_switch_off() -> String {
    tr("Lenscap cannot switch that camera off: end the video in the program that uses it.")
}

/// The tooltip's second line: who, since when (by the clock, so that it does not age), and why.
pub fn details(status: &Status, problem: Option<&str>) -> String {
    let mut lines = Vec::new();
    if let Some(since) = status.live_since {
        let at = time_of_day(since).unwrap_or_default();
        lines.push(match names(&status.clients) {
            Some(names) => trf!("{names}, since {time}", names = names, time = at),
            None => trf!("Since {time}", time = at),
        });
    } else if let Some(names) = names(&status.clients) {
        lines.push(names);
    }
    if status.camera_live {
        lines.push(trf!("Camera: {camera}", camera = crate::source::called(&status.camera)));
        lines.extend(status.way.map(crate::source::way));
    }
    if let Some(reason) = status.reason.as_ref().filter(|_| !status.camera_live || status.stuck) {
        lines.push(crate::trouble::sentence(reason));
    }
    lines.extend(crate::devices::troubles(&status.devices));
    lines.extend(status.crowds.iter().map(crate::devices::waits_in_line));
    lines.extend(others(status));
    lines.extend(problem.map(str::to_owned));
    lines.join("\n")
}

/// A time for people, as coarse as they say it.
fn duration(seconds: u64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match (hours, minutes) {
        (0, 0) => tr("just now"),
        (0, minutes) => trn!("{n} min", "{n} min", minutes),
        (hours, minutes) => trn!("{n} h {minutes} min", "{n} h {minutes} min", hours, minutes = minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use lenscap_core::machine::Machine;
    use lenscap_core::offer::{Offer, Program, Verb};
    use lenscap_core::policy::Policy;
    use lenscap_core::presence::{Client, Further, Role};
    use lenscap_core::status::Device;
    use lenscap_core::trouble::Trouble;

    fn client(name: &str, usage: Use) -> Client {
        Client::new(Some(1), name, usage)
    }

    fn status(state: StateName, live: bool) -> Status {
        let since = live.then(|| Instant::now() - Duration::from_secs(12 * 60 + 5));
        Status {
            state,
            camera_live: live,
            live_since: since,
            clients: Vec::new(),
            reason: None,
            ..Machine::new(Policy::default()).status()
        }
    }

    #[test]
    fn how_the_camera_is_read_is_said_where_it_is_not_as_chosen() {
        let held = Status { way: Some(Way::PipewireForBusy), ..status(StateName::Live, true) };
        let sentence = "The camera is read through PipeWire because another program holds it.";
        assert_eq!(summary(&published(&held)), format!("Camera is on. {sentence}"));
        assert!(details(&held, None).ends_with(&format!("Camera: auto\n{sentence}")), "{}", details(&held, None));
        let json = serde_json::to_value(published(&held)).unwrap();
        assert_eq!((&json["way"], &json["way_reason"]), (&"pipewire-for-busy".into(), &sentence.into()));
        let chosen = Status { way: Some(Way::Pipewire), ..status(StateName::Live, true) };
        assert_eq!(summary(&published(&chosen)), "Camera is on");
        assert_eq!(
            published(&chosen).way_reason,
            Some("The camera is read through PipeWire, as the settings say.".into())
        );
    }

    #[test]
    fn another_camera_is_named_first() {
        let other = |programs: &[&str]| OtherCamera {
            camera: "Foo".into(),
            node: "/dev/video2".into(),
            clients: programs.iter().map(|name| Client::new(Some(7), *name, Use::Streaming)).collect(),
        };
        let paused = Status { others: vec![other(&["cheese"]), other(&[])], ..status(StateName::Paused, false) };
        let words = "Camera Foo is on: cheese. Camera Foo is on: another program. Lenscap: Camera is paused";
        assert_eq!(summary(&published(&paused)), words);
    }

    #[test]
    fn what_goes_off_is_not_called_on_nor_off() {
        let allow =
            Offer { verb: Verb::Allow, programs: vec![Program { id: "us.zoom.Zoom".into(), name: "Zoom".into() }] };
        let mut going = Status { offers: vec![allow], ..status(StateName::Cooldown, true) };
        going.clients = vec![client("Zoom", Use::Streaming)];
        assert_eq!(summary(&published(&going)), "Camera is being switched off: Zoom");
        assert_eq!(title(&Status { offers: vec![Offer::new(Verb::TurnOff)], ..going.clone() }), "Camera is still on");
        let off = Status { state: StateName::Blocked, camera_live: false, live_since: None, ..going };
        assert_eq!(summary(&published(&off)), "Camera is off for Zoom");
        let until = Instant::now() + Duration::from_secs(900);
        let paused = published(&Status { until: Some(until), ..status(StateName::Paused, false) });
        assert_eq!(summary(&paused), title(&Status { until: Some(until), ..status(StateName::Paused, false) }));
    }

    #[test]
    fn the_line_says_what_who_and_how_long() {
        let mut live = status(StateName::Live, true);
        live.clients = vec![client("Zoom", Use::Streaming), client("Cheese", Use::Open)];
        assert_eq!(line(&live, Instant::now()), "Camera is on: Zoom, 12 min");
        live.live_since = Some(Instant::now());
        assert_eq!(line(&live, Instant::now()), "Camera is on: Zoom, just now");
        live.live_since = Some(Instant::now() - Duration::from_secs(3 * 3600 + 120));
        assert_eq!(line(&live, Instant::now()), "Camera is on: Zoom, 3 h 2 min");
        assert_eq!(line(&status(StateName::Idle, false), Instant::now()), "Camera is off");
        let mut paused = status(StateName::Paused, false);
        paused.clients = vec![client("Zoom", Use::Streaming)];
        assert_eq!(line(&paused, Instant::now()), "Camera is paused: Zoom");
        paused.until = Some(Instant::now() + Duration::from_secs(900));
        let until = line(&paused, Instant::now());
        assert!(
            until.starts_with("Camera is paused until ") && until.ends_with(", 15 min left") && !until.contains("Zoom"),
            "{until}"
        );
        let shown = time_of_day(Instant::now()).unwrap();
        assert!(shown.len() == 5 && shown.as_bytes()[2] == b':', "{shown}");
    }

    #[test]
    fn a_lit_sensor_is_never_shown_as_off() {
        for state in StateName::ALL {
            assert!(!title(&status(state, true)).contains("is off"), "{state}");
        }
    }

    #[test]
    fn the_tooltip_says_what_is_wrong_with_a_further_device() {
        let mut idle = status(StateName::Idle, false);
        assert_eq!(details(&idle, None), "");
        idle.devices = vec![Device {
            role: Role::Further(Further::Third),
            label: "Cam 3".into(),
            node: None,
            is_for_one: true,
            trouble: Some(Trouble::DeviceSought),
        }];
        assert_eq!(details(&idle, None), "Device \"Cam 3\": The camera device is being looked for.");
    }

    #[test]
    fn another_camera_is_shown_as_on_whatever_the_relay_does() {
        let other = |camera: &str, programs: &[&str]| OtherCamera {
            camera: camera.into(),
            node: "/dev/video2".into(),
            clients: programs.iter().map(|name| Client::new(Some(7), *name, Use::Streaming)).collect(),
        };
        for state in StateName::ALL {
            for live in [false, true] {
                let mut status = status(state, live);
                status.others = vec![other("Foo", &["cheese"])];
                assert!(!title(&status).contains("is off"), "{state}: {}", title(&status));
                assert!(lines(&status, Instant::now()).contains(&"Camera Foo is on: cheese".to_owned()), "{state}");
            }
        }
        let mut paused = status(StateName::Paused, false);
        paused.others = vec![other("Foo", &[])];
        assert_eq!(title(&paused), "Camera Foo is on");
        let expected = ["Camera Foo is on: another program", &cannot_switch_off(), "Camera is paused"];
        assert_eq!(lines(&paused, Instant::now()), expected);
        assert!(details(&paused, None).starts_with("Camera Foo is on: another program\n"));
        paused.others.push(other("Bar", &["a", "b"]));
        assert_eq!(title(&paused), "2 cameras are on");
        assert_eq!(lines(&paused, Instant::now())[1], "Camera Bar is on: a, b");
    }

    #[test]
    fn a_camera_that_cannot_be_switched_off_says_why() {
        let mut stuck = status(StateName::Cooldown, true);
        stuck.stuck = true;
        stuck.reason = Some(Trouble::StillStreaming { camera: "Webcam".into() });
        assert_eq!(title(&stuck), "Camera is still on");
        assert!(details(&stuck, None).contains("The camera Webcam is still streaming"));
    }

    #[test]
    fn the_tooltip_says_since_when_and_why() {
        let mut live = status(StateName::Live, true);
        live.clients = vec![client("Zoom", Use::Streaming)];
        let details = details(&live, Some("Line 3 is wrong."));
        assert!(details.starts_with("Zoom, since "), "{details}");
        assert!(details.contains("Camera: auto") && details.ends_with("Line 3 is wrong."), "{details}");
    }
}
