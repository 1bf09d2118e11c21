//! The menu below the icon.

use std::time::Instant;

use ksni::MenuItem;
use ksni::menu::{RadioGroup, RadioItem, StandardItem, SubMenu};
use lenscap_api::Request;

use super::{Icon, View};
use lenscap_core::app::AppId;
use lenscap_core::offer::{Offer, PAUSES, Verb};
use lenscap_core::presence::Use;
use lenscap_core::source::Source;
use lenscap_core::status::{StateName, Status};
use lenscap_core::trouble::Trouble;
use lenscap_words::offer as verbs;
use lenscap_words::status::lines;
use lenscap_words::{menu as words, numbers, tr};

/// Longest line of a text in the menu, in characters: hosts make the menu as wide as its widest item.
const LINE_WIDTH: usize = 64;

/// The items, from the top; `now`: for how long the camera has been on is said as of then.
pub(super) fn items(view: &View, now: Instant) -> Vec<MenuItem<Icon>> {
    let status = &view.status;
    // Whoever wants to see more finds it in the window.
    let mut icon_name = icon_of_user(status);
    // The first line says who uses the camera.
    let line =
        |line: &String| with_icon(std::mem::take(&mut icon_name), &fitted(line, LINE_WIDTH), Request::Preferences);
    let mut menu: Vec<_> = lines(status, now).iter().map(line).collect();
    menu.extend(status.reason.as_ref().filter(|_| !status.camera_live || status.stuck).and_then(reason));
    menu.extend(view.problem.as_ref().map(|_| item(&details(&words::settings_problem()), Request::Diagnose)));
    menu.push(MenuItem::Separator);
    menu.extend(offered_all(status));
    menu.push(MenuItem::Separator);
    let sources: Vec<Source> = view.sources.iter().map(|(source, _)| source.clone()).collect();
    let selected = sources.iter().position(|source| *source == view.source).unwrap_or(0);
    let names = view.sources.iter().map(|(_, name)| name.clone()).collect();
    menu.push(radio(tr("Camera"), names, selected, move |index| {
        sources.get(index).cloned().map(|source| Request::SetSource { source })
    }));
    let sizes = view.sizes.clone();
    let selected = sizes.iter().position(|size| *size == view.size).unwrap_or(0);
    let names = sizes.iter().map(|(width, height)| numbers::size(width, height)).collect();
    menu.push(radio(tr("Resolution"), names, selected, move |index| {
        sizes.get(index).map(|(width, height)| Request::SetSize { width: *width, height: *height })
    }));
    menu.push(MenuItem::Separator);
    menu.push(item(&tr("Preferences…"), Request::Preferences));
    if status.state == StateName::NoDevice {
        menu.push(item(&tr("Set Up…"), Request::SetUp));
    }
    menu.push(item(&tr("Diagnose…"), Request::Diagnose));
    menu.push(item(&tr("About Lenscap"), Request::About));
    menu.push(MenuItem::Separator);
    menu.push(item(&words::quit(&status.clients), Request::Quit));
    menu
}

/// What the user can do now. Where several programs ask for the camera each has a menu of its own with the answers.
fn offered_all(status: &Status) -> Vec<MenuItem<Icon>> {
    let offers = &status.offers;
    let is_answer = |offer: &&Offer| matches!(offer.verb, Verb::AllowOnce | Verb::AllowAlways | Verb::Block);
    let asking: Vec<&Offer> = offers.iter().filter(|offer| offer.verb == Verb::AllowOnce).collect();
    if asking.len() < 2 {
        return offers.iter().map(offered).collect();
    }
    let answers = asking.into_iter().map(|asked| {
        let own = offers.iter().filter(is_answer).filter(|offer| offer.programs == asked.programs);
        let submenu = own.map(|offer| item(&verbs::button(offer.verb), Request::from(offer))).collect();
        let label = asked.names().iter().map(|name| words::asks(name)).collect::<String>();
        let icon_name = asked.programs.first().map(|program| icon_of(status, &program.id)).unwrap_or_default();
        SubMenu { label: escape(&label), submenu, icon_name, ..Default::default() }.into()
    });
    answers.chain(offers.iter().filter(|offer| !is_answer(offer)).map(offered)).collect()
}

