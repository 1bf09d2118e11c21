//! Times and numbers that strictly grow from picture to picture: a reader takes pictures of one time for one picture, or
//! stops at them (facts: pipewire).

use std::time::Duration;

use lenscap_wire::pipewire::Picture;

/// What the last picture had.
#[derive(Debug, Default)]
pub(crate) struct Growing {
    last: Option<(u64, u64)>,
}

impl Growing {
    /// The time and number that this picture gets: its own where they grow.
    pub(crate) fn next(&mut self, picture: &Picture) -> (Duration, u64) {
        let grown = |given: u64, last: u64| given.max(last.saturating_add(1));
        let next = match self.last {
            None => (picture.timestamp_ns, picture.sequence),
            Some((time, sequence)) => (grown(picture.timestamp_ns, time), grown(picture.sequence, sequence)),
        };
        self.last = Some(next);
        (Duration::from_nanos(next.0), next.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_grow_is_made_to() {
        let mut growing = Growing::default();
        let mut next = |timestamp_ns, sequence| growing.next(&Picture { slot: 0, timestamp_ns, sequence });
        assert_eq!(next(100, 0), (Duration::from_nanos(100), 0));
        assert_eq!(next(200, 5), (Duration::from_nanos(200), 5));
        assert_eq!(next(200, 5), (Duration::from_nanos(201), 6));
        assert_eq!(next(10, 0), (Duration::from_nanos(202), 7));
        assert_eq!(next(300, 8), (Duration::from_nanos(300), 8));
    }
}
