//! One who has connected: until its request has come, until that is carried out, or for as long as it watches.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use lenscap_api::{Reply, Request, line};
use lenscap_core::trouble::refusal::Refusal;
use lenscap_words::refusal::reply;

use super::{Asker, Ticket};

/// Longest request, in bytes.
pub(super) const MAX_REQUEST: usize = 4096;

/// See the module.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) asker: Asker,
    pub(super) stream: UnixStream,
    received: Vec<u8>,
    pub(super) stage: Stage,
}

/// What it waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its request has not come yet.
    Asking { until: Instant },
    /// Its request is carried out elsewhere.
    Waiting { ticket: Ticket, is_about_controls: bool, until: Instant },
    /// Its request is carried out, and the camera goes off for it.
    AwaitingOff { until: Instant },
    /// Hears every status.
    Watching,
}

impl Connection {
    /// Its request has time until then.
    pub(super) fn new(asker: Asker, stream: UnixStream, until: Instant) -> Self {
        Self { asker, stream, received: Vec::new(), stage: Stage::Asking { until } }
    }

    /// When its time is over, where it has a limit.
    pub(super) fn until(&self) -> Option<Instant> {
        match self.stage {
            Stage::Asking { until } | Stage::Waiting { until, .. } | Stage::AwaitingOff { until } => Some(until),
            Stage::Watching => None,
        }
    }

    /// Whether it may stay without a word.
    pub(super) fn bear(&self, now: Instant) -> bool {
        match self.stage {
            Stage::Asking { until } if until <= now => self.refuse(&Refusal::NoRequest),
            Stage::Waiting { until, .. } if until <= now => self.refuse(&Refusal::SettingsSilent),
            Stage::Asking { .. } | Stage::Waiting { .. } | Stage::AwaitingOff { .. } | Stage::Watching => true,
        }
    }

    /// A whole request, if one is there. `Err`: the connection is over.
    pub(super) fn receive(&mut self) -> Result<Option<Result<Request, Refusal>>, ()> {
        let mut buffer = [0; 1024];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(()),
                Ok(count) => self.received.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Err(()),
            }
            let is_asking = matches!(self.stage, Stage::Asking { .. });
            if !is_asking || self.received.len() > MAX_REQUEST {
                return Err(());
            }
            if let Some(end) = self.received.iter().position(|byte| *byte == b'\n') {
                let request = serde_json::from_slice(&self.received[..end])
                    .map_err(|error| Refusal::NotARequest { message: error.to_string().into() });
                return Ok(Some(request));
            }
        }
    }

    /// Says why not; the connection is over.
    pub(super) fn refuse(&self, refusal: &Refusal) -> bool {
        self.send(&reply(refusal));
        false
    }

    /// Whether it stays: only to watch.
    pub(super) fn answer(&self, reply: &Reply) -> bool {
        self.send(reply) && self.stage == Stage::Watching
    }

    /// Whether the whole line went out at once.
    pub(super) fn send(&self, reply: &Reply) -> bool {
        let line = line(reply);
        matches!((&self.stream).write(line.as_bytes()), Ok(count) if count == line.len())
    }
}
