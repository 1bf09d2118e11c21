//! The worker process: serves its parent's socket until it is ordered to stop, or the parent is gone.

use std::fmt::Display;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use tracing_subscriber::EnvFilter;

use crate::camera::settled;
use crate::controls::{self, ControlNews, OpenedControls};
use crate::frames::delivery::Delivery;
use crate::pipeline::Pipeline;
use crate::{list_cameras, list_elements, sandbox};
use lenscap_cameras::{elements, off, vendors};
use lenscap_core::event::Step;
use lenscap_core::sandbox::Sandbox;
use lenscap_core::trouble::Trouble;
use lenscap_picture::slots::Control;
use lenscap_sys::process;
use lenscap_text::Cause;
use lenscap_wire::channel::{self, Channel, Received, SendError};
use lenscap_wire::protocol::{self, Configure, FromChild, ToChild};

/// Longest wait for a parent that does not read.
const SEND_LIMIT: Duration = Duration::from_secs(2);
/// Environment variable that selects what is logged to stderr.
const LOG_VARIABLE: &str = "LENSCAP_LOG";

/// How the process ends.
enum SessionEnd {
    /// The parent asked for it, is gone, or a signal came.
    Stopped,
    /// Something does not work.
    Failed(Trouble),
}

/// The whole life of the process. The only argument is the number of the parent's socket; or it is to list cameras, or elements.
pub fn run() -> ExitCode {
    let words: Vec<String> = std::env::args_os().skip(1).map(|it| it.to_string_lossy().into_owned()).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [vendors::OPTION, ref rest @ ..] => return list_cameras::run(rest),
        [elements::OPTION, ref rest @ ..] => return list_elements::run(rest),
        _ => {}
    }
    let filter = EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .without_time()
        .with_env_filter(filter)
        .init();
    if let Some((off::WORD, rest)) = words.split_first().map(|(word, rest)| (word.as_str(), rest)) {
        return controls::list(rest);
    }
    let socket = words.first().and_then(|number| process::inherited_socket(number.parse().ok()?).ok());
    let Some(socket) = socket else {
        eprintln!("lenscap-worker is started by lenscap, not by hand: run \"lenscap\".");
        return ExitCode::from(2);
    };
    match serve(Arc::new(Channel::new(socket))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Why the process ends with a failure; goes to its log.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error(transparent)]
    System(#[from] std::io::Error),
    #[error(transparent)]
    Send(#[from] SendError),
    #[error("{0:?}")]
    Trouble(Trouble),
}

fn serve(channel: Arc<Channel>) -> Result<(), ServeError> {
    let signals = signals()?;
    channel.set_send_timeout(SEND_LIMIT)?;
    channel.send_message(&FromChild::Hello { version: lenscap_sys::install::VERSION.to_owned() })?;
    let mut session = WorkerSession { channel: channel.clone(), signals, active: None, buffer: channel::buffer() };
    let end = session.run();
    // Sent before the camera is switched off: a driver that fails may hang there, and the parent has to know why.
    if let SessionEnd::Failed(reason) = &end {
        if let Some(mode) = session.active.as_ref().and_then(|active| active.pipeline.refused(reason)) {
            channel.send_message(&FromChild::Refused(Box::new(mode)))?;
        }
        if let Some(camera) = session.active.as_ref().and_then(|active| active.pipeline.held(reason)) {
            channel.send_message(&FromChild::Held(Box::new(camera)))?;
        }
        channel.send_message(&FromChild::Failed(reason.clone()))?;
    }
    if let Some(active) = session.active.take() {
        active.pipeline.stop();
        let stats = active.delivery.stats();
        tracing::debug!(
            frames = stats.frames,
            dropped = stats.dropped,
            skipped = stats.skipped,
            copies = stats.copies,
            bad = stats.bad,
            lost = stats.lost,
            "camera off"
        );
        if matches!(end, SessionEnd::Stopped) {
            // A parent that is gone is no failure.
            let _ = channel.send_message(&FromChild::Stats(stats));
        }
    }
    match end {
        SessionEnd::Stopped => {
            let _ = channel.send_message(&FromChild::Stopped);
            Ok(())
        }
        SessionEnd::Failed(reason) => Err(ServeError::Trouble(reason)),
    }
}

/// SIGTERM as a descriptor. Ctrl+C in a terminal goes to the whole group: the parent sees to it.
fn signals() -> std::io::Result<UnixStream> {
    let (receiver, sender) = UnixStream::pair()?;
    signal_hook::low_level::pipe::register(signal_hook::consts::SIGTERM, sender)?;
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGHUP] {
        signal_hook::flag::register(signal, Arc::default())?;
    }
    Ok(receiver)
}

