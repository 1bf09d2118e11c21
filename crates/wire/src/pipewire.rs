//! What the resident process and `lenscap-pipewire` say to each other, over a [`channel`](crate::channel) in the encoding of
//! [`protocol`](crate::protocol).
//!
//! Rules:
//! 1. [`FromNode::Hello`] comes first; its shape never changes. Everything else is for exactly the same version.
//! 2. What [`FromNode`] reports is how something is now, whole: where the parent does not read, only the newest of each kind is
//!    kept for it.
//! 3. Slots are used in rotation over 0..[`FromNode::Rotation`], as on every output
//!    ([`lenscap_picture::slots`]): PipeWire hands a buffer back one picture later, and waits for no reader. A slot is the
//!    parent's to write to when all the others came after it.
//! 4. Times and sequence numbers that do not grow are made to.

use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use lenscap_core::trouble::pipewire::PipewireTrouble;
use lenscap_picture::format::PixelFormat;
use lenscap_text::Text;

/// `node.name` of our node.
pub const NODE_NAME: &str = "lenscap";
/// Most slots: the most buffers that readers take (facts: pipewire).
pub const MAX_SLOTS: u32 = 16;
/// Most readers reported; more are left out. So many fit into a message with the longest texts.
pub const MAX_READERS: usize = 64;
/// Most rates offered.
pub const MAX_RATES: usize = 8;

/// The process's argument after the socket's number, where the user has switched sandboxes off.
pub const UNCONFINED: &str = "--unconfined";

/// The process's only argument where it is to say which cameras are in the graph ([`GraphCameras`], as JSON, in one line) and to
/// end. Nothing is started for it, and no node is made.
pub const LIST_CAMERAS: &str = "--list-cameras";

/// The cameras that are in a server's graph, of whomever.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphCameras(pub Vec<GraphCamera>);

/// A node that gives pictures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphCamera {
    /// `node.name`: what readers keep in their settings.
    pub name: Text,
    /// What people read.
    pub description: Text,
    /// Which is the default camera: the highest; none counts as 0.
    pub priority: u32,
}

/// Parent to node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToNode {
    /// What to be; comes with one descriptor: the slots' memory, sealed as by [`lenscap_sys::memfd::written_by_one`]. Another
    /// one takes the node's place.
    Offer(Box<Offer>),
    /// Memory in the place of the present one, of the same size and with the same seals; comes with one descriptor. What
    /// pictures left in the other is given back to the computer with it. Taken only while nobody has that one.
    Memory,
    /// A slot is filled: the readers get it.
    Picture(Picture),
}

/// What readers see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// `node.name`: what readers keep in their settings.
    pub node_name: String,
    /// What people read.
    pub description: String,
    /// Which node is the default camera: the highest. V4L2 nodes have 1000 less ten times their number, libcamera's 750 to 850.
    pub priority: i32,
    /// What the pictures are made of.
    pub pixel_format: PixelFormat,
    /// In pixels; 2 to 8192.
    pub width: u32,
    /// In pixels; 2 to 8192.
    pub height: u32,
    /// Bytes from row to row of the first plane.
    pub stride: u32,
    /// Bytes of one picture.
    pub size: u32,
    /// Pictures in a second, the one they really come at first; 1 to [`MAX_RATES`] of them.
    pub rates: Vec<u32>,
    /// Slots in the memory, from its beginning on; 1 to [`MAX_SLOTS`].
    pub slots: u32,
    /// Bytes from slot to slot: whole pages, at least a picture.
    pub slot_size: u32,
}

/// A filled slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picture {
    /// Which slot.
    pub slot: u32,
    /// Its time, `CLOCK_MONOTONIC`, in nanoseconds.
    pub timestamp_ns: u64,
    /// Counts the pictures.
    pub sequence: u64,
}

