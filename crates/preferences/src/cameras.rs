//! The cameras as the window knows them: what sysfs lists at any time, and what they said they can do when the page was
//! shown. They are not asked while one is on.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use lenscap_cameras::choice::{self, Decision};
use lenscap_cameras::watch::Watch;
use lenscap_cameras::{Camera, System, vendors};
use lenscap_core::source::Source;
use lenscap_core::status::StateName;
use lenscap_settings::Settings;
use lenscap_words::{camera_list, cameras as words};

use crate::applet::{AppletProxy, AppletState};
use crate::programs::worker;
use crate::store::Store;

/// See the module.
pub struct Cameras {
    system: System,
    /// By node and id: the same camera at another node is asked again.
    asked: RefCell<HashMap<(Option<PathBuf>, String), Camera>>,
    /// Those of vendors' libraries; `None`: not asked yet.
    vendors: RefCell<Option<Vec<Camera>>>,
    is_asking: Cell<bool>,
    is_shown: Cell<bool>,
    may_ask: Cell<bool>,
}

impl Cameras {
    /// Nothing is asked before [`Self::show`].
    pub fn new(class: &Path) -> Rc<Self> {
        Rc::new(Self {
            system: System::of(class),
            asked: RefCell::default(),
            vendors: RefCell::default(),
            is_asking: Cell::new(false),
            is_shown: Cell::new(false),
            may_ask: Cell::new(false),
        })
    }

    /// Those that are there, with what is known of them.
    pub fn list(&self) -> Vec<Camera> {
        let mut cameras = self.vendors.borrow().clone().unwrap_or_default();
        let asked = self.asked.borrow();
        cameras.extend(self.system.cameras().into_iter().map(|camera| {
            let known = asked.get(&key(&camera)).cloned();
            // Its name for the settings may have changed meanwhile: a twin came.
            known
                .map(|known| Camera { source: camera.source.clone(), shared: camera.shared.clone(), ..known })
                .unwrap_or(camera)
        }));
        cameras
    }

    /// The camera of the settings, with what it can do where that is known.
    pub fn chosen(&self, settings: &Settings) -> Option<Camera> {
        choice::find(&self.list(), &settings.camera.source).cloned()
    }

    /// What is to be said of the source in the settings.
    pub fn words(&self, settings: &Settings) -> String {
        let source = &settings.camera.source;
        let cameras = self.list();
        let decision = Decision::new(&cameras, source);
        match (source, decision.camera(), decision.reason().as_ref().map(words::choice)) {
            (Source::Auto, Some(_), _) if self.vendors.borrow().is_none() => String::new(),
            (Source::Auto, Some(camera), Some(why)) => camera_list::automatic_now(&camera.label(), &why),
            (Source::Auto, None, Some(why)) => camera_list::none_is_usable(&why),
            (Source::Auto, _, None) => camera_list::none_now(),
            (_, Some(camera), _) => camera.problem.as_ref().map(words::problem).unwrap_or_default(),
            (Source::V4l2(_), None, _) => camera_list::chosen_is_missing_now(),
            _ => String::new(),
        }
    }

    /// Asks the cameras from now on, as far as they may be asked, and follows those that come and go.
    pub fn follow(self: &Rc<Self>, store: &Rc<Store>, applet: &AppletProxy, page: &adw::PreferencesPage) {
        use adw::prelude::*;

        let (cameras, settings) = (Rc::downgrade(self), Rc::downgrade(store));
        applet.on_change(move |state| {
            let (Some(cameras), Some(store)) = (cameras.upgrade(), settings.upgrade()) else { return };
            cameras.may_ask.set(!is_on(state));
            cameras.ask(&store);
        });
        let (cameras, settings) = (Rc::downgrade(self), Rc::downgrade(store));
        page.connect_map(move |_| {
            let (Some(cameras), Some(store)) = (cameras.upgrade(), settings.upgrade()) else { return };
            cameras.is_shown.set(true);
            cameras.ask(&store);
        });
        let cameras = Rc::downgrade(self);
        page.connect_unmap(move |_| {
            if let Some(cameras) = cameras.upgrade() {
                cameras.is_shown.set(false);
            }
        });
        let (cameras, settings) = (Rc::downgrade(self), Rc::downgrade(store));
        let choose: Rc<dyn Fn(&Settings)> = Rc::new(move |of| {
            if let (Some(cameras), Some(store)) = (cameras.upgrade(), settings.upgrade()) {
                store.set_camera(cameras.chosen(of).map(|camera| camera.id));
            }
        });
        let chosen = Rc::clone(&choose);
        store.on_change(move |settings| chosen(settings));
        store.on_devices(move |settings| choose(settings));
        let mut watch = match Watch::new() {
            Ok(watch) => watch,
            Err(error) => return tracing::debug!("cameras that come are seen when the window comes forward ({error})"),
        };
        let (cameras, settings) = (Rc::downgrade(self), Rc::downgrade(store));
        glib_unix::unix_fd_add_local(watch.fd().as_raw_fd(), glib::IOCondition::IN, move |_, _| {
            let (Some(cameras), Some(store)) = (cameras.upgrade(), settings.upgrade()) else {
                return glib::ControlFlow::Break;
            };
            if watch.dispatch() {
                // One that could not be asked may be by now.
                cameras.asked.borrow_mut().retain(|_, camera| camera.problem.is_none());
                store.look_for_devices();
                cameras.ask(&store);
            }
            glib::ControlFlow::Continue
        });
    }

    /// Asks, elsewhere, what is not known yet.
    fn ask(self: &Rc<Self>, store: &Rc<Store>) {
        if !self.may_ask.get() || !self.is_shown.get() || self.is_asking.get() {
            return;
        }
        let mut unknown = self.system.cameras();
        unknown.retain(|camera| !self.asked.borrow().contains_key(&key(camera)));
        let worker = self.vendors.borrow().is_none().then(worker);
        let is_confined = store.settings().privacy.sandbox;
        if unknown.is_empty() && worker.is_none() {
            return;
        }
        self.is_asking.set(true);
        let (cameras, store) = (Rc::downgrade(self), Rc::downgrade(store));
        glib::spawn_future_local(async move {
            let asked = gio::spawn_blocking(move || {
                unknown.iter_mut().for_each(Camera::ask);
                (unknown, worker.map(|worker| vendors::ask(&worker, is_confined)))
            });
            let answer = asked.await;
            let (Some(cameras), Some(store)) = (cameras.upgrade(), store.upgrade()) else { return };
            cameras.is_asking.set(false);
            let Ok((known, vendors)) = answer else { return };
            cameras.asked.borrow_mut().extend(known.into_iter().map(|camera| (key(&camera), camera)));
            if let Some((found, problems)) = vendors {
                problems.iter().for_each(|problem| tracing::warn!("{}", words::library(problem)));
                cameras.vendors.replace(Some(found));
            }
            store.look_for_devices();
            // Another may have come meanwhile.
            cameras.ask(&store);
        });
    }
}

fn key(camera: &Camera) -> (Option<PathBuf>, String) {
    (camera.node.clone(), camera.id.clone())
}

/// Whether the camera is on, or about to be, or nobody knows yet.
fn is_on(state: &AppletState) -> bool {
    match state {
        AppletState::Unknown => true,
        AppletState::NoBus | AppletState::NotRunning => false,
        AppletState::Running(status) => {
            use StateName::{Cooldown, Live, Pending, Starting};
            matches!(status.state_name(), Some(Pending | Starting | Live | Cooldown))
        }
    }
}
