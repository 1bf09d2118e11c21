//! What was: who used a camera, from when to when, and why it ended. Decided from one status after another, without I/O.
//!
//! 1. An entry is about one application at one camera: ours, whichever of our devices it reads, or one that it uses past us.
//!    It begins when the camera is switched on for it; or when it wants the camera and may not have it, or the user is asked.
//! 2. Of one application at one camera at most one entry is open. Each ends once, and never before it began, whatever the
//!    clock does meanwhile.
//! 3. Where an application gets the camera that was kept from it, its entry begins anew: what counts is when it had it.
//! 4. After a failure none begins before there are pictures again: retries are no uses.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::app::{Access, AppId};
use crate::presence::{Client, UNSEEN, Use};
use crate::status::{StateName, Status};
use crate::trouble::Trouble;

/// Milliseconds since 1970, by the wall clock.
pub type Millis = i64;

/// One use of a camera, or a wish for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Tells it from all others of this watch; later ones are greater.
    pub number: u64,
    /// Which application; `None`: its process cannot be read.
    pub app: Option<AppId>,
    /// Its name for people, as a client's.
    pub name: String,
    /// Its icon, as a client's.
    pub icon: Option<String>,
    /// Whether the application was concluded from names alone.
    pub is_guess: bool,
    /// The camera, as in a status.
    pub camera: String,
    /// Whether the application used it past us.
    pub is_direct: bool,
    /// When it began.
    pub from: Millis,
    /// What became of its wish; `None`: nobody was asked, it is past us.
    pub answer: Option<Answer>,
    /// How it ended; `None`: it goes on.
    pub end: Option<End>,
}

/// What became of an application's wish for the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// It got it without a question.
    Allowed,
    /// It was kept from it, and then the user allowed it.
    AllowedByUser,
    /// The user is asked.
    Asking,
    /// The user was asked and gave no answer.
    Unanswered,
    /// A rule, or the user, said no.
    Blocked,
    /// The user had turned the camera off.
    TurnedOff,
}

impl Answer {
    /// All of them.
    pub const ALL: [Answer; 6] = [
        Answer::Allowed,
        Answer::AllowedByUser,
        Answer::Asking,
        Answer::Unanswered,
        Answer::Blocked,
        Answer::TurnedOff,
    ];

    /// The word in JSON, in the store and in the manual.
    pub fn as_str(self) -> &'static str {
        match self {
            Answer::Allowed => "allowed",
            Answer::AllowedByUser => "allowed-by-user",
            Answer::Asking => "asking",
            Answer::Unanswered => "unanswered",
            Answer::Blocked => "blocked",
            Answer::TurnedOff => "turned-off",
        }
    }

    /// Whether the camera was on for it.
    pub fn is_yes(self) -> bool {
        matches!(self, Answer::Allowed | Answer::AllowedByUser)
    }
}

/// How an entry ended.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    /// When; not before it began. `None`: not known.
    pub at: Option<Millis>,
    /// Why.
    pub why: Ended,
    /// What was wrong, where it failed.
    pub trouble: Option<Trouble>,
}

/// Why an entry ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// The application stopped.
    Stopped,
    /// The user paused the camera.
    Paused,
    /// The computer went to sleep.
    Sleep,
    /// The session was locked.
    Locked,
    /// The camera, or our device, failed.
    Failed,
    /// It was no longer allowed, or another application at its device was not.
    Blocked,
    /// The user turned the camera off.
    TurnedOff,
    /// Another camera took its place.
    CameraChanged,
    /// Lenscap ended.
    LenscapEnded,
    /// Not known: Lenscap ended and could not say so, which is found later, or was told to keep nothing any more.
    Unknown,
}

impl Ended {
    /// All of them.
    pub const ALL: [Ended; 10] = [
        Ended::Stopped,
        Ended::Paused,
        Ended::Sleep,
        Ended::Locked,
        Ended::Failed,
        Ended::Blocked,
        Ended::TurnedOff,
        Ended::CameraChanged,
        Ended::LenscapEnded,
        Ended::Unknown,
    ];

    /// The word in JSON, in the store and in the manual.
    pub fn as_str(self) -> &'static str {
        match self {
            Ended::Stopped => "stopped",
            Ended::Paused => "paused",
            Ended::Sleep => "sleep",
            Ended::Locked => "locked",
            Ended::Failed => "failed",
            Ended::Blocked => "blocked",
            Ended::TurnedOff => "turned-off",
            Ended::CameraChanged => "camera-changed",
            Ended::LenscapEnded => "lenscap-ended",
            Ended::Unknown => "unknown",
        }
    }
}

/// Which application, at which camera: that of this node past us, or ours.
type Key = (AppId, Option<PathBuf>);

/// An application that wants a camera, as long as it does.
#[derive(Debug)]
struct Wish {
    /// By which processes.
    pids: Vec<u32>,
    open: Option<Entry>,
    /// The camera has given pictures for this entry: its name is the camera's own.
    is_seen: bool,
    /// Why the last entry ended, while none is open.
    rests: Option<Ended>,
}

