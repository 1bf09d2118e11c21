//! What is asked of the relay, from wherever, and what is answered.

use lenscap_api::{ControlsReply, Reply, Request};

use super::settings::is_demonstration;
use super::{Relay, RelayEvent};
use crate::app::settings_thread::{SettingsChange, SettingsThread};
use crate::core::event::{Command, Event};
use crate::core::offer::Verb;
use crate::core::presence::{Client, Presence, Use};
use crate::core::trouble::refusal::Refusal;
use crate::i18n::controls;
use crate::i18n::status::published;
use lenscap_relay::server::{Answer, Server, Ticket};

impl Relay {
    /// Carries a request out. What is the owner's to do comes out of the next [`Self::take_events`].
    pub fn obey(&mut self, request: Request) -> Answer {
        if let Some(command) = request.command() {
            // These leave the pause as it is.
            self.paused_for_problem &= matches!(command, Command::TurnOff | Command::Allow);
            let unblocked = self.to_unblock(&request);
            self.engine.command(command);
            if request == (Request::Toggle { notify: true }) {
                self.pending.push(RelayEvent::Toggled);
            }
            return if unblocked.is_empty() { Answer::Now(Ok(())) } else { self.unblock(unblocked) };
        }
        match request {
            Request::Reload => return self.later(|thread, ticket| thread.load(Some(ticket))),
            Request::Preferences | Request::Diagnose | Request::SetUp | Request::About | Request::Extension => {
                if !self.has_desktop {
                    return Answer::Now(Err(Refusal::WithoutDesktop));
                }
                self.pending.push(RelayEvent::WindowRequested(request));
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
            | Request::Toggle { .. }
            | Request::TurnOff
            | Request::Allow { .. } => {}
            Request::Pretend { streaming } if is_demonstration() => {
                let client = |name| Client::new(None, name, Use::Streaming);
                let clients = streaming.into_iter().map(client).collect();
                self.engine.event(Event::Presence(Presence { clients }));
            }
            Request::Pretend { .. } => return Answer::Now(Err(Refusal::DemonstrationOnly)),
        }
        Answer::Now(Ok(()))
    }

    /// Changes the settings file, and takes what it says then.
    pub fn change_settings(&mut self, change: SettingsChange) -> Answer {
        self.later(|thread, ticket| thread.change_and_load(ticket, change))
    }

    /// The entries of the list of blocked programs that stand against what is to be allowed.
    fn to_unblock(&self, request: &Request) -> Vec<String> {
        let Request::Allow { programs } = request else { return Vec::new() };
        let status = self.engine.status();
        let kept_out = status.offer(Verb::Allow).map(|offer| &offer.programs);
        let programs = if programs.is_empty() { kept_out.unwrap_or(programs) } else { programs };
        let is_allowed = |name: &&String| programs.iter().any(|program| program.eq_ignore_ascii_case(name));
        self.settings.privacy.blocked.iter().filter(is_allowed).cloned().collect()
    }

    fn unblock(&mut self, names: Vec<String>) -> Answer {
        // The file may have got others meanwhile.
        self.change_settings(Box::new(move |settings| settings.privacy.blocked.retain(|name| !names.contains(name))))
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
            let [node, _] = self.nodes();
            let node = node.map(|node| node.to_string_lossy().into_owned());
            let options = self.options.clone();
            return Reply::status(lenscap_api::Status { node, options, ..self.published_status() });
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

    pub(super) fn published_status(&self) -> lenscap_api::Status {
        lenscap_api::Status { shortcut: self.shortcut.borrow().clone(), ..published(&self.status()) }
    }

    /// Takes requests from the control socket.
    pub(super) fn serve(&mut self) {
        // Nothing is borrowed while a request is carried out: that publishes, to the same server.
        let requests = self.server.borrow_mut().as_mut().map(Server::take_requests).unwrap_or_default();
        for (asker, request) in requests {
            let is_about_controls = request.is_about_controls();
            let may_turn_off = request.may_turn_off();
            let answer = self.obey(request);
            if let Some(server) = self.server.borrow_mut().as_mut() {
                if may_turn_off && self.status().is_going_off() {
                    server.await_off(asker);
                } else {
                    server.answer(asker, is_about_controls, answer, || self.reply(is_about_controls));
                }
            }
        }
    }
}
