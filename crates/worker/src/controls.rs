//! The controls of the camera that this process has opened: the driver's, the source element's own properties, and what
//! Lenscap does on the picture where the camera has no brightness, contrast, saturation or hue.
//!
//! Saved values are set before the first frame, what decides others first. What is inactive waits until it is not.

mod balance;
mod element;
mod list;
mod pace;

use std::collections::BTreeSet;
use std::os::fd::BorrowedFd;
use std::time::Instant;

use balance::Balance;
pub(super) use list::run as list;
use pace::Pace;

use crate::camera::{ControlsOf, backend};
use lenscap_cameras::controls::ControlDevice;
use lenscap_core::controls::{
    CameraControls, Changes, Control, ControlTrouble, IN_SOFTWARE, Origin, Saved, Value, Values, in_software, laying,
};
use lenscap_core::source::{Orientation, Source};

/// What there is to report.
#[derive(Debug)]
pub(super) enum ControlNews {
    /// The whole list, for the first time, or where it is another one.
    All(CameraControls),
    /// What is another than reported last.
    Changed(Changes),
}

/// Who carries out what the camera itself has.
#[derive(Debug)]
enum Access {
    V4l2(ControlDevice),
    Element(gst::Element),
    None,
}

/// The controls of one camera.
#[derive(Debug)]
pub(super) struct OpenedControls {
    camera: String,
    access: Access,
    software: Vec<Control>,
    balance: Balance,
    /// The values that the user wants.
    wanted: Values,
    /// Of these, what could not be set because something else decides it.
    waiting: BTreeSet<String>,
    problems: Vec<ControlTrouble>,
    reported: Option<CameraControls>,
    pace: Pace,
}

impl OpenedControls {
    /// Reads the controls of the camera behind this source; `element` is its source element, which a node does without.
    pub(super) fn open(source: &Source, element: Option<&gst::Element>) -> Self {
        let camera = backend(source);
        let access = match camera.controls() {
            ControlsOf::Node(path) => match ControlDevice::open(path) {
                Ok(mut device) => {
                    device.subscribe();
                    Access::V4l2(device)
                }
                Err(error) => {
                    tracing::info!("the controls of {} cannot be read: {error}", path.display());
                    Access::None
                }
            },
            ControlsOf::Element => element.cloned().map_or(Access::None, Access::Element),
            ControlsOf::Nobody => Access::None,
        };
        let mut controls = Self {
            camera: camera.id(element),
            access,
            software: Vec::new(),
            balance: Balance::default(),
            wanted: Values::new(),
            waiting: BTreeSet::new(),
            problems: Vec::new(),
            reported: None,
            pace: Pace::new(),
        };
        let own: Vec<_> = controls.cameras_own().into_iter().map(|control| control.key).collect();
        // An element may write them its own way; a camera that can do it does it better.
        let lacks = |key: &str| !own.iter().any(|own| own == key);
        controls.software = IN_SOFTWARE.iter().filter(|key| lacks(key)).filter_map(|key| in_software(key)).collect();
        controls
    }

    fn cameras_own(&self) -> Vec<Control> {
        match &self.access {
            Access::V4l2(device) => device.controls().to_vec(),
            Access::Element(element) => element::controls(element),
            Access::None => Vec::new(),
        }
    }

    /// All of them, as they are now.
    pub(super) fn now(&self) -> CameraControls {
        let mut controls = self.cameras_own();
        controls.extend(self.software.iter().cloned());
        CameraControls { camera: self.camera.clone(), controls, problems: self.problems.clone() }
    }

