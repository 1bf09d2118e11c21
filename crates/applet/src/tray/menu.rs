//! The menu below the icon.

use std::time::Instant;

use ksni::MenuItem;
use ksni::menu::{CheckmarkItem, RadioGroup, RadioItem, StandardItem, SubMenu};
use lenscap_api::Request;

use super::{Icon, View};
use lenscap_core::source::Source;
use lenscap_core::status::StateName;
use lenscap_words::status as words;
use lenscap_words::tr;

/// Longest line of a text in the menu, in characters.
pub(super) const NOTE_WIDTH: usize = 56;

/// The items, from the top; `now`: for how long the camera has been on is said as of then.
pub(super) fn items(view: &View, now: Instant) -> Vec<MenuItem<Icon>> {
    let status = &view.status;
    let lines = words::lines(status, now);
    let mut menu: Vec<_> = lines.iter().flat_map(|line| note(line)).collect();
    let is_shown = !status.camera_live || status.stuck;
    menu.extend(
        status.reason.iter().filter(|_| is_shown).flat_map(|reason| note(&lenscap_words::trouble::sentence(reason))),
    );
    menu.extend(view.problem.iter().flat_map(|problem| note(problem)));
    menu.push(MenuItem::Separator);
    menu.push(
        CheckmarkItem {
            label: tr("Camera allowed"),
            checked: status.allowed,
            activate: Box::new(|icon: &mut Icon| icon.ask(Request::Toggle)),
            ..Default::default()
        }
        .into(),
    );
    if status.camera_live {
        menu.push(item(tr("Turn off now"), Request::TurnOff));
    }
    if status.state == StateName::Failed {
        menu.push(item(tr("Try again"), Request::Resume));
    }
    if status.allowed {
        let pauses = [(tr("15 minutes"), Some(15 * 60)), (tr("1 hour"), Some(3600)), (tr("Until I resume"), None)];
        menu.push(
            SubMenu {
                label: tr("Pause for"),
                submenu: pauses
                    .into_iter()
                    .map(|(label, time)| item(label, Request::Pause { seconds: time }))
                    .collect(),
                ..Default::default()
            }
            .into(),
        );
    }
    menu.push(MenuItem::Separator);
    let sources: Vec<Source> = view.sources.iter().map(|(source, _)| source.clone()).collect();
    let selected = sources.iter().position(|source| *source == view.source).unwrap_or(0);
    let names = view.sources.iter().map(|(_, name)| name.clone()).collect();
    menu.push(radio(tr("Source"), names, selected, move |index| {
        sources.get(index).cloned().map(|source| Request::SetSource { source })
    }));
    let sizes = view.sizes.clone();
    let selected = sizes.iter().position(|size| *size == view.size).unwrap_or(0);
    let names = sizes.iter().map(|(width, height)| format!("{width} × {height}")).collect();
    menu.push(radio(tr("Resolution"), names, selected, move |index| {
        sizes.get(index).map(|(width, height)| Request::SetSize { width: *width, height: *height })
    }));
    menu.push(MenuItem::Separator);
    menu.push(item(tr("Preferences…"), Request::Preferences));
    menu.push(item(tr("Diagnose…"), Request::Diagnose));
    menu.push(item(tr("About Lenscap"), Request::About));
    menu.push(item(words::quit(&status.clients), Request::Quit));
    menu
}

fn item(label: String, request: Request) -> MenuItem<Icon> {
    StandardItem {
        label: escape(&label),
        activate: Box::new(move |icon: &mut Icon| icon.ask(request.clone())),
        ..Default::default()
    }
    .into()
}

/// In menus an underscore marks the access key.
fn escape(label: &str) -> String {
    label.replace('_', "__")
}

/// A text in lines that nobody can click on: hosts make the menu as wide as its widest item.
pub(super) fn note(text: &str) -> Vec<MenuItem<Icon>> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= NOTE_WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| StandardItem { label: escape(line), enabled: false, ..Default::default() }.into()).collect()
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
