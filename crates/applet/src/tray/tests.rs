use std::time::Instant;

use ksni::{MenuItem, Tray};
use lenscap_api::Request;

use super::menu::fitted;
use super::{Icon, View};
use crate::clicks::Click;
use lenscap_core::app::App;
use lenscap_core::machine::Machine;
use lenscap_core::offer::{Offer, Program, Verb};
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
            "Pause >15 Minutes|1 Hour|Until I Resume",
            "-",
            "Camera >1 of Automatic/Test__picture",
            "Resolution >1 of 640 × 480/1280 × 720",
            "-",
            "Preferences…",
            "Diagnose…",
            "About Lenscap",
            "-",
            "Quit",
        ]
    );
}

/// What a click on the item of this label asks for.
fn clicked(icon: &mut Icon, clicks: &async_channel::Receiver<Click>, label: &str) -> Request {
    let menu = icon.menu();
    let at = labels(&menu).iter().position(|shown| shown == label).unwrap_or_else(|| panic!("{:?}", labels(&menu)));
    let MenuItem::Standard(item) = &menu[at] else { panic!("{label} cannot be clicked") };
    assert!(item.enabled, "{label}");
    (item.activate)(icon);
    clicks.try_recv().expect("a click").request
}

#[test]
fn while_live_it_can_be_turned_off_and_quitting_says_what_it_costs() {
    let (mut icon, clicks) = icon(|view| {
        view.status.state = StateName::Live;
        view.status.camera_live = true;
        view.status.live_since = Some(Instant::now());
        view.status.clients = vec![Client::new(None, "Zoom", Use::Streaming)];
        view.status.offers.insert(0, about_zoom(Verb::TurnOff));
    });
    assert_eq!(labels(&icon.menu()).last().map(String::as_str), Some("Quit (Zoom will lose the camera)"));
    assert_eq!(clicked(&mut icon, &clicks, "Camera is on: Zoom, just now"), Request::Preferences);
    assert_eq!(clicked(&mut icon, &clicks, "Turn Off for Zoom"), Request::TurnOff);
}

fn about_zoom(verb: Verb) -> Offer {
    Offer { verb, programs: vec![Program { id: "us.zoom.Zoom".into(), name: "Zoom".into() }] }
}

#[test]
fn what_is_off_has_its_way_back() {
    let (mut blocked, clicks) = icon(|view| {
        view.status.state = StateName::Blocked;
        view.status.reason = Some(Trouble::TurnedOff { program: "Zoom".into() });
        view.status.offers.insert(0, about_zoom(Verb::Allow));
    });
    assert_eq!(labels(&blocked.menu())[..2], ["Camera is off for Zoom", "-"]);
    let programs = vec!["us.zoom.Zoom".into()];
    assert_eq!(clicked(&mut blocked, &clicks, "Allow Zoom Again"), Request::Allow { programs, once: false });
    let (mut listed, clicks) = icon(|view| {
        view.status.state = StateName::Blocked;
        view.status.reason = Some(Trouble::ProgramBlocked { program: "Zoom".into() });
        view.status.offers.insert(0, about_zoom(Verb::Allow));
    });
    assert_eq!(clicked(&mut listed, &clicks, "Zoom is on the list of blocked programs"), Request::Preferences);
    let (mut paused, clicks) = icon(|view| {
        view.status.state = StateName::Paused;
        view.status.allowed = false;
        view.status.until = Some(Instant::now() + std::time::Duration::from_secs(900));
        view.status.offers.insert(0, Offer::new(Verb::Resume));
    });
    let shown = labels(&paused.menu());
    assert!(shown[0].starts_with("Camera is paused until ") && shown[0].ends_with(", 15 min left"), "{shown:?}");
    assert!(shown.iter().any(|label| label.starts_with("Pause >")), "it can be changed: {shown:?}");
    assert_eq!(clicked(&mut paused, &clicks, "Resume Camera"), Request::Resume);
}

#[test]
fn what_fails_says_so_in_a_line_that_leads_to_more() {
    let (mut failed, clicks) = icon(|view| {
        view.status.state = StateName::Failed;
        view.status.reason = Some(Trouble::CameraBusy { camera: "<that>".into() });
        view.status.offers.insert(0, Offer::new(Verb::TryAgain));
        view.problem = Some("Line 3.".into());
    });
    assert_eq!(labels(&failed.menu())[0], "The camera does not work");
    for line in ["The camera <that> is in use by another program – Details…", "The settings have a mistake – Details…"]
    {
        assert_eq!(clicked(&mut failed, &clicks, line), Request::Diagnose);
    }
    assert_eq!(clicked(&mut failed, &clicks, "Try Again"), Request::Resume);
    assert_eq!(failed.status(), ksni::Status::NeedsAttention);
    assert!(failed.tool_tip().description.contains("&lt;that&gt;"));
}

