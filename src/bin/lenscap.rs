//! Chooses the role, nothing else.
fn main() {}
