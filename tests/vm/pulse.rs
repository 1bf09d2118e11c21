//! How much of the machine is somebody else's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lenscap::output::monotonic_now;

/// A thread with nothing to do writes down how late it wakes up: how much of the machine is somebody else's.
pub struct Pulse {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<Vec<(Duration, Duration)>>>,
}

impl Pulse {
    const BEAT: Duration = Duration::from_millis(10);
    /// Less is a timer's own inexactness.
    const LEAST: Duration = Duration::from_millis(5);

    /// Begins to look.
    pub fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut late = Vec::new();
            while !asked.load(Ordering::Relaxed) {
                let due = monotonic_now() + Self::BEAT;
                std::thread::sleep(Self::BEAT);
                let now = monotonic_now();
                if now > due + Self::LEAST {
                    late.push((now, now - due));
                }
            }
            late
        });
        Self { stop, thread: Some(thread) }
    }

    /// When it woke up late, and by how much.
    pub fn end(&mut self) -> Vec<(Duration, Duration)> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
    }
}
