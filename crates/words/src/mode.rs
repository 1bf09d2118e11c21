//! What a camera's mode lacks.

use lenscap_core::mode::{Mode, ModeShortfall};

use crate::trf;

/// What is less than was asked for, and what to do about it, as one sentence. Bounded, as the camera process says what is in
/// it.
pub fn shortfall(shortfall: &ModeShortfall) -> String {
    lenscap_text::bounded(whole(shortfall), lenscap_text::SENTENCE)
}

fn whole(shortfall: &ModeShortfall) -> String {
    let rate = |millihertz: &u32| Mode::rate(*millihertz);
    match shortfall {
        ModeShortfall::ModeRefused { refused, size, millihertz: 0 } => trf!(
            "The camera does not start with {refused} and gives {size} instead: try another USB port, or ask for less.",
            refused = refused,
            size = size
        ),
        ModeShortfall::ModeRefused { refused, size, millihertz } => trf!(
            "The camera does not start with {refused} and gives {size} at {rate} frames a second instead: try another USB port, or ask for less.",
            refused = refused,
            size = size,
            rate = rate(millihertz)
        ),
        ModeShortfall::TooSmall { size, millihertz: 0, asked_size, .. } => trf!(
            "The camera gives {size} at most; {asked_size} was asked for: choose {size}.",
            size = size,
            asked_size = asked_size
        ),
        ModeShortfall::TooSmall { size, millihertz, asked_size, asked_rate } => trf!(
            "The camera gives {size} at {rate} frames a second; {asked_size} at {asked} was asked for: choose {size}.",
            size = size,
            rate = rate(millihertz),
            asked_size = asked_size,
            asked = asked_rate
        ),
        ModeShortfall::SlowAtSize { size, millihertz, asked_rate, fast } => trf!(
            "The camera gives {rate} frames a second at {size}; {asked} were asked for: choose {fast} for {asked}.",
            size = size,
            rate = rate(millihertz),
            fast = fast,
            asked = asked_rate
        ),
        ModeShortfall::Slow { millihertz, asked_rate } => trf!(
            "The camera gives {rate} frames a second at most; {asked} were asked for: set fewer, or choose another camera.",
            rate = rate(millihertz),
            asked = asked_rate
        ),
        ModeShortfall::BelowPromise { size, promised, millihertz } => trf!(
            "The camera promises {promised} frames a second at {size} and gives {rate}: give it more light, or choose a smaller picture.",
            promised = rate(promised),
            size = size,
            rate = rate(millihertz)
        ),
        ModeShortfall::FewBuffers { buffers, asked } => trf!(
            "The camera's driver gives {got} buffers and {asked} were asked for: set buffer_count to {got}.",
            got = buffers,
            asked = asked
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::reads_back;
    use lenscap_core::mode::FrameSize;

    #[test]
    fn every_shortfall_has_its_code_and_its_sentence() {
        let size = |width, height| FrameSize { width, height };
        let (hd, small) = (size(1280, 720), size(640, 360));
        let refused = |millihertz| ModeShortfall::ModeRefused {
            refused: "YUY2 1280x720@30".into(),
            size: size(960, 720),
            millihertz,
        };
        let too_small =
            |millihertz| ModeShortfall::TooSmall { size: small, millihertz, asked_size: hd, asked_rate: 30 };
        for (trouble, code, sentence) in [
            (
                refused(30_000),
                "mode-refused",
                "The camera does not start with YUY2 1280x720@30 and gives 960x720 at 30 frames a second instead: try \
                 another USB port, or ask for less.",
            ),
            (
                refused(0),
                "mode-refused",
                "The camera does not start with YUY2 1280x720@30 and gives 960x720 instead: try another USB port, or ask \
                 for less.",
            ),
            (too_small(0), "too-small", "The camera gives 640x360 at most; 1280x720 was asked for: choose 640x360."),
            (
                too_small(30_000),
                "too-small",
                "The camera gives 640x360 at 30 frames a second; 1280x720 at 30 was asked for: choose 640x360.",
            ),
            (
                ModeShortfall::SlowAtSize { size: hd, millihertz: 10_000, asked_rate: 30, fast: size(640, 480) },
                "slow-at-size",
                "The camera gives 10 frames a second at 1280x720; 30 were asked for: choose 640x480 for 30.",
            ),
            (
                ModeShortfall::Slow { millihertz: 12_500, asked_rate: 30 },
                "slow",
                "The camera gives 12.5 frames a second at most; 30 were asked for: set fewer, or choose another camera.",
            ),
            (
                ModeShortfall::BelowPromise { size: size(640, 480), promised: 30_000, millihertz: 14_900 },
                "below-promise",
                "The camera promises 30 frames a second at 640x480 and gives 14.9: give it more light, or choose a smaller \
                 picture.",
            ),
            (
                ModeShortfall::FewBuffers { buffers: 2, asked: 7 },
                "few-buffers",
                "The camera's driver gives 2 buffers and 7 were asked for: set buffer_count to 2.",
            ),
        ] {
            assert_eq!(shortfall(&trouble), sentence);
            reads_back(&trouble, code);
        }
        let long = ModeShortfall::ModeRefused { refused: "x\u{1b}".repeat(500).into(), size: hd, millihertz: 1 };
        assert!(shortfall(&long).chars().count() <= lenscap_text::SENTENCE);
    }
}
