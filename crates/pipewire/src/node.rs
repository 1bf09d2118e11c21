//! The node: there while a server is, back when it comes back.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;
use std::time::Instant;

use lenscap_core::trouble::pipewire::PipewireTrouble;
use lenscap_libpipewire::{
    CallError, Context, Core, Library, MainLoop, Memory, Pixels, Queued, Registry, Stream, StreamState, Video,
};
use lenscap_picture::format::{PixelFormat, VideoFormat};
use lenscap_sys::install::APP_ID;
use lenscap_sys::memfd;
use lenscap_wire::pipewire::{MAX_RATES, MAX_SLOTS, Offer, Picture, Reader};

use crate::graph::{self, Graph};
use crate::growing::Growing;
use crate::sandbox;
use crate::server_watch::ServerWatch;
use lenscap_text::Cause;

/// So many pictures in a row that the graph did not take, because their slots were under way still, are no slow reader, of whom
/// the others never wait: the graph does not run any more. On 0.3.65 that is so where the session manager starts anew while
/// somebody reads, and for every reader until all have been away for 5 s (measured, with GStreamer's node as with ours). From
/// 0.3.85 on, whose links count right, it goes on by itself: on 1.4 it stands for a second or more where a reader of another size
/// comes, and then takes pictures again.
const STUCK: u32 = 2 * MAX_SLOTS;

/// Everything about the server.
#[derive(Debug)]
pub(crate) struct Node {
    connection: Option<Connection>,
    /// While there is none.
    watch: Option<ServerWatch>,
    offer: Option<(Offer, OwnedFd)>,
    growing: Growing,
    /// Pictures in a row that the graph did not take.
    stuck: u32,
    context: Rc<Context>,
    main_loop: Rc<MainLoop>,
}

/// What ends with the server.
#[derive(Debug)]
struct Connection {
    stream: Stream,
    /// While a reader's format is agreed on: with nobody linked, what others do in the graph wakes nobody here.
    registry: Option<Registry>,
    graph: Graph,
    core: Rc<Core>,
}

impl Node {
    /// Loads the library; no server is needed yet. From then on nothing can be done but what a node needs, where `is_confined`.
    ///
    /// # Errors
    /// There is no library, or it does not start.
    pub(crate) fn new(is_confined: bool) -> Result<Self, PipewireTrouble> {
        let library = Library::load().map_err(|error| PipewireTrouble::NoLibrary { cause: Cause::other(error) })?;
        if is_confined {
            // Before the library has a thread of its own.
            sandbox::enter();
        }
        let main_loop = MainLoop::new(library).map_err(|error| refused(&error))?;
        let application = [
            ("application.name", "Lenscap"),
            ("application.id", APP_ID),
            ("application.icon_name", APP_ID),
            ("application.version", lenscap_sys::install::VERSION),
        ];
        let context = Context::new(&main_loop, &application).map_err(|error| refused(&error))?;
        Ok(Self {
            connection: None,
            watch: None,
            offer: None,
            growing: Growing::default(),
            stuck: 0,
            context,
            main_loop,
        })
    }

