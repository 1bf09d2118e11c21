use std::time::Instant;

use ksni::{MenuItem, Tray};
use lenscap_api::Request;

use super::menu::{NOTE_WIDTH, note};
use super::{Icon, View};
use crate::clicks::Click;
use lenscap_core::machine::Machine;
use lenscap_core::policy::Policy;
use lenscap_core::presence::{Client, Use};
use lenscap_core::source::Source;
use lenscap_core::status::{OtherCamera, StateName, Status};
use lenscap_core::trouble::Trouble;

fn icon(change: impl Fn(&mut View)) -> (Icon, async_channel::Receiver<Click>) {
    let (sender, receiver) = async_channel::unbounded();
    let status = Machine::new(Policy::default()).status();
    let mut view = View {
        status: Status { state: StateName::Idle, reason: None, ..status },
        problem: None,
        sources: vec![(Source::Auto, "Automatic".into()), (Source::Test, "Test_picture".into())],
        source: Source::Test,
        sizes: vec![(640, 480), (1280, 720)],
        size: (1280, 720),
        only_while_on: false,
    };
    change(&mut view);
    (Icon::new(view, sender, String::new()), receiver)
}

fn labels(menu: &[MenuItem<Icon>]) -> Vec<String> {
    menu.iter()
        .map(|item| match item {
            MenuItem::Standard(item) => item.label.clone(),
            MenuItem::Checkmark(item) => format!("[{}] {}", if item.checked { "x" } else { " " }, item.label),
            MenuItem::SubMenu(item) => format!("{} >{}", item.label, labels(&item.submenu).join("|")),
            MenuItem::RadioGroup(group) => {
                let options: Vec<_> = group.options.iter().map(|option| option.label.as_str()).collect();
                format!("{} of {}", group.selected, options.join("/"))
            }
            MenuItem::Separator => "-".into(),
        })
        .collect()
}

#[test]
fn the_menu_when_off() {
    let (icon, _clicks) = icon(|_| {});
    assert_eq!(
        labels(&icon.menu()),
        [
            "Camera is off",
            "-",
            "[x] Camera allowed",
            "Pause for >15 minutes|1 hour|Until I resume",
            "-",
            "Source >1 of Automatic/Test__picture",
            "Resolution >1 of 640 × 480/1280 × 720",
            "-",
            "Preferences…",
            "Diagnose…",
            "About Lenscap",
            "Quit",
        ]
    );
}

#[test]
fn while_live_it_can_be_turned_off_and_quitting_says_what_it_costs() {
    let (icon, clicks) = icon(|view| {
        view.status.state = StateName::Live;
        view.status.camera_live = true;
        view.status.live_since = Some(Instant::now());
        view.status.clients = vec![Client { pid: None, name: "Zoom".into(), usage: Use::Streaming }];
    });
    let menu = icon.menu();
    let labels = labels(&menu);
    assert_eq!(labels[0], "Camera is on: Zoom, just now");
    assert_eq!(labels[3], "Turn off now");
    assert_eq!(labels.last().map(String::as_str), Some("Quit (Zoom will lose the camera)"));
    let MenuItem::Standard(item) = &menu[3] else { panic!("no item") };
    let mut icon = icon;
    (item.activate)(&mut icon);
    assert_eq!(clicks.try_recv().map(|click| click.request), Ok(Request::TurnOff));
}

#[test]
fn paused_and_failed_say_so() {
    let (paused, _clicks) = icon(|view| {
        view.status.state = StateName::Paused;
        view.status.allowed = false;
    });
    let labels_paused = labels(&paused.menu());
    assert!(labels_paused.contains(&"[ ] Camera allowed".to_owned()));
    assert!(!labels_paused.iter().any(|label| label.starts_with("Pause for")));
    let (failed, _clicks) = icon(|view| {
        view.status.state = StateName::Failed;
        view.status.reason = Some(Trouble::CameraBusy { camera: "<that>".into() });
        view.problem = Some("Line 3.".into());
    });
    let labels_failed = labels(&failed.menu());
    let reason = "The camera <that> is in use by another program: close that program.";
    let lines = note(reason).len();
    assert_eq!((labels_failed[0].as_str(), labels_failed[lines + 1].as_str()), ("The camera does not work", "Line 3."));
    assert_eq!(labels_failed[1..=lines].join(" "), reason);
    assert!(labels_failed.contains(&"Try again".to_owned()));
    assert_eq!(failed.status(), ksni::Status::NeedsAttention);
    assert!(failed.tool_tip().description.contains("&lt;that&gt;"));
}

