//! The best of what one field of a camera's caps offers: a value, a range, or a list of them.

use super::rates::{as_f64, frame_rate, is_enough};

/// One side of the picture: the wanted one, else the next larger, else the largest.
pub(super) fn side(offered: &glib::SendValue, wanted: u32, native: bool) -> Option<u32> {
    let mut sides = Vec::new();
    each(offered, &mut |value| {
        if let Ok(fixed) = value.get::<i32>() {
            sides.extend(u32::try_from(fixed));
        } else if let Ok(range) = value.get::<gst::IntRange<i32>>() {
            let (least, most) = (u32::try_from(range.min()).unwrap_or(1), u32::try_from(range.max()).unwrap_or(0));
            let step = u32::try_from(range.step()).unwrap_or(1).max(1);
            let inside = wanted.clamp(least, most.max(least));
            sides.push(least + (inside - least).div_ceil(step) * step);
            sides.push(most);
        }
    });
    let most = sides.iter().copied().max()?;
    if native && wanted < most / 2 {
        return Some(most);
    }
    Some(sides.into_iter().filter(|side| *side >= wanted).min().unwrap_or(most))
}

/// The rate: the wanted one, else the next higher, else the highest.
pub(super) fn rate(offered: &glib::SendValue, wanted: u32) -> Option<gst::Fraction> {
    let exact = gst::Fraction::new(wanted.cast_signed(), 1);
    let mut rates = Vec::new();
    each(offered, &mut |value| {
        if let Ok(fixed) = value.get::<gst::Fraction>() {
            rates.push(fixed);
        } else if let Ok(range) = value.get::<gst::FractionRange>() {
            rates.push(exact.clamp(range.min(), range.max().max(range.min())));
        }
    });
    let by_size = |a: &gst::Fraction, b: &gst::Fraction| as_f64(*a).total_cmp(&as_f64(*b));
    let (known, unknown): (Vec<_>, Vec<_>) = rates.into_iter().partition(|rate| frame_rate(*rate).is_some());
    let enough = known.iter().copied().filter(|rate| is_enough(*rate, wanted)).min_by(by_size);
    enough.or_else(|| known.into_iter().max_by(by_size)).or_else(|| unknown.into_iter().min_by(by_size))
}

/// The texts that are offered.
pub(super) fn strings(offered: &glib::SendValue) -> Vec<String> {
    let mut found = Vec::new();
    each(offered, &mut |value| found.extend(value.get::<String>()));
    found
}

/// Calls `look` with the value, or with each of a list.
fn each(offered: &glib::SendValue, look: &mut dyn FnMut(&glib::Value)) {
    match offered.get::<gst::List>() {
        Ok(list) => list.iter().for_each(|value| look(value)),
        Err(_) => look(offered),
    }
}
