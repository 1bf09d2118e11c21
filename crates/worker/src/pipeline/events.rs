//! What GStreamer's threads report to the main one.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

use rustix::event::EventfdFlags;

/// Most bus messages kept; only the first error is ever reported.
const MAX_MESSAGES: usize = 16;

/// What the pipeline reported.
#[derive(Debug)]
pub(crate) enum PipelineEvent {
    /// It failed.
    Error(glib::Error, String),
    /// The stream ended.
    Eos,
    /// Nothing but broken frames came for too long.
    OnlyBad,
}

/// PipelineEvents of the streaming threads, readable as a descriptor.
#[derive(Debug)]
pub(crate) struct PipelineEvents {
    queue: Mutex<VecDeque<PipelineEvent>>,
    wake: OwnedFd,
}

impl PipelineEvents {
    /// None yet.
    ///
    /// # Errors
    /// When descriptors are short.
    pub(super) fn new() -> rustix::io::Result<Self> {
        let wake = rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { queue: Mutex::default(), wake })
    }

    /// Readable while there is one.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// Takes what the bus says, on whatever thread that is.
    pub(super) fn take(&self, message: &gst::Message) {
        let report = match message.view() {
            gst::MessageView::Error(error) => {
                let details = error.debug().map(|details| details.to_string()).unwrap_or_default();
                tracing::debug!("{} ({details})", error.error());
                PipelineEvent::Error(error.error(), details)
            }
            gst::MessageView::Eos(_) => PipelineEvent::Eos,
            gst::MessageView::Warning(warning) => {
                tracing::info!("{} ({})", warning.error(), warning.debug().unwrap_or_default());
                return;
            }
            _ => return,
        };
        self.push(report);
    }

    /// One more report; the main thread is woken.
    pub(crate) fn push(&self, report: PipelineEvent) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.len() < MAX_MESSAGES {
            queue.push_back(report);
            let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
        }
    }

    /// The oldest of them.
    pub(super) fn next(&self) -> Option<PipelineEvent> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let report = queue.pop_front();
        if queue.is_empty() {
            let _ = rustix::io::read(&self.wake, &mut [0; 8]);
        }
        report
    }
}
