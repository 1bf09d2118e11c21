//! What a camera can do, in columns.

use crate::camera::modes::{Format, Rates, Size};
use crate::i18n::camera_list;

/// Columns of a line of formats.
const WIDTH: usize = 78;

/// Formats with the same sizes and rates together, in the order of the camera.
pub(super) fn grouped(formats: &[Format]) -> Vec<(Vec<&str>, &[Size])> {
    let mut groups: Vec<(Vec<&str>, &[Size])> = Vec::new();
    for format in formats {
        match groups.iter_mut().find(|(_, sizes)| *sizes == format.sizes) {
            Some((names, _)) => names.push(&format.fourcc),
            None => groups.push((vec![&format.fourcc], &format.sizes)),
        }
    }
    groups
}

/// Names of formats, in lines that a terminal has room for.
pub(super) fn wrapped(names: &[&str]) -> String {
    let mut lines = vec!["   ".to_owned()];
    for name in names {
        if lines.last().is_some_and(|line| line.chars().count() + 1 + name.chars().count() > WIDTH) {
            lines.push("   ".to_owned());
        }
        if let Some(line) = lines.last_mut() {
            line.push(' ');
            line.push_str(name);
        }
    }
    lines.join("\n") + "\n"
}

/// A size a line, with its rates.
pub(super) fn sizes_in_words(sizes: &[Size], native: Option<(u32, u32)>) -> String {
    let named: Vec<(String, String)> = sizes
        .iter()
        .map(|size| {
            let name = match size {
                Size::Fixed { width, height, .. } => format!("{width}x{height}"),
                Size::Range { min_width, max_width, min_height, max_height, .. } => {
                    format!("{min_width}x{min_height} - {max_width}x{max_height}")
                }
            };
            let mut rates = rates_in_words(size.rates());
            if Some(size.largest()) == native {
                let separator = if rates.is_empty() { "" } else { "  " };
                rates += &format!("{separator}({})", camera_list::native());
            }
            (name, rates)
        })
        .collect();
    let width = named.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    named.iter().map(|(name, rates)| format!("      {name:width$}  {rates}").trim_end().to_owned() + "\n").collect()
}

fn rates_in_words(rates: &Rates) -> String {
    match rates {
        Rates::List(rates) if rates.is_empty() => String::new(),
        Rates::List(rates) => camera_list::rates(rates),
        Rates::Range { min, max } => camera_list::rate_range(*min, *max),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(fourcc: &str) -> Format {
        let size = Size::Fixed { width: 640, height: 480, rates: Rates::List(Vec::new()) };
        Format {
            fourcc: fourcc.into(),
            description: String::new(),
            compressed: false,
            emulated: false,
            sizes: vec![size],
        }
    }

    #[test]
    fn many_formats_of_the_same_sizes_take_a_few_lines() {
        let names: Vec<String> = (0..80).map(|number| format!("F{number:03}")).collect();
        let formats: Vec<_> = names.iter().map(|name| format(name)).collect();
        let groups = grouped(&formats);
        assert_eq!(groups.len(), 1);
        let text = wrapped(&groups[0].0);
        assert!(text.lines().count() < 8 && text.lines().all(|line| line.len() <= WIDTH), "{text}");
    }
}
