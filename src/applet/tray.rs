//! The icon in the tray: a privacy indicator with a menu. A plain copy of what there is to show; whatever is clicked is
//! sent to the main loop, which decides.

use std::time::Instant;

use async_channel::Sender;
use ksni::menu::{CheckmarkItem, RadioGroup, RadioItem, StandardItem, SubMenu};
use ksni::{Category, MenuItem, OfflineReason, ToolTip, Tray};
use lenscap_api::Request;

use super::clicks::Click;
use super::icon_name::icon_name;
use crate::core::source::Source;
use crate::core::status::{StateName, Status};
use crate::i18n::status as words;
use crate::i18n::{tr, trf};

/// Longest line of a text in the menu, in characters.
const NOTE_WIDTH: usize = 56;

/// What the icon and its menu show.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The relay's.
    pub status: Status,
    /// Why the settings file is not the one in use.
    pub problem: Option<String>,
    /// Cameras to choose from, with their names; the one in use is among them.
    pub sources: Vec<(Source, String)>,
    /// The one in use.
    pub source: Source,
    /// Sizes to choose from, in pixels; the one in use is among them.
    pub sizes: Vec<(u32, u32)>,
    /// The one in use.
    pub size: (u32, u32),
}

/// The tray item.
#[derive(Debug)]
pub struct Icon {
    view: View,
    clicks: Sender<Click>,
    /// Hears whether a tray shows the icon.
    hosts: Sender<bool>,
    theme_path: String,
}

impl Icon {
    /// An icon that shows `view` and sends what is clicked to `clicks`, and whether a tray shows it to `hosts`.
    /// `theme_path`: where the icons are when the desktop does not look there by itself, else empty.
    pub fn new(view: View, clicks: Sender<Click>, hosts: Sender<bool>, theme_path: String) -> Self {
        Self { view, clicks, hosts, theme_path }
    }

    /// Shows this from now on.
    pub fn show(&mut self, view: View) {
        self.view = view;
    }

    fn ask(&self, request: Request) {
        // On Wayland a window comes to the front only with the token of the click; some hosts send an empty one.
        let token = ksni::current_xdg_activation_token().filter(|token| !token.is_empty());
        // Nobody listens any more only while we end.
        let _ = self.clicks.try_send(Click { request, token });
    }

    fn report_host(&self, is_there: bool) {
        let _ = self.hosts.try_send(is_there);
    }

    fn item(&self, label: String, request: Request) -> MenuItem<Self> {
        StandardItem {
            label: escape(&label),
            activate: Box::new(move |icon: &mut Self| icon.ask(request.clone())),
            ..Default::default()
        }
        .into()
    }
}

/// In menus an underscore marks the access key.
fn escape(label: &str) -> String {
    label.replace('_', "__")
}

