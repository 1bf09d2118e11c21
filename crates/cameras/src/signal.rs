//! What to say of a capture card at whose input nothing arrives.

use std::path::Path;

use rustix::fs::{Mode, OFlags};

use lenscap_core::trouble::{Trouble, TroubleKind};
use lenscap_sys::v4l2::inputs::{self, Input, Lack};
use lenscap_words::trf;

/// When it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before it starts: an analogue input may not know yet.
    Before,
    /// It gave no picture.
    Silent,
}

/// Why the camera at this node, of this name, cannot give a picture: nothing arrives at its input. `None`: it does, or who
/// knows. Opens the node and starts nothing.
pub fn missing(node: &Path, camera: &str, moment: Moment) -> Option<Trouble> {
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(node, flags, Mode::empty()).ok()?;
    reason(&inputs::input(file)?, camera, moment)
}

fn reason(input: &Input, camera: &str, moment: Moment) -> Option<Trouble> {
    if moment == Moment::Before && !input.is_digital {
        return None;
    }
    let text = match input.lack? {
        Lack::Signal => trf!(
            "The camera {camera} has no signal at its input {input}: connect something to it, or switch that on.",
            camera = camera,
            input = input.name
        ),
        Lack::Power => {
            trf!(
                "The camera {camera} has no signal at its input {input}: switch on what is connected to it.",
                camera = camera,
                input = input.name
            )
        }
        Lack::Lock => trf!(
            "The camera {camera} has no signal at its input {input} that it can make out: check the cable, or set another \
             resolution on what is connected to it.",
            camera = camera,
            input = input.name
        ),
        Lack::Range => trf!(
            "The camera {camera} has no signal at its input {input} that it takes: set another resolution on what is \
             connected to it.",
            camera = camera,
            input = input.name
        ),
    };
    Some(Trouble::said(TroubleKind::NoSignal, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_without_a_signal_says_so_as_soon_as_it_can_know() {
        let input = |is_digital, lack| Input { name: "HDMI 0".into(), is_digital, lack };
        for lack in [Lack::Signal, Lack::Power, Lack::Lock, Lack::Range] {
            for (is_digital, moment, is_told) in [
                (true, Moment::Before, true),
                (true, Moment::Silent, true),
                (false, Moment::Before, false),
                (false, Moment::Silent, true),
            ] {
                let reason = reason(&input(is_digital, Some(lack)), "Card", moment);
                assert_eq!(reason.is_some(), is_told, "{lack:?} {moment:?}");
                assert!(reason.is_none_or(|reason| {
                    reason.kind() == TroubleKind::NoSignal
                        && lenscap_words::trouble::sentence(&reason)
                            .starts_with("The camera Card has no signal at its input HDMI 0")
                }));
            }
        }
        assert_eq!(reason(&input(true, None), "Card", Moment::Silent), None);
        assert_eq!(missing(Path::new("/dev/null"), "Card", Moment::Silent), None);
    }
}