    /// Becomes readable (`POLLPRI`) when the camera reports a change; nothing right after one was reported.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        match (&self.access, self.quiet_until()) {
            (Access::V4l2(device), None) => device.fd(),
            _ => None,
        }
    }

    /// Until when nothing is reported.
    pub(super) fn quiet_until(&self) -> Option<Instant> {
        self.pace.quiet_until()
    }

    /// What changes now was asked for: it is reported soon.
    pub(super) fn hurry(&mut self, now: Instant) {
        self.pace.hurry(now);
    }

    /// Takes in what the camera reported, and sets what waited for it.
    pub(super) fn dispatch(&mut self, now: Instant) {
        self.pace.tick(now);
        let Access::V4l2(device) = &mut self.access else { return };
        match device.dispatch() {
            Ok(true) => self.set_waiting(),
            Ok(false) => {}
            // The pipeline says so, too, and better.
            Err(error) => tracing::debug!("no more news of the controls: {error}"),
        }
    }

    /// What is to be reported of the controls: nothing where they are as they were reported last, or where that is not long ago.
    pub(super) fn news(&mut self, now: Instant) -> Option<ControlNews> {
        if self.quiet_until().is_some() {
            return None;
        }
        let present = self.now();
        let news = match self.reported.as_ref().map(|before| present.changes_since(before)) {
            Some(Some(changes)) if changes == Changes::default() => return None,
            Some(Some(changes)) => ControlNews::Changed(changes),
            Some(None) | None => ControlNews::All(present.clone()),
        };
        self.reported = Some(present);
        self.pace.reported(now);
        Some(news)
    }

    /// Sets the values saved for this camera; what is no longer saved goes back to its default.
    pub(super) fn apply(&mut self, saved: &Saved) {
        let new = saved.get(&self.camera).cloned().unwrap_or_default();
        let old = std::mem::replace(&mut self.wanted, new.clone());
        let mut orders: Values = new.into_iter().filter(|(key, value)| old.get(key) != Some(value)).collect();
        self.waiting.retain(|key| self.wanted.contains_key(key));
        let present = self.now();
        for key in old.keys().filter(|key| !self.wanted.contains_key(*key)) {
            let default = present.find(key).ok().and_then(|control| control.default.clone());
            if let Some(default) = default {
                orders.insert(key.clone(), default);
            }
        }
        // How the picture is laid is the pipeline's to do.
        orders.retain(|key, _| !laying::is_key(key));
        self.problems = laying::laid(Orientation::default(), &self.wanted).1;
        self.carry_out(&orders);
    }

    /// What decides others first.
    fn carry_out(&mut self, orders: &Values) {
        for decides in [true, false] {
            for (key, value) in orders {
                // Looked at anew each time: the one before may have changed it.
                let present = self.now();
                let Ok(control) = present.find(key) else {
                    if decides {
                        self.complain(ControlTrouble::NotUsed { key: key.into() });
                    }
                    continue;
                };
                if control.decides_others() != decides || !control.is_saved() {
                    continue;
                }
                let is_same = control.check(value).is_ok_and(|value| control.value.as_ref() == Some(&value));
                if control.flags.inactive && !control.flags.read_only {
                    self.waiting.insert(key.clone());
                } else if !is_same || control.flags.volatile {
                    if let Err(trouble) = self.set(key, value) {
                        self.complain(trouble);
                    }
                    self.waiting.remove(key);
                }
            }
        }
    }

    fn set_waiting(&mut self) {
        let present = self.now();
        let is_free = |key: &&String| present.find(key).is_ok_and(|control| !control.flags.inactive);
        let orders: Values = self
            .waiting
            .iter()
            .filter(is_free)
            .filter_map(|key| Some((key.clone(), self.wanted.get(key)?.clone())))
            .collect();
        if !orders.is_empty() {
            self.waiting.retain(|key| !orders.contains_key(key));
            self.carry_out(&orders);
        }
    }

    /// Sets one, now.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn set(&mut self, key: &str, value: &Value) -> Result<(), ControlTrouble> {
        let present = self.now();
        let control = present.find(key)?;
        control.check_writable()?;
        let value = control.check(value)?;
        match (control.origin, &mut self.access) {
            (Origin::Software, _) => {
                if let Some(own) = self.software.iter_mut().find(|own| own.key == key) {
                    own.value = Some(value);
                }
                self.balance.set(&self.software)
            }
            (Origin::Camera, Access::V4l2(device)) => {
                device.set(key, &value)?;
                // Taken in at once: the next value may depend on it.
                let _ = device.dispatch();
                Ok(())
            }
            (Origin::Camera, Access::Element(element)) => element::set(element, control, &value),
            (Origin::Camera, Access::None) => Ok(()),
        }
    }

    /// Keeps what is wrong with a value, to be reported with the controls.
    pub(super) fn complain(&mut self, trouble: ControlTrouble) {
        self.problems.push(trouble);
    }

    /// The elements that the picture has to go through from the start; none while nothing is to be changed.
    pub(super) fn elements(&mut self) -> Vec<gst::Element> {
        self.balance.elements(&self.software)
    }

    /// Where elements go that are needed later: in front of this one.
    pub(super) fn insert_before(&mut self, next: &gst::Element) {
        self.balance.insert_before(next);
    }
}
