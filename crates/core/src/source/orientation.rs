//! How the camera's picture is laid into the one that is served.

use serde::{Deserialize, Serialize};

/// How far the picture is turned, clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[allow(missing_docs)] // the names are the degrees
pub enum Rotation {
    #[default]
    None,
    Quarter,
    Half,
    ThreeQuarters,
}

impl Rotation {
    /// All of them.
    pub const ALL: [Rotation; 4] = [Rotation::None, Rotation::Quarter, Rotation::Half, Rotation::ThreeQuarters];

    /// 0, 90, 180 or 270.
    pub fn degrees(self) -> u32 {
        match self {
            Rotation::None => 0,
            Rotation::Quarter => 90,
            Rotation::Half => 180,
            Rotation::ThreeQuarters => 270,
        }
    }
}

/// Which part of the picture is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Framing {
    /// How much larger things are shown, in percent, 100 to 400.
    pub zoom: u32,
    /// Where to look, in percent of the room left: -100 is the left edge as it is seen, 0 the middle, 100 the right edge.
    pub pan_x: i32,
    /// Likewise from the upper to the lower edge.
    pub pan_y: i32,
}

impl Framing {
    /// The most that is zoomed, in percent.
    pub const MAX_ZOOM: u32 = 400;

    /// Whether everything is shown.
    pub fn is_whole(self) -> bool {
        self.zoom <= 100
    }
}

impl Default for Framing {
    fn default() -> Self {
        Self { zoom: 100, pan_x: 0, pan_y: 0 }
    }
}

/// How the camera's picture is laid before it is shown: turned first, then mirrored, and of that a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Orientation {
    /// How far it is turned.
    pub rotation: Rotation,
    /// Whether left and right are swapped then.
    pub mirror: bool,
    /// Which part of it is shown.
    pub framing: Framing,
}

impl Orientation {
    /// Whether width and height stay what they are.
    pub fn is_upright(self) -> bool {
        matches!(self.rotation, Rotation::None | Rotation::Half)
    }
}
