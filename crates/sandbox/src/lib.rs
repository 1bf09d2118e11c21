//! What a process of ours gives up before it touches anything of others: the means, for whoever knows what it needs.
//!
//! Both only ever take away, cannot be left again, and hold for what the process starts as well. They set `no_new_privs`.

pub mod calls;
pub mod files;
