//! What the user can do about the camera now. The machine decides that, with each status; menu, window, notifications and
//! command line offer it, so that they cannot disagree.

use serde::{Deserialize, Serialize};

use crate::app::AppId;
use crate::presence::Client;
use crate::status::StateName;

/// For how long the camera can be paused by a click, in seconds; `None`: until the user resumes.
pub const PAUSES: [Option<u64>; 3] = [Some(15 * 60), Some(3600), None];

/// What can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// Camera off for these programs; without programs: at once, as nobody uses it any more.
    TurnOff,
    /// This program may have it now.
    AllowOnce,
    /// This program may always have it.
    AllowAlways,
    /// This program never gets it.
    Block,
    /// These programs may have it again.
    Allow,
    /// No camera for a time; while paused, for another time.
    Pause,
    /// The pause is over, also that of a lock or a sleep whose end was never reported.
    Resume,
    /// Another start after a failure.
    TryAgain,
}

/// One thing that the user can do now.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Offer {
    /// What.
    pub verb: Verb,
    /// The programs that it is about, each application once; none: it is about no program.
    pub programs: Vec<Program>,
}

/// A program that something is offered about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Program {
    /// Its application.
    pub id: AppId,
    /// [`Client::name`].
    pub name: String,
}

impl From<&Client> for Program {
    fn from(client: &Client) -> Self {
        let [id, _] = client.app_ids();
        Self { id, name: client.name.clone() }
    }
}

impl Offer {
    /// About no program.
    pub fn new(verb: Verb) -> Self {
        Self { verb, programs: Vec::new() }
    }

    /// The applications that it is about.
    pub fn apps(&self) -> Vec<AppId> {
        self.programs.iter().map(|program| program.id.clone()).collect()
    }

    /// The names of the programs that it is about.
    pub fn names(&self) -> Vec<String> {
        self.programs.iter().map(|program| program.name.clone()).collect()
    }
}

/// Whether a camera of this state is on its way to being off, and nothing is left to be done for that: neither its cooldown
/// nor another start can be turned off.
pub fn is_going_off(state: StateName, is_stuck: bool, offers: &[Offer]) -> bool {
    state == StateName::Cooldown && !is_stuck && offers.iter().all(|offer| offer.verb != Verb::TurnOff)
}
