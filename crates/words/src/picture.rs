//! What is wrong with the picture's format, or with the user's own picture. Clauses without a full stop.

use lenscap_picture::card::{MAX_SIDE, PictureProblem, PictureTrouble};
use lenscap_picture::format::{FormatTrouble, VideoFormat};

use crate::cause::why;
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

/// Why the user's own picture is not the card.
pub fn own_picture(trouble: &PictureTrouble) -> String {
    // Who chose it knows where it is.
    let file = trouble.path.file_name().unwrap_or(trouble.path.as_os_str()).display();
    match &trouble.problem {
        PictureProblem::Missing => trf!("the picture {file} does not exist: choose a PNG or JPEG", file = file),
        PictureProblem::Forbidden => {
            trf!("the picture {file} may not be read by you: choose a PNG or JPEG", file = file)
        }
        PictureProblem::Unreadable(cause) => {
            trf!("the picture {file} cannot be read{why}: choose a PNG or JPEG", file = file, why = why(cause))
        }
        PictureProblem::NoFile => trf!("the picture {file} is not a file: choose a PNG or JPEG", file = file),
        PictureProblem::TooLarge => trf!(
            "the picture {file} is too large: choose a PNG or JPEG of at most {max}x{max} pixels",
            file = file,
            max = MAX_SIDE
        ),
        PictureProblem::OtherKind => trf!("the picture {file} is of another kind: choose a PNG or JPEG", file = file),
        PictureProblem::Damaged => {
            trf!("the picture {file} is damaged or not a picture: choose a PNG or JPEG", file = file)
        }
    }
}
