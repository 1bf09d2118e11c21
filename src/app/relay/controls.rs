//! Values of the camera's controls: used at once, written together.

use std::time::Duration;

use rustix::time::{Itimerspec, TimerfdTimerFlags, Timespec};

use super::Relay;
use crate::app::controls::{UnsavedValues, merge, to_reset};
use crate::app::settle;
use crate::camera::System;
use crate::core::controls::{CameraControls, Value, laying};
use crate::core::trouble::refusal::Refusal;
use crate::i18n::refusal;
use lenscap_relay::server::Answer;

/// Values of controls that come faster than this are written together.
const WRITE_INTERVAL: Duration = Duration::from_millis(300);
impl Relay {
    /// The values of its controls as they will be when it starts.
    pub fn overlay(&self, list: &mut CameraControls) {
        let mut saved = self.settings.controls.clone();
        merge(&mut saved, &self.unsaved);
        if let Some(values) = saved.get(&list.camera) {
            list.overlay(values);
        }
    }

    /// Sets a control of the camera that has this list, at once where it is on, and saves it; or says in one sentence why
    /// not: there is no such control, it may not be set, the value cannot work, it cannot be saved.
    pub fn set_control(&mut self, list: &CameraControls, key: &str, value: &str) -> Answer {
        let checked = list.find(key).and_then(|control| {
            control.check_writable()?;
            Ok((control, control.parse(value)?))
        });
        match checked {
            Err(trouble) => Answer::Now(Err(trouble.into())),
            Ok((control, value)) if control.is_saved() => {
                self.keep([((list.camera.clone(), key.to_owned()), Some(value))])
            }
            Ok((_, value)) => {
                self.engine.set_control(key, &value);
                Answer::Now(Ok(()))
            }
        }
    }

    /// Sets controls back to their defaults and forgets what was saved of them, no key: all; or says in one sentence why
    /// not: there is no such control, or it cannot be saved.
    pub fn reset_controls(&mut self, list: &CameraControls, keys: &[String]) -> Answer {
        let mut controls = match to_reset(list, keys) {
            Ok(controls) => controls,
            Err(trouble) => return Answer::Now(Err(trouble.into())),
        };
        controls.sort_by_key(|control| !control.decides_others());
        let of_camera = self.settings.controls.get(&list.camera).cloned().unwrap_or_default();
        for control in &controls {
            // What was set by others; the rest goes back by itself when it is no longer saved.
            if let Some(default) = &control.default
                && !of_camera.contains_key(&control.key)
                && control.value != control.default
                && control.check_writable().is_ok()
            {
                self.engine.set_control(&control.key, default);
            }
        }
        let mut gone: Vec<String> = controls.iter().map(|control| control.key.clone()).collect();
        if keys.is_empty() {
            gone.extend(of_camera.into_keys().filter(|key| !laying::is_key(key)));
        }
        self.keep(gone.into_iter().map(|key| ((list.camera.clone(), key), None)))
    }

    /// Uses changed values at once, and writes them, or collects them while some are written or were just now.
    pub(super) fn keep(&mut self, changes: impl IntoIterator<Item = ((String, String), Option<Value>)>) -> Answer {
        self.unsaved.extend(changes);
        let mut saved = self.settings.controls.clone();
        merge(&mut saved, &self.unsaved);
        self.engine.set_controls(saved);
        if self.is_collecting || self.writing.is_some() {
            return Answer::Now(Ok(()));
        }
        self.write_values()
    }

    /// Writes what is collected. What cannot be written is used until the end.
    pub(super) fn write_values(&mut self) -> Answer {
        if self.unsaved.is_empty() {
            return Answer::Now(Ok(()));
        }
        let changes = self.unsaved.clone();
        let answer = self.later(|thread, ticket| {
            thread.change(Some(ticket), Box::new(move |settings| merge(&mut settings.controls, &changes)))?;
            // A value that is taken away may be there in a layer below.
            thread.load(None)
        });
        if let Answer::Later(ticket) = answer {
            self.writing = Some((ticket, self.unsaved.clone()));
        }
        answer
    }

    pub(super) fn values_written(&mut self, changes: &UnsavedValues, result: &Result<(), Refusal>) {
        match result {
            Ok(()) => {
                // What was set anew meanwhile is still to be written.
                self.unsaved.retain(|key, value| changes.get(key) != Some(value));
                merge(&mut self.settings.controls, changes);
            }
            Err(refused) => {
                // Tried again with the next change, and at the end.
                tracing::warn!("{}", refusal::sentence(refused));
                return;
            }
        }
        self.is_collecting = true;
        let none = Timespec { tv_sec: 0, tv_nsec: 0 };
        let wait = Timespec { tv_sec: 0, tv_nsec: WRITE_INTERVAL.subsec_nanos().into() };
        let spec = Itimerspec { it_interval: none, it_value: wait };
        if let Err(error) = rustix::time::timerfd_settime(&self.write_timer, TimerfdTimerFlags::empty(), &spec) {
            tracing::error!("cannot set the timer: {error}");
            self.is_collecting = false;
        }
    }

    /// Cameras came or went: one may have to be distinguished from another by now.
    pub(super) fn settle_controls(&mut self) {
        // What a layer below says stays there.
        let mut saved = self.own_controls.clone();
        merge(&mut saved, &self.unsaved);
        let changes = settle::controls(&System::here().cameras(), &saved);
        if !changes.is_empty()
            && let Answer::Now(Err(refused)) = self.keep(changes)
        {
            tracing::warn!("{}", refusal::sentence(&refused));
        }
    }

    pub(super) fn write_timer_fired(&mut self) {
        let _ = rustix::io::read(&self.write_timer, &mut [0; 8]);
        self.is_collecting = false;
        if self.writing.is_none()
            && let Answer::Now(Err(refused)) = self.write_values()
        {
            tracing::warn!("{}", refusal::sentence(&refused));
        }
    }
}
