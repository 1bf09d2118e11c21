//! The resident process's side of `lenscap-pipewire`: starts it, says what is to be shown, hears who sees it. Never blocks,
//! trusts nothing. Its crash costs its own readers and nobody else.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::Timespec;

use lenscap_core::presence::{Client, Presence, UNSEEN, Use};
use lenscap_core::trouble::pipewire::PipewireTrouble;
use lenscap_sys::install::VERSION;
use lenscap_sys::process;
use lenscap_wire::channel::{self, Channel, Received};
use lenscap_wire::pipewire::{FromNode, MAX_READERS, MAX_SLOTS, Offer, Picture, Reader, ToNode, UNCONFINED};
use lenscap_wire::protocol;

use crate::detect::readers::{Known, ReaderNames};
use lenscap_apps::Identity;
use lenscap_text::Cause;

/// Messages handled in one dispatch.
const MAX_PER_DISPATCH: usize = 64;
/// How long the end of a killed process is waited for; one that is stuck in the kernel is left behind.
const REAP_LIMIT: Duration = Duration::from_millis(200);

/// The program that asks for cameras on behalf of others.
const PORTAL: &str = "xdg-desktop-portal";
/// As much of a program's name as the kernel keeps beside its path, which cannot always be read.
const COMM: usize = 15;

/// What the process reports, whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeState {
    /// Whether a server has the node.
    pub is_there: bool,
    /// Slots in rotation; 0: nobody streams.
    pub rotation: u32,
    /// Who is linked to it.
    pub readers: Vec<Reader>,
    /// Who the readers are, as `/proc` says: they can call themselves anything.
    known: Known,
    /// Whether that is being found out.
    is_asking: bool,
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
        let mut clients: Vec<Client> = streaming.map(|reader| self.client(reader)).collect();
        if clients.is_empty() {
            clients.push(match &self.readers[..] {
                [only] => self.client(only),
                _ => Client::new(None, UNSEEN, Use::Streaming),
            });
        }
        clients.sort();
        clients.dedup();
        Presence { clients }
    }

    /// Whether somebody streams of whom it is not known yet who it is.
    pub fn is_nameless(&self) -> bool {
        let is_unclear = self.readers.len() != 1 && !self.readers.iter().any(|reader| reader.is_streaming);
        self.rotation > 0 && (self.is_asking || is_unclear)
    }

    /// By what is known of it. Rules:
    /// 1. Its process is the kernel's word, and has the name of its program, as on the V4L2 side: what a reader calls itself
    ///    neither blocks another program nor gets past the block of its own.
    /// 2. Behind the camera portal the process is the portal's. The application id is believed where that is so; anybody can say
    ///    of itself that it comes through the portal (measured on 0.3.65).
    /// 3. Only where that leaves no name (a program outside any sandbox that comes through the portal, a process of another
    ///    container) it is the one which the reader gives itself.
    fn client(&self, reader: &Reader) -> Client {
        let process = reader.pid.and_then(|pid| Some((pid, self.known.processes.get(&pid)?)));
        let behind_portal =
            process.filter(|(_, identity)| is_portal(program(identity))).and(reader.portal_app.as_deref());
        let named = |pid, identity: &Identity| Client {
            app: identity.app.clone(),
            ..Client::new(pid, identity.name.as_str(), Use::Streaming)
        };
        match (process, behind_portal) {
            (_, Some(app)) if !app.is_empty() => match self.known.apps.get(app) {
                Some(identity) => named(None, identity),
                None => Client::new(None, app, Use::Streaming),
            },
            (Some((pid, identity)), None) => named(Some(pid), identity),
            // It has a process, and who that is is still to come.
            (None, None) if reader.pid.is_some() && self.is_asking => Client::new(None, UNSEEN, Use::Streaming),
            _ if reader.name.is_empty() => Client::new(None, UNSEEN, Use::Streaming),
            _ => Client::new(None, &*reader.name, Use::Streaming),
        }
    }
}

/// The program that it runs; of one that does not show it, the name that it gives itself.
fn program(identity: &Identity) -> &str {
    identity.app.as_ref().map_or(&identity.name, |app| &app.program)
}

