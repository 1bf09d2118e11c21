//! The shortest part of a sequence that still shows the same.

use std::time::Instant;

/// Leaves parts out, halves first, then ever smaller ones, as long as what is left still fails (Zeller and Hildebrandt,
/// "Simplifying and isolating failure-inducing input"); the shortest with what `fails` said of it, or `None` where nothing
/// shorter did. A sequence that fails only now and then is tried once each: what is found does fail.
pub fn shortest<T: Clone, F>(
    all: &[T],
    until: Instant,
    mut fails: impl FnMut(&[T]) -> Option<F>,
) -> Option<(Vec<T>, F)> {
    let mut best = all.to_vec();
    let mut found = None;
    let mut pieces = 2;
    'again: while best.len() >= 2 {
        let size = best.len().div_ceil(pieces);
        for piece in (0..best.len()).step_by(size) {
            if Instant::now() >= until {
                return found;
            }
            let rest: Vec<T> = best.iter().take(piece).chain(best.iter().skip(piece + size)).cloned().collect();
            if let Some(failure) = fails(&rest) {
                found = Some((rest.clone(), failure));
                best = rest;
                pieces = (pieces - 1).max(2);
                continue 'again;
            }
        }
        if size == 1 {
            break;
        }
        pieces = (pieces * 2).min(best.len());
    }
    found
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_what_matters_is_left() {
        let all: Vec<u32> = (0..100).collect();
        let until = Instant::now() + Duration::from_secs(60);
        let fails = |part: &[u32]| (part.contains(&17) && part.contains(&80)).then_some("both");
        assert_eq!(shortest(&all, until, fails), Some((vec![17, 80], "both")));
        assert_eq!(shortest(&all, until, |_| None::<()>), None);
        assert_eq!(shortest(&all, Instant::now(), fails), None, "no time");
    }
}
