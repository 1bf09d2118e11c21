//! What is asked of the relay, from wherever, and what is answered.

use lenscap_api::{ControlsReply, Reply, Request};

use super::settings::is_demonstration;
use super::{Relay, RelayEvent};
use crate::app::settings_thread::{SettingsChange, SettingsThread};
use crate::core::app::{Access, AppId, Rule};
use crate::core::event::Command;
use crate::core::presence::{Client, Presence, Use};
use crate::core::trouble::refusal::Refusal;
use crate::engine::Role;
use crate::i18n::controls;
use crate::i18n::status::published;
use lenscap_relay::server::{Answer, Server, Ticket};

impl Relay {
    /// Carries a request out. What is the owner's to do comes out of the next [`Self::take_events`].
    pub fn obey(&mut self, request: Request) -> Answer {
        if let Some(command) = request.command() {
            // This leaves the pause as it is.
            self.paused_for_problem &= matches!(command, Command::TurnOff);
            self.engine.command(command);
            if request == (Request::Toggle { notify: true }) {
                self.pending.push(RelayEvent::Toggled);
            }
            return Answer::Now(Ok(()));
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
            | Request::TurnOff => {}
            Request::Allow { programs, once } => return self.allow(&programs, once),
            Request::Block { programs } => return self.block(&programs),
            Request::Pretend { streaming } if is_demonstration() => {
                let client = |name| Client::new(None, name, Use::Streaming);
                let clients = streaming.into_iter().map(client).collect();
                self.engine.set_presence(Role::Main, Presence { clients });
            }
            Request::Pretend { .. } => return Answer::Now(Err(Refusal::DemonstrationOnly)),
        }
        Answer::Now(Ok(()))
    }

    /// Changes the settings file, and takes what it says then.
    pub fn change_settings(&mut self, change: SettingsChange) -> Answer {
        self.later(|thread, ticket| thread.change_and_load(ticket, change))
    }

    /// These programs may have the camera: now, and by the rules, unless it is for once.
    fn allow(&mut self, programs: &[String], once: bool) -> Answer {
        let apps = self.meant(programs, &[Access::Asking, Access::Unanswered, Access::Blocked]);
        let ruled = match (once, programs.is_empty()) {
            (true, _) => Vec::new(),
            // Without a word for whom, those who only ask are allowed this once.
            (false, true) => self.meant(programs, &[Access::Blocked]),
            (false, false) => apps.clone(),
        };
        self.engine.command(Command::Allow { apps });
        self.set_rules(ruled, Rule::Allow)
    }

    /// These programs do not get the camera, now and by the rules.
    fn block(&mut self, programs: &[String]) -> Answer {
        let apps = self.meant(programs, &[Access::Asking, Access::Unanswered]);
        self.engine.command(Command::Block { apps: apps.clone() });
        self.set_rules(apps, Rule::Block)
    }

    /// From now on this is the rule for these applications; none that says no more than the one for all others.
    fn set_rules(&mut self, mut apps: Vec<AppId>, rule: Rule) -> Answer {
        let rules = self.settings.rules();
        let now = |app: &AppId| rules.iter().find(|(id, _)| id.is(app)).map_or(self.settings.apps.unknown, |it| it.1);
        apps.retain(|app| now(app) != rule);
        if apps.is_empty() {
            return Answer::Now(Ok(()));
        }
        self.change_settings(Box::new(move |settings| {
            let own = (rule == Rule::Block || settings.apps.unknown != rule).then_some(rule);
            apps.iter().for_each(|app| settings.set_rule(app, own));
        }))
    }

    /// The applications that are meant by these words: of the clients that answer to them, else of the rules, else a program
    /// of that name. Without words those of the clients with one of these answers.
    fn meant(&self, words: &[String], else_those: &[Access]) -> Vec<AppId> {
        let clients = self.engine.status().clients;
        if words.is_empty() {
            let kept = |client: &&Client| client.usage != Use::Open && else_those.contains(&client.access);
            return clients.iter().filter(kept).map(|client| self.ruled(client)).collect();
        }
        let rules = self.settings.rules();
        let of_word = |word: &String| -> Vec<AppId> {
            let called: Vec<AppId> =
                clients.iter().filter(|client| client.answers_to(word)).map(|client| self.ruled(client)).collect();
            if !called.is_empty() {
                return called;
            }
            let known = [AppId::from(word.as_str()), AppId::of_program(word)];
            let is_known = |id: &AppId| rules.iter().any(|(rule, _)| rule.is(id));
            vec![known.into_iter().find(is_known).unwrap_or_else(|| AppId::written(word))]
        };
        let mut apps: Vec<AppId> = words.iter().flat_map(of_word).collect();
        apps.sort();
        apps.dedup();
        apps
    }

    /// The application by which the rules know this client.
    fn ruled(&self, client: &Client) -> AppId {
        let [app, program] = client.app_ids();
        let has_rule = |id: &AppId| self.settings.rules().iter().any(|(rule, _)| rule.is(id));
        if !has_rule(&app) && has_rule(&program) { program } else { app }
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
            let node = self.main_node().map(|node| node.to_string_lossy().into_owned());
            let options = self.options.clone();
            return Reply::status(lenscap_api::Status { node, options, ..self.published_status() });
        }
        let own = self.nodes().into_iter().map(|node| node.to_string_lossy().into_owned());
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