struct WorkerSession {
    channel: Arc<Channel>,
    signals: UnixStream,
    active: Option<Active>,
    buffer: Vec<u8>,
}

struct Active {
    pipeline: Pipeline,
    delivery: Arc<Delivery>,
}

impl WorkerSession {
    fn run(&mut self) -> SessionEnd {
        loop {
            let [spoken_to, signalled, reported, turned] = match self.wait() {
                Ok(ready) => ready,
                Err(error) => return failed(format!("waiting failed: {error}")),
            };
            if signalled {
                return SessionEnd::Stopped;
            }
            if reported
                && let Some(active) = &self.active
                && let Some(report) = active.pipeline.next_report()
            {
                return SessionEnd::Failed(active.pipeline.or_held(active.pipeline.trouble(&report)));
            }
            if let Some(reason) = self.active.as_mut().and_then(|active| active.pipeline.look(Instant::now())) {
                return SessionEnd::Failed(reason);
            }
            if spoken_to && let Some(end) = self.listen() {
                return end;
            }
            if let Some(end) = self.report_controls(turned) {
                return end;
            }
        }
    }

    /// Waits for the socket, a signal, the pipeline or the camera's controls; without end, for the parent's end is an end of the socket.
    fn wait(&self) -> std::io::Result<[bool; 4]> {
        let mut fds = vec![PollFd::new(&*self.channel, PollFlags::IN), PollFd::new(&self.signals, PollFlags::IN)];
        if let Some(active) = &self.active {
            fds.push(PollFd::from_borrowed_fd(active.pipeline.fd(), PollFlags::IN));
        }
        let controls = self.active.as_ref().and_then(|active| active.pipeline.opened_controls());
        if let Some(fd) = controls.and_then(OpenedControls::fd) {
            fds.push(PollFd::from_borrowed_fd(fd, PollFlags::PRI));
        }
        let look = self.active.as_ref().and_then(|active| active.pipeline.look_at());
        let quiet = controls.and_then(OpenedControls::quiet_until).into_iter().chain(look).min().map(|until| {
            let left = until.saturating_duration_since(Instant::now());
            rustix::time::Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() }
        });
        match rustix::event::poll(&mut fds, quiet.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ready = |index: usize| fds.get(index).is_some_and(|fd| !fd.revents().is_empty());
        Ok([ready(0), ready(1), ready(2), ready(3)])
    }

    /// Whether the parent has said something that is not read yet: the order to start, most likely.
    fn is_spoken_to(&self) -> bool {
        let mut socket = [PollFd::new(&*self.channel, PollFlags::IN)];
        rustix::event::poll(&mut socket, Some(&rustix::time::Timespec::default())).is_ok_and(|ready| ready > 0)
    }

    /// Reports what changed of the camera's controls; `turned`: the camera has news.
    fn report_controls(&mut self, turned: bool) -> Option<SessionEnd> {
        let now = Instant::now();
        let pipeline = &mut self.active.as_mut()?.pipeline;
        if pipeline.awaits_picture(now) {
            return None;
        }
        let controls = pipeline.controls()?;
        if turned || controls.quiet_until().is_some_and(|until| until <= now) {
            controls.dispatch(now);
        }
        let message = match controls.news(now)? {
            ControlNews::All(all) => FromChild::Controls(Box::new(all)),
            ControlNews::Changed(changes) => FromChild::ControlsChanged(Box::new(changes)),
        };
        if let Err(error) = protocol::encode(&message) {
            tracing::warn!("the camera's controls cannot be reported: {error}");
            return None;
        }
        self.channel.send_message(&message).err().map(failed)
    }

