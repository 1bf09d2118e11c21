//! What is wrong with the picture's format, or with the user's own picture. Clauses without a full stop.

use lenscap_picture::card::{CardTrouble, MAX_SIDE, PictureProblem, PictureTrouble};
use lenscap_picture::format::{FormatTrouble, VideoFormat};

use crate::trf;

/// What to write instead of a wrong format.
pub fn format(trouble: &FormatTrouble) -> String {
    match trouble {
        FormatTrouble::SideOutOfRange { side, value } => trf!(
            "{key} must be an even number from {min} to {max}, not {value}",
            key = side.name(),
            value = value,
            min = 2,
            max = VideoFormat::MAX_SIDE
        ),
        FormatTrouble::SideOdd { side, value } => trf!(
            "{name} {value} is odd and cameras need even sizes: use {even}",
            name = side.name(),
            value = value,
            even = value + 1
        ),
        FormatTrouble::FramerateOutOfRange { value } => trf!(
            "{key} must be a whole number from {min} to {max}, not {value}",
            key = "framerate",
            value = value,
            min = 1,
            max = VideoFormat::MAX_FRAMERATE
        ),
        FormatTrouble::UnknownPixelFormat { text } => {
            trf!("\"{text}\" is not a pixel format: use YUY2, NV12 or I420", text = text)
        }
    }
}

/// Why a card cannot be drawn.
pub fn card(trouble: &CardTrouble) -> String {
    match trouble {
        CardTrouble::Format(trouble) => format(trouble),
        CardTrouble::Picture(trouble) => own_picture(trouble),
    }
}

fn own_picture(trouble: &PictureTrouble) -> String {
    let path = trouble.path.display();
    match &trouble.problem {
        PictureProblem::Missing => trf!("picture {path} does not exist: choose a PNG or JPEG", path = path),
        PictureProblem::Forbidden => trf!("picture {path} may not be read by you: choose a PNG or JPEG", path = path),
        PictureProblem::Unreadable(error) => {
            trf!("picture {path} cannot be read ({error}): choose a PNG or JPEG", path = path, error = error)
        }
        PictureProblem::NoFile => trf!("picture {path} is not a file: choose a PNG or JPEG", path = path),
        PictureProblem::TooLarge => trf!(
            "picture {path} is too large: choose a PNG or JPEG of at most {max}x{max} pixels",
            path = path,
            max = MAX_SIDE
        ),
        PictureProblem::OtherKind => trf!("picture {path} is of another kind: choose a PNG or JPEG", path = path),
        PictureProblem::Damaged => {
            trf!("picture {path} is damaged or not a picture: choose a PNG or JPEG", path = path)
        }
    }
}
