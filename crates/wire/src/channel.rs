//! Packets over a `SOCK_SEQPACKET` socket pair, descriptors included.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt::Timeout;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};

use serde::Serialize;

use crate::protocol::{self, MAX_MESSAGE, MessageError};

/// Most descriptors that come with one packet.
const MAX_FDS: usize = 3;

/// One end.
#[derive(Debug)]
pub struct Channel {
    fd: OwnedFd,
}

/// Why [`Channel::send_message`] failed.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It is no message that can be sent.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The other end is gone, or does not read.
    #[error("the parent does not listen: {0}")]
    Channel(#[from] io::Error),
}

/// What [`Channel::receive`] found.
#[derive(Debug)]
pub enum Received {
    /// A packet of this many bytes in the buffer, and the descriptors that came with it.
    Packet(usize, Vec<OwnedFd>),
    /// A packet larger than [`MAX_MESSAGE`], or with more descriptors than anybody sends.
    TooLarge,
    /// Nothing there now.
    Nothing,
    /// The other end is closed.
    End,
}

/// A buffer that holds the largest packet.
pub fn buffer() -> Vec<u8> {
    vec![0; MAX_MESSAGE]
}

impl Channel {
    /// Two ends, both `CLOEXEC`.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn pair() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) =
            rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        Ok((Self { fd: ours }, theirs))
    }

    /// An end that was handed to this process.
    pub fn new(fd: OwnedFd) -> Self {
        Self { fd }
    }

    /// Lets [`Self::send`] wait no longer than this for room.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn set_send_timeout(&self, limit: Duration) -> io::Result<()> {
        Ok(rustix::net::sockopt::set_socket_timeout(&self.fd, Timeout::Send, Some(limit))?)
    }

    /// Sends one packet; waits for room.
    ///
    /// # Errors
    /// The kernel's error; `WouldBlock` when the send timeout passed.
    pub fn send(&self, bytes: &[u8]) -> io::Result<()> {
        self.send_with(bytes, &[], SendFlags::NOSIGNAL)
    }

    /// Sends one message; waits for room.
    ///
    /// # Errors
    /// As [`protocol::encode`] and [`Self::send`].
    pub fn send_message(&self, message: &impl Serialize) -> Result<(), SendError> {
        Ok(self.send(&protocol::encode(message)?)?)
    }

    /// Sends one packet with descriptors, or fails with `WouldBlock` when there is no room.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn try_send(&self, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        self.send_with(bytes, fds, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)
    }

    fn send_with(&self, bytes: &[u8], fds: &[BorrowedFd<'_>], flags: SendFlags) -> io::Result<()> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        let sent =
            rustix::io::retry_on_intr(|| rustix::net::sendmsg(&self.fd, &[IoSlice::new(bytes)], &mut control, flags))?;
        if sent == bytes.len() { Ok(()) } else { Err(io::Error::from(io::ErrorKind::WriteZero)) }
    }

    /// Takes the next packet if there is one; never waits. `buffer` comes from [`buffer`].
    ///
    /// # Errors
    /// The kernel's error. A reset by the other end counts as its end.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<Received> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let result = rustix::io::retry_on_intr(|| {
            rustix::net::recvmsg(
                &self.fd,
                &mut [IoSliceMut::new(buffer)],
                &mut control,
                RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC,
            )
        });
        let message = match result {
            Ok(message) => message,
            Err(Errno::AGAIN) => return Ok(Received::Nothing),
            Err(Errno::CONNRESET | Errno::PIPE) => return Ok(Received::End),
            Err(error) => return Err(error.into()),
        };
        let mut fds = Vec::new();
        for part in control.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = part {
                fds.extend(rights);
            }
        }
        // A stranger may send descriptors: they are closed with `fds`.
        if message.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC) {
            return Ok(Received::TooLarge);
        }
        // No side ever sends an empty packet, so that it can only be the end.
        if message.bytes == 0 {
            return Ok(Received::End);
        }
        Ok(Received::Packet(message.bytes, fds))
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_keep_their_borders_and_descriptors() {
        let (a, b) = Channel::pair().unwrap();
        let b = Channel::new(b);
        let mut buffer = buffer();
        assert!(matches!(b.receive(&mut buffer), Ok(Received::Nothing)));
        a.try_send(b"one", &[]).unwrap();
        a.try_send(b"three", &[a.as_fd(), b.as_fd()]).unwrap();
        assert!(matches!(b.receive(&mut buffer), Ok(Received::Packet(3, fds)) if fds.is_empty()));
        assert!(matches!(b.receive(&mut buffer), Ok(Received::Packet(5, fds)) if fds.len() == 2));
        drop(a);
        assert!(matches!(b.receive(&mut buffer), Ok(Received::End)));
    }

    #[test]
    fn an_oversized_packet_is_told_apart() {
        let (a, b) = Channel::pair().unwrap();
        let b = Channel::new(b);
        a.try_send(&vec![1; MAX_MESSAGE + 1], &[]).unwrap();
        a.try_send(b"next", &[]).unwrap();
        let mut buffer = buffer();
        assert!(matches!(b.receive(&mut buffer), Ok(Received::TooLarge)));
        assert!(matches!(b.receive(&mut buffer), Ok(Received::Packet(4, _))));
    }

    #[test]
    fn a_full_socket_does_not_block() {
        let (a, _b) = Channel::pair().unwrap();
        let error = (0..100_000).find_map(|_| a.try_send(&[0; 1000], &[]).err()).unwrap();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }
}
