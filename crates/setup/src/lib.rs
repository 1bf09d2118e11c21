//! What Lenscap needs root for, as the program `lenscap-setup`: devices at each start of the computer, rules for cameras, other
//! relays stopped; and all of it taken back.
//!
//! 1. A verb is all that anybody can ask ([`lenscap_api::SetupVerb`]): no path and no text of a caller's gets here. Which files and
//!    commands it stands for is decided by what the computer is like ([`plan`]), which needs no rights and is shown beforehand.
//! 2. Nothing of others is overwritten: a file that is there, and not as we wrote it, ends the verb before its first change.
//! 3. What will be written is written down first ([`manifest`]), with a hash of each file. A verb that was killed is completed by
//!    the next call of it; undo removes what has one of those hashes, and leaves the rest.
//! 4. The root directory is a value, for tests; the program has no option for it.
//! 5. `/dev/v4l2loopback` is opened here alone, with constants: who may open it removes anybody's devices, and with version 0.15.0
//!    of the module writes into the kernel.

mod ask;
mod carry_out;
#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;
mod hands;
mod manifest;
mod node;
mod options;
mod plan;
mod service;
mod system;
mod tree;
mod undo;

pub use ask::ask;
pub use carry_out::carry_out;
pub use hands::{Hands, Programs};
pub use node::{Devices, add_nodes, remove_nodes};
pub use plan::plan;
pub use service::{Patience, serve};

#[cfg(test)]
mod tests;