/// What a status says of a wish.
enum Level {
    /// The camera is on for it.
    On { has_pictures: bool },
    /// Nothing new.
    Same,
    /// It may not have the camera, or not yet.
    KeptOut(Answer),
    /// There is no camera for anybody.
    Off(Ended),
}

/// Compares each status with the ones before.
#[derive(Debug, Default)]
pub struct HistoryWatch {
    wishes: BTreeMap<Key, Wish>,
    last_number: u64,
}

impl HistoryWatch {
    /// The entries that began, changed or ended with this status, each as it is now, in the order in which that happened.
    pub fn follow(&mut self, now: Millis, status: &Status) -> Vec<Entry> {
        let wanting = wanting(status);
        let mut changed = Vec::new();
        self.rename(&wanting, &mut changed);
        self.wishes.retain(|key, wish| {
            let is_there = wanting.contains_key(key);
            if !is_there {
                changed.extend(wish.end(now, Ended::Stopped, None));
            }
            is_there
        });
        for (key, clients) in wanting {
            let wish = self.wishes.entry(key.clone()).or_insert_with(Wish::new);
            wish.pids = clients.iter().filter_map(|client| client.pid).collect();
            let next = Next { now, status, key: &key, client: &clients[0], number: &mut self.last_number };
            wish.follow(&level(&key, &clients, status), next, &mut changed);
        }
        changed
    }

    /// The entries that are open, ended now: Lenscap ends.
    pub fn end(&mut self, now: Millis) -> Vec<Entry> {
        self.wishes.values_mut().filter_map(|wish| wish.end(now, Ended::LenscapEnded, None)).collect()
    }

    /// All that is open is closed without a word about its end: nothing is kept from now on. What goes on later begins anew.
    pub fn forget(&mut self) -> Vec<Entry> {
        let end = End { at: None, why: Ended::Unknown, trouble: None };
        let open = std::mem::take(&mut self.wishes).into_values().filter_map(|wish| wish.open);
        open.map(|entry| Entry { end: Some(end.clone()), ..entry }).collect()
    }

    /// Who is known by another application now is still the same: a process may be named after it was seen.
    fn rename(&mut self, wanting: &BTreeMap<Key, Vec<Client>>, changed: &mut Vec<Entry>) {
        let gone: Vec<Key> = self.wishes.keys().filter(|key| !wanting.contains_key(key)).cloned().collect();
        for old in gone {
            let is_unseen = old.0.program() == Some(UNSEEN);
            let new = wanting.iter().find(|((app, place), clients)| {
                let is_known = self.wishes.contains_key(&(app.clone(), place.clone()));
                let pids = &self.wishes[&old].pids;
                let is_same = clients.iter().any(|client| client.pid.is_some_and(|pid| pids.contains(&pid)));
                *place == old.1 && !is_known && (is_same || is_unseen)
            });
            if let Some((new, clients)) = new
                && let Some(mut wish) = self.wishes.remove(&old)
            {
                if let Some(entry) = &mut wish.open {
                    entry.name_after(&clients[0]);
                    changed.push(entry.clone());
                }
                self.wishes.insert(new.clone(), wish);
            }
        }
    }
}

/// With what an entry may begin.
struct Next<'a> {
    now: Millis,
    status: &'a Status,
    key: &'a Key,
    client: &'a Client,
    number: &'a mut u64,
}

impl Next<'_> {
    /// The camera's name.
    fn camera(&self) -> &str {
        match &self.key.1 {
            None => &self.status.camera,
            Some(node) => {
                let other = self.status.others.iter().find(|other| other.node == *node);
                other.map_or("", |other| &other.camera)
            }
        }
    }

    fn entry(&mut self, answer: Answer) -> Entry {
        *self.number += 1;
        let is_direct = self.key.1.is_some();
        let mut entry = Entry {
            number: *self.number,
            app: None,
            name: String::new(),
            icon: None,
            is_guess: false,
            camera: self.camera().to_owned(),
            is_direct,
            from: self.now,
            answer: (!is_direct).then_some(answer),
            end: None,
        };
        entry.name_after(self.client);
        entry
    }
}

impl Entry {
    fn name_after(&mut self, client: &Client) {
        self.app = client.app.as_ref().map(|app| app.id.clone());
        self.name.clone_from(&client.name);
        self.icon = client.app.as_ref().and_then(|app| app.icon.clone());
        self.is_guess = client.app.as_ref().is_some_and(|app| app.is_guess);
    }

    /// Whether the camera is on for it.
    fn is_on(&self) -> bool {
        self.answer.is_none_or(Answer::is_yes)
    }
}

impl Wish {
    fn new() -> Self {
        Self { pids: Vec::new(), open: None, is_seen: false, rests: None }
    }

    /// Its entry, which ends.
    fn end(&mut self, now: Millis, why: Ended, trouble: Option<Trouble>) -> Option<Entry> {
        let mut entry = self.open.take()?;
        entry.end = Some(End { at: Some(now.max(entry.from)), why, trouble });
        self.rests = Some(why);
        Some(entry)
    }

