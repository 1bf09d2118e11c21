//! The whole life of the process: one loop over the parent's socket, the library's work, and the server's coming.

use std::io;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::time::Timespec;

use lenscap_core::trouble::pipewire::PipewireTrouble;
use lenscap_sys::process;
use lenscap_wire::channel::{self, Channel, Received};
use lenscap_wire::pipewire::{FromNode, LIST_CAMERAS, ToNode, UNCONFINED};
use lenscap_wire::protocol;

use crate::list;
use crate::log;
use crate::node::Node;
use crate::outbox::Outbox;

/// Messages taken at once; the rest keeps the socket readable.
const MAX_MESSAGES: usize = 64;

/// How it ends.
enum End {
    /// The parent is gone.
    Parent,
    /// Something does not work.
    Failed(PipewireTrouble),
}

impl From<PipewireTrouble> for End {
    fn from(trouble: PipewireTrouble) -> Self {
        End::Failed(trouble)
    }
}

/// Serves the parent's socket, whose number is the first argument, until its other end closes. A second one, [`UNCONFINED`],
/// leaves out the sandbox. With [`LIST_CAMERAS`] instead it says which cameras there are, and ends.
pub fn run() -> ExitCode {
    log::start();
    let [number, second] = [1, 2].map(|index| std::env::args().nth(index));
    if number.as_deref() == Some(LIST_CAMERAS) {
        return list::run();
    }
    let is_confined = second.is_none_or(|word| word != UNCONFINED);
    let Some(socket) = number.and_then(|number| process::inherited_socket(number.parse().ok()?).ok()) else {
        eprintln!("lenscap-pipewire is started by lenscap, not by hand: run \"lenscap\".");
        return ExitCode::from(2);
    };
    let mut outbox = Outbox::new(Channel::new(socket));
    match serve(&mut outbox, is_confined) {
        End::Parent => ExitCode::SUCCESS,
        End::Failed(trouble) => {
            tracing::error!("{trouble:?}");
            // A parent that is gone, or does not read, learns it from the exit status.
            let _ = outbox.send(&FromNode::Failed(trouble));
            ExitCode::FAILURE
        }
    }
}

fn serve(outbox: &mut Outbox, is_confined: bool) -> End {
    match try_serve(outbox, is_confined) {
        Ok(never) => match never {},
        Err(end) => end,
    }
}

fn try_serve(outbox: &mut Outbox, is_confined: bool) -> Result<std::convert::Infallible, End> {
    outbox
        .send(&FromNode::Hello { version: lenscap_sys::install::VERSION.to_owned() })
        .map_err(|error| lost(&error))?;
    let mut node = Node::new(is_confined)?;
    let mut buffer = channel::buffer();
    loop {
        outbox.set(node.is_there(), node.readers(), node.rotation());
        outbox.flush().map_err(|error| lost(&error))?;
        let [is_spoken_to, is_due] = wait(outbox, &node)?;
        if is_spoken_to {
            listen(outbox, &mut node, &mut buffer)?;
        }
        if is_due {
            node.dispatch()?;
        }
    }
}

/// Waits for the parent, and for the server; without end where neither has anything to say.
fn wait(outbox: &Outbox, node: &Node) -> Result<[bool; 2], PipewireTrouble> {
    let interest = if outbox.is_full() { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
    let mut fds = vec![PollFd::from_borrowed_fd(outbox.as_fd(), interest)];
    fds.extend(node.fds().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
    let deadline = node.deadline();
    let timeout = deadline.map(|until| {
        let left = time_left(until);
        Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() }
    });
    match rustix::event::poll(&mut fds, timeout.as_ref()) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(errno) => return Err(PipewireTrouble::System { cause: errno.into() }),
    }
    let is_ready = |fd: &PollFd<'_>| !fd.revents().is_empty();
    let is_over = deadline.is_some_and(|until| time_left(until).is_zero());
    let is_spoken_to = fds.first().is_some_and(|fd| fd.revents().intersects(!PollFlags::OUT));
    Ok([is_spoken_to, fds.iter().skip(1).any(is_ready) || is_over])
}

/// Takes what the parent said.
fn listen(outbox: &mut Outbox, node: &mut Node, buffer: &mut [u8]) -> Result<(), End> {
    let nonsense = |what: &str| End::Failed(PipewireTrouble::Misunderstood { what: what.into() });
    for _ in 0..MAX_MESSAGES {
        let (length, fds) = match outbox.receive(buffer).map_err(|error| lost(&error))? {
            Received::Packet(length, fds) => (length, fds),
            Received::Nothing => return Ok(()),
            Received::End => return Err(End::Parent),
            Received::TooLarge => return Err(nonsense("a message is too large")),
        };
        match protocol::decode::<ToNode>(&buffer[..length]).map_err(|error| nonsense(&error.to_string()))? {
            ToNode::Offer(offer) => {
                let [memory] = fds.try_into().map_err(|_| nonsense("an offer without its memory"))?;
                node.offer(*offer, memory)?;
            }
            ToNode::Memory => {
                let [memory] = fds.try_into().map_err(|_| nonsense("no memory"))?;
                if node.replace_memory(memory)? {
                    outbox.memory_taken();
                }
            }
            ToNode::Picture(picture) => node.show(&picture)?,
        }
    }
    Ok(())
}

/// The socket does not work: the parent is gone, or it is a trouble.
fn lost(error: &io::Error) -> End {
    match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => End::Parent,
        _ => End::Failed(PipewireTrouble::System { cause: error.into() }),
    }
}

/// Until then; nothing where that is over.
fn time_left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}
