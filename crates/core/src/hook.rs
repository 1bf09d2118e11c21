//! What others act on: an "on air" lamp, a panel, a home's lights. Decided from one status after another, without I/O.
//!
//! 1. Each of [`Hook::Live`], [`Hook::Idle`], [`Hook::Paused`] and [`Hook::Failed`] holds until the next of them: none comes
//!    twice in a row, but for `Live` after a cooldown, when it may be for another application. The first status has one, too.
//! 2. The three of a camera that is off come when it is confirmed to be off, not while it is being switched off.
//! 3. [`Hook::Asked`] comes once for each wish that the user is asked about.

use crate::app::Access;
use crate::presence::{Client, Use};
use crate::status::{StateName, Status};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hook {
    /// The camera is on, and an application sees it.
    Live,
    /// The camera is off, and may come on; or it is not allowed for who wants it.
    Idle,
    /// The user paused it, or the computer sleeps.
    Paused,
    /// It does not work, or the device for applications is not there.
    Failed,
    /// The user is asked whether an application may have the camera.
    Asked,
}

impl Hook {
    /// All of them, in the order of the settings.
    pub const ALL: [Hook; 5] = [Hook::Live, Hook::Idle, Hook::Paused, Hook::Failed, Hook::Asked];

    /// Its key in the settings, and its word on D-Bus.
    pub fn as_str(self) -> &'static str {
        match self {
            Hook::Live => "live",
            Hook::Idle => "idle",
            Hook::Paused => "paused",
            Hook::Failed => "failed",
            Hook::Asked => "asked",
        }
    }
}

/// A hook that is due, and of whom.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    /// What happened.
    pub hook: Hook,
    /// Who has, wants or is asked about the camera.
    pub client: Option<Client>,
}

/// Compares each status with the ones before.
#[derive(Debug, Default)]
pub struct HookWatch {
    last: Option<Hook>,
    /// Those whom the user is asked about.
    asking: Vec<Client>,
}

impl HookWatch {
    /// What is due now.
    pub fn due(&mut self, status: &Status) -> Vec<Due> {
        let mut due = Vec::new();
        let hook = match status.state {
            StateName::Live => Some(Hook::Live),
            StateName::Idle | StateName::Asking | StateName::Blocked => Some(Hook::Idle),
            StateName::Paused => Some(Hook::Paused),
            StateName::Failed | StateName::NoDevice => Some(Hook::Failed),
            StateName::Cooldown => {
                self.last = None;
                None
            }
            StateName::Pending | StateName::Starting => None,
        };
        let is_settled = hook == Some(Hook::Live) || !status.camera_live;
        if let Some(hook) = hook.filter(|hook| is_settled && self.last != Some(*hook)) {
            self.last = Some(hook);
            due.push(Due { hook, client: user(&status.clients).cloned() });
        }
        let asking = || status.clients.iter().filter(|client| client.access == Access::Asking);
        let is_new = |client: &&Client| !self.asking.iter().any(|known| known.is_same_as(client));
        due.extend(asking().filter(is_new).map(|client| Due { hook: Hook::Asked, client: Some(client.clone()) }));
        self.asking = asking().cloned().collect();
        due
    }
}

/// Who uses the camera, else who wants it.
fn user(clients: &[Client]) -> Option<&Client> {
    let streams = |client: &&Client| client.usage == Use::Streaming;
    let has_it = |client: &&Client| streams(client) && client.access == Access::Allowed;
    clients.iter().find(has_it).or_else(|| clients.iter().find(streams))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Machine;
    use crate::policy::Policy;

    fn status(state: StateName, camera_live: bool, clients: &[Client]) -> Status {
        Status { state, camera_live, clients: clients.to_vec(), ..Machine::new(Policy::default()).status() }
    }

    fn hooks(watch: &mut HookWatch, state: StateName, camera_live: bool) -> Vec<Hook> {
        watch.due(&status(state, camera_live, &[])).iter().map(|due| due.hook).collect()
    }

    #[test]
    fn a_session_has_each_hook_once_and_off_is_said_when_it_is_off() {
        let mut watch = HookWatch::default();
        let mut all = Vec::new();
        for (state, is_on) in [
            (StateName::NoDevice, false),
            (StateName::Idle, false),
            (StateName::Pending, false),
            (StateName::Idle, false),
            (StateName::Starting, true),
            (StateName::Live, true),
            (StateName::Live, true),
            (StateName::Cooldown, true),
            (StateName::Live, true),
            (StateName::Paused, true),
        ] {
            all.extend(hooks(&mut watch, state, is_on));
        }
        assert_eq!(all, [Hook::Failed, Hook::Idle, Hook::Live, Hook::Live], "it still goes off");
        assert_eq!(hooks(&mut watch, StateName::Paused, false), [Hook::Paused]);
        assert_eq!(hooks(&mut watch, StateName::Paused, false), []);
        assert_eq!(hooks(&mut watch, StateName::Failed, false), [Hook::Failed]);
        assert_eq!(hooks(&mut watch, StateName::Blocked, false), [Hook::Idle], "a lamp goes off here, too");
        hooks(&mut watch, StateName::Live, true);
        assert_eq!(hooks(&mut watch, StateName::Asking, true), [], "it still goes off");
        assert_eq!(hooks(&mut watch, StateName::Asking, false), [Hook::Idle], "not only after the answer");
    }

    #[test]
    fn each_wish_that_is_asked_about_is_said_once() {
        let client = |pid, access| Client { access, ..Client::new(Some(pid), format!("app{pid}"), Use::Streaming) };
        let mut watch = HookWatch::default();
        let mut asked = |clients: &[Client]| -> Vec<_> {
            let due = watch.due(&status(StateName::Pending, false, clients));
            due.into_iter().map(|due| (due.hook, due.client.and_then(|client| client.pid))).collect()
        };
        let (first, second) = (client(1, Access::Asking), client(2, Access::Asking));
        assert_eq!(asked(std::slice::from_ref(&first)), [(Hook::Asked, Some(1))]);
        assert_eq!(asked(&[first.clone(), second]), [(Hook::Asked, Some(2))]);
        assert_eq!(asked(&[client(1, Access::Unanswered)]), []);
        assert_eq!(asked(&[first]), [(Hook::Asked, Some(1))], "asked again");
    }

    #[test]
    fn who_has_the_camera_is_named_before_who_may_not() {
        let client = |name: &str, usage, access| Client { access, ..Client::new(None, name, usage) };
        let clients = [
            client("holds", Use::Open, Access::Allowed),
            client("blocked", Use::Streaming, Access::Blocked),
            client("sees", Use::Streaming, Access::Allowed),
        ];
        assert_eq!(user(&clients).unwrap().name, "sees");
        assert_eq!(user(&clients[..2]).unwrap().name, "blocked");
        assert_eq!(user(&clients[..1]), None);
    }
}
