//! The icon in the tray: a privacy indicator with a menu. A plain copy of what there is to show; whatever is clicked is
//! sent to the main loop, which decides.

mod menu;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::time::Instant;

use async_channel::Sender;
use ksni::{Category, MenuItem, ToolTip, Tray};
use lenscap_api::Request;

use super::clicks::Click;
use super::icon_name::icon_name;
use lenscap_core::presence::Use;
use lenscap_core::source::Source;
use lenscap_core::status::{Look, StateName, Status};
use lenscap_text::markup;
use lenscap_words::status as words;

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
    /// Whether the icon is hidden while no camera is on and nothing asks for the user.
    pub only_while_on: bool,
}

impl View {
    /// Whether the user wants the icon only while a camera is on, and none is: neither ours, from before it starts until
    /// its stop is confirmed, nor another. It stays where something is wrong, and where a program waits for a camera that
    /// the user keeps off: the way back is in its menu.
    fn may_be_hidden(&self) -> bool {
        let status = &self.status;
        let is_at_rest = match status.state.look() {
            Look::Off => true,
            Look::Paused => status.clients.iter().all(|client| client.usage == Use::Open),
            Look::Starting | Look::On | Look::StillOn | Look::Asking | Look::Blocked | Look::Attention => false,
        };
        self.only_while_on && is_at_rest && self.problem.is_none() && !status.is_any_camera_on()
    }
}

/// The tray item.
#[derive(Debug)]
pub struct Icon {
    view: View,
    clicks: Sender<Click>,
    theme_path: String,
    /// How often hosts asked for the path: each does, all else is read by some hosts only (`Id` is not, in LXQt and
    /// swaybar). ksni asks once for each menu that it makes, which is taken off.
    hosts_asked: Cell<i64>,
}

impl Icon {
    /// An icon that shows `view` and sends what is clicked to `clicks`.
    /// `theme_path`: where the icons are when the desktop does not look there by itself, else empty.
    pub fn new(view: View, clicks: Sender<Click>, theme_path: String) -> Self {
        Self { view, clicks, theme_path, hosts_asked: Cell::new(0) }
    }

    /// Shows this from now on.
    pub fn show(&mut self, view: View) {
        self.view = view;
    }

    /// Whether a host asked for the icon since this was last called.
    pub fn take_asked(&self) -> bool {
        self.hosts_asked.take() > 0
    }

    fn ask(&self, request: Request) {
        // On Wayland a window comes to the front only with the token of the click; some hosts send an empty one.
        let token = ksni::current_xdg_activation_token().filter(|token| !token.is_empty());
        // Nobody listens any more only while we end.
        let _ = self.clicks.try_send(Click { request, token });
    }
}

impl Tray for Icon {
    fn id(&self) -> String {
        lenscap::APP_ID.into()
    }

    fn category(&self) -> Category {
        Category::Hardware
    }

    /// Also what GNOME's extension has screen readers say: ksni has no `IconAccessibleDesc`, which says more nowhere. (The
    /// extension logs that this is missing at each change of the icon; mended in its b1db0b6, of 2024.)
    fn title(&self) -> String {
        words::title(&self.view.status)
    }

    fn status(&self) -> ksni::Status {
        match self.view.status.state {
            StateName::Asking | StateName::Failed | StateName::NoDevice => ksni::Status::NeedsAttention,
            _ if self.view.status.stuck => ksni::Status::NeedsAttention,
            _ if self.view.may_be_hidden() => ksni::Status::Passive,
            _ => ksni::Status::Active,
        }
    }

    fn icon_theme_path(&self) -> String {
        self.hosts_asked.update(|times| times + 1);
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
            // Markup to MATE's panel and waybar, a text to Plasma, LXQt guesses: it may have the name of a camera.
            title: markup::avoided(&words::title(&self.view.status)),
            description: markup::escaped(&words::details(&self.view.status, self.view.problem.as_deref())),
        }
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        self.ask(Request::Preferences);
    }

    fn secondary_activate(&mut self, _x: i32, _y: i32) {
        // The icon says what came of it.
        self.ask(Request::Toggle { notify: false });
    }

    fn menu_about_to_show(&mut self) {
        // Asked for so that the first line is made anew: the time in it runs on without waking us.
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        self.hosts_asked.update(|times| times - 1);
        menu::items(&self.view, Instant::now())
    }
}