    /// What to wait on, for input: the library's work, and the server's coming.
    pub(crate) fn fds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        std::iter::once(self.main_loop.as_fd()).chain(self.watch.as_ref().map(AsFd::as_fd))
    }

    /// When to call [`Self::dispatch`] at the latest; none unless a server is just about to listen.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.watch.as_ref()?.deadline()
    }

    /// Becomes what is offered, in place of what it was.
    ///
    /// # Errors
    /// The offer does not hold together, or readers could write to the memory.
    pub(crate) fn offer(&mut self, offer: Offer, memory: OwnedFd) -> Result<(), PipewireTrouble> {
        check(&offer, &memory)?;
        self.connection = None;
        self.watch = None;
        self.offer = Some((offer, memory));
        self.connect()
    }

    /// Gives the next readers this memory instead, of the same size; whether that is so: not while somebody has the present one.
    ///
    /// # Errors
    /// It is not of the same size, or readers could write to it.
    pub(crate) fn replace_memory(&mut self, memory: OwnedFd) -> Result<bool, PipewireTrouble> {
        let Some((offer, present)) = &mut self.offer else {
            return Err(PipewireTrouble::Misunderstood { what: "memory without an offer".into() });
        };
        check(offer, &memory)?;
        if let Some(connection) = &self.connection {
            let memory = memory.try_clone().map_err(|error| system(&error))?;
            let memory = Memory::new(memory, offer.slots, offer.slot_size).map_err(|error| system(&error))?;
            if !connection.stream.replace_memory(memory) {
                return Ok(false);
            }
        }
        *present = memory;
        Ok(true)
    }

    /// Does what is due; never waits.
    ///
    /// # Errors
    /// The library refuses what it needs to go on.
    pub(crate) fn dispatch(&mut self) -> Result<(), PipewireTrouble> {
        self.main_loop.iterate().map_err(|error| refused(&error))?;
        if let Some(connection) = &mut self.connection
            && !connection.dispatch().map_err(|error| refused(&error))?
        {
            tracing::info!("the server is gone");
            self.connection = None;
            return self.connect();
        }
        if self.watch.as_mut().is_some_and(|watch| watch.is_due(Instant::now())) {
            return self.connect();
        }
        Ok(())
    }

    /// Hands a picture to the readers.
    ///
    /// # Errors
    /// The library refuses what a new node needs, where this one takes none any more.
    pub(crate) fn show(&mut self, picture: &Picture) -> Result<(), PipewireTrouble> {
        let Some(connection) = &self.connection else { return Ok(()) };
        let (time, sequence) = self.growing.next(picture);
        let is_lost = match connection.stream.queue(picture.slot, time, sequence) {
            Queued::Yes => {
                self.stuck = 0;
                return Ok(());
            }
            // The last one left while it was on its way, or the parent is not there yet.
            Queued::NotWanted => {
                tracing::debug!(picture.slot, "nobody wants this picture");
                self.stuck = 0;
                return Ok(());
            }
            Queued::Busy => {
                tracing::debug!(picture.slot, "this slot is still under way");
                !connection.stream.lends_memory()
            }
            Queued::Refused(error) => {
                tracing::debug!(picture.slot, "this picture is refused: {error}");
                true
            }
        };
        self.stuck += 1;
        if self.stuck >= STUCK && is_lost {
            self.stuck = 0;
            tracing::warn!("the graph does not take pictures any more; the node is made anew");
            self.connection = None;
            return self.connect();
        }
        Ok(())
    }

    /// Whether the node is in the graph.
    pub(crate) fn is_there(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.stream.id().is_some())
    }

    /// Slots to fill in rotation; 0 while nobody streams.
    pub(crate) fn rotation(&self) -> u32 {
        match &self.connection {
            Some(connection) if connection.stream.state() == StreamState::Streaming => connection.stream.buffers(),
            _ => 0,
        }
    }

    /// Who is linked.
    pub(crate) fn readers(&self) -> Vec<Reader> {
        let readers = |connection: &Connection| Some(connection.graph.readers(connection.stream.id()?));
        self.connection.as_ref().and_then(readers).unwrap_or_default()
    }

    /// Connects, or watches for a server.
    fn connect(&mut self) -> Result<(), PipewireTrouble> {
        let Some((offer, memory)) = &self.offer else { return Ok(()) };
        let core = match Core::connect(&self.context) {
            Ok(core) => core,
            Err(error) if self.watch.is_none() => {
                tracing::debug!("{error}; waiting for a server");
                match ServerWatch::new() {
                    Ok(watch) => self.watch = Some(watch),
                    // Without the directory there is no session, and there will be none.
                    Err(error) => {
                        tracing::warn!("the server cannot be waited for: {error}");
                        return Ok(());
                    }
                }
                // It may have come before the watch.
                return self.connect();
            }
            Err(error) => {
                tracing::debug!("{error}");
                if let Some(watch) = &mut self.watch {
                    watch.look_again(Instant::now());
                }
                return Ok(());
            }
        };
        self.watch = None;
        let memory = memory.try_clone().map_err(|error| system(&error))?;
        let memory = Memory::new(memory, offer.slots, offer.slot_size).map_err(|error| system(&error))?;
        let stream = open(&core, offer, memory).map_err(|error| refused(&error))?;
        self.connection = Some(Connection { stream, registry: None, graph: Graph::default(), core });
        Ok(())
    }
}

