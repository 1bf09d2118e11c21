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
    /// As the sensor is built in, where the camera says so.
    Automatic,
}

impl Rotation {
    /// All of them.
    pub const ALL: [Rotation; 5] =
        [Rotation::None, Rotation::Quarter, Rotation::Half, Rotation::ThreeQuarters, Rotation::Automatic];

    /// 0, 90, 180 or 270; `None`: as the sensor is.
    pub fn degrees(self) -> Option<u32> {
        match self {
            Rotation::Automatic => None,
            Rotation::None => Some(0),
            Rotation::Quarter => Some(90),
            Rotation::Half => Some(180),
            Rotation::ThreeQuarters => Some(270),
        }
    }

    /// The one of these degrees; of none, the automatic one.
    pub fn of(degrees: Option<u32>) -> Option<Self> {
        Self::ALL.into_iter().find(|rotation| rotation.degrees() == degrees)
    }

    /// What it comes to where the picture has to be turned by `sensor` degrees *against* the clock to be upright, as V4L2 says
    /// it (`V4L2_CID_CAMERA_SENSOR_ROTATION`); `None`: that is not known.
    pub fn settled(self, sensor: Option<u32>) -> Self {
        match (self, sensor) {
            (Rotation::Automatic, Some(sensor)) => Self::of(Some((360 - sensor % 360) % 360)).unwrap_or_default(),
            (Rotation::Automatic, None) => Rotation::None,
            _ => self,
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
    /// Whether width and height stay what they are, as far as that is known before a camera is asked.
    pub fn is_upright(self) -> bool {
        matches!(self.rotation, Rotation::None | Rotation::Half | Rotation::Automatic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_automatic_one_makes_the_picture_upright() {
        let settled = |sensor| Rotation::Automatic.settled(sensor);
        assert_eq!(settled(Some(180)), Rotation::Half);
        assert_eq!((settled(Some(90)), settled(Some(270))), (Rotation::ThreeQuarters, Rotation::Quarter));
        for unknown in [None, Some(0), Some(360), Some(45)] {
            assert_eq!(settled(unknown), Rotation::None, "{unknown:?}");
        }
        assert_eq!(Rotation::Half.settled(Some(90)), Rotation::Half, "the user decides");
    }
}