    fn begin(&mut self, entry: Entry, changed: &mut Vec<Entry>) {
        changed.push(entry.clone());
        (self.open, self.is_seen, self.rests) = (Some(entry), false, None);
    }

    fn follow(&mut self, level: &Level, mut next: Next<'_>, changed: &mut Vec<Entry>) {
        match (level, &mut self.open) {
            (Level::Same, _) => {}
            (Level::On { has_pictures }, None) => {
                if self.rests != Some(Ended::Failed) || *has_pictures {
                    self.begin(next.entry(Answer::Allowed), changed);
                    self.is_seen = *has_pictures;
                }
            }
            (Level::On { has_pictures }, Some(entry)) => {
                let is_other = entry.camera != next.camera();
                if is_other && self.is_seen && *has_pictures {
                    changed.extend(self.end(next.now, Ended::CameraChanged, None));
                    return self.follow(level, next, changed);
                }
                let mut now = entry.clone();
                if !now.is_on() {
                    (now.answer, now.from) = (Some(Answer::AllowedByUser), next.now);
                }
                // Until there are pictures it may be only what the settings say.
                if !self.is_seen {
                    next.camera().clone_into(&mut now.camera);
                }
                self.is_seen |= *has_pictures;
                self.change(now, changed);
            }
            (Level::KeptOut(answer), None) => {
                // That it was ended says it already.
                let is_said = matches!(self.rests, Some(Ended::Blocked | Ended::TurnedOff));
                if !is_said || *answer == Answer::Asking {
                    self.begin(next.entry(*answer), changed);
                }
            }
            (Level::KeptOut(answer), Some(entry)) if entry.is_on() => {
                let why = if *answer == Answer::TurnedOff { Ended::TurnedOff } else { Ended::Blocked };
                changed.extend(self.end(next.now, why, None));
                if *answer == Answer::Asking {
                    self.begin(next.entry(*answer), changed);
                }
            }
            (Level::KeptOut(answer), Some(entry)) => {
                let now = Entry { answer: Some(*answer), ..entry.clone() };
                self.change(now, changed);
            }
            (Level::Off(why), _) => {
                let trouble = next.status.reason.clone().filter(|_| *why == Ended::Failed);
                changed.extend(self.end(next.now, *why, trouble));
            }
        }
    }

    fn change(&mut self, entry: Entry, changed: &mut Vec<Entry>) {
        if self.open.as_ref() != Some(&entry) {
            changed.push(entry.clone());
            self.open = Some(entry);
        }
    }
}

/// Who wants a camera, or has one past us; by application, each with at least one client.
fn wanting(status: &Status) -> BTreeMap<Key, Vec<Client>> {
    let mut wanting: BTreeMap<Key, Vec<Client>> = BTreeMap::new();
    let mut add = |place: Option<&PathBuf>, client: Client| {
        let [app, _] = client.app_ids();
        wanting.entry((app, place.cloned())).or_default().push(client);
    };
    for client in status.clients.iter().filter(|client| client.usage != Use::Open) {
        add(None, client.clone());
    }
    for other in &status.others {
        // Such a camera is on, so somebody uses it: where nobody is seen to, whoever has it open.
        let is_used = other.clients.iter().any(|client| client.usage != Use::Open);
        for client in other.clients.iter().filter(|client| !is_used || client.usage != Use::Open) {
            add(Some(&other.node), client.clone());
        }
        if other.clients.is_empty() {
            add(Some(&other.node), Client::new(None, UNSEEN, Use::Streaming));
        }
    }
    wanting
}

fn level((_, place): &Key, clients: &[Client], status: &Status) -> Level {
    if place.is_some() {
        return Level::On { has_pictures: true };
    }
    let off = match status.state {
        StateName::Paused if !status.allowed => Some(Ended::Paused),
        StateName::Paused => Some(match status.reason {
            Some(Trouble::GoingToSleep) => Ended::Sleep,
            Some(Trouble::SessionLocked) => Ended::Locked,
            _ => Ended::Paused,
        }),
        StateName::NoDevice | StateName::Failed => Some(Ended::Failed),
        _ => None,
    };
    // Of several processes of one application the luckiest counts.
    let access = clients.iter().map(|client| client.access).min().unwrap_or_default();
    let kept_out = match access {
        Access::Allowed => None,
        Access::Asking => Some(Answer::Asking),
        Access::Unanswered => Some(Answer::Unanswered),
        Access::Blocked => Some(Answer::Blocked),
        Access::TurnedOff => Some(Answer::TurnedOff),
    };
    match (status.state, off, kept_out) {
        // A failure is of no concern to who may not have the camera.
        (StateName::Failed, _, Some(answer)) | (_, None, Some(answer)) => Level::KeptOut(answer),
        (_, Some(why), _) => Level::Off(why),
        (StateName::Starting, ..) => Level::On { has_pictures: false },
        (StateName::Live, ..) => Level::On { has_pictures: true },
        // It may have it, and another at its device may not.
        (StateName::Asking | StateName::Blocked, ..) => Level::Off(Ended::Blocked),
        _ => Level::Same,
    }
}

#[cfg(test)]
mod tests;