    fn listen(&mut self) -> Option<SessionEnd> {
        let (length, fds) = match self.channel.receive(&mut self.buffer) {
            Ok(Received::Packet(length, fds)) => (length, fds),
            Ok(Received::Nothing) => return None,
            Ok(Received::End) => return Some(SessionEnd::Stopped),
            Ok(Received::TooLarge) => return Some(failed("a message is too large")),
            Err(error) => return Some(failed(error)),
        };
        match (protocol::decode::<ToChild>(&self.buffer[..length]), &mut self.active) {
            (Ok(ToChild::Configure(configure)), None) => match self.configure(*configure, fds) {
                Ok(active) => {
                    self.active = Some(active);
                    self.channel.send_message(&FromChild::Step(Step::Loaded)).err().map(failed)
                }
                Err(reason) => Some(SessionEnd::Failed(reason)),
            },
            (Ok(ToChild::Start), Some(active)) => {
                let failed = active.pipeline.start().err();
                failed.map(|reason| SessionEnd::Failed(active.pipeline.or_held(reason)))
            }
            (Ok(ToChild::Granted), Some(active)) => {
                active.delivery.granted();
                None
            }
            (Ok(ToChild::Lay(orientation)), Some(active)) => {
                active.pipeline.lay(orientation);
                None
            }
            (Ok(ToChild::Stop), _) => Some(SessionEnd::Stopped),
            (Ok(ToChild::Controls(saved)), Some(active)) => {
                active.pipeline.set_controls(saved);
                if let Some(controls) = active.pipeline.controls() {
                    controls.hurry(Instant::now());
                }
                None
            }
            (Ok(ToChild::SetControl { key, value }), Some(active)) => {
                if let Some(controls) = active.pipeline.controls() {
                    if let Err(trouble) = controls.set(&key, &value) {
                        controls.complain(trouble);
                    }
                    controls.hurry(Instant::now());
                }
                None
            }
            (Ok(message), _) => Some(failed(format!("{message:?} came out of turn"))),
            (Err(error), _) => Some(failed(error)),
        }
    }

    fn configure(&self, mut configure: Configure, fds: Vec<OwnedFd>) -> Result<Active, Trouble> {
        let internal = |error: &dyn Display| Trouble::WorkerBroken { cause: Cause::other(error) };
        let [slots, private, control_fd]: [OwnedFd; 3] = fds.try_into().map_err(|_| internal(&"no descriptors"))?;
        let mut maps = configure.layout.map(slots.as_fd()).map_err(|error| internal(&error))?;
        maps.extend(configure.private.map(private.as_fd()).map_err(|error| internal(&error))?);
        let control = Control::open(control_fd.as_fd()).map_err(|error| internal(&error))?;
        // From here on there are only the mappings: they take no ioctl.
        drop((slots, private, control_fd));
        // Once: the sandbox lets in what is opened afterwards.
        configure.source = settled(&configure.source);
        let confined = match configure.sandbox {
            true => sandbox::enter(&configure.source, &configure.excluded),
            false => Sandbox::Off,
        };
        self.channel.send_message(&FromChild::Confined(confined)).map_err(|error| internal(&error))?;
        let picture = configure.format.size_image() as usize;
        let delivery =
            Arc::new(Delivery::new(self.channel.clone(), control, maps, picture).map_err(|error| internal(&error))?);
        gst::init().map_err(|error| Trouble::GstreamerUnusable { cause: Cause::other(error) })?;
        let pipeline = Pipeline::new(configure, delivery.clone(), self.channel.clone())?;
        if !self.is_spoken_to() {
            pipeline.prepare();
        }
        Ok(Active { pipeline, delivery })
    }
}

fn failed(what: impl Display) -> SessionEnd {
    SessionEnd::Failed(Trouble::WorkerMisunderstood { what: what.to_string().into() })
}
