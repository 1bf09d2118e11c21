//! What is said to the worker and what it says; whatever breaks the rules of the conversation ends it.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::process::Pid;

use super::super::exit_reason::nonsense;
use super::super::private_slots;
use super::super::stderr::plain;
use super::ending::{EXIT_LIMIT, Ending, STOP_LIMIT};
use super::{HostEvent, Phase, WorkerHost};
use lenscap_core::event::Step;
use lenscap_core::mode::{FrameRate, Mode};
use lenscap_core::trouble::Trouble;
use lenscap_picture::format::VideoFormat;
use lenscap_sys::clock::monotonic_now;
use lenscap_sys::descendants;
use lenscap_wire::channel::Received;
use lenscap_wire::heartbeat::BEAT_INTERVAL;
use lenscap_wire::protocol::{self, FromChild, ToChild};

/// Messages in one second of a child that behaves: twice the highest framerate and some.
const MAX_PER_SECOND: u32 = 2 * VideoFormat::MAX_FRAMERATE + 64;

impl WorkerHost {
    pub(super) fn send(&mut self, message: &ToChild) {
        let Some(channel) = &self.channel else { return };
        let sent = protocol::encode(message).map_err(io::Error::other).and_then(|bytes| channel.try_send(&bytes, &[]));
        if let Err(error) = sent {
            // A child that ended is seen through the pidfd.
            tracing::debug!("the camera process did not take a message: {error}");
            self.stuck |= error.kind() == io::ErrorKind::WouldBlock;
        }
    }

    pub(super) fn receive(&mut self, most: usize, now: Instant, out: &mut Vec<HostEvent>) {
        for _ in 0..most {
            let Some(channel) = &self.channel else { return };
            let mut buffer = std::mem::take(&mut self.buffer);
            let received = channel.receive(&mut buffer);
            let message = match received {
                Ok(Received::Packet(length, _)) => {
                    protocol::decode::<FromChild>(&buffer[..length]).map_err(|error| error.to_string())
                }
                Ok(Received::TooLarge) => Err("a message that is too large".to_owned()),
                Ok(Received::Nothing) => {
                    self.buffer = buffer;
                    return;
                }
                Ok(Received::End) => {
                    self.channel = None;
                    return;
                }
                Err(error) => Err(error.to_string()),
            };
            self.buffer = buffer;
            if now.saturating_duration_since(self.window.0) >= Duration::from_secs(1) {
                self.window = (now, 0);
            }
            self.window.1 += 1;
            let result = if self.window.1 > MAX_PER_SECOND {
                Err(nonsense("more messages than any camera gives"))
            } else {
                message.map_err(|error| nonsense(&error)).and_then(|message| self.handle(message, now, out))
            };
            if let Err(reason) = result {
                self.violated(reason, out);
            }
        }
    }

