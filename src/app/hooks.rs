//! Runs what the user wants to be run when something happens to the camera ([`Hook`] says when).
//!
//! 1. Never on the loop: a thread per hook that runs, which ends with it. Where nothing happens there is none.
//! 2. One process a hook at a time. What happens meanwhile waits, the newest alone: an older one is of no interest any more.
//! 3. Each has [`LIMIT`], and so has all that it starts (see [`process`]); at the end of the relay they have [`LAST`].

mod process;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lenscap_api::Code;

use crate::config::Hooks as HookSettings;
use crate::core::hook::{Due, Hook, HookWatch};
use crate::core::status::Status;
use crate::i18n::hook as words;

/// How long a hook may take.
const LIMIT: Duration = Duration::from_secs(10);
/// How long those that run may take at the end: what puts a lamp out is among them.
const LAST: Duration = Duration::from_secs(2);

/// The hooks, seen from the loop.
#[derive(Debug)]
pub(super) struct Hooks {
    watch: HookWatch,
    settings: HookSettings,
    /// For a leading `~`.
    home: Option<PathBuf>,
    limit: Duration,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    running: Mutex<Running>,
    changed: Condvar,
}

/// By the hook's word: those that run, each with what waits behind it.
#[derive(Debug, Default)]
struct Running {
    waiting: BTreeMap<&'static str, Option<Call>>,
    /// When all have to be over; set at the end.
    end: Option<Instant>,
}

/// One run of a hook.
#[derive(Debug, Clone, PartialEq)]
struct Call {
    hook: Hook,
    program: OsString,
    arguments: Vec<String>,
    variables: [(&'static str, String); 4],
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hooks {
    /// With these settings; `home` stands for a leading `~`.
    pub(super) fn new(settings: HookSettings, home: Option<PathBuf>) -> Self {
        Self { watch: HookWatch::default(), settings, home, limit: LIMIT, shared: Arc::default() }
    }

    /// From now on these are run.
    pub(super) fn set(&mut self, settings: &HookSettings) {
        self.settings.clone_from(settings);
    }

    /// Runs what is due.
    pub(super) fn follow(&mut self, status: &Status) {
        for due in self.watch.due(status) {
            if let Some(call) = self.call(&due, status) {
                self.run(call);
            }
        }
    }

    fn call(&self, due: &Due, status: &Status) -> Option<Call> {
        let (program, arguments) = self.settings.command(due.hook).split_first()?;
        let told = words::told(due, status);
        Some(Call {
            hook: due.hook,
            program: match (Path::new(program).strip_prefix("~"), &self.home) {
                (Ok(rest), Some(home)) => home.join(rest).into(),
                _ => program.into(),
            },
            arguments: arguments.to_vec(),
            variables: [
                ("LENSCAP_STATE", told.state.to_owned()),
                ("LENSCAP_APP", told.app),
                ("LENSCAP_APP_ID", told.app_id),
                ("LENSCAP_CAMERA", told.camera),
            ],
        })
    }

    fn run(&self, call: Call) {
        let key = call.hook.as_str();
        let mut running = self.shared.lock();
        if let Some(waiting) = running.waiting.get_mut(key) {
            *waiting = Some(call);
            return;
        }
        running.waiting.insert(key, None);
        drop(running);
        let (shared, limit) = (Arc::clone(&self.shared), self.limit);
        let thread = std::thread::Builder::new().name("hook".into());
        if let Err(error) = thread.spawn(move || run_all(&shared, call, limit)) {
            self.shared.lock().waiting.remove(key);
            tracing::warn!("a hook cannot be run ({error})");
        }
    }
}

/// This one, and what came while it ran.
fn run_all(shared: &Shared, mut call: Call, limit: Duration) {
    let key = call.hook.as_str();
    loop {
        let own = Instant::now() + limit;
        let outcome = process::run(&call, limit, || shared.lock().end.map_or(own, |end| end.min(own)));
        if !outcome.output.is_empty() {
            tracing::info!("the hook \"{key}\" says: {}", outcome.output);
        }
        if let Err(trouble) = outcome.result {
            tracing::warn!(code = %Code::of(&trouble), "{}", words::sentence(call.hook, &trouble));
        }
        let mut running = shared.lock();
        match running.waiting.get_mut(key).and_then(Option::take) {
            Some(next) => call = next,
            None => {
                running.waiting.remove(key);
                shared.changed.notify_all();
                return;
            }
        }
    }
}

impl Drop for Hooks {
    fn drop(&mut self) {
        let mut running = self.shared.lock();
        running.end = Some(Instant::now() + LAST);
        // And the time to end them; a thread that waits for its disk ends with the process.
        let limit = LAST + 2 * process::GRACE;
        let is_busy = |running: &mut Running| !running.waiting.is_empty();
        drop(self.shared.changed.wait_timeout_while(running, limit, is_busy));
    }
}

#[cfg(test)]
mod tests;
