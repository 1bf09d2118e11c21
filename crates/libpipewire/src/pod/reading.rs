//! Reads pods that come from the server, to which anybody in the session may have given them: no number in them is believed.

use super::{CHOICE, CHOICE_ENUM, CHOICE_NONE, CHOICE_RANGE, CHOICE_STEP, FRACTION, ID, OBJECT, RECTANGLE};

/// Values of one choice that are read; the rest is left out.
const MAX_VALUES: usize = 64;

/// What one can choose from. A value is a pair: width and height, or a fraction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// One of these.
    Values(Vec<(u32, u32)>),
    /// Any between.
    Range {
        /// From this on.
        least: (u32, u32),
        /// Up to this.
        most: (u32, u32),
        /// From one to the next; 1 where it says none.
        step: (u32, u32),
    },
}

/// Of an object of this type: the keys of its properties, each with the bytes from its value's pod on. What follows a broken
/// one is left out.
pub(crate) fn properties(pod: &[u8], kind: u32) -> Option<impl Iterator<Item = (u32, &[u8])>> {
    let (OBJECT, body, _) = split(pod)? else { return None };
    if word(body, 0)? != kind {
        return None;
    }
    let mut rest = body.get(8..)?;
    Some(std::iter::from_fn(move || {
        let (key, value) = (word(rest, 0)?, rest.get(8..)?);
        (_, _, rest) = split(value)?;
        Some((key, value))
    }))
}

/// The identifiers that this pod has or lets choose from.
pub(crate) fn ids(pod: &[u8]) -> Vec<u32> {
    match choice(pod, ID, |body| Some((word(body, 0)?, 0))) {
        Some(Choice::Values(values)) => values.into_iter().map(|(id, _)| id).collect(),
        Some(Choice::Range { .. }) | None => Vec::new(),
    }
}

/// The sizes that this pod has or lets choose from.
pub(crate) fn sizes(pod: &[u8]) -> Option<Choice> {
    choice(pod, RECTANGLE, pair)
}

/// The fractions that this pod has or lets choose from.
pub(crate) fn fractions(pod: &[u8]) -> Option<Choice> {
    choice(pod, FRACTION, pair)
}

fn choice(pod: &[u8], wanted: u32, value: fn(&[u8]) -> Option<(u32, u32)>) -> Option<Choice> {
    let (kind, body, _) = split(pod)?;
    if kind == wanted {
        return Some(Choice::Values(vec![value(body)?]));
    }
    // Which choice, flags, the size and the type of a value, the values; the first is the default.
    let (choice, size) = (word(body, 0)?, word(body, 2)? as usize);
    if kind != CHOICE || word(body, 3)? != wanted || size == 0 {
        return None;
    }
    let values: Vec<_> = body.get(16..)?.chunks_exact(size).map_while(value).take(MAX_VALUES).collect();
    match (choice, &values[..]) {
        (CHOICE_NONE, [only, ..]) | (CHOICE_ENUM, [only]) => Some(Choice::Values(vec![*only])),
        (CHOICE_ENUM, [_, alternatives @ ..]) => Some(Choice::Values(alternatives.to_vec())),
        (CHOICE_STEP, [_, least, most, step, ..]) => Some(Choice::Range { least: *least, most: *most, step: *step }),
        (CHOICE_RANGE, [_, least, most, ..]) => Some(Choice::Range { least: *least, most: *most, step: (1, 1) }),
        _ => None,
    }
}

/// The type of a pod, its body, and what comes after it.
fn split(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let end = 8_usize.checked_add(word(bytes, 0)? as usize)?;
    let body = bytes.get(8..end)?;
    Some((word(bytes, 1)?, body, bytes.get(end.next_multiple_of(8)..).unwrap_or_default()))
}

fn pair(body: &[u8]) -> Option<(u32, u32)> {
    Some((word(body, 0)?, word(body, 1)?))
}

