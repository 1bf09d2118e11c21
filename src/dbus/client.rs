//! Asks one question after another, each answered before the next; all of them together have a deadline.

use std::io;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::time::Timespec;

use super::bus::{Address, Bus};
use super::wire::{Argument, Call, Message, MessageKind};
use super::{BUS, BUS_PATH, PROPERTIES};

/// A connection that waits for its answers.
#[derive(Debug)]
pub(crate) struct Client {
    bus: Bus,
    until: Instant,
}

impl Client {
    /// Connects; `limit` is for this and all that is asked.
    ///
    /// # Errors
    /// The kernel's; `TimedOut`; the bus refuses.
    pub(crate) fn connect(address: &Address, limit: Duration) -> io::Result<Self> {
        let mut client = Self { bus: Bus::connect(address)?, until: Instant::now() + limit };
        match client.ask_bus("Hello", &[])? {
            Some(_) => Ok(client),
            None => Err(io::ErrorKind::PermissionDenied.into()),
        }
    }

    /// Asks the bus itself.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub(crate) fn ask_bus(&mut self, method: &str, arguments: &[Argument<'_>]) -> io::Result<Option<Message>> {
        self.ask(BUS, BUS_PATH, BUS, method, arguments)
    }

    /// A property of an object's.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub(crate) fn get(&mut self, to: &str, path: &str, interface: &str, property: &str) -> io::Result<Option<Message>> {
        self.ask(to, path, PROPERTIES, "Get", &[interface, property].map(Argument::Text))
    }

    /// The answer; `None` when that is an error. Nobody is started by it.
    ///
    /// # Errors
    /// The bus went away, says what no bus says, or the deadline passed.
    pub(crate) fn ask(
        &mut self,
        to: &str,
        path: &str,
        interface: &str,
        method: &str,
        arguments: &[Argument<'_>],
    ) -> io::Result<Option<Message>> {
        let call = Call { to, path, interface, method, arguments, wants_answer: true, may_start: false };
        let serial = self.bus.call(&call)?;
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
            match rustix::event::poll(&mut [PollFd::from_borrowed_fd(self.bus.fd(), PollFlags::IN)], Some(&left)) {
                Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            if Instant::now() >= self.until {
                return Err(io::ErrorKind::TimedOut.into());
            }
            // Nothing else is waited for: other messages are signals to everybody.
            let mut messages = self.bus.receive()?.into_iter();
            if let Some(answer) = messages.find(|message| message.answers == Some(serial)) {
                return Ok(Some(answer).filter(|answer| answer.kind == MessageKind::Answer));
            }
        }
    }
}
