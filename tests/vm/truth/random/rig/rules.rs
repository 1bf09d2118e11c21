//! The rules for programs, and when they certainly keep somebody from the camera.
//!
//! Only what is certain is kept: from when the relay must have read a rule until something may have changed it. That a
//! rule lets somebody in is seen when everything comes to rest: then the clients get the camera.

use super::*;

/// How long the relay may take to read the settings file again, emulated.
const READ: Duration = Duration::from_secs(3);

/// See the module.
#[derive(Debug)]
pub(super) struct Rules {
    /// For the clients' program, and for those that the file does not name.
    clients: Rule,
    others: Rule,
    /// Since when the clients are kept out, and everybody is.
    clients_since: Option<At>,
    all_since: Option<At>,
    pub(super) kept_out: Vec<(At, At)>,
    pub(super) forbidden: Vec<(At, At)>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            clients: Rule::Allow,
            others: Rule::Allow,
            clients_since: None,
            all_since: None,
            kept_out: Vec::new(),
            forbidden: Vec::new(),
        }
    }
}

impl Rules {
    /// Of the settings file. Without a rule of their own the clients have that for all others.
    pub(super) fn text(&self) -> String {
        let word = |rule: Rule| serde_json::to_value(rule).expect("a word").as_str().expect("a word").to_owned();
        let own = match self.clients {
            Rule::Allow => String::new(),
            rule => format!("{} = [\"{CLIENT}\"]\n", word(rule).replace('-', "_")),
        };
        format!("[apps]\nunknown = \"{}\"\n{own}", word(self.others))
    }

    /// Another rule is written.
    pub(super) fn set(&mut self, at: At, clients: bool, rule: Rule) {
        self.end(at);
        *(if clients { &mut self.clients } else { &mut self.others }) = rule;
        self.begin(at);
    }

    /// The file has the rules of before: whatever the relay has written into it is gone.
    pub(super) fn rewritten(&mut self, at: At) {
        self.end(at);
        self.begin(at);
    }

    /// The user says yes to somebody.
    pub(super) fn allowed(&mut self, at: At) {
        self.end(at);
    }

    /// The user has said no to the clients.
    pub(super) fn blocked(&mut self, at: At) {
        self.clients_since.get_or_insert(at);
    }

    /// The relay was killed: what it was told is forgotten.
    pub(super) fn end(&mut self, at: At) {
        self.kept_out.extend(self.clients_since.take().filter(|since| *since < at).map(|since| (since, at)));
        self.forbidden.extend(self.all_since.take().filter(|since| *since < at).map(|since| (since, at)));
    }

    fn begin(&mut self, at: At) {
        let of_clients = if self.clients == Rule::Allow { self.others } else { self.clients };
        self.clients_since = (of_clients == Rule::Block).then_some(at + READ);
        // An answer of before may stand where the rule is to ask.
        self.all_since = (of_clients == Rule::Block && self.others == Rule::Block).then_some(at + READ);
    }
}