/// Node to parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromNode {
    /// First of all: the node's version.
    Hello {
        /// Its [`lenscap_sys::install::VERSION`].
        version: String,
    },
    /// Whether the node is in a server's graph, where programs see it.
    Server {
        /// It is.
        is_there: bool,
    },
    /// How many of [`ToNode::Memory`] were taken. Comes before the [`FromNode::Rotation`] of readers who get the newest.
    Memory {
        /// Since the start.
        taken: u32,
    },
    /// Whether pictures are wanted, and where they are to go: somebody streams. This is the truth that the camera is switched
    /// by; [`FromNode::Readers`] says who, at about the same time, before or after.
    Rotation {
        /// Slots 0..`slots` in rotation; 0 while nobody streams.
        slots: u32,
    },
    /// Who is linked to the node, in the order of the links' numbers; a program may have several links.
    Readers(Vec<Reader>),
    /// It does not work; the process ends after this.
    Failed(PipewireTrouble),
}

/// A link from the node to a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reader {
    /// What the program calls itself: a claim.
    pub name: Text,
    /// The process at the server's socket: the kernel's word. Of a reader that came through the camera portal it is the
    /// portal's.
    pub pid: Option<u32>,
    /// `Some` of a reader that came through the camera portal: the application id the portal gave it; empty for a program
    /// outside any sandbox.
    pub portal_app: Option<Text>,
    /// Whether its link is active; else it is linked and waits or is paused.
    pub is_streaming: bool,
}

/// Whether a server runs; a socket alone may be systemd's, which starts one for whoever connects.
pub fn is_served() -> bool {
    let runs = |socket: PathBuf| socket.exists() && socket.with_added_extension("lock").exists();
    server_socket().is_some_and(runs)
}

/// Where the library connects to, by its variables; `None` where there is no session.
pub fn server_socket() -> Option<PathBuf> {
    server_socket_by(&|name| std::env::var_os(name).filter(|value| !value.is_empty()))
}

/// As [`server_socket`], by these variables.
pub fn server_socket_by(variable: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let name = variable("PIPEWIRE_REMOTE").unwrap_or_else(|| "pipewire-0".into());
    // An absolute name stands for itself.
    let directory = variable("PIPEWIRE_RUNTIME_DIR").or_else(|| variable("XDG_RUNTIME_DIR"));
    directory.map(|directory| PathBuf::from(directory).join(&name)).or_else(|| {
        let path = PathBuf::from(name);
        path.is_absolute().then_some(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{decode, encode};

    fn offer() -> ToNode {
        ToNode::Offer(Box::new(Offer {
            node_name: "lenscap".into(),
            description: "Lenscap".into(),
            priority: 1200,
            pixel_format: PixelFormat::Yuy2,
            width: 640,
            height: 480,
            stride: 1280,
            size: 614_400,
            rates: vec![30, 15],
            slots: 16,
            slot_size: 614_400,
        }))
    }

    #[test]
    fn messages_survive_the_way() {
        assert_eq!(decode(&encode(&offer()).unwrap()), Ok(offer()));
        let picture = ToNode::Picture(Picture { slot: 15, timestamp_ns: u64::MAX, sequence: u64::MAX });
        assert_eq!(decode(&encode(&picture).unwrap()), Ok(picture));
    }

    #[test]
    fn the_most_readers_fit_into_a_message_and_are_cleaned_on_the_way() {
        let name = lenscap_text::name("\u{1f4f7}".repeat(1000));
        let reader = Reader {
            name: name.clone().into(),
            pid: Some(u32::MAX),
            portal_app: Some(name.into()),
            is_streaming: true,
        };
        let readers = FromNode::Readers(vec![reader; MAX_READERS]);
        assert_eq!(decode(&encode(&readers).unwrap()), Ok(readers));
        let raw = postcard::to_stdvec(&(4_u32, vec![("a\u{1b}[2Jb", None::<u32>, None::<&str>, false)])).unwrap();
        let Ok(FromNode::Readers(readers)) = decode(&raw) else { panic!("readers") };
        assert_eq!(&*readers[0].name, "a [2Jb");
    }
}