/// A text in lines that nobody can click on: hosts make the menu as wide as its widest item.
fn note(text: &str) -> Vec<MenuItem<Icon>> {
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

impl Tray for Icon {
    fn id(&self) -> String {
        crate::APP_ID.into()
    }

    fn category(&self) -> Category {
        Category::Hardware
    }

    fn title(&self) -> String {
        words::title(&self.view.status)
    }

    fn status(&self) -> ksni::Status {
        match self.view.status.state {
            StateName::Failed | StateName::NoDevice => ksni::Status::NeedsAttention,
            _ if self.view.status.stuck => ksni::Status::NeedsAttention,
            _ => ksni::Status::Active,
        }
    }

    fn icon_theme_path(&self) -> String {
        self.theme_path.clone()
    }

    fn icon_name(&self) -> String {
        icon_name(&self.view.status, self.view.problem.is_some())
    }

    fn attention_icon_name(&self) -> String {
        self.icon_name()
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip {
            icon_name: self.icon_name(),
            icon_pixmap: Vec::new(),
            title: words::title(&self.view.status),
            description: markup(&words::details(&self.view.status, self.view.problem.as_deref())),
        }
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        self.ask(Request::Preferences);
    }

    fn secondary_activate(&mut self, _x: i32, _y: i32) {
        self.ask(Request::Toggle);
    }

    fn menu_about_to_show(&mut self) {
        // Asked for so that the first line is made anew: the time in it runs on without waking us.
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        let view = &self.view;
        let status = &view.status;
        let lines = words::lines(status, Instant::now());
        let mut menu: Vec<_> = lines.iter().flat_map(|line| note(line)).collect();
        let is_told = !status.camera_live || status.stuck;
        menu.extend(
            status.reason.iter().filter(|_| is_told).flat_map(|reason| note(&crate::i18n::trouble::sentence(reason))),
        );
        menu.extend(view.problem.iter().flat_map(|problem| note(problem)));
        menu.push(MenuItem::Separator);
        menu.push(
            CheckmarkItem {
                label: tr("Camera allowed"),
                checked: status.allowed,
                activate: Box::new(|icon: &mut Self| icon.ask(Request::Toggle)),
                ..Default::default()
            }
            .into(),
        );
        if status.camera_live {
            menu.push(self.item(tr("Turn off now"), Request::TurnOff));
        }
        if status.state == StateName::Failed {
            menu.push(self.item(tr("Try again"), Request::Resume));
        }
        if status.allowed {
            let pauses = [(tr("15 minutes"), Some(15 * 60)), (tr("1 hour"), Some(3600)), (tr("Until I resume"), None)];
            menu.push(
                SubMenu {
                    label: tr("Pause for"),
                    submenu: pauses
                        .into_iter()
                        .map(|(label, time)| self.item(label, Request::Pause { seconds: time }))
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
        menu.push(self.item(tr("Preferences…"), Request::Preferences));
        menu.push(self.item(tr("Diagnose…"), Request::Diagnose));
        menu.push(self.item(tr("About Lenscap"), Request::About));
        let quit = match words::names(&status.clients) {
            Some(names) => trf!("Quit ({names} will lose the camera)", names = names),
            None => tr("Quit"),
        };
        menu.push(self.item(quit, Request::Quit));
        menu
    }

    fn watcher_online(&self) {
        self.report_host(true);
    }

    fn watcher_offline(&self, reason: OfflineReason) -> bool {
        tracing::debug!("no tray: {reason:?}");
        self.report_host(false);
        // The next host is to find us.
        true
    }
}

/// Tooltips are markup.
fn markup(text: &str) -> String {
    glib::markup_escape_text(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::machine::Machine;
    use crate::core::policy::Policy;
    use crate::core::presence::{Client, Use};

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
        };
        change(&mut view);
        (Icon::new(view, sender, async_channel::unbounded().0, String::new()), receiver)
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
            view.status.reason = Some(crate::core::trouble::Trouble::said(
                crate::core::trouble::TroubleKind::Busy,
                "It is in use: close <that>.",
            ));
            view.problem = Some("Line 3.".into());
        });
        let labels_failed = labels(&failed.menu());
        assert_eq!(labels_failed[..3], ["The camera does not work", "It is in use: close <that>.", "Line 3."]);
        assert!(labels_failed.contains(&"Try again".to_owned()));
        assert_eq!(failed.status(), ksni::Status::NeedsAttention);
        assert!(failed.tool_tip().description.contains("&lt;that&gt;"));
    }

    #[test]
    fn another_camera_and_one_that_stays_on_are_told() {
        let (paused, _clicks) = icon(|view| {
            view.status.state = StateName::Paused;
            view.status.allowed = false;
            view.status.others = vec![crate::core::status::OtherCamera {
                camera: "Foo".into(),
                node: "/dev/video2".into(),
                programs: vec!["cheese".into()],
            }];
        });
        let shown = labels(&paused.menu());
        assert_eq!(shown[0], "Camera Foo is on: cheese");
        assert!(shown[1].starts_with("Lenscap cannot switch"), "{shown:?}");
        assert!(!shown.contains(&"Turn off now".to_owned()), "that would be a lie: {shown:?}");
        let (stuck, _clicks) = icon(|view| {
            view.status.state = StateName::Cooldown;
            view.status.camera_live = true;
            view.status.stuck = true;
            view.status.reason =
                Some(crate::core::trouble::Trouble::said(crate::core::trouble::TroubleKind::Hang, "Unplug it."));
        });
        assert_eq!(stuck.status(), ksni::Status::NeedsAttention);
        assert_eq!(labels(&stuck.menu())[..2], ["Camera is still on", "Unplug it."]);
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
}