/// One thing that the user can do now.
fn offered(offer: &Offer) -> MenuItem<Icon> {
    let label = verbs::label(offer);
    match offer.verb {
        Verb::Pause => {
            let pauses = PAUSES.into_iter().map(|seconds| item(&verbs::pause(seconds), Request::Pause { seconds }));
            SubMenu { label: escape(&label), submenu: pauses.collect(), ..Default::default() }.into()
        }
        Verb::TurnOff
        | Verb::AllowOnce
        | Verb::AllowAlways
        | Verb::Block
        | Verb::Allow
        | Verb::Resume
        | Verb::TryAgain => item(&label, Request::from(offer)),
    }
}

/// Why the camera is off, in a line that leads to more.
fn reason(trouble: &Trouble) -> Option<MenuItem<Icon>> {
    let clause = words::clause(trouble);
    match trouble {
        // The first line and what can be done say it.
        Trouble::TurnedOff { .. } | Trouble::PermissionAwaited { .. } | Trouble::PermissionUnanswered { .. } => None,
        // Nothing that a diagnosis could find.
        Trouble::GoingToSleep | Trouble::SessionLocked | Trouble::ProgramBlocked { .. } => {
            Some(item(&fitted(&clause, LINE_WIDTH), Request::Preferences))
        }
        _ => Some(item(&details(&clause), Request::Diagnose)),
    }
}

/// What is wrong, in a line that opens the diagnosis.
fn details(clause: &str) -> String {
    let room = LINE_WIDTH.saturating_sub(words::with_details("").chars().count());
    words::with_details(&fitted(clause, room))
}

/// As much of a text as so many characters hold, to the end of a word where there is one.
pub(super) fn fitted(text: &str, room: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(room) else { return text.to_owned() };
    let room = &text[..end];
    let last = room.char_indices().next_back().map_or(0, |(at, _)| at);
    format!("{}…", room[..room.rfind(' ').unwrap_or(last)].trim_end_matches([' ', ',', ':', '.']))
}

/// The icon of the only application that uses the camera, or wants it; empty: none has one, or several do.
fn icon_of_user(status: &Status) -> String {
    let streaming = status.clients.iter().filter(|client| client.usage == Use::Streaming);
    let mut ids: Vec<_> = streaming.map(|client| client.app_ids()[0].clone()).collect();
    ids.dedup();
    match &ids[..] {
        [id] => icon_of(status, id),
        _ => String::new(),
    }
}

/// Of the theme: hosts take no files.
fn icon_of(status: &Status, id: &AppId) -> String {
    let app = status.clients.iter().filter_map(|client| client.app.as_ref()).find(|app| app.id == *id);
    app.and_then(|app| app.icon.clone()).filter(|icon| !icon.starts_with('/')).unwrap_or_default()
}

fn item(label: &str, request: Request) -> MenuItem<Icon> {
    with_icon(String::new(), label, request)
}

fn with_icon(icon_name: String, label: &str, request: Request) -> MenuItem<Icon> {
    StandardItem {
        label: escape(label),
        icon_name,
        activate: Box::new(move |icon: &mut Icon| icon.ask(request.clone())),
        ..Default::default()
    }
    .into()
}

/// In menus an underscore marks the access key.
fn escape(label: &str) -> String {
    label.replace('_', "__")
}

fn radio(
    label: String,
    options: Vec<String>,
    selected: usize,
    select: impl Fn(usize) -> Option<Request> + Send + 'static,
) -> MenuItem<Icon> {
    let options = options.iter().map(|label| RadioItem { label: escape(label), ..Default::default() }).collect();
    let select = move |icon: &mut Icon, index: usize| {
        if let Some(request) = select(index) {
            icon.ask(request);
        }
    };
    let group = RadioGroup { selected, select: Box::new(select), options };
    SubMenu { label, submenu: vec![group.into()], ..Default::default() }.into()
}
