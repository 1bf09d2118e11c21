//! What is shown, and where: icon, notifications, D-Bus properties.

use std::cell::Cell;
use std::rc::Rc;

use async_channel::Sender;
use async_executor::Task;
use lenscap_api::Code;
use zbus::Connection;

use super::clicks::Click;
use super::notify::{Announcer, Notice, Notifier, Subject};
use super::shortcut::Key;
use super::tasks::Tasks;
use super::tray::{Icon, View};
use crate::dbus::{Properties, Service};
use lenscap::app::relay::Relay;
use lenscap_cameras::Camera;
use lenscap_core::hook::HookWatch;
use lenscap_core::source::Source;
use lenscap_core::status::Status;
use lenscap_settings::Settings;
use lenscap_words::{hook, source};

/// Sizes offered in the menu, besides the one in use.
const SIZES: [(u32, u32); 3] = [(640, 480), (1280, 720), (1920, 1080)];

/// What is shown, and where.
pub(super) struct Front {
    tasks: Tasks,
    pub(super) clicks: Sender<Click>,
    pub(super) status: Option<Status>,
    pub(super) settings: Settings,
    pub(super) problem: Option<String>,
    /// Cameras to choose from; looked for while the camera is off, never on its way to being on.
    pub(super) cameras: Vec<Camera>,
    pub(super) properties: Properties,
    pub(super) announcer: Announcer,
    /// When an event is due on D-Bus, as hooks are.
    hooks: HookWatch,
    /// To the session bus.
    pub(super) connection: Option<Connection>,
    pub(super) service: Option<Service>,
    pub(super) notifier: Option<Notifier>,
    pub(super) icon: Option<ksni::Handle<Icon>>,
    /// The newest view, until the icon has it.
    pub(super) unseen: Rc<Cell<Option<View>>>,
    /// Keeps the icon where a tray shows it.
    pub(super) icon_keeper: Option<Task<()>>,
    /// Keeps the key, while one is asked for.
    pub(super) shortcut: Option<Key>,
}

impl Front {
    pub(super) fn new(tasks: Tasks, clicks: Sender<Click>, properties: Properties) -> Self {
        Self {
            tasks,
            clicks,
            status: None,
            settings: Settings::default(),
            problem: None,
            cameras: Vec::new(),
            properties,
            announcer: Announcer::default(),
            hooks: HookWatch::default(),
            connection: None,
            service: None,
            notifier: None,
            icon: None,
            unseen: Rc::default(),
            icon_keeper: None,
            shortcut: None,
        }
    }

    /// The machine's new status, from within its step.
    pub(super) fn take(&mut self, status: &Status) {
        self.status = Some(status.clone());
        if !status.camera_live {
            self.cameras = lenscap_cameras::System::here().cameras();
        }
        self.publish();
        self.tell_events(status);
        self.show_icon();
        self.announce(status);
    }

    fn tell_events(&mut self, status: &Status) {
        for due in self.hooks.due(status) {
            if let Some(service) = &self.service {
                service.camera_event(hook::told(&due, status));
            }
        }
    }

    fn announce(&mut self, status: &Status) {
        for (subject, notice) in self.announcer.updates(status, &self.settings.notifications) {
            self.notify(subject, notice);
        }
    }

    /// A key paused the camera, or resumed it.
    pub(super) fn toggled(&mut self) {
        self.announcer.toggled();
        if let Some(status) = self.status.clone() {
            self.announce(&status);
        }
    }

    /// What became of asking the desktop for a key.
    pub(super) fn shortcut_is(&mut self, shortcut: Option<Code>) {
        self.properties.shortcut_is(shortcut);
        self.publish();
    }

    /// Cameras came or went.
    pub(super) fn look_for_cameras(&mut self) {
        if self.status.as_ref().is_some_and(|status| !status.camera_live) {
            let cameras = lenscap_cameras::System::here().cameras();
            if self.cameras != cameras {
                self.cameras = cameras;
                self.show_icon();
            }
        }
    }

    pub(super) fn take_settings(&mut self, relay: &Relay) {
        self.settings = relay.settings().clone();
        self.problem = relay.problem().map(str::to_owned);
        self.take(&relay.status());
    }

    fn publish(&mut self) {
        if let Some(status) = &self.status {
            self.properties.publish(status, self.service.as_ref());
        }
    }

    pub(super) fn notify(&self, subject: Subject, notice: Option<Notice>) {
        if let Some(notifier) = &self.notifier {
            notifier.send((subject, notice));
        }
    }

    pub(super) fn view(&self) -> Option<View> {
        let camera = &self.settings.camera;
        let mut sources = vec![(Source::Auto, source::automatic())];
        let label = |offer: &lenscap_cameras::choice::Offer| match offer.is_missing {
            true => lenscap_words::cameras::missing(&offer.label),
            false => offer.label.clone(),
        };
        let offers = lenscap_cameras::choice::offers(&self.cameras, &camera.source);
        sources.extend(offers.into_iter().map(|offer| (offer.source.clone(), label(&offer))));
        if !sources.iter().any(|(source, _)| *source == camera.source) {
            let name = match &camera.source {
                Source::Test => source::test_picture(),
                source => source.to_string(),
            };
            sources.push((camera.source.clone(), name));
        }
        let size = (camera.format.width, camera.format.height);
        let mut sizes = SIZES.to_vec();
        if !sizes.contains(&size) {
            sizes.push(size);
            sizes.sort_unstable();
        }
        Some(View {
            status: self.status.clone()?,
            problem: self.problem.clone(),
            sources,
            source: camera.source.clone(),
            sizes,
            size,
            only_while_on: self.settings.icon.only_while_on,
        })
    }

    pub(super) fn show_icon(&self) {
        if let (Some(icon), Some(view)) = (self.icon.clone(), self.view()) {
            // Who is on the way to the icon brings this one: however slow the tray is, nothing piles up.
            if self.unseen.replace(Some(view)).is_some() {
                return;
            }
            let unseen = self.unseen.clone();
            self.tasks.run(async move {
                // Updates overtake each other on their way to the icon: each brings the newest view, not its own.
                let show = move |icon: &mut Icon| {
                    if let Some(view) = unseen.take() {
                        icon.show(view);
                    }
                };
                icon.update(show).await;
            });
        }
    }

    pub(super) fn leave_bus(&mut self) {
        self.connection = None;
        self.service = None;
        self.notifier = None;
        self.icon_keeper = None;
        self.shortcut = None;
        if let Some(icon) = self.icon.take() {
            drop(icon.shutdown());
        }
    }
}