fn word(bytes: &[u8], index: usize) -> Option<u32> {
    let (words, _) = bytes.as_chunks::<4>();
    words.get(index).copied().map(u32::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::super::{CHOICE_FLAGS, INT, pod, words};
    use super::*;

    fn choice_of(choice: u32, kind: u32, values: &[u32], size: u32) -> Vec<u8> {
        super::super::choice(choice, kind, &words(values), size)
    }

    #[test]
    fn each_kind_of_choice_is_read_and_its_default_stands_for_none() {
        let sizes_of = |choice, values: &[u32]| sizes(&choice_of(choice, RECTANGLE, values, 8));
        let values = |values: &[(u32, u32)]| Some(Choice::Values(values.to_vec()));
        assert_eq!(sizes(&pod(RECTANGLE, &words(&[640, 480]))), values(&[(640, 480)]));
        assert_eq!(sizes_of(CHOICE_NONE, &[640, 480, 1, 1]), values(&[(640, 480)]));
        assert_eq!(sizes_of(CHOICE_ENUM, &[640, 480, 640, 480, 320, 240]), values(&[(640, 480), (320, 240)]));
        assert_eq!(sizes_of(CHOICE_ENUM, &[640, 480]), values(&[(640, 480)]));
        let range = |step| Some(Choice::Range { least: (32, 16), most: (1928, 1092), step });
        assert_eq!(sizes_of(CHOICE_RANGE, &[640, 480, 32, 16, 1928, 1092]), range((1, 1)));
        assert_eq!(sizes_of(CHOICE_STEP, &[640, 480, 32, 16, 1928, 1092, 2, 4]), range((2, 4)));
        let rates = fractions(&choice_of(CHOICE_ENUM, FRACTION, &[30, 1, 30, 1, 30_000, 1001], 8));
        assert_eq!(rates, values(&[(30, 1), (30_000, 1001)]));
        assert_eq!(ids(&choice_of(CHOICE_ENUM, ID, &[4, 4, 23], 4)), [4, 23]);
        assert_eq!(ids(&pod(ID, &words(&[4]))), [4]);
    }

    #[test]
    fn what_is_broken_is_none() {
        let broken = [
            choice_of(CHOICE_FLAGS, RECTANGLE, &[640, 480], 8),
            choice_of(CHOICE_RANGE, RECTANGLE, &[640, 480, 32, 16], 8),
            choice_of(CHOICE_STEP, RECTANGLE, &[640, 480, 32, 16, 64, 64], 8),
            choice_of(CHOICE_ENUM, RECTANGLE, &[], 8),
            choice_of(CHOICE_ENUM, RECTANGLE, &[640, 480], 0),
            choice_of(CHOICE_ENUM, RECTANGLE, &[640, 480], 4),
            choice_of(CHOICE_ENUM, FRACTION, &[640, 480], 8),
            choice_of(99, RECTANGLE, &[640, 480], 8),
            pod(RECTANGLE, &words(&[640])),
            pod(INT, &words(&[640, 480])),
            words(&[u32::MAX, RECTANGLE, 640, 480]),
            pod(CHOICE, &words(&[CHOICE_ENUM, 0, 8])),
            vec![8, 0],
        ];
        for pod in broken {
            assert_eq!(sizes(&pod), None, "{pod:?}");
        }
    }

    #[test]
    fn of_too_many_values_the_first_are_read() {
        let many = choice_of(CHOICE_ENUM, ID, &[7; 1000], 4);
        assert_eq!(ids(&many).len(), MAX_VALUES - 1);
    }

    #[test]
    fn what_follows_a_broken_property_is_left_out() {
        let good = [words(&[1, 0]), pod(ID, &words(&[2]))].concat();
        let broken = words(&[5, 0, 400, ID]);
        let object = |kind, parts: &[&[u8]]| pod(OBJECT, &[&words(&[kind, 3])[..], &parts.concat()].concat());
        let keys = |pod: &[u8]| properties(pod, 9).map(|found| found.map(|(key, _)| key).collect::<Vec<_>>());
        assert_eq!(keys(&object(9, &[&good, &good])), Some(vec![1, 1]));
        assert_eq!(keys(&object(9, &[&good, &broken, &good])), Some(vec![1]));
        assert_eq!(keys(&object(8, &[&good])), None, "another type");
        assert_eq!(keys(&good), None);
    }
}
