//! Sources: their names in menus, and what is wrong with one as the user wrote it.

use lenscap_core::source::SourceTrouble;

use crate::{tr, trf};

/// One clause without a full stop: what is wrong and what to write instead.
pub fn clause(trouble: &SourceTrouble) -> String {
    match trouble {
        SourceTrouble::TooLong { max } => trf!("a source is text of at most {max} bytes without NUL", max = max),
        SourceTrouble::EndsInColon { text, word } => {
            trf!("\"{text}\" ends in a colon: write \"{word}\" or add what comes after it", text = text, word = word)
        }
        SourceTrouble::TakesNothing { word } => {
            trf!("\"{word}\" takes nothing after it: write \"{word}\"", word = word)
        }
        SourceTrouble::NeedsPath => tr("\"v4l2\" needs the camera's path: write it as in \"v4l2:/dev/video0\""),
        SourceTrouble::NeedsDescription => {
            tr("\"pipeline\" needs a description: write it as in \"pipeline:videotestsrc\"")
        }
        SourceTrouble::Unknown { text } => trf!(
            "\"{text}\" is not a source: use auto, icamera[:NAME], libcamera[:NAME], v4l2:PATH, pipewire[:TARGET], \
             test or pipeline:DESCRIPTION",
            text = text
        ),
    }
}

/// The source that chooses by itself, in a menu of sources.
pub fn automatic() -> String {
    tr("Automatic")
}

/// The source that is no camera, in a menu of sources.
pub fn test_picture() -> String {
    tr("Test picture")
}
