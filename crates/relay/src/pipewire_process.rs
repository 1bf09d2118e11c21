//! The resident process's side of `lenscap-pipewire`: starts it, says what is to be shown, hears who sees it. Never blocks,
//! trusts nothing. Its crash costs its own readers and nobody else.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::Timespec;

use lenscap_core::presence::{Client, Presence, UNSEEN, Use};
use lenscap_core::trouble::pipewire::PipewireTrouble;
use lenscap_sys::install::VERSION;
use lenscap_sys::process;
use lenscap_wire::channel::{self, Channel, Received};
use lenscap_wire::pipewire::{FromNode, MAX_SLOTS, Offer, Picture, Reader, ToNode};
use lenscap_wire::protocol;

/// Messages handled in one dispatch.
const MAX_PER_DISPATCH: usize = 64;
/// How long the end of a killed process is waited for; one that is stuck in the kernel is left behind.
const REAP_LIMIT: Duration = Duration::from_millis(200);

/// What the process reports, whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeState {
    /// Whether a server has the node.
    pub is_there: bool,
    /// Slots in rotation; 0: nobody streams.
    pub rotation: u32,
    /// Who is linked to it.
    pub readers: Vec<Reader>,
    /// How often it has taken other memory.
    pub memory: u32,
}

impl NodeState {
    /// Those who stream, as clients like any others. That somebody does is the stream's own word and counts more than what the
    /// graph says of who. A reader that is linked and waits is none: that is no opened device which could be refused, and every
    /// reader is so for some milliseconds.
    pub fn presence(&self) -> Presence {
        if self.rotation == 0 {
            return Presence::default();
        }
        let streaming = self.readers.iter().filter(|reader| reader.is_streaming);
        let mut clients: Vec<Client> = streaming.map(client).collect();
        if clients.is_empty() {
            clients.push(match &self.readers[..] {
                [only] => client(only),
                _ => Client { pid: None, name: UNSEEN.into(), usage: Use::Streaming },
            });
        }
        clients.sort();
        clients.dedup();
        Presence { clients }
    }
}

fn client(reader: &Reader) -> Client {
    // Through the camera portal it is the portal's number: of several programs.
    let pid = reader.pid.filter(|_| reader.portal_app.is_none());
    Client { pid, name: name(reader), usage: Use::Streaming }
}

fn name(reader: &Reader) -> String {
    let app = reader.portal_app.as_deref().filter(|app| !app.is_empty());
    match app.unwrap_or(&reader.name) {
        "" => UNSEEN.into(),
        name => name.to_owned(),
    }
}

/// One process.
#[derive(Debug)]
pub struct NodeHost {
    child: Child,
    pidfd: OwnedFd,
    channel: Channel,
    buffer: Vec<u8>,
    has_greeted: bool,
    state: NodeState,
    /// Pictures that it was too slow for.
    lost: u64,
}

