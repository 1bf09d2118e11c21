//! What a device of the engine's is for.

/// One of the devices with the camera's picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The worker makes its pictures in the slots of this one.
    Main,
    /// It gets a copy of each picture while it has a reader; stands only beside the main one.
    Second,
    /// A node of PipeWire's: as the second one.
    Pipewire,
}

impl Role {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Main, Self::Second, Self::Pipewire];
}
