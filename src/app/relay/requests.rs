//! What is asked of the relay, from wherever, and what is answered.

use lenscap_api::{ControlsReply, Reply, Request};

use super::settings::is_demonstration;
use super::{Relay, RelayEvent};
use crate::app::settings_thread::{SettingsChange, SettingsThread};
use crate::core::event::Event;
use crate::core::presence::{Client, Presence, Use};
use crate::core::trouble::refusal::Refusal;
use crate::i18n::controls;
use crate::i18n::status::published;
use lenscap_relay::server::{Answer, Server, Ticket};

impl Relay {
    /// Carries a request out. What is the owner's to do comes out of the next [`Self::take_events`].
    pub fn obey(&mut self, request: Request) -> Answer {
        if let Some(command) = request.command() {
            self.paused_for_problem = false;
            self.engine.command(command);
            return Answer::Now(Ok(()));
        }
        match request {
            Request::Reload => return self.later(|thread, ticket| thread.load(Some(ticket))),
            Request::Preferences | Request::Diagnose | Request::About | Request::Extension if self.has_desktop => {
                self.pending.push(RelayEvent::WindowRequested(request));
            }
            Request::Preferences | Request::Diagnose | Request::About | Request::Extension => {
                return Answer::Now(Err(Refusal::WithoutDesktop));
            }
            Request::SetSource { source } => {
                return self.change_settings(Box::new(move |settings| settings.camera.source = source));
            }
            Request::SetSize { width, height } => {
                return self.change_settings(Box::new(move |settings| {
                    (settings.camera.format.width, settings.camera.format.height) = (width, height);
                }));
            }
            Request::Quit => self.end(),
            Request::SetControl { key, value } => match self.engine.controls().cloned() {
                Some(list) => return self.set_control(&list, &key, &value),
                None => return Answer::Now(Err(Refusal::CameraWentOff)),
            },
            Request::ResetControls { keys } => match self.engine.controls().cloned() {
                Some(list) => return self.reset_controls(&list, &keys),
                None => return Answer::Now(Err(Refusal::CameraWentOff)),
            },
            Request::Controls
            | Request::Status
            | Request::Watch
            | Request::Pause { .. }
            | Request::Resume
            | Request::Toggle
            | Request::TurnOff => {}
            Request::Pretend { streaming } if is_demonstration() => {
                let client = |name| Client { pid: None, name, usage: Use::Streaming };
                let clients = streaming.into_iter().map(client).collect();
                self.engine.event(Event::Presence(Presence { clients }));
            }
            Request::Pretend { .. } => return Answer::Now(Err(Refusal::DemonstrationOnly)),
        }
        Answer::Now(Ok(()))
    }

    /// Changes the settings file, and takes what it says then.
    pub fn change_settings(&mut self, change: SettingsChange) -> Answer {
        self.later(|thread, ticket| {
            thread.change(Some(ticket), change)?;
            // The watcher waits until an edit is over; this one is.
            thread.load(None)
        })
    }

    pub(super) fn later(&mut self, order: impl FnOnce(&SettingsThread, Ticket) -> Result<(), Refusal>) -> Answer {
        self.next_ticket += 1;
        match order(&self.settings_thread, self.next_ticket) {
            Ok(()) => Answer::Later(self.next_ticket),
            Err(refusal) => Answer::Now(Err(refusal)),
        }
    }

    /// What the control socket answers: the status; `is_about_controls`: those of a camera that is on, else where it is.
    pub(super) fn reply(&self, is_about_controls: bool) -> Reply {
        if !is_about_controls {
            return Reply::status(published(&self.status()));
        }
        let own = self.nodes().into_iter().flatten().map(|node| node.to_string_lossy().into_owned());
        let path = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        Reply::Controls(Box::new(ControlsReply {
            list: self.engine.controls().map(controls::published),
            live: self.engine.controls().is_some(),
            source: self.settings.camera.source.to_string(),
            excluded: own.collect(),
            config: path.to_string_lossy().into_owned(),
        }))
    }

    /// Takes requests from the control socket.
    pub(super) fn serve(&mut self) {
        // Nothing is borrowed while a request is carried out: that publishes, to the same server.
        let requests = self.server.borrow_mut().as_mut().map(Server::take_requests).unwrap_or_default();
        for (asker, request) in requests {
            let is_about_controls = request.is_about_controls();
            let answer = self.obey(request);
            if let Some(server) = self.server.borrow_mut().as_mut() {
                server.answer(asker, is_about_controls, answer, || self.reply(is_about_controls));
            }
        }
    }
}