impl NodeHost {
    /// Starts the program, and has it show the slots in `memory`. It is killed when the calling thread ends, or when the host
    /// is dropped.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(program: &Path, offer: Offer, memory: BorrowedFd<'_>) -> Result<Self, PipewireTrouble> {
        let system = |error: io::Error| PipewireTrouble::System { error: error.to_string().into() };
        let (channel, theirs) = Channel::pair().map_err(system)?;
        let mut command = Command::new(program);
        command.arg(theirs.as_raw_fd().to_string()).stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = process::spawn_tied(&mut command, [theirs.as_fd()]).map_err(system)?;
        drop(theirs);
        let pidfd = match process::pidfd(&child) {
            Ok(pidfd) => pidfd,
            Err(error) => {
                let _ = child.kill();
                return Err(system(error));
            }
        };
        let host = Self {
            child,
            pidfd,
            channel,
            buffer: channel::buffer(),
            has_greeted: false,
            state: NodeState::default(),
            lost: 0,
        };
        let message = protocol::encode(&ToNode::Offer(Box::new(offer)));
        let message = message.map_err(|error| PipewireTrouble::System { error: error.to_string().into() })?;
        host.channel.try_send(&message, &[memory]).map_err(system)?;
        Ok(host)
    }

    /// Its socket and its end, which become readable.
    pub fn fds(&self) -> [BorrowedFd<'_>; 2] {
        [self.channel.as_fd(), self.pidfd.as_fd()]
    }

    /// What it reported last.
    pub fn state(&self) -> &NodeState {
        &self.state
    }

    /// Pictures that it did not take in time.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Takes what it says; whether that is another state than before.
    ///
    /// # Errors
    /// Why there is no node any more: the process has ended, or is not to be trusted.
    pub fn dispatch(&mut self) -> Result<bool, PipewireTrouble> {
        let before = self.state.clone();
        for _ in 0..MAX_PER_DISPATCH {
            let received = self.channel.receive(&mut self.buffer);
            let length = match received.map_err(|error| PipewireTrouble::System { error: error.to_string().into() })? {
                Received::Packet(length, _) => length,
                Received::Nothing => break,
                Received::TooLarge => return Err(misunderstood("a message that is too large")),
                Received::End => return Err(PipewireTrouble::Ended),
            };
            let message = protocol::decode::<FromNode>(&self.buffer[..length]);
            self.take(message.map_err(|error| misunderstood(&error.to_string()))?)?;
        }
        Ok(self.state != before)
    }

    fn take(&mut self, message: FromNode) -> Result<(), PipewireTrouble> {
        match message {
            FromNode::Hello { version } if version == VERSION => self.has_greeted = true,
            FromNode::Hello { version } => return Err(misunderstood(&version)),
            FromNode::Failed(trouble) => return Err(trouble),
            _ if !self.has_greeted => return Err(misunderstood("no greeting")),
            FromNode::Server { is_there } => self.state.is_there = is_there,
            FromNode::Rotation { slots } if slots <= MAX_SLOTS => self.state.rotation = slots,
            FromNode::Rotation { slots } => return Err(misunderstood(&slots.to_string())),
            FromNode::Memory { taken } => self.state.memory = taken,
            FromNode::Readers(readers) => self.state.readers = readers,
        }
        Ok(())
    }

    /// Offers memory in the place of the present one; [`NodeState::memory`] says when it was taken. Whether it could be said.
    pub fn offer_memory(&mut self, memory: BorrowedFd<'_>) -> bool {
        let message = protocol::encode(&ToNode::Memory);
        message.is_ok_and(|message| self.channel.try_send(&message, &[memory]).is_ok())
    }

    /// A slot is filled. One that it is too slow for is left out: another follows.
    pub fn show(&mut self, picture: Picture) {
        let sent = protocol::encode(&ToNode::Picture(picture)).map(|message| self.channel.try_send(&message, &[]));
        if !matches!(sent, Ok(Ok(()))) {
            self.lost += 1;
        }
    }
}

impl Drop for NodeHost {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let limit = Timespec { tv_sec: 0, tv_nsec: i64::from(REAP_LIMIT.subsec_nanos()) };
        let _ = poll(&mut [PollFd::new(&self.pidfd, PollFlags::IN)], Some(&limit));
        let _ = self.child.try_wait();
    }
}

fn misunderstood(what: &str) -> PipewireTrouble {
    PipewireTrouble::Misunderstood { what: what.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(name: &str, pid: u32, is_streaming: bool) -> Reader {
        Reader { name: name.into(), pid: Some(pid), portal_app: None, is_streaming }
    }

    fn presence(rotation: u32, readers: Vec<Reader>) -> Vec<(Option<u32>, String, Use)> {
        let presence = NodeState { is_there: true, rotation, readers, memory: 0 }.presence();
        presence.clients.into_iter().map(|client| (client.pid, client.name, client.usage)).collect()
    }

    #[test]
    fn the_stream_says_whether_and_the_graph_says_who() {
        let chromium = reader("Chromium", 7, true);
        assert_eq!(presence(16, vec![chromium.clone()]), [(Some(7), "Chromium".into(), Use::Streaming)]);
        assert_eq!(presence(0, vec![chromium.clone()]), [], "it has stopped");
        assert_eq!(presence(0, vec![]), []);
        assert_eq!(presence(8, vec![]), [(None, UNSEEN.into(), Use::Streaming)], "whoever it is");
        let waiting = |pid| reader("obs", pid, false);
        assert_eq!(presence(8, vec![waiting(8)]), [(Some(8), "obs".into(), Use::Streaming)], "it can be nobody else");
        assert_eq!(presence(8, vec![waiting(8), waiting(9)]), [(None, UNSEEN.into(), Use::Streaming)]);
        let beside = presence(8, vec![chromium.clone(), waiting(8)]);
        assert_eq!(beside, [(Some(7), "Chromium".into(), Use::Streaming)], "who waits is none");
        assert_eq!(presence(8, vec![chromium.clone(), chromium]).len(), 1, "a program with two links");
    }

    #[test]
    fn through_the_portal_the_application_is_named_not_the_portal() {
        let through = |app: &str| Reader { portal_app: Some(app.into()), ..reader("Snapshot", 9, true) };
        assert_eq!(
            presence(8, vec![through("org.gnome.Snapshot")]),
            [(None, "org.gnome.Snapshot".into(), Use::Streaming)]
        );
        assert_eq!(presence(8, vec![through("")]), [(None, "Snapshot".into(), Use::Streaming)]);
    }
}
