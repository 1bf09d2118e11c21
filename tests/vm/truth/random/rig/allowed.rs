//! What the user asks for, and logind says: when the camera may not be on.

use super::*;

/// Why nobody is there, whom logind tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absence {
    Asleep,
    Locked,
}

impl Rig {
    /// One request on the control socket; what is answered of being allowed is kept. Whether a relay is there that answers.
    pub(super) fn ask(&mut self, request: &str, duration: Option<Duration>) -> bool {
        let Some(relay) = &mut self.throne.present else { return false };
        if relay.poll().state.is_empty() {
            return false;
        }
        let asked = monotonic_now();
        let path = self.home.path().join("run/lenscap/control");
        let answer = UnixStream::connect(path).and_then(|mut socket| {
            socket.set_read_timeout(Some(ANSWER))?;
            writeln!(socket, "{request}")?;
            let mut answer = String::new();
            socket.read_to_string(&mut answer)?;
            Ok(answer)
        });
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                self.is_wrong(format!("{request} was not answered: {error}"));
                return false;
            }
        };
        let Ok(json) = serde_json::from_str::<serde_json::Value>(&answer) else {
            self.is_wrong(format!("{request} was answered by {answer:?}"));
            return false;
        };
        self.note(format!("{request}: {}, allowed {}", json["state"], json["allowed"]));
        match json["allowed"].as_bool() {
            // These leave a pause as it is.
            Some(false) if ["turn-off", "allow", "block"].iter().any(|word| request.contains(word)) => {}
            Some(false) => {
                // A pause takes the place of the one before.
                let still = self.forbidden.filter(|(_, until)| until.is_none_or(|until| until > asked));
                if still.is_none() {
                    self.close_forbidden(asked);
                }
                // It is answered when the camera is off, or takes its time with that.
                self.forbidden = Some((still.map_or(asked, |(since, _)| since), duration.map(|time| asked + time)));
            }
            Some(true) => {
                let was_paused = self.forbidden.is_some();
                self.close_forbidden(asked);
                if was_paused || request.contains("resume") {
                    self.overrule(asked);
                }
            }
            None => self.is_wrong(format!("{request} was answered by {answer}")),
        }
        if request.contains("turn-off") {
            self.turn_offs.push((asked, None));
        }
        if request.contains("allow") {
            self.lift_turn_off(asked);
        }
        true
    }

    /// logind says so.
    pub(super) fn absent(&mut self, why: Absence, on: bool) {
        let at = monotonic_now();
        for (_, _, until) in self.absences.iter_mut().filter(|(kind, _, _)| *kind == why) {
            until.get_or_insert(at);
        }
        match why {
            Absence::Asleep => self.logind.sleeps(on),
            Absence::Locked => self.logind.locks(on),
        }
        if on && self.throne.present.as_mut().is_some_and(|relay| !relay.poll().state.is_empty()) {
            self.absences.push((why, at + TOLD, None));
        }
    }

    /// Lifts what was turned off, and what the user overrules.
    pub(super) fn overrule(&mut self, at: At) {
        for (_, _, until) in &mut self.absences {
            until.get_or_insert(at);
        }
        self.lift_turn_off(at);
    }

    /// Lifts what was turned off.
    fn lift_turn_off(&mut self, at: At) {
        for (_, until) in &mut self.turn_offs {
            until.get_or_insert(at);
        }
    }

    /// The camera is allowed again from now on, or was since the pause's own end.
    pub(super) fn close_forbidden(&mut self, at: At) {
        if let Some((since, until)) = self.forbidden.take() {
            self.all_forbidden.push((since, until.map_or(at, |until| until.min(at))));
        }
    }
}
