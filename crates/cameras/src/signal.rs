//! What to say of a capture card at whose input nothing arrives.

use std::path::Path;

use rustix::fs::{Mode, OFlags};

use lenscap_core::trouble::{SignalShortfall, Trouble};
use lenscap_sys::v4l2::inputs::{self, Input, InputShortfall};
use lenscap_text::Text;

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
    let shortfall = match input.shortfall? {
        InputShortfall::Signal => SignalShortfall::Signal,
        InputShortfall::Power => SignalShortfall::Power,
        InputShortfall::Lock => SignalShortfall::Lock,
        InputShortfall::Range => SignalShortfall::Range,
    };
    Some(Trouble::NoSignal { camera: camera.into(), input: Text::from(input.name.as_str()), shortfall })
}

#[cfg(test)]
mod tests {
    use lenscap_core::trouble::TroubleKind;

    use super::*;

    #[test]
    fn a_card_without_a_signal_says_so_as_soon_as_it_can_know() {
        let input = |is_digital, shortfall| Input { name: "HDMI 0".into(), is_digital, shortfall };
        for shortfall in [InputShortfall::Signal, InputShortfall::Power, InputShortfall::Lock, InputShortfall::Range] {
            for (is_digital, moment, is_told) in [
                (true, Moment::Before, true),
                (true, Moment::Silent, true),
                (false, Moment::Before, false),
                (false, Moment::Silent, true),
            ] {
                let reason = reason(&input(is_digital, Some(shortfall)), "Card", moment);
                assert_eq!(reason.is_some(), is_told, "{shortfall:?} {moment:?}");
                assert!(reason.is_none_or(|reason| {
                    reason.kind() == TroubleKind::NoSignal
                        && matches!(&reason, Trouble::NoSignal { camera, input, .. } if &**camera == "Card" && &**input == "HDMI 0")
                }));
            }
        }
        assert_eq!(reason(&input(true, None), "Card", Moment::Silent), None);
        assert_eq!(missing(Path::new("/dev/null"), "Card", Moment::Silent), None);
    }
}