#[test]
fn another_camera_and_one_that_stays_on_are_shown() {
    let (paused, _clicks) = icon(|view| {
        view.status.state = StateName::Paused;
        view.status.allowed = false;
        view.status.others = vec![OtherCamera {
            camera: "Foo".into(),
            node: "/dev/video2".into(),
            clients: vec![Client::new(Some(2), "cheese", Use::Streaming)],
        }];
    });
    let shown = labels(&paused.menu());
    assert_eq!(shown[0], "Camera Foo is on: cheese");
    assert!(shown[1].starts_with("Lenscap cannot switch"), "{shown:?}");
    assert!(!shown.iter().any(|label| label.starts_with("Turn Off")), "that would be a lie: {shown:?}");
    let (odd, _clicks) = icon(|view| {
        view.status.others =
            vec![OtherCamera { camera: "A&B <x>".into(), node: "/dev/video2".into(), clients: Vec::new() }];
    });
    assert_eq!((odd.title(), odd.tool_tip().title), ("Camera A&B <x> is on".into(), "Camera A+B ‹x› is on".into()));
    let (stuck, _clicks) = icon(|view| {
        view.status.state = StateName::Cooldown;
        view.status.camera_live = true;
        view.status.stuck = true;
        view.status.reason = Some(Trouble::DeviceSought);
    });
    assert_eq!(stuck.status(), ksni::Status::NeedsAttention);
    let shown = labels(&stuck.menu());
    assert_eq!(shown[..2], ["Camera is still on", "The camera device is being looked for – Details…"]);
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
            StateName::NoDevice | StateName::Asking | StateName::Failed => ksni::Status::NeedsAttention,
            StateName::Starting | StateName::Live | StateName::Cooldown | StateName::Blocked => ksni::Status::Active,
        };
        assert_eq!(shown(&|view| view.status.state = state), wanted, "{state}");
        let other = OtherCamera { camera: "Foo".into(), node: "/dev/video2".into(), clients: Vec::new() };
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
            view.status.clients = vec![Client::new(None, "Zoom", usage)];
        })
    };
    assert_eq!(paused(Use::Open), ksni::Status::Passive, "a program that only looks does not wait");
    assert_eq!(paused(Use::Streaming), ksni::Status::Active, "the way back is in the menu");
}

#[test]
fn a_line_ends_with_a_word() {
    assert_eq!(fitted("short", 5), "short");
    assert_eq!(fitted("The camera is not there: plug it in", 26), "The camera is not there…");
    assert_eq!(fitted(&"ü".repeat(99), 56).chars().count(), 56);
    for room in 1..40 {
        assert!(fitted("Zoom, Cheese and another program: x", room).chars().count() <= room, "{room}");
    }
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
            Request::Toggle { notify: false },
            Request::SetSource { source: Source::Auto },
            Request::SetSize { width: 640, height: 480 }
        ]
    );
}

#[test]
fn the_menu_has_the_icon_of_the_only_application_and_of_each_that_asks() {
    let client = |pid, id: &str, icon: &str| {
        let icon = Some(icon.to_owned());
        let app = App { id: id.into(), program: id.to_lowercase(), icon, is_guess: false };
        Client { app: Some(app), ..Client::new(Some(pid), id, Use::Streaming) }
    };
    let shown = |clients: &[Client], offers: &[Offer]| {
        let (icon, _clicks) = icon(|view| {
            view.status.clients = clients.to_vec();
            view.status.offers = offers.to_vec();
        });
        let icon_name = |item: &MenuItem<Icon>| match item {
            MenuItem::Standard(item) => item.icon_name.clone(),
            MenuItem::SubMenu(item) => item.icon_name.clone(),
            _ => String::new(),
        };
        icon.menu().iter().map(icon_name).filter(|name| !name.is_empty()).collect::<Vec<_>>()
    };
    let [zoom, cheese] = [client(1, "us.zoom.Zoom", "zoom-icon"), client(2, "org.gnome.Cheese", "cheese-icon")];
    assert_eq!(shown(std::slice::from_ref(&zoom), &[]), ["zoom-icon"]);
    assert_eq!(shown(&[client(3, "x", "/opt/x.png")], &[]), [""; 0], "a file is none of the theme's");
    let asks = |client: &Client| Offer { verb: Verb::AllowOnce, programs: vec![Program::from(client)] };
    let [first, second] = [asks(&zoom), asks(&cheese)];
    assert_eq!(shown(&[zoom, cheese], &[first, second]), ["zoom-icon", "cheese-icon"]);
}
