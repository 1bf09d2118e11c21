//! Sets of moments: when the wire was on, when the indicator was lit.

use std::time::Duration;

/// `CLOCK_MONOTONIC`.
pub type At = Duration;
/// From the first moment to the second.
pub type Span = (At, At);

/// Spans in order that do not touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans(Vec<Span>);

impl FromIterator<Span> for Spans {
    fn from_iter<T: IntoIterator<Item = Span>>(spans: T) -> Self {
        let mut sorted: Vec<Span> = spans.into_iter().filter(|(from, to)| from < to).collect();
        sorted.sort_unstable();
        let mut merged: Vec<Span> = Vec::new();
        for (from, to) in sorted {
            match merged.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        Self(merged)
    }
}

impl Spans {
    /// Every span.
    pub fn iter(&self) -> impl Iterator<Item = Span> {
        self.0.iter().copied()
    }

    /// What belongs to either.
    pub fn or(&self, other: &Self) -> Self {
        self.iter().chain(other.iter()).collect()
    }

    /// What belongs to both.
    pub fn and(&self, other: &Self) -> Self {
        self.iter()
            .flat_map(|(from, to)| other.iter().map(move |(begin, end)| (from.max(begin), to.min(end))))
            .collect()
    }

    /// What belongs to this and not to the other.
    pub fn minus(&self, other: &Self) -> Self {
        let mut left: Vec<Span> = Vec::new();
        for (from, to) in self.iter() {
            let mut from = from;
            for (begin, end) in other.iter() {
                left.push((from, begin.min(to)));
                from = from.max(end);
            }
            left.push((from, to));
        }
        left.into_iter().collect()
    }

    /// Whether any moment of the span belongs to it.
    pub fn touches(&self, (from, to): Span) -> bool {
        self.iter().any(|(begin, end)| begin < to && end > from)
    }

    /// Each span longer on both sides.
    pub fn grown(&self, before: Duration, after: Duration) -> Self {
        self.iter().map(|(from, to)| (from.saturating_sub(before), to + after)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(list: &[(u64, u64)]) -> Spans {
        list.iter().map(|(from, to)| (Duration::from_secs(*from), Duration::from_secs(*to))).collect()
    }

    #[test]
    fn they_are_sets() {
        let a = spans(&[(1, 4), (6, 9)]);
        let b = spans(&[(3, 7), (8, 10), (20, 20)]);
        assert_eq!(a.or(&b), spans(&[(1, 10)]));
        assert_eq!(a.and(&b), spans(&[(3, 4), (6, 7), (8, 9)]));
        assert_eq!(a.minus(&b), spans(&[(1, 3), (7, 8)]));
        assert_eq!(b.minus(&a), spans(&[(4, 6), (9, 10)]));
        assert_eq!(a.minus(&spans(&[])), a);
        assert_eq!(a.minus(&spans(&[(0, 30)])), spans(&[]));
        assert!(a.touches((Duration::from_secs(2), Duration::from_secs(3))));
        assert!(!a.touches((Duration::from_secs(4), Duration::from_secs(6))));
    }
}