fn is_portal(program: &str) -> bool {
    // As it is called where programs are started through a script of that name.
    let program = program.strip_prefix('.').and_then(|name| name.strip_suffix("-wrapped")).unwrap_or(program);
    program == PORTAL || program == &PORTAL[..COMM]
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
    names: ReaderNames,
    /// Pictures that it was too slow for.
    lost: u64,
}

impl NodeHost {
    /// Starts the program, and has it show the slots in `memory`; `is_confined`: in its sandbox. It is killed when the calling thread ends, or when the host
    /// is dropped.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(
        program: &Path,
        is_confined: bool,
        offer: Offer,
        memory: BorrowedFd<'_>,
    ) -> Result<Self, PipewireTrouble> {
        let system = |error: io::Error| PipewireTrouble::System { cause: error.into() };
        let (channel, theirs) = Channel::pair().map_err(system)?;
        let mut command = Command::new(program);
        command.arg(theirs.as_raw_fd().to_string()).stdin(Stdio::null()).stdout(Stdio::null());
        if !is_confined {
            command.arg(UNCONFINED);
        }
        let child = process::spawn_tied(&mut command, [theirs.as_fd()]).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                PipewireTrouble::NoProgram { program: program.to_string_lossy().into_owned().into() }
            }
            _ => system(error),
        })?;
        drop(theirs);
        let host = Self::new(child, channel).map_err(system)?;
        let message = protocol::encode(&ToNode::Offer(Box::new(offer)));
        let message = message.map_err(|error| PipewireTrouble::System { cause: Cause::other(error) })?;
        host.channel.try_send(&message, &[memory]).map_err(system)?;
        Ok(host)
    }

    fn new(mut child: Child, channel: Channel) -> io::Result<Self> {
        let pidfd = match process::pidfd(&child) {
            Ok(pidfd) => pidfd,
            Err(error) => {
                let _ = child.kill();
                return Err(error);
            }
        };
        let (buffer, state) = (channel::buffer(), NodeState::default());
        Ok(Self { child, pidfd, channel, buffer, has_greeted: false, state, names: ReaderNames::default(), lost: 0 })
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

    /// When to dispatch at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        self.names.deadline()
    }

    /// Takes what it says; whether that is another state than before.
    ///
    /// # Errors
    /// Why there is no node any more: the process has ended, or is not to be trusted.
    pub fn dispatch(&mut self, now: Instant) -> Result<bool, PipewireTrouble> {
        let before = self.state.clone();
        let known = self.names.take(now);
        self.take_names(known);
        for _ in 0..MAX_PER_DISPATCH {
            let received = self.channel.receive(&mut self.buffer);
            let length = match received.map_err(|error| PipewireTrouble::System { cause: error.into() })? {
                Received::Packet(length, _) => length,
                Received::Nothing => break,
                Received::TooLarge => return Err(misunderstood("a message that is too large")),
                Received::End => return Err(PipewireTrouble::Ended),
            };
            let message = protocol::decode::<FromNode>(&self.buffer[..length]);
            self.take(message.map_err(|error| misunderstood(&error.to_string()))?, now)?;
        }
        Ok(self.state != before)
    }

    fn take(&mut self, message: FromNode, now: Instant) -> Result<(), PipewireTrouble> {
        match message {
            FromNode::Hello { version } if version == VERSION => self.has_greeted = true,
            FromNode::Hello { version } => return Err(misunderstood(&version)),
            FromNode::Failed(trouble) => return Err(trouble),
            _ if !self.has_greeted => return Err(misunderstood("no greeting")),
            FromNode::Server { is_there } => self.state.is_there = is_there,
            FromNode::Rotation { slots } if slots <= MAX_SLOTS => self.state.rotation = slots,
            FromNode::Rotation { slots } => return Err(misunderstood(&slots.to_string())),
            FromNode::Memory { taken } => self.state.memory = taken,
            FromNode::Readers(mut readers) => {
                readers.truncate(MAX_READERS);
                for reader in &mut readers {
                    // Of a process that the server cannot see.
                    reader.pid = reader.pid.filter(|pid| *pid != 0);
                }
                let pids = readers.iter().filter_map(|reader| reader.pid).collect();
                let ids = readers.iter().filter_map(|reader| reader.portal_app.as_deref());
                let ids = ids.filter(|id| !id.is_empty()).map(str::to_owned).collect();
                let known = self.names.ask(now, pids, ids);
                self.state.readers = readers;
                self.take_names(known);
            }
        }
        Ok(())
    }

    fn take_names(&mut self, known: Option<Known>) {
        if let Some(known) = known {
            self.state.known = known;
        }
        self.state.is_asking = self.names.deadline().is_some();
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
    use lenscap_core::app::{App, AppId};
    use lenscap_core::trouble::output::{OutputTrouble, OutputTroubleKind};
    use lenscap_picture::format::PixelFormat;
    use proptest::prelude::*;

    fn reader(name: &str, pid: u32, is_streaming: bool) -> Reader {
        Reader { name: name.into(), pid: Some(pid), portal_app: None, is_streaming }
    }

    fn identity(name: &str, program: &str) -> Identity {
        let app = App { id: AppId::of_program(name), program: program.into(), icon: None, is_guess: false };
        Identity { name: name.into(), app: Some(app) }
    }

    fn state(rotation: u32, readers: Vec<Reader>, programs: &[(u32, &str)]) -> NodeState {
        let processes = programs.iter().map(|(pid, name)| (*pid, identity(name, name))).collect();
        let apps = [("org.gnome.Snapshot".to_owned(), identity("Camera", ""))].into();
        NodeState { is_there: true, rotation, readers, known: Known { processes, apps }, is_asking: false, memory: 0 }
    }

    fn presence(rotation: u32, readers: Vec<Reader>) -> Vec<(Option<u32>, String, Use)> {
        let presence = state(rotation, readers, &[(7, "chrome"), (8, "obs"), (9, "cheese"), (10, PORTAL)]).presence();
        presence.clients.into_iter().map(|client| (client.pid, client.name, client.usage)).collect()
    }

    fn through_portal(pid: u32, app: &str) -> Reader {
        Reader { portal_app: Some(app.into()), ..reader("Snapshot", pid, true) }
    }

    #[test]
    fn the_stream_says_whether_and_the_graph_says_who() {
        let chromium = reader("Chromium", 7, true);
        assert_eq!(presence(16, vec![chromium.clone()]), [(Some(7), "chrome".into(), Use::Streaming)]);
        assert_eq!(presence(0, vec![chromium.clone()]), [], "it has stopped");
        assert_eq!(presence(0, vec![]), []);
        assert_eq!(presence(8, vec![]), [(None, UNSEEN.into(), Use::Streaming)], "whoever it is");
        let waiting = |pid| reader("OBS Studio", pid, false);
        assert_eq!(presence(8, vec![waiting(8)]), [(Some(8), "obs".into(), Use::Streaming)], "it can be nobody else");
        assert_eq!(presence(8, vec![waiting(8), waiting(9)]), [(None, UNSEEN.into(), Use::Streaming)]);
        let beside = presence(8, vec![chromium.clone(), waiting(8)]);
        assert_eq!(beside, [(Some(7), "chrome".into(), Use::Streaming)], "who waits is none");
        assert_eq!(presence(8, vec![chromium.clone(), chromium.clone()]).len(), 1, "a program with two links");
        let is_nameless = |rotation, readers| state(rotation, readers, &[]).is_nameless();
        let asking = NodeState { is_asking: true, ..state(8, vec![reader("Firefox", 99, true)], &[]) };
        assert!(asking.is_nameless() && asking.presence().clients[0].name == UNSEEN, "it says what it likes");
        assert!(is_nameless(8, vec![]) && is_nameless(8, vec![waiting(8), waiting(9)]));
        assert!(
            !is_nameless(0, vec![]) && !is_nameless(8, vec![waiting(8)]) && !is_nameless(8, vec![waiting(8), chromium])
        );
    }

    #[test]
    fn through_the_portal_the_application_is_named_not_the_portal() {
        assert_eq!(
            presence(8, vec![through_portal(10, "org.gnome.Snapshot")]),
            [(None, "Camera".into(), Use::Streaming)]
        );
        assert_eq!(presence(8, vec![through_portal(10, "")]), [(None, "Snapshot".into(), Use::Streaming)]);
    }

    #[test]
    fn whoever_only_says_that_it_comes_through_the_portal_is_its_program() {
        let claimed = presence(8, vec![through_portal(9, "org.gnome.Snapshot")]);
        assert_eq!(claimed, [(Some(9), "cheese".into(), Use::Streaming)]);
        let unseen = Reader { pid: None, ..through_portal(9, "org.gnome.Snapshot") };
        assert_eq!(presence(8, vec![unseen]), [(None, "Snapshot".into(), Use::Streaming)]);
        for (program, expected) in [
            (PORTAL, true),
            ("xdg-desktop-por", true),
            (".xdg-desktop-portal-wrapped", true),
            ("xdg-desktop-portal-gnome", false),
            ("xdg-desktop", false),
            ("", false),
        ] {
            assert_eq!(is_portal(program), expected, "{program}");
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_not_tried_again() {
        let offer = Offer {
            node_name: "lenscap".into(),
            description: "Lenscap".into(),
            priority: 1200,
            pixel_format: PixelFormat::Yuy2,
            width: 16,
            height: 16,
            stride: 32,
            size: 512,
            rates: vec![30],
            slots: 1,
            slot_size: 4096,
        };
        let memory = std::fs::File::open("/dev/null").unwrap();
        let spawned = NodeHost::spawn(Path::new("/nowhere/lenscap-pipewire"), true, offer, memory.as_fd());
        let trouble = spawned.err().unwrap();
        assert_eq!(trouble, PipewireTrouble::NoProgram { program: "/nowhere/lenscap-pipewire".into() });
        assert!(!trouble.is_absence(), "it is said, whatever the settings ask for");
        let trouble = OutputTrouble::Pipewire { trouble: Box::new(trouble) };
        assert_eq!(trouble.kind(), OutputTroubleKind::Wrong);
    }

    #[test]
    fn a_process_has_the_name_of_its_program() {
        let (ours, theirs) = Channel::pair().unwrap();
        drop(theirs);
        let child = Command::new("sleep").arg("1000").spawn().unwrap();
        let mut host = NodeHost::new(child, ours).unwrap();
        let now = Instant::now();
        host.take(FromNode::Hello { version: VERSION.into() }, now).unwrap();
        host.take(FromNode::Rotation { slots: 8 }, now).unwrap();
        let unseen = Reader { name: "Unseen".into(), ..reader("", 0, true) };
        host.take(FromNode::Readers(vec![reader("Cheese", std::process::id(), true), unseen]), now).unwrap();
        let end = now + Duration::from_secs(60);
        while host.state().is_nameless() {
            assert!(Instant::now() < end, "not within a minute");
            let known = host.names.take(now);
            host.take_names(known);
            std::thread::sleep(Duration::from_millis(1));
        }
        let program = std::env::current_exe().unwrap();
        let program = program.file_name().unwrap().to_str().unwrap();
        let clients = host.state().presence().clients;
        let named: Vec<_> = clients.iter().map(|client| (client.pid, client.program())).collect();
        assert_eq!(named, [(None, "Unseen"), (Some(std::process::id()), program)]);
    }

    proptest! {
        /// Whatever the others are, and whatever each calls itself: those who have a process are named by it alone.
        #[test]
        fn no_claim_changes_the_name_of_a_process(
            readers in proptest::collection::vec((1..6_u32, any::<bool>()), 0..8),
            claims in proptest::collection::vec((".{0,8}|chrome|obs", proptest::option::of("|chrome|obs|org.x.App")), 8),
        ) {
            let programs = [(1, "chrome"), (2, "obs"), (3, "cheese"), (4, "xdg-desktop-portal-gtk"), (5, "portal")];
            let claiming = |reader: (&(u32, bool), &(String, Option<String>))| {
                let ((pid, is_streaming), (name, app)) = reader;
                let portal_app = app.as_deref().map(Into::into);
                Reader { name: name.as_str().into(), pid: Some(*pid), portal_app, is_streaming: *is_streaming }
            };
            let claimed = readers.iter().zip(&claims).map(claiming).collect();
            let silent = readers.iter().map(|(pid, is_streaming)| reader("", *pid, *is_streaming)).collect();
            prop_assert_eq!(state(8, claimed, &programs).presence(), state(8, silent, &programs).presence());
        }
    }
}