    pub(super) fn handle(&mut self, message: FromChild, now: Instant, out: &mut Vec<HostEvent>) -> Result<(), Trouble> {
        match (message, self.phase) {
            (FromChild::Hello { version }, Phase::Greeting) => {
                if version != lenscap_sys::install::VERSION {
                    return Err(Trouble::WorkerOtherVersion {
                        theirs: plain(&version).into(),
                        ours: lenscap_sys::install::VERSION.into(),
                    });
                }
                self.phase = Phase::Configured;
                self.worker = descendants::first_child(Pid::from_child(&self.child));
                out.push(HostEvent::Greeted { pid: self.pid() });
                self.heartbeat.beat();
                self.next_beat = now + BEAT_INTERVAL;
                out.push(HostEvent::Step(Step::Up));
                if let (Some((message, fds)), Some(channel)) = (self.configure.take(), &self.channel)
                    && let Err(error) = channel.try_send(&message, &fds.each_ref().map(AsFd::as_fd))
                {
                    tracing::debug!("the camera process did not take its settings: {error}");
                }
                if let Some(late) = self.late_controls.take() {
                    self.send(&ToChild::Controls(late));
                }
                if let Some(orientation) = self.lay.take() {
                    self.send(&ToChild::Lay(orientation));
                }
                if self.wants_start {
                    self.send(&ToChild::Start);
                }
            }
            (FromChild::Controls(controls), Phase::Warm | Phase::Started) if self.wants_start => {
                out.push(HostEvent::Controls(Box::new(controls.cleaned())));
            }
            (FromChild::ControlsChanged(changes), Phase::Warm | Phase::Started) if self.wants_start => {
                out.push(HostEvent::ControlsChanged(Box::new(changes.cleaned())));
            }
            (FromChild::Step(Step::Loaded), Phase::Configured) => {
                self.phase = Phase::Warm;
                out.push(HostEvent::Step(Step::Loaded));
            }
            (FromChild::Step(step), Phase::Warm) if self.wants_start && step > Step::Loaded => {
                out.push(HostEvent::Step(step));
            }
            (FromChild::Confined(sandbox), Phase::Configured) => out.push(HostEvent::Confined(sandbox)),
            (FromChild::Opening { nodes }, Phase::Warm) if self.wants_start => out.push(HostEvent::Opening { nodes }),
            (FromChild::Started { camera, caps, why }, Phase::Warm) if self.wants_start => {
                self.phase = Phase::Started;
                out.push(HostEvent::Started { camera: plain(&camera), caps: plain(&caps), why });
            }
            (FromChild::Mode(mode), Phase::Warm | Phase::Started) if self.wants_start => {
                out.push(HostEvent::Mode(Box::new(harmless_mode(*mode))));
            }
            (FromChild::Trying(mode), Phase::Warm) if self.wants_start => {
                out.push(HostEvent::Trying(Box::new(harmless_mode(*mode))));
            }
            (FromChild::Refused(mode), Phase::Warm) if self.wants_start => {
                out.push(HostEvent::Refused(Box::new(harmless_mode(*mode))));
            }
            (FromChild::Held(camera), Phase::Warm) if self.wants_start => out.push(HostEvent::Held(camera)),
            (FromChild::Frame(frame), Phase::Started) => {
                let count = self.slot_count + private_slots::COUNT;
                if frame.slot >= count {
                    return Err(nonsense(&format!("slot {} of {count}", frame.slot)));
                }
                if let Some(granted) = self.granted.as_mut().filter(|_| frame.epoch == self.epoch) {
                    let timestamp = Duration::from_nanos(frame.timestamp_ns);
                    granted
                        .take(frame.slot, timestamp, monotonic_now())
                        .map_err(|breach| nonsense(&breach.to_string()))?;
                    out.push(HostEvent::Frame { slot: frame.slot, timestamp });
                }
            }
            (FromChild::Stats(stats), Phase::Configured | Phase::Warm | Phase::Started) => self.stats = Some(stats),
            (FromChild::Stopped, Phase::Configured | Phase::Warm | Phase::Started) => {
                self.phase = Phase::Stopped;
                out.push(HostEvent::Stopped);
                // Nothing is left to be done in order, and its end is waited for.
                let until = now + EXIT_LIMIT;
                self.ending = match self.ending {
                    Ending::No => Ending::Asked { until },
                    Ending::Asked { until: before } => Ending::Asked { until: before.min(until) },
                    ending @ (Ending::Terminated { .. } | Ending::Killed { .. } | Ending::KeeperKilled) => ending,
                };
            }
            (FromChild::Failed(reason), Phase::Configured | Phase::Warm | Phase::Started) => {
                self.phase = Phase::Failed;
                out.push(HostEvent::Failed(reason));
                // It ends by itself; the deadlines see to it.
                if self.ending == Ending::No {
                    self.ending = Ending::Asked { until: now + STOP_LIMIT };
                }
            }
            (message, phase) => {
                let first_word = |text: String| text.split([' ', '(']).next().unwrap_or_default().to_owned();
                let (message, phase) = (first_word(format!("{message:?}")), first_word(format!("{phase:?}")));
                return Err(nonsense(&format!("\"{message}\" while it was \"{phase}\"")));
            }
        }
        Ok(())
    }

    /// The child broke the rules: nothing more is heard from it.
    pub(super) fn violated(&mut self, reason: Trouble, out: &mut Vec<HostEvent>) {
        self.channel = None;
        self.kill();
        if !matches!(self.phase, Phase::Failed | Phase::Stopped) {
            out.push(HostEvent::Failed(reason));
        }
        self.phase = Phase::Failed;
    }
}

/// What a child says of a mode, with texts that fit into a line.
fn harmless_mode(mode: Mode) -> Mode {
    Mode {
        millihertz: if mode.millihertz <= FrameRate::MOST * 1000 { mode.millihertz } else { 0 },
        format: plain(&mode.format),
        decoder: mode.decoder.as_deref().map(plain),
        ..mode
    }
}
