//! Who has the node open, and who of them streams.
//!
//! [`fuse`] turns evidence into an answer, by these rules:
//! 1. Where the module says whether anybody streams, it is believed: no mapping makes a client of a node on which
//!    nobody streams, and a node on which somebody streams has at least one streaming client, seen or not. Only reading
//!    is believed over it: v4l2loopback 0.13 does not report a `read(2)` reader (0.15 does).
//! 2. The module does not say who. Of the holders, those that have the node's buffers mapped or read from it do; where
//!    that names nobody, whoever cannot be ruled out.
//! 3. Where the module says nothing, a mapping or a `read(2)` is streaming, and a holder whose memory map is unreadable
//!    is [`Use::Unknown`].

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::app::{Access, App, AppId};

/// What is known of one client's use of the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Use {
    /// It has the node open and does not stream: an enumeration, a probe, a program that keeps a descriptor.
    Open,
    /// It has the node open and nothing shows whether it streams (its memory map is unreadable and the module
    /// reports no usage): counts as streaming after the activation delay.
    Unknown,
    /// It streams: the module said so, or it has the node's buffers mapped, or it reads frames with `read(2)`.
    Streaming,
}

impl Use {
    /// The word used in event lines and on D-Bus.
    pub fn as_str(self) -> &'static str {
        match self {
            Use::Open => "open",
            Use::Unknown => "unknown",
            Use::Streaming => "streaming",
        }
    }
}

/// A program that has the node open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Client {
    /// Process id; `None` when the holder cannot be seen (another user's process, a sandbox).
    pub pid: Option<u32>,
    /// A name for people: the application's, else the executable's base name, or [`UNSEEN`] when it cannot be read.
    pub name: String,
    /// What it does with the node.
    #[serde(rename = "use")]
    pub usage: Use,
    /// The application it belongs to; `None` when its process cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<App>,
    /// What became of its wish for the camera: the machine's word, in a [`crate::status::Status`].
    #[serde(default)]
    pub access: Access,
}

impl Client {
    /// Of whom no more is known.
    pub fn new(pid: Option<u32>, name: impl Into<String>, usage: Use) -> Self {
        Self { pid, name: name.into(), usage, app: None, access: Access::default() }
    }

    /// The applications that a rule for it may be about, the best first: what it was found to be, and what its program is
    /// called.
    pub fn app_ids(&self) -> [AppId; 2] {
        let program = AppId::of_program(self.program());
        [self.app.as_ref().map_or_else(|| program.clone(), |app| app.id.clone()), program]
    }

    /// Whether somebody may mean it by this word: the application's id, its name, or that of its program.
    pub fn answers_to(&self, word: &str) -> bool {
        self.name.eq_ignore_ascii_case(word)
            || self.program().eq_ignore_ascii_case(word)
            || self.app_ids().iter().any(|id| id.is(&word.into()))
    }

    /// The program that it runs, by which it may be blocked. Behind a portal that is not known: there it is the application's
    /// id, which the list of blocked programs had before there were rules for applications.
    pub fn program(&self) -> &str {
        match &self.app {
            Some(app) if app.program.is_empty() => app.id.as_str(),
            Some(app) => &app.program,
            None => &self.name,
        }
    }

    /// Whether both are the same program, as far as can be known: by the process, else by the name.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.pid == other.pid && (self.pid.is_some() || self.name == other.name)
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// All clients of the node at one moment. Our own processes are never among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Presence {
    /// Sorted and without duplicates.
    pub clients: Vec<Client>,
}

impl Presence {
    /// The clients that stream.
    pub fn streaming(&self) -> impl Iterator<Item = &Client> {
        self.clients.iter().filter(|client| client.usage == Use::Streaming)
    }

    /// Whether any client streams.
    pub fn any_streaming(&self) -> bool {
        self.streaming().next().is_some()
    }

    /// Whether any client streams or may be streaming.
    pub fn any_maybe_streaming(&self) -> bool {
        self.clients.iter().any(|client| client.usage != Use::Open)
    }

    /// Who is at either of two nodes. A process at both is one client, with the greater use; so are those who cannot be
    /// seen. Applications that have a name and no number, as through the camera portal, are one each.
    pub fn with(&self, other: &Self) -> Self {
        let mut clients: BTreeMap<(Option<u32>, &str), Client> = BTreeMap::new();
        for client in self.clients.iter().chain(&other.clients) {
            let name = if client.pid.is_some() { "" } else { client.name.as_str() };
            clients
                .entry((client.pid, name))
                .and_modify(|known| known.usage = known.usage.max(client.usage))
                .or_insert_with(|| client.clone());
        }
        let mut clients: Vec<Client> = clients.into_values().collect();
        clients.sort();
        Self { clients }
    }

