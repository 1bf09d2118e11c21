//! Lists in the text of a settings file. What stands behind an entry on its line belongs to it, and to toml_edit it is what
//! stands before the next one, or at the end of the list: it is behind the comma.

use toml_edit::{Array, RawString, Value};

/// Makes `old` `new` by taking entries out and adding some behind them: those that stay keep the comments above and beside them.
pub(super) fn follow(old: &mut Array, new: &Array) {
    move_end_behind_comma(old);
    let mut wanted = new.iter().peekable();
    let mut index = 0;
    while let Some(entry) = old.get(index) {
        match wanted.next_if(|wanted| wanted.as_str() == entry.as_str()) {
            Some(_) => index += 1,
            None => take_out(old, index),
        }
    }
    wanted.for_each(|entry| add(old, entry.clone()));
}

/// Without a comma behind the last entry, its end of line is its own.
fn move_end_behind_comma(list: &mut Array) {
    let Some(last) = list.len().checked_sub(1).and_then(|last| list.get_mut(last)) else { return };
    let end = text(last.decor().suffix());
    last.decor_mut().set_suffix("");
    list.set_trailing(end + &text(Some(list.trailing())));
}

fn take_out(list: &mut Array, index: usize) {
    let before = text(list.remove(index).decor().prefix());
    let is_last = index == list.len();
    let behind = match list.get(index) {
        Some(next) => text(next.decor().prefix()),
        None => text(Some(list.trailing())),
    };
    let space = match (before.split_once('\n'), behind.split_once('\n')) {
        // The end of the line before, then what is above the next.
        (Some((end, _)), Some((_, above))) => format!("{end}\n{above}"),
        (Some((end, _)), None) if is_last && end.contains('#') => format!("{end}\n"),
        (None, Some(_)) if index > 0 => behind,
        _ if is_last => behind,
        _ => before,
    };
    match list.get_mut(index) {
        Some(next) => next.decor_mut().set_prefix(space),
        None => list.set_trailing(space),
    }
}

/// On a line of its own where the last one has its own.
fn add(list: &mut Array, entry: Value) {
    let trailing = text(Some(list.trailing()));
    let Some((end, rest)) = trailing.split_once('\n') else {
        let space = if list.is_empty() { "" } else { " " };
        return list.push_formatted(entry.decorated(space, ""));
    };
    let above_last = list.iter().last().map(|last| text(last.decor().prefix())).unwrap_or_default();
    let indent = above_last.rsplit_once('\n').map_or("  ", |(_, indent)| indent);
    list.push_formatted(entry.decorated(format!("{end}\n{indent}"), ""));
    list.set_trailing(format!("\n{rest}"));
}

fn text(space: Option<&RawString>) -> String {
    space.and_then(RawString::as_str).unwrap_or_default().to_owned()
}
