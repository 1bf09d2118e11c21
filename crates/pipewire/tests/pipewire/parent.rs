//! A stand-in for the relay: memory with slots, pictures with a number in each, and what the process says.

use std::os::fd::{AsFd, OwnedFd};
use std::process::Stdio;
use std::time::{Duration, Instant};

use lenscap_core::trouble::pipewire::PipewireTrouble;
use lenscap_picture::format::PixelFormat;
use lenscap_sys::memfd::{self, Mapping};
use lenscap_sys::{clock, process};
use lenscap_test_support::pipewire::Session;
use lenscap_test_support::process::{DEADLINE, Reaped};
use lenscap_wire::channel::{self, Channel, Received};
use lenscap_wire::pipewire::{FromNode, Offer, Picture, Reader, ToNode, UNCONFINED};
use lenscap_wire::protocol;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::Timespec;

/// The name of the node.
pub const NAME: &str = "lenscap-test";
/// Of the pictures.
pub const WIDTH: u32 = 64;
/// Of the pictures.
pub const HEIGHT: u32 = 48;
/// Bytes of a picture: YUY2.
pub const SIZE: usize = (WIDTH * HEIGHT * 2) as usize;
/// In the rotation at most.
pub const SLOTS: u32 = 16;
const SLOT_SIZE: u32 = 8192;
const INTERVAL: Duration = Duration::from_millis(33);

/// The stand-in.
pub struct Parent {
    /// The process under test.
    pub child: Reaped,
    channel: Option<Channel>,
    buffer: Vec<u8>,
    memory: Mapping,
    next: Instant,
    /// The number of the next picture.
    pub sequence: u64,
    /// Whether pictures are made while somebody wants them.
    pub gives_pictures: bool,
    /// What it said last.
    pub is_there: Option<bool>,
    /// What it said last.
    pub readers: Vec<Reader>,
    /// What it said last.
    pub rotation: u32,
    /// How often it said something.
    pub messages: u64,
    /// Why it does not work.
    pub failed: Option<PipewireTrouble>,
}

/// What is offered unless a test has reasons.
pub fn offer() -> Offer {
    Offer {
        node_name: NAME.into(),
        description: "Lenscap Test".into(),
        priority: 1200,
        pixel_format: PixelFormat::Yuy2,
        width: WIDTH,
        height: HEIGHT,
        stride: WIDTH * 2,
        size: WIDTH * HEIGHT * 2,
        rates: vec![30, 15, 10, 5],
        slots: SLOTS,
        slot_size: SLOT_SIZE,
    }
}

impl Parent {
    /// Starts the process in this session and offers it a node.
    pub fn new(session: &Session) -> Self {
        let (memory, mapping) = memfd::written_by_one("slots", u64::from(SLOTS * SLOT_SIZE)).expect("memory");
        Self::with_memory(session, memory, mapping)
    }

    /// As [`Self::new`], and the process may do what its user may.
    pub fn unconfined(session: &Session) -> Self {
        let (memory, mapping) = memfd::written_by_one("slots", u64::from(SLOTS * SLOT_SIZE)).expect("memory");
        Self::start(session, memory, mapping, &[UNCONFINED])
    }

    /// As [`Self::new`], with other memory.
    pub fn with_memory(session: &Session, memory: OwnedFd, mapping: Mapping) -> Self {
        Self::start(session, memory, mapping, &[])
    }

    fn start(session: &Session, memory: OwnedFd, mapping: Mapping, arguments: &[&str]) -> Self {
        let (channel, theirs) = Channel::pair().expect("a socket");
        let mut command = session.command(env!("CARGO_BIN_EXE_lenscap-pipewire"));
        command.arg(std::os::fd::AsRawFd::as_raw_fd(&theirs).to_string()).args(arguments).stdout(Stdio::null());
        let child = Reaped(process::spawn_tied(&mut command, [theirs.as_fd()]).expect("it starts"));
        drop(theirs);
        let bytes = protocol::encode(&ToNode::Offer(Box::new(offer()))).expect("a message");
        channel.try_send(&bytes, &[memory.as_fd()]).expect("room");
        Self {
            child,
            channel: Some(channel),
            buffer: channel::buffer(),
            memory: mapping,
            next: Instant::now(),
            sequence: 1,
            gives_pictures: true,
            is_there: None,
            readers: Vec::new(),
            rotation: 0,
            messages: 0,
            failed: None,
        }
    }

    /// The process's number.
    pub fn pid(&self) -> u32 {
        self.child.0.id()
    }

    /// Plays the relay until this holds.
    pub fn until(&mut self, what: &str, mut condition: impl FnMut(&Self) -> bool) {
        let end = Instant::now() + DEADLINE;
        while !condition(self) {
            assert!(Instant::now() < end, "not within {DEADLINE:?}: {what}; {}", self.state());
            self.turn();
        }
    }

    fn state(&self) -> String {
        let Self { is_there, readers, rotation, sequence, failed, .. } = self;
        format!("there {is_there:?}, rotation {rotation}, next {sequence}, {readers:?}, failed {failed:?}")
    }

    /// Hears what there is to hear; waits for it up to 5 ms; gives a picture when it is time for one.
    pub fn turn(&mut self) {
        let Some(channel) = &self.channel else { return };
        let wait = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
        poll(&mut [PollFd::new(channel, PollFlags::IN)], Some(&wait)).expect("poll");
        loop {
            match channel.receive(&mut self.buffer).expect("a socket") {
                Received::Packet(length, _) => {
                    self.messages += 1;
                    match protocol::decode(&self.buffer[..length]).expect("a message") {
                        FromNode::Hello { version } => assert_eq!(version, lenscap_sys::install::VERSION),
                        FromNode::Server { is_there } => self.is_there = Some(is_there),
                        FromNode::Rotation { slots } => self.rotation = slots,
                        FromNode::Readers(readers) => self.readers = readers,
                        // Asked for by the relay's own tests.
                        FromNode::Memory { .. } => {}
                        FromNode::Failed(trouble) => self.failed = Some(trouble),
                    }
                }
                Received::Nothing => break,
                Received::End => {
                    self.channel = None;
                    return;
                }
                Received::TooLarge => panic!("too large"),
            }
        }
        if self.gives_pictures && self.rotation > 0 && Instant::now() >= self.next {
            self.next = Instant::now() + INTERVAL;
            self.give();
        }
    }

    /// One picture: its number in its first eight bytes, and in its last.
    pub fn give(&mut self) {
        let slot = u32::try_from(self.sequence % u64::from(self.rotation)).expect("a slot");
        let start = (slot * SLOT_SIZE) as usize;
        let picture = &mut self.memory.as_mut_slice()[start..start + SIZE];
        picture[..8].copy_from_slice(&self.sequence.to_le_bytes());
        picture[SIZE - 8..].copy_from_slice(&self.sequence.to_le_bytes());
        let timestamp_ns = u64::try_from(clock::monotonic_now().as_nanos()).expect("a time");
        let picture = ToNode::Picture(Picture { slot, timestamp_ns, sequence: self.sequence });
        let bytes = protocol::encode(&picture).expect("a message");
        self.channel.as_ref().expect("open").try_send(&bytes, &[]).expect("room");
        self.sequence += 1;
    }

    /// Waits until the node is in the graph.
    pub fn until_there(&mut self) {
        self.until("the node is there", |parent| parent.is_there == Some(true));
    }

    /// Closes the socket.
    pub fn hang_up(&mut self) {
        self.channel = None;
    }
}