impl Connection {
    /// Takes in what the server said; `false`: it is gone.
    fn dispatch(&mut self) -> Result<bool, CallError> {
        while let Some(error) = self.core.next_error() {
            if error.is_end() {
                return Ok(false);
            }
            let message = lenscap_text::clean(&error.message, lenscap_text::SENTENCE);
            tracing::debug!(error.id, "{}: {message}", error.error);
        }
        if let Some(error) = self.stream.take_error() {
            // A reader that wants another format or size, on 1.4: the next one is served (facts: pipewire).
            tracing::debug!("the node: {}", lenscap_text::clean(error, lenscap_text::SENTENCE));
        }
        if !self.stream.is_negotiated() {
            self.registry = None;
            self.graph = Graph::default();
            return Ok(true);
        }
        let registry = match self.registry.take() {
            Some(registry) => registry,
            None => Registry::new(&self.core, graph::NAMES)?,
        };
        let registry = self.registry.insert(registry);
        while let Some(event) = registry.next_event() {
            self.graph.apply(event);
        }
        if let Some(node) = self.stream.id() {
            for (id, kind) in self.graph.of_interest(node) {
                if let Err(error) = registry.follow(id, kind) {
                    tracing::debug!("{error}");
                }
            }
        }
        Ok(true)
    }
}

/// The node, as programs look for a camera (facts: pipewire): the portal hands out only what has this role.
fn open(core: &Rc<Core>, offer: &Offer, memory: Memory) -> Result<Stream, CallError> {
    let priority = offer.priority.to_string();
    let properties = [
        ("media.class", "Video/Source"),
        ("media.role", "Camera"),
        ("media.type", "Video"),
        ("media.category", "Capture"),
        ("media.icon-name", APP_ID),
        // By this the worker knows that it would read its own picture, whatever the node is called.
        ("application.id", APP_ID),
        ("node.name", &offer.node_name),
        ("node.description", &offer.description),
        ("node.nick", &offer.description),
        ("priority.session", &priority),
    ];
    let video = Video {
        pixels: match offer.pixel_format {
            PixelFormat::Yuy2 => Pixels::Yuy2,
            PixelFormat::Nv12 => Pixels::Nv12,
            PixelFormat::I420 => Pixels::I420,
        },
        width: offer.width,
        height: offer.height,
        stride: offer.stride,
        size: offer.size,
        rates: offer.rates.clone(),
    };
    Stream::new(core, &offer.description, &properties, memory, &video)
}

/// Whether an offer holds together, and readers can neither write to its memory nor be killed by its end.
fn check(offer: &Offer, memory: &OwnedFd) -> Result<(), PipewireTrouble> {
    let nonsense = |what: &str| Err(PipewireTrouble::Misunderstood { what: what.into() });
    let sizes = [offer.width, offer.height, offer.stride];
    if sizes.iter().any(|size| !(2..=VideoFormat::MAX_SIDE * 4).contains(size)) {
        return nonsense("an offer of such a size");
    }
    if offer.rates.is_empty() || offer.rates.len() > MAX_RATES || offer.rates.contains(&0) {
        return nonsense("an offer with such rates");
    }
    if offer.slots == 0 || offer.slots > MAX_SLOTS || offer.size == 0 || offer.size > offer.slot_size {
        return nonsense("an offer with such slots");
    }
    let denied = |error: io::Error| PipewireTrouble::Memory { cause: error.into() };
    if !memfd::is_written_by_one(memory).map_err(denied)? {
        return Err(PipewireTrouble::Unsealed);
    }
    let size = rustix::fs::fstat(memory).map_err(|errno| denied(errno.into()))?.st_size;
    match u64::try_from(size) {
        Ok(size) if size >= u64::from(offer.slots) * u64::from(offer.slot_size) => Ok(()),
        _ => Err(PipewireTrouble::Memory { cause: Cause::other(format_args!("{size} bytes are less than the slots")) }),
    }
}

fn refused(error: &CallError) -> PipewireTrouble {
    PipewireTrouble::Library { call: error.call.into(), cause: (&error.error).into() }
}

fn system(error: &io::Error) -> PipewireTrouble {
    PipewireTrouble::System { cause: error.into() }
}
