//! Whom the user was asked about, what the answer was, and who may have the camera by it and by the rules.
//!
//! An answer is about one process, by its number and its application. It ends when that process has not streamed for a
//! while: programs stop and start again when somebody joins a call or turns the picture. Where the rule is to ask once,
//! a yes holds as long as it is remembered. Nothing here needs a deadline but an answer that is waited for.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::Machine;
use crate::app::{Access, AppId, Rule};
use crate::event::Card;
use crate::policy::Policy;
use crate::presence::{Client, Presence, Presences, Role, Use};

/// How long the user may take for an answer; none is no.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// How long a program may pause its stream and still be the one that was asked about.
const BREAK: Duration = Duration::from_secs(10);
/// Processes remembered at most; those that stream are never forgotten.
const MOST: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// Waited for until then.
    Awaited(Instant),
    Yes,
    No,
    /// It did not come in time.
    Missing,
}

#[derive(Debug, Clone)]
struct Asked {
    pid: Option<u32>,
    /// [`Client::app_ids`].
    apps: [AppId; 2],
    answer: Answer,
    /// Since when it does not stream.
    left_at: Option<Instant>,
}

impl Asked {
    fn is_about(&self, client: &Client) -> bool {
        self.pid == client.pid && self.apps[0] == client.app_ids()[0]
    }
}

/// All of them, the oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Permissions(Vec<Asked>);

impl Permissions {
    /// These stream now, and no one else.
    fn follow(&mut self, now: Instant, streaming: &[&Client], policy: &Policy) {
        for asked in &mut self.0 {
            match streaming.iter().any(|client| asked.is_about(client)) {
                true if asked.left_at.is_some_and(|at| now.saturating_duration_since(at) < BREAK) => {
                    asked.left_at = None
                }
                true => {}
                false => asked.left_at = asked.left_at.or(Some(now)),
            }
        }
        // Who comes back after a while is asked anew, unless the rule is to ask once and the answer was yes.
        self.0.retain_mut(|asked| {
            let Some(client) = streaming.iter().find(|client| asked.is_about(client)) else { return true };
            let is_back = asked.left_at.take().is_some();
            !is_back || (asked.answer == Answer::Yes && policy.rule(client) == Rule::Ask)
        });
        for client in streaming {
            let asks = matches!(policy.rule(client), Rule::Ask | Rule::AlwaysAsk);
            if asks && !self.0.iter().any(|asked| asked.is_about(client)) {
                self.note(client, Answer::Awaited(now + ANSWER_LIMIT));
            }
        }
        for asked in &mut self.0 {
            if matches!(asked.answer, Answer::Awaited(until) if until <= now) {
                asked.answer = Answer::Missing;
            }
        }
    }

    /// The user has answered about this client.
    fn note(&mut self, client: &Client, answer: Answer) {
        self.0.retain(|asked| !asked.is_about(client));
        self.0.push(Asked { pid: client.pid, apps: client.app_ids(), answer, left_at: None });
        while self.0.len() > MOST
            && let Some(oldest) = self.0.iter().position(|asked| asked.left_at.is_some())
        {
            self.0.remove(oldest);
        }
    }

    /// Where the rule for an application is another now, that holds, and not what was said under the one before; but who was
    /// let in stays where the new one asks.
    pub(super) fn follow_rules(&mut self, before: &Policy, now: &Policy) {
        self.0.retain(|asked| {
            let rule = now.rule_for(&asked.apps);
            let stays = asked.answer == Answer::Yes && matches!(rule, Rule::Ask | Rule::AlwaysAsk);
            stays || rule == before.rule_for(&asked.apps)
        });
    }

    /// Nobody is waited for: who still streams later is asked again.
    fn forget_awaited(&mut self) {
        self.0.retain(|asked| !matches!(asked.answer, Answer::Awaited(_)));
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// When the next answer has to be there.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let awaited = self.0.iter().filter(|asked| asked.left_at.is_none());
        awaited.filter_map(|asked| if let Answer::Awaited(until) = asked.answer { Some(until) } else { None }).min()
    }

    fn access(&self, client: &Client, policy: &Policy) -> Access {
        let answer = self.0.iter().find(|asked| asked.is_about(client)).map(|asked| asked.answer);
        match (policy.rule(client), answer) {
            (Rule::Block, _) | (_, Some(Answer::No)) => Access::Blocked,
            (Rule::Allow, _) | (_, Some(Answer::Yes)) => Access::Allowed,
            (Rule::Ask | Rule::AlwaysAsk, Some(Answer::Missing)) => Access::Unanswered,
            (Rule::Ask | Rule::AlwaysAsk, Some(Answer::Awaited(_)) | None) => Access::Asking,
        }
    }
}

/// Those who stream, or may be streaming.
pub(super) fn streaming(presence: &Presence) -> impl Iterator<Item = &Client> {
    presence.clients.iter().filter(|client| client.usage != Use::Open)
}

impl Machine {
    /// The user is asked about whoever begins to stream, where a rule says so; not while there is no camera for anybody.
    pub(super) fn ask(&mut self, now: Instant) {
        if self.no_device.is_some() || self.pauses() || self.allowance.turned_off {
            return self.permissions.forget_awaited();
        }
        let Self { permissions, presence, policy, .. } = self;
        permissions.follow(now, &streaming(presence).collect::<Vec<_>>(), policy);
    }

    /// The user says yes to these applications; to all that are asked about where none is named.
    pub(super) fn permit(&mut self, apps: &[AppId]) {
        self.answer(apps, Answer::Yes);
    }

    /// The user says no to these applications.
    pub(super) fn refuse(&mut self, apps: &[AppId]) {
        self.answer(apps, Answer::No);
    }

    fn answer(&mut self, apps: &[AppId], answer: Answer) {
        let Self { permissions, presence, policy, .. } = self;
        for client in streaming(presence) {
            let is_asked = matches!(permissions.access(client, policy), Access::Asking | Access::Unanswered);
            let is_named = client.app_ids().iter().any(|id| apps.iter().any(|app| app.is(id)));
            if is_named || (apps.is_empty() && is_asked) {
                permissions.note(client, answer);
            }
        }
    }

    /// What has become of this client's wish for the camera.
    pub(super) fn access(&self, client: &Client) -> Access {
        match client.usage {
            Use::Open => Access::Allowed,
            Use::Unknown | Use::Streaming if self.allowance.turned_off => Access::TurnedOff,
            Use::Unknown | Use::Streaming => self.permissions.access(client, &self.policy),
        }
    }

    /// Whether somebody streams at one of the devices, and all who do may have the camera. A device has one picture.
    pub(super) fn is_wanted(presences: &Presences, access: impl Fn(&Client) -> Access) -> bool {
        presences.iter().any(|(_, presence)| {
            let mut streaming = streaming(presence).peekable();
            streaming.peek().is_some() && streaming.all(|client| access(client) == Access::Allowed)
        })
    }

    /// The devices at which somebody streams who may not have the camera, and what is shown there.
    pub(super) fn kept_out(&self) -> BTreeMap<Role, Card> {
        if self.pauses() {
            return BTreeMap::new();
        }
        let card = |presence: &Presence| {
            // The worst of them decides.
            let card = |access| match access {
                Access::Allowed => None,
                Access::Asking => Some(Card::Waiting),
                Access::Unanswered | Access::Blocked | Access::TurnedOff => Some(Card::Blocked),
            };
            streaming(presence).map(|client| self.access(client)).max().and_then(card)
        };
        self.presences.iter().filter_map(|(role, presence)| Some((role, card(presence)?))).collect()
    }
}
