//! A connection to a message bus that never waits: what cannot be sent at once, or does not come in time, ends it.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags,
    SocketType,
};

use super::wire::{self, Call, Message};

/// Bytes taken at once.
const READ_SIZE: usize = 4096;
/// Reads before the caller gets its turn.
const MAX_READS: usize = 16;
/// Descriptors that wait for their message; logind sends one.
const MAX_FDS: usize = 4;
/// Longest line of the greeting.
const MAX_LINE: usize = 512;

/// Where the bus listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    Path(String),
    Abstract(String),
}

impl Address {
    /// The session bus's, where there is one; `None`: the environment names what is no Unix socket.
    pub(crate) fn of_session_bus(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<Self> {
        if let Some(named) = variable("DBUS_SESSION_BUS_ADDRESS") {
            return Self::parse(named.to_str()?);
        }
        let user = || format!("/run/user/{}", rustix::process::getuid().as_raw()).into();
        let directory = PathBuf::from(variable("XDG_RUNTIME_DIR").unwrap_or_else(user));
        Some(Self::Path(directory.join("bus").to_str()?.to_owned()))
    }

    /// The system bus's.
    pub(crate) fn of_system_bus() -> Option<Self> {
        let named = std::env::var("DBUS_SYSTEM_BUS_ADDRESS").ok().filter(|address| !address.is_empty());
        Self::parse(named.as_deref().unwrap_or("unix:path=/run/dbus/system_bus_socket"))
    }

    /// The first that is a Unix socket, of a list as in the D-Bus Specification, "Server Addresses".
    fn parse(addresses: &str) -> Option<Self> {
        let unix = addresses.split(';').filter_map(|address| address.strip_prefix("unix:"));
        unix.flat_map(|keys| keys.split(',')).find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            let value = unescaped(value)?;
            match key {
                "path" => Some(Self::Path(value)),
                "abstract" => Some(Self::Abstract(value)),
                _ => None,
            }
        })
    }
}

fn unescaped(value: &str) -> Option<String> {
    let mut parts = value.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

/// The connection.
#[derive(Debug)]
pub(crate) struct Bus {
    socket: OwnedFd,
    greeting: Greeting,
    received: Vec<u8>,
    fds: VecDeque<OwnedFd>,
    serial: u32,
}

/// What the bus still has to say before the first message.
#[derive(Debug, PartialEq, Eq)]
enum Greeting {
    /// That it lets us in.
    Welcome,
    /// Whether it passes descriptors on.
    Descriptors,
    Over,
}

impl Bus {
    /// Connects and introduces itself; all that is sent then goes out before the bus has answered.
    ///
    /// # Errors
    /// The kernel's: nobody listens, or too many wait there.
    pub(crate) fn connect(address: &Address) -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        let address = match address {
            Address::Path(path) => SocketAddrUnix::new(path.as_str())?,
            Address::Abstract(name) => SocketAddrUnix::new_abstract_name(name.as_bytes())?,
        };
        rustix::net::connect(&socket, &address)?;
        let bus = Self { socket, greeting: Greeting::Welcome, received: Vec::new(), fds: VecDeque::new(), serial: 0 };
        // EXTERNAL: who we are the bus asks the kernel; our number in hexadecimal digits of its decimal ones.
        let user = rustix::process::getuid().as_raw().to_string();
        let user: String = user.bytes().map(|digit| format!("{digit:02x}")).collect();
        bus.send(format!("\0AUTH EXTERNAL {user}\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n").as_bytes())?;
        Ok(bus)
    }

    /// Readable when [`Self::receive`] has something.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Sends a call; the number that its answer will name.
    ///
    /// # Errors
    /// The kernel's; `WouldBlock` when the bus takes nothing any more.
    pub(crate) fn call(&mut self, call: &Call<'_>) -> io::Result<u32> {
        self.serial = self.serial.wrapping_add(1).max(1);
        self.send(&wire::call(self.serial, call))?;
        Ok(self.serial)
    }

    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let sent = rustix::net::send(&self.socket, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)?;
        if sent == bytes.len() { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) }
    }

    /// What came.
    ///
    /// # Errors
    /// The bus went away, or says what no bus says.
    pub(crate) fn receive(&mut self) -> io::Result<Vec<Message>> {
        let mut messages = Vec::new();
        for _ in 0..MAX_READS {
            let mut buffer = [0; READ_SIZE];
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
            let mut control = RecvAncillaryBuffer::new(&mut space);
            let into = &mut [IoSliceMut::new(&mut buffer)];
            let count = match rustix::net::recvmsg(&self.socket, into, &mut control, RecvFlags::CMSG_CLOEXEC) {
                Ok(received) => received.bytes,
                Err(rustix::io::Errno::WOULDBLOCK) => break,
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            for message in control.drain() {
                if let RecvAncillaryMessage::ScmRights(fds) = message {
                    self.fds.extend(fds);
                }
            }
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.received.extend(&buffer[..count]);
            self.take_messages(&mut messages)?;
            if self.fds.len() > MAX_FDS {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        Ok(messages)
    }

    fn take_messages(&mut self, messages: &mut Vec<Message>) -> io::Result<()> {
        while self.greeting != Greeting::Over {
            if !self.take_greeting()? {
                return Ok(());
            }
        }
        while let Some((mut message, taken)) =
            wire::parse(&self.received).map_err(|wire::Nonsense| io::Error::from(io::ErrorKind::InvalidData))?
        {
            self.received.drain(..taken);
            let count = message.fd_count.min(self.fds.len());
            message.fds.extend(self.fds.drain(..count));
            messages.push(message);
        }
        Ok(())
    }

    /// Whether there was a line.
    fn take_greeting(&mut self) -> io::Result<bool> {
        let Some(end) = self.received.windows(2).position(|two| two == b"\r\n") else {
            let is_too_long = self.received.len() > MAX_LINE;
            return if is_too_long { Err(io::ErrorKind::InvalidData.into()) } else { Ok(false) };
        };
        let line: Vec<u8> = self.received.drain(..end + 2).collect();
        self.greeting = match self.greeting {
            Greeting::Welcome if line.starts_with(b"OK") => Greeting::Descriptors,
            Greeting::Welcome => return Err(io::ErrorKind::PermissionDenied.into()),
            // Without descriptors sleep cannot be held up; all else works.
            Greeting::Descriptors | Greeting::Over => Greeting::Over,
        };
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_the_specification_says() {
        let path = |path: &str| Some(Address::Path(path.into()));
        assert_eq!(Address::parse("unix:path=/run/bus"), path("/run/bus"));
        assert_eq!(Address::parse("tcp:host=a,port=1;unix:guid=1,path=/a%20b"), path("/a b"));
        assert_eq!(Address::parse("unix:abstract=/tmp/x"), Some(Address::Abstract("/tmp/x".into())));
        for wrong in ["", "unix:", "unix:path", "unix:path=/a%2", "unix:path=/a%zz", "unix:dir=/a"] {
            assert_eq!(Address::parse(wrong), None, "{wrong}");
        }
        let session = |set: &'static [(&str, &str)]| {
            let value = move |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| value.into());
            Address::of_session_bus(&value)
        };
        assert_eq!(session(&[("XDG_RUNTIME_DIR", "/run/x%")]), path("/run/x%/bus"));
        let both = &[("XDG_RUNTIME_DIR", "/run/x"), ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/a")];
        assert_eq!(session(both), path("/a"));
        assert_eq!(session(&[("DBUS_SESSION_BUS_ADDRESS", "disabled:")]), None);
    }
}
