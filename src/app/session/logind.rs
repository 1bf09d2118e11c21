//! What logind is asked, and what it answers and signals.

use std::io;
use std::time::Instant;

use super::{ANSWER_LIMIT, Asked, FIRST_RETRY, MANAGER, MANAGER_PATH, SERVICE, SESSION, Session, USER};
use crate::core::event::Event;
use crate::dbus::{Argument, BUS, BUS_PATH, Call, Message, MessageKind, PROPERTIES};

/// How something is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Observed {
    /// It happens now: true whoever resumed by hand before.
    Now,
    /// It was read, and may be known for long.
    Read,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// To be let in.
    Hello,
    /// logind's own name.
    Owner,
    /// Whether the computer is about to sleep.
    Sleeping,
    /// To be waited for before that.
    Inhibit,
    /// The session that the environment names.
    SessionById,
    /// The session of this process.
    SessionByProcess,
    /// The user, whose service manager belongs to no session.
    User,
    /// The user's session with the display.
    Display,
    /// Whether the session is locked.
    Locked,
}

impl Session {
    pub(super) fn ask(
        &mut self,
        question: Question,
        to: &str,
        path: &str,
        interface: &str,
        method: &str,
        with: &[Argument<'_>],
    ) {
        let Some(link) = &mut self.link else { return };
        let call = Call { to, path, interface, method, arguments: with, wants_answer: true, may_start: true };
        match link.bus.call(&call) {
            Ok(serial) => link.asked.push_back(Asked { serial, question, until: Instant::now() + ANSWER_LIMIT }),
            Err(error) => self.lose(&error),
        }
    }

    /// Signals of this kind are heard from now on, or no longer.
    pub(super) fn hear(&mut self, method: &str, rule: &str) {
        let Some(link) = &mut self.link else { return };
        let arguments = &[Argument::Text(rule)];
        let call =
            Call { to: BUS, path: BUS_PATH, interface: BUS, method, arguments, wants_answer: false, may_start: true };
        if let Err(error) = link.bus.call(&call) {
            self.lose(&error);
        }
    }

    pub(super) fn take(&mut self, message: Message, events: &mut Vec<Event>) {
        match message.kind {
            MessageKind::Answer | MessageKind::Error => {
                let Some(link) = &mut self.link else { return };
                let Some(at) = link.asked.iter().position(|asked| Some(asked.serial) == message.answers) else {
                    return;
                };
                let Some(asked) = link.asked.remove(at) else { return };
                self.answered(
                    asked.question,
                    Some(message).filter(|message| message.kind == MessageKind::Answer),
                    events,
                );
            }
            MessageKind::Signal => self.signalled(&message, events),
            MessageKind::Other => {}
        }
    }

    /// What a question led to; `None`: it was refused, or not answered in time.
    fn answered(&mut self, question: Question, answer: Option<Message>, events: &mut Vec<Event>) {
        if answer.is_none() {
            tracing::debug!(?question, "no answer on the system bus");
        }
        let first = answer.as_ref().and_then(Message::texts::<1>).map(|[text]| text);
        let get = |interface, property| [Argument::Text(interface), Argument::Text(property)];
        match question {
            Question::Hello => {
                if answer.is_none() {
                    return self.lose(&io::ErrorKind::TimedOut.into());
                }
                if self.tries > 0 {
                    tracing::info!("the system bus is there: sleep and lock are seen");
                }
                (self.retry, self.tries, self.was_reached) = (FIRST_RETRY, 0, true);
                for rule in [
                    format!("type='signal',sender='{SERVICE}',interface='{MANAGER}',member='PrepareForSleep'"),
                    format!("type='signal',sender='{SERVICE}',interface='{MANAGER}',member='SessionNew'"),
                    format!("type='signal',sender='{SERVICE}',interface='{MANAGER}',member='SessionRemoved'"),
                    format!("type='signal',sender='{BUS}',member='NameOwnerChanged',arg0='{SERVICE}'"),
                ] {
                    self.hear("AddMatch", &rule);
                }
                self.ask(Question::Owner, BUS, BUS_PATH, BUS, "GetNameOwner", &[Argument::Text(SERVICE)]);
            }
            Question::Owner => {
                if let Some(link) = &mut self.link {
                    link.owner = first;
                }
                // Starts logind where it was not running; its name comes by a signal then.
                self.read_all();
            }
            Question::Sleeping => {
                if let Some(is_asleep) = answer.and_then(|answer| answer.truth()) {
                    self.take_sleep(is_asleep, Observed::Read, events);
                }
            }
            Question::Inhibit => {
                let fd = answer.and_then(|mut answer| answer.fds.pop());
                // It may come too late.
                self.inhibitor = fd.filter(|_| self.is_inhibitor_wanted);
            }
            Question::SessionById => match first {
                Some(path) => self.follow(Some(path), events),
                None => self.ask_session_of_process(),
            },
            Question::SessionByProcess => match first {
                Some(path) => self.follow(Some(path), events),
                None => {
                    let user = [Argument::Number(rustix::process::getuid().as_raw())];
                    self.ask(Question::User, SERVICE, MANAGER_PATH, MANAGER, "GetUser", &user);
                }
            },
            Question::User => match first {
                Some(user) => {
                    self.ask(Question::Display, SERVICE, &user, PROPERTIES, "Get", &get(USER, "Display"));
                }
                None => self.follow(None, events),
            },
            Question::Display => {
                let path = answer.and_then(|answer| answer.session()).filter(|path| path != "/");
                self.follow(path, events);
            }
            Question::Locked => {
                if let Some(is_locked) = answer.and_then(|answer| answer.truth()) {
                    self.take_lock(is_locked, Observed::Read, events);
                }
            }
        }
    }

    /// Reads what may have changed unseen.
    fn read_all(&mut self) {
        let property = [MANAGER, "PreparingForSleep"].map(Argument::Text);
        self.ask(Question::Sleeping, SERVICE, MANAGER_PATH, PROPERTIES, "Get", &property);
        if self.is_inhibitor_wanted {
            self.hold_sleep();
        }
        self.look_for_session();
    }

    /// The session this process belongs to; a process of the user's service manager belongs to none, and takes the one
    /// with the display.
    fn look_for_session(&mut self) {
        match self.id.clone() {
            Some(id) => {
                let id = [Argument::Text(&id)];
                self.ask(Question::SessionById, SERVICE, MANAGER_PATH, MANAGER, "GetSession", &id);
            }
            None => self.ask_session_of_process(),
        }
    }

    fn ask_session_of_process(&mut self) {
        let own = [Argument::Number(std::process::id())];
        self.ask(Question::SessionByProcess, SERVICE, MANAGER_PATH, MANAGER, "GetSessionByPID", &own);
    }

    /// Follows this session from now on.
    fn follow(&mut self, path: Option<String>, events: &mut Vec<Event>) {
        let Some(link) = &mut self.link else { return };
        let rule = |path: &str| format!("type='signal',sender='{SERVICE}',path='{path}'");
        if link.session != path {
            let before = std::mem::replace(&mut link.session, path.clone());
            if let Some(before) = before {
                self.hear("RemoveMatch", &rule(&before));
            }
            if let Some(path) = &path {
                self.hear("AddMatch", &rule(path));
            }
        }
        match path {
            Some(path) => {
                let property = [SESSION, "LockedHint"].map(Argument::Text);
                self.ask(Question::Locked, SERVICE, &path, PROPERTIES, "Get", &property);
            }
            // Without a session there is nothing that could be unlocked again.
            None => self.take_lock(false, Observed::Read, events),
        }
    }

    fn signalled(&mut self, message: &Message, events: &mut Vec<Event>) {
        let Some(link) = &mut self.link else { return };
        // The bus itself, whose name nobody can take.
        if message.sender == BUS {
            if message.member == "NameOwnerChanged"
                && let Some([name, _, owner]) = message.texts()
                && name == SERVICE
            {
                link.owner = Some(owner).filter(|owner| !owner.is_empty());
                if link.owner.is_some() {
                    self.read_all();
                }
            }
            return;
        }
        if link.owner.as_ref() != Some(&message.sender) {
            return;
        }
        let is_of_session = link.session.as_ref() == Some(&message.path);
        match (message.interface.as_str(), message.member.as_str()) {
            (MANAGER, "PrepareForSleep") if message.path == MANAGER_PATH => {
                if let Some(is_asleep) = message.truth() {
                    self.take_sleep(is_asleep, Observed::Now, events);
                }
            }
            (MANAGER, "SessionNew") => self.look_for_session(),
            (MANAGER, "SessionRemoved") if message.texts().is_some_and(|[_, path]| link.session == Some(path)) => {
                self.look_for_session();
            }
            // Asked of the screen lock, which may not say through the property that it did so.
            (SESSION, "Lock") if is_of_session => self.take_lock(true, Observed::Now, events),
            (SESSION, "Unlock") if is_of_session => self.take_lock(false, Observed::Now, events),
            (PROPERTIES, "PropertiesChanged") if is_of_session => {
                if let Some(is_locked) = message.changed_truth(SESSION, "LockedHint") {
                    self.take_lock(is_locked, Observed::Now, events);
                }
            }
            _ => {}
        }
    }

    fn take_sleep(&mut self, is_asleep: bool, known: Observed, events: &mut Vec<Event>) {
        let is_new = std::mem::replace(&mut self.is_asleep, is_asleep) != is_asleep;
        if is_new {
            tracing::info!("the computer {}", if is_asleep { "is going to sleep" } else { "woke up" });
        }
        if is_new || known == Observed::Now {
            events.push(Event::Sleep(is_asleep));
        }
    }

    fn take_lock(&mut self, is_locked: bool, known: Observed, events: &mut Vec<Event>) {
        let is_new = std::mem::replace(&mut self.is_locked, is_locked) != is_locked;
        if is_new || known == Observed::Now {
            events.push(Event::Locked(is_locked));
        }
    }

    /// What is not answered in time never is.
    pub(super) fn give_up_waiting(&mut self, now: Instant, events: &mut Vec<Event>) {
        while let Some(link) = &mut self.link {
            if link.asked.front().is_none_or(|asked| asked.until > now) {
                break;
            }
            if let Some(asked) = link.asked.pop_front() {
                self.answered(asked.question, None, events);
            }
        }
    }
}
