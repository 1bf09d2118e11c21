//! What is reported to the parent: how things are now. Where it does not read, the newest of each kind waits; nothing else does.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use lenscap_wire::channel::{Channel, Received};
use lenscap_wire::pipewire::{FromNode, Reader};
use lenscap_wire::protocol;

/// The socket, and what was said over it last.
#[derive(Debug)]
pub(crate) struct Outbox {
    channel: Channel,
    server: Level<bool>,
    readers: Level<Vec<Reader>>,
    memory: Level<u32>,
    rotation: Level<u32>,
    is_full: bool,
}

/// How something is, and what was said of it last.
#[derive(Debug, Default)]
struct Level<T> {
    now: T,
    said: Option<T>,
}

impl<T: Clone + PartialEq> Level<T> {
    fn to_say(&self) -> Option<T> {
        (self.said.as_ref() != Some(&self.now)).then(|| self.now.clone())
    }
}

impl Outbox {
    pub(crate) fn new(channel: Channel) -> Self {
        Self {
            channel,
            server: Level::default(),
            readers: Level::default(),
            memory: Level { now: 0, said: Some(0) },
            rotation: Level::default(),
            is_full: false,
        }
    }

    /// Whether to wait for room, too.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    pub(crate) fn receive(&self, buffer: &mut [u8]) -> io::Result<Received> {
        self.channel.receive(buffer)
    }

    pub(crate) fn set(&mut self, is_there: bool, readers: Vec<Reader>, slots: u32) {
        self.server.now = is_there;
        self.readers.now = readers;
        self.rotation.now = slots;
    }

    /// Readers get other memory from now on.
    pub(crate) fn memory_taken(&mut self) {
        self.memory.now += 1;
    }

    /// Says what is not said yet, as far as there is room; readers before the rotation, for who streams is wanted when it is
    /// learned that somebody does.
    ///
    /// # Errors
    /// The kernel's error; `BrokenPipe` and `ConnectionReset` where the parent is gone.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.is_full = false;
        if let Some(is_there) = self.server.to_say() {
            if !self.send(&FromNode::Server { is_there })? {
                return Ok(());
            }
            self.server.said = Some(is_there);
        }
        if let Some(readers) = self.readers.to_say() {
            if !self.send(&FromNode::Readers(readers.clone()))? {
                return Ok(());
            }
            self.readers.said = Some(readers);
        }
        if let Some(taken) = self.memory.to_say() {
            if !self.send(&FromNode::Memory { taken })? {
                return Ok(());
            }
            self.memory.said = Some(taken);
        }
        if let Some(slots) = self.rotation.to_say() {
            if !self.send(&FromNode::Rotation { slots })? {
                return Ok(());
            }
            self.rotation.said = Some(slots);
        }
        Ok(())
    }

    /// Says this once; `false` where there is no room.
    ///
    /// # Errors
    /// As [`Self::flush`].
    pub(crate) fn send(&mut self, message: &FromNode) -> io::Result<bool> {
        let bytes = protocol::encode(message).map_err(io::Error::other)?;
        match self.channel.try_send(&bytes, &[]) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.is_full = true;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

impl AsFd for Outbox {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.channel.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenscap_wire::channel;

    #[test]
    fn a_parent_that_does_not_read_gets_the_newest_of_each_later() {
        let (ours, theirs) = Channel::pair().unwrap();
        let parent = Channel::new(theirs);
        let mut outbox = Outbox::new(ours);
        let mut slots = 0;
        while !outbox.is_full() {
            slots += 1;
            outbox.set(true, Vec::new(), slots);
            outbox.flush().unwrap();
        }
        outbox.set(false, Vec::new(), slots + 1);
        outbox.set(false, Vec::new(), 0);
        outbox.flush().unwrap();
        let mut buffer = channel::buffer();
        let mut hear = || {
            let mut heard = Vec::new();
            while let Ok(Received::Packet(length, _)) = parent.receive(&mut buffer) {
                heard.push(protocol::decode::<FromNode>(&buffer[..length]).unwrap());
            }
            heard
        };
        assert_eq!(hear().last(), Some(&FromNode::Rotation { slots: slots - 1 }));
        outbox.flush().unwrap();
        assert!(!outbox.is_full());
        assert_eq!(hear(), [FromNode::Server { is_there: false }, FromNode::Rotation { slots: 0 }]);
        outbox.flush().unwrap();
        assert_eq!(hear(), []);
    }
}