#[test]
fn another_camera_and_one_that_stays_on_are_shown() {
    let (paused, _clicks) = icon(|view| {
        view.status.state = StateName::Paused;
        view.status.allowed = false;
        view.status.others =
            vec![OtherCamera { camera: "Foo".into(), node: "/dev/video2".into(), programs: vec!["cheese".into()] }];
    });
    let shown = labels(&paused.menu());
    assert_eq!(shown[0], "Camera Foo is on: cheese");
    assert!(shown[1].starts_with("Lenscap cannot switch"), "{shown:?}");
    assert!(!shown.contains(&"Turn off now".to_owned()), "that would be a lie: {shown:?}");
    let (stuck, _clicks) = icon(|view| {
        view.status.state = StateName::Cooldown;
        view.status.camera_live = true;
        view.status.stuck = true;
        view.status.reason = Some(Trouble::DeviceSought);
    });
    assert_eq!(stuck.status(), ksni::Status::NeedsAttention);
    assert_eq!(labels(&stuck.menu())[..2], ["Camera is still on", "The camera device is being looked for."]);
}

#[test]
fn an_icon_wanted_only_while_a_camera_is_on_hides_nothing_that_needs_the_user() {
    let shown = |change: &dyn Fn(&mut View)| {
        let (icon, _clicks) = icon(|view| {
            view.only_while_on = true;
            change(view);
        });
        icon.status()
    };
    for state in StateName::ALL {
        let wanted = match state {
            StateName::Idle | StateName::Pending | StateName::Paused => ksni::Status::Passive,
            StateName::NoDevice | StateName::Failed => ksni::Status::NeedsAttention,
            StateName::Starting | StateName::Live | StateName::Cooldown | StateName::Blocked => ksni::Status::Active,
        };
        assert_eq!(shown(&|view| view.status.state = state), wanted, "{state}");
        let other = OtherCamera { camera: "Foo".into(), node: "/dev/video2".into(), programs: Vec::new() };
        let needed: [&dyn Fn(&mut View); 4] = [
            &|view| view.status.camera_live = true,
            &|view| view.status.others = vec![other.clone()],
            &|view| view.problem = Some("Line 3.".into()),
            &|view| view.only_while_on = false,
        ];
        for change in needed {
            let status = shown(&|view| {
                view.status.state = state;
                change(view);
            });
            assert_ne!(status, ksni::Status::Passive, "{state}");
        }
    }
    let paused = |usage| {
        shown(&|view| {
            view.status.state = StateName::Paused;
            view.status.clients = vec![Client { pid: None, name: "Zoom".into(), usage }];
        })
    };
    assert_eq!(paused(Use::Open), ksni::Status::Passive, "a program that only looks does not wait");
    assert_eq!(paused(Use::Streaming), ksni::Status::Active, "the way back is in the menu");
}

#[test]
fn long_texts_take_several_lines() {
    let text = "The camera is not there: plug it in, or choose another source, and then try again. ".repeat(2);
    let lines = labels(&note(&text));
    assert_eq!(lines.join(" "), text.trim());
    assert!(lines.len() > 2 && lines.iter().all(|line| line.chars().count() <= NOTE_WIDTH), "{lines:?}");
    assert_eq!(labels(&note(&"x".repeat(99))), ["x".repeat(99)]);
}

#[test]
fn clicks_reach_the_main_loop() {
    let (mut icon, clicks) = icon(|_| {});
    icon.activate(0, 0);
    icon.secondary_activate(0, 0);
    for item in icon.menu() {
        if let MenuItem::SubMenu(item) = item
            && let Some(MenuItem::RadioGroup(group)) = item.submenu.first()
        {
            (group.select)(&mut icon, 0);
            (group.select)(&mut icon, 99);
        }
    }
    let requests: Vec<_> = std::iter::from_fn(|| clicks.try_recv().ok()).map(|click| click.request).collect();
    assert_eq!(
        requests,
        [
            Request::Preferences,
            Request::Toggle,
            Request::SetSource { source: Source::Auto },
            Request::SetSize { width: 640, height: 480 }
        ]
    );
}