    /// Whether nobody has the node open.
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }
}

/// Longest label of a node in bytes: v4l2loopback's card name without its NUL.
const MAX_LABEL: usize = 31;

/// A device beside the main one: as many as these at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Further {
    Second,
    Third,
    Fourth,
}

impl Further {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Second, Self::Third, Self::Fourth];

    /// Its number for people, from 2; the main device has 1.
    pub fn number(self) -> u32 {
        match self {
            Self::Second => 2,
            Self::Third => 3,
            Self::Fourth => 4,
        }
    }

    /// What its node is called beside a first one of this label: cut to what the module takes.
    pub fn label(self, first: &str) -> String {
        let number = format!(" {}", self.number());
        let mut end = first.len().min(MAX_LABEL - number.len());
        while !first.is_char_boundary(end) {
            end -= 1;
        }
        format!("{}{number}", &first[..end])
    }
}

/// What a device that programs open is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The worker makes its pictures in the slots of this one.
    Main,
    /// It gets a copy of each picture while it has a reader; stands only beside the main one.
    Further(Further),
    /// A node of PipeWire's: as a further one.
    Pipewire,
}

impl Role {
    /// All of them, in their order.
    pub const ALL: [Self; 5] = [
        Self::Main,
        Self::Further(Further::Second),
        Self::Further(Further::Third),
        Self::Further(Further::Fourth),
        Self::Pipewire,
    ];

    /// Its place in [`Self::ALL`].
    pub fn index(self) -> u32 {
        match self {
            Self::Main => 0,
            Self::Further(further) => further.number() - 1,
            Self::Pipewire => 4,
        }
    }

    /// Its number for people, from 1, where it is a device with one.
    pub fn number(self) -> Option<u32> {
        match self {
            Self::Main => Some(1),
            Self::Further(further) => Some(further.number()),
            Self::Pipewire => None,
        }
    }
}

/// Who is at each of our devices: the whole level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Presences(BTreeMap<Role, Presence>);

impl Presences {
    /// Each device with who is there.
    pub fn iter(&self) -> impl Iterator<Item = (Role, &Presence)> {
        self.0.iter().map(|(role, presence)| (*role, presence))
    }

    /// Who is at this one; nobody where there is no such device.
    pub fn at(&self, role: Role) -> Option<&Presence> {
        self.0.get(&role)
    }

    /// Who is at any of them.
    pub fn all(&self) -> Presence {
        self.0.values().fold(Presence::default(), |all, presence| all.with(presence))
    }
}

impl FromIterator<(Role, Presence)> for Presences {
    fn from_iter<T: IntoIterator<Item = (Role, Presence)>>(presences: T) -> Self {
        Self(presences.into_iter().collect())
    }
}

impl From<Presence> for Presences {
    /// At the main device alone.
    fn from(presence: Presence) -> Self {
        Self::from_iter([(Role::Main, presence)])
    }
}

/// The name of a client that cannot be seen: `lenscap_words::status` says it in the user's language.
pub const UNSEEN: &str = "an application";

/// What was found of one process that has the node open. Our own processes are left out before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Holder {
    /// Process id; `None` when somebody is known to be there and cannot be seen.
    pub pid: Option<u32>,
    /// A name for people.
    pub name: String,
    /// The application it belongs to.
    pub app: Option<App>,
    /// Whether it has the node mapped; `None` when its memory map is unreadable.
    pub mapped: Option<bool>,
    /// Whether it reads frames with `read(2)`.
    pub reads: bool,
}

impl Holder {
    /// Somebody has the node open and cannot be seen.
    pub fn unseen() -> Self {
        Self { pid: None, name: UNSEEN.into(), app: None, mapped: None, reads: false }
    }

    fn is_seen_to_stream(&self) -> bool {
        self.reads || self.mapped == Some(true)
    }
}

