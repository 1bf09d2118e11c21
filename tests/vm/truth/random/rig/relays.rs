//! The relay that runs, those before it, and their workers.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::*;

/// After a relay's SIGKILL: what is left of it by then is looked at.
const LEFTOVERS: Duration = Duration::from_millis(700);

/// A relay that runs, and what is known of those before it.
pub(super) struct Throne {
    pub(super) present: Option<Relay>,
    /// The present one was told of by its first line, and could be asked.
    pub(super) past: Vec<Reign>,
    /// It did not come up that often in a row.
    pub(super) refusals: u32,
    /// What was left of one that had been killed.
    pub(super) leftovers: Arc<Mutex<Vec<Note>>>,
}

/// Writes down which of these processes are still there a while later, and where the kernel has them: the time is short in
/// which that can be seen.
fn look_for_leftovers(processes: Vec<u32>, notes: Arc<Mutex<Vec<Note>>>) {
    // Ends by itself.
    std::thread::spawn(move || {
        std::thread::sleep(LEFTOVERS);
        for pid in processes {
            let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
            for task in tasks.map(|task| task.path()) {
                let text = format!("left: process {pid}, {}", state_of(&task));
                notes.lock().expect("no panic").push(Note { at: monotonic_now(), text });
            }
        }
    });
}

/// A thread's name and state, and the functions of the kernel in which it is.
fn state_of(task: &Path) -> String {
    let read = |name: &str| fs::read_to_string(task.join(name)).unwrap_or_default();
    let status = read("status");
    let field =
        |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
    // "[<0>] vfs_read+0x9c/0x1d0"
    let stack = read("stack");
    let functions: Vec<&str> = stack.lines().filter_map(|line| line.split([' ', '+']).nth(1)).collect();
    format!("{} {} in {}", field("Name:"), field("State:"), functions.join(" < "))
}

impl Rig {
    pub(super) fn signal_worker(&mut self, signal: &str) {
        let workers = self.throne.present.as_ref().map(Relay::workers).unwrap_or_default();
        for worker in workers {
            // It may have ended meanwhile.
            let _ = Command::new("kill").args([signal, &worker.to_string()]).stderr(Stdio::null()).status();
            self.note(format!("kill {signal} {worker}"));
        }
    }

    /// SIGKILL to the process for PipeWire.
    pub(super) fn kill_node(&mut self) {
        let Some(process) = self.throne.present.as_ref().and_then(Relay::node_process) else { return };
        self.readers.iter_mut().for_each(Reading::lose_node);
        let _ = Command::new("kill").args(["-KILL", &process.to_string()]).stderr(Stdio::null()).status();
        self.note(format!("kill -KILL {process}, for PipeWire"));
    }

    /// Starts a relay.
    pub(super) fn crown(&mut self) {
        let home = self.home.path();
        let directory = |name: &str| home.join(name).to_str().expect("text").to_owned();
        let (config, run, state) = (directory("config"), directory("run"), directory("state"));
        // Where there is none, a directory without a server.
        let session = self.session.as_ref().map(|session| session.runtime_dir().to_str().expect("text").to_owned());
        let pipewire = session.unwrap_or_else(|| run.clone());
        let environment = [
            ("XDG_CONFIG_HOME", config.as_str()),
            ("XDG_RUNTIME_DIR", run.as_str()),
            ("XDG_STATE_HOME", state.as_str()),
            ("LANGUAGE", "en"),
            ("DBUS_SYSTEM_BUS_ADDRESS", &self.logind.address),
            ("XDG_SESSION_ID", logind::SESSION_ID),
            ("PIPEWIRE_RUNTIME_DIR", &pipewire),
        ];
        self.throne.present = Some(Relay::start_with(&[], &environment));
    }

    /// SIGKILL to the relay.
    pub(super) fn dethrone(&mut self) {
        let Some(mut relay) = self.throne.present.take() else { return };
        let at = monotonic_now();
        self.readers.iter_mut().for_each(Reading::lose_node);
        let below = relay.children().into_iter().chain(relay.workers()).collect();
        relay.kill();
        look_for_leftovers(below, Arc::clone(&self.throne.leftovers));
        self.close_forbidden(at);
        self.rules.end(at);
        self.overrule(at);
        relay.drain();
        self.bury(&relay, Some(at), None);
    }

    /// Keeps what a relay said.
    pub(super) fn bury(&mut self, relay: &Relay, until: Option<At>, ended: Option<String>) {
        let wall = self.wall;
        let told = relay.seen.iter().map(|line| Told {
            at: line.wall.saturating_sub(wall),
            state: line.state.clone(),
            live: line.live,
            others: !line.others.is_empty(),
            reason: line.reason.clone(),
            second: line.second.clone(),
            clients: line.clients.join(", "),
        });
        let told = told.collect();
        let stderr = relay.stderr();
        // The level stands behind the time; what the worker said follows the relay's own level.
        let is_complaint = |line: &&str| line.split_whitespace().nth(1) == Some("ERROR") || line.contains("panicked");
        let complaints = stderr.lines().filter(is_complaint).map(str::to_owned).collect();
        self.throne.past.push(Reign { until, told, complaints, said: stderr, ended });
    }

    /// Looks after what may have ended by itself.
    pub(super) fn tend(&mut self) {
        if let Some(relay) = &mut self.throne.present
            && let Some(status) = relay.ended()
        {
            let mut relay = self.throne.present.take().expect("just seen");
            relay.drain();
            let at = monotonic_now();
            self.close_forbidden(at);
            self.rules.end(at);
            self.overrule(at);
            let stderr = relay.stderr();
            let last = stderr.lines().last().unwrap_or_default().to_owned();
            // At its start it may find a node that is in use: whoever starts it does so again, as systemd would.
            let was_up = relay.seen.iter().any(|line| line.state != "no-device");
            self.note(format!("the relay ended with {status}: {last}"));
            self.readers.iter_mut().for_each(Reading::lose_node);
            self.throne.refusals += 1;
            let is_excused = !was_up && self.throne.refusals < 20;
            let ended = (!is_excused).then(|| format!("the relay ended with {status}: {stderr}"));
            self.bury(&relay, Some(at), ended);
            std::thread::sleep(Duration::from_millis(300));
            self.crown();
        }
        self.readers.iter_mut().for_each(Reading::tend);
        let crashed: Vec<String> =
            self.clients.iter_mut().chain([&mut self.taker]).filter_map(Actor::crashed).collect();
        for text in crashed {
            self.is_wrong(text);
        }
    }
}
