//! The process `lenscap-pipewire`: the relay's pictures as a camera of PipeWire's, for programs that see no others.
//!
//! Rules:
//! 1. It holds no policy: who is linked and who streams goes to the relay, which decides about the camera; pictures come from
//!    there, in slots of the relay's memory, and go to the readers as that memory; before PipeWire 0.3.85 they are copied into
//!    the server's.
//! 2. One node for as long as a server is there; nobody has to stream. While nobody is linked nothing wakes this process.
//! 3. A server that is gone is no trouble: it is waited for without polling ([`server_watch`]).
//! 4. It waits for nothing but news. What the relay does not read is kept as the newest state of each kind ([`outbox`]).
//! 5. The relay's end of the socket closes: it ends.
//! 6. It can do nothing else ([`sandbox`]).

mod graph;
mod growing;
mod list;
mod log;
mod node;
mod outbox;
pub mod process;
mod sandbox;
mod server_watch;