/// Who uses the node and how. `level` is what the module reports: whether anybody streams, `None` where it reports
/// nothing. The result has one client a process, and at most one that cannot be seen.
pub fn fuse(level: Option<bool>, holders: &[Holder]) -> Presence {
    let usage_of: fn(&Holder) -> Use = match level {
        Some(false) => |holder| if holder.reads { Use::Streaming } else { Use::Open },
        Some(true) if holders.iter().any(Holder::is_seen_to_stream) => {
            |holder| if holder.is_seen_to_stream() { Use::Streaming } else { Use::Open }
        }
        // One alone can be the only one, whatever its map says (it may have been read too early).
        Some(true) if holders.len() > 1 && holders.iter().any(|holder| holder.mapped.is_none()) => {
            |holder| if holder.mapped.is_none() { Use::Streaming } else { Use::Open }
        }
        Some(true) => |_| Use::Streaming,
        None => |holder| match holder.mapped {
            _ if holder.is_seen_to_stream() => Use::Streaming,
            None => Use::Unknown,
            Some(_) => Use::Open,
        },
    };
    let mut clients: BTreeMap<Option<u32>, Client> = BTreeMap::new();
    for holder in holders {
        let client = Client { app: holder.app.clone(), ..Client::new(holder.pid, &holder.name, usage_of(holder)) };
        clients.entry(holder.pid).and_modify(|known| known.usage = known.usage.max(client.usage)).or_insert(client);
    }
    if level == Some(true) && clients.is_empty() {
        clients.insert(None, Client::new(None, UNSEEN, Use::Streaming));
    }
    let mut clients: Vec<Client> = clients.into_values().collect();
    clients.sort();
    Presence { clients }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holder(pid: u32, mapped: Option<bool>, reads: bool) -> Holder {
        Holder { pid: Some(pid), name: format!("app{pid}"), app: None, mapped, reads }
    }

    fn usages(level: Option<bool>, holders: &[Holder]) -> Vec<(Option<u32>, Use)> {
        fuse(level, holders).clients.iter().map(|client| (client.pid, client.usage)).collect()
    }

    #[test]
    fn a_further_label_is_never_the_first_and_never_too_long() {
        assert_eq!(Further::ALL.map(|it| it.label("Cam")), ["Cam 2", "Cam 3", "Cam 4"]);
        for first in ["x".repeat(31), "ü".repeat(15), "x 2".into(), "2".repeat(29) + " 2"] {
            for further in Further::ALL {
                let made = further.label(&first);
                assert!(made.len() <= MAX_LABEL && made.ends_with(&format!(" {}", further.number())), "{made}");
                assert!(made != first || first.len() == MAX_LABEL, "{made}");
            }
        }
    }

    #[test]
    fn without_the_modules_word_the_memory_map_decides() {
        let holders = [
            holder(1, Some(true), false),
            holder(2, Some(false), false),
            holder(3, Some(false), true),
            Holder::unseen(),
        ];
        assert_eq!(
            usages(None, &holders),
            [(None, Use::Unknown), (Some(1), Use::Streaming), (Some(2), Use::Open), (Some(3), Use::Streaming)]
        );
    }

    #[test]
    fn a_mapping_without_streamon_is_no_stream() {
        assert_eq!(usages(Some(false), &[holder(1, Some(true), false)]), [(Some(1), Use::Open)]);
    }

    #[test]
    fn a_reader_streams_though_the_module_does_not_say_so() {
        let holders = [holder(1, Some(false), true), holder(2, Some(true), false)];
        assert_eq!(usages(Some(false), &holders), [(Some(1), Use::Streaming), (Some(2), Use::Open)]);
    }

    #[test]
    fn the_mapped_one_streams_and_the_other_merely_looks() {
        let holders = [holder(1, Some(false), false), holder(2, Some(true), false), holder(3, None, false)];
        assert_eq!(
            usages(Some(true), &holders),
            [(Some(1), Use::Open), (Some(2), Use::Streaming), (Some(3), Use::Open)]
        );
    }

    #[test]
    fn a_single_holder_is_the_one_that_streams() {
        assert_eq!(usages(Some(true), &[holder(1, Some(false), false)]), [(Some(1), Use::Streaming)]);
    }

    #[test]
    fn of_several_without_a_mapping_the_unreadable_ones_stream() {
        let holders = [holder(1, Some(false), false), Holder::unseen()];
        assert_eq!(usages(Some(true), &holders), [(None, Use::Streaming), (Some(1), Use::Open)]);
    }

    #[test]
    fn of_several_that_cannot_be_ruled_out_all_stream() {
        let holders = [holder(1, Some(false), false), holder(2, Some(false), false)];
        assert_eq!(usages(Some(true), &holders), [(Some(1), Use::Streaming), (Some(2), Use::Streaming)]);
    }

    #[test]
    fn somebody_streams_though_nobody_is_seen() {
        assert_eq!(usages(Some(true), &[]), [(None, Use::Streaming)]);
        assert_eq!(fuse(Some(true), &[]).clients[0].name, UNSEEN);
    }

    fn any_holder() -> impl Strategy<Value = Holder> {
        (proptest::option::of(1..6_u32), proptest::option::of(any::<bool>()), any::<bool>()).prop_map(
            |(pid, mapped, reads)| Holder {
                pid,
                name: pid.map_or(UNSEEN.into(), |pid| pid.to_string()),
                app: None,
                mapped,
                reads,
            },
        )
    }

    #[test]
    fn who_comes_through_a_portal_is_blocked_by_its_id_as_before() {
        let app = App { id: "org.gnome.Snapshot".into(), program: String::new(), icon: None, is_guess: false };
        let client = Client { app: Some(app), ..Client::new(None, "Camera", Use::Streaming) };
        assert_eq!(client.app_ids(), ["org.gnome.Snapshot".into(), AppId::of_program("org.gnome.Snapshot")]);
    }

    #[test]
    fn applications_without_a_number_are_told_apart_by_name() {
        let client = |name: &str| Client::new(None, name, Use::Streaming);
        let presence = |names: &[&str]| Presence { clients: names.iter().map(|name| client(name)).collect() };
        let both = presence(&[UNSEEN]).with(&presence(&["org.gnome.Snapshot", "org.x.Meet", UNSEEN]));
        assert_eq!(both.clients, presence(&[UNSEEN, "org.gnome.Snapshot", "org.x.Meet"]).clients);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn the_modules_word_is_believed(
            level in proptest::option::of(any::<bool>()),
            holders in proptest::collection::vec(any_holder(), 0..6),
        ) {
            let presence = fuse(level, &holders);
            match level {
                Some(true) => prop_assert!(presence.any_streaming()),
                Some(false) => {
                    let reads = holders.iter().any(|holder| holder.reads);
                    prop_assert_eq!(presence.any_streaming(), reads);
                }
                None => {
                    let seen = holders.iter().any(|holder| holder.reads || holder.mapped == Some(true));
                    prop_assert_eq!(presence.any_streaming(), seen);
                }
            }
            // Unknown is for modules that say nothing.
            prop_assert!(level.is_none() || presence.clients.iter().all(|client| client.usage != Use::Unknown));
        }

        #[test]
        fn two_nodes_have_the_clients_of_both_and_each_once(
            levels in any::<[Option<bool>; 2]>(),
            first in proptest::collection::vec(any_holder(), 0..6),
            second in proptest::collection::vec(any_holder(), 0..6),
        ) {
            let (first, second) = (fuse(levels[0], &first), fuse(levels[1], &second));
            let both = first.with(&second);
            let usage = |presence: &Presence, pid| {
                presence.clients.iter().find(|client| client.pid == pid).map(|client| client.usage)
            };
            for client in first.clients.iter().chain(&second.clients) {
                let greater = usage(&first, client.pid).max(usage(&second, client.pid));
                prop_assert_eq!(usage(&both, client.pid), greater);
            }
            let mut pids: Vec<_> = both.clients.iter().map(|client| client.pid).collect();
            pids.sort_unstable();
            pids.dedup();
            prop_assert_eq!(pids.len(), both.clients.len());
            prop_assert!(both.clients.is_sorted());
            prop_assert_eq!(both.any_streaming(), first.any_streaming() || second.any_streaming());
            prop_assert_eq!(
                both.any_maybe_streaming(),
                first.any_maybe_streaming() || second.any_maybe_streaming()
            );
            prop_assert_eq!(&first.with(&Presence::default()), &first);
            prop_assert_eq!(&first.with(&first), &first);
        }

        #[test]
        fn every_holder_is_one_client_in_order(
            level in proptest::option::of(any::<bool>()),
            holders in proptest::collection::vec(any_holder(), 0..6),
        ) {
            let presence = fuse(level, &holders);
            let mut sorted = presence.clients.clone();
            sorted.sort();
            prop_assert_eq!(&sorted, &presence.clients);
            let mut pids: Vec<_> = holders.iter().map(|holder| holder.pid).collect();
            pids.sort_unstable();
            pids.dedup();
            if pids.is_empty() && level == Some(true) {
                pids.push(None);
            }
            prop_assert_eq!(presence.clients.iter().map(|client| client.pid).collect::<Vec<_>>(), pids);
            // The order in which they were found does not matter.
            let mut turned = holders.clone();
            turned.reverse();
            let of_turned: Vec<_> = fuse(level, &turned).clients.iter().map(|c| (c.pid, c.usage)).collect();
            prop_assert_eq!(of_turned, presence.clients.iter().map(|c| (c.pid, c.usage)).collect::<Vec<_>>());
        }
    }
}
