//! What a camera sees, from everything that is known of it: `auto` takes no infrared or depth camera while another is there.
//!
//! No sign is sure alone: infrared cameras call their pictures YUYV, name themselves after the colour camera beside them,
//! or have an ordinary size. One sign is enough, for it only means that others are tried first.

use super::modes::{Format, Size};

/// What a camera sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sight {
    /// What people see, as far as is known.
    Colour,
    /// Infrared light, for recognising faces; or no colours.
    Infrared,
    /// How far things are: nothing that could be shown.
    Depth,
}

/// What is known of a camera.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence<'a> {
    /// The device's name.
    pub name: &'a str,
    /// The name of the device's function that the camera is, where it has one of its own: "IR Camera".
    pub function: Option<&'a str>,
    /// What it can do, where it was asked.
    pub formats: Option<&'a [Format]>,
}

impl Evidence<'_> {
    /// What all of it says.
    pub fn sight(&self) -> Sight {
        let formats = self.formats.unwrap_or_default();
        if is_depth(formats) {
            return Sight::Depth;
        }
        let is_named = match self.function {
            // One device may be named after both of its cameras.
            Some(function) if names(function, &["rgb", "color", "colour"]) => false,
            function => [Some(self.name), function].into_iter().flatten().any(names_infrared),
        };
        match is_named || is_grey(formats) || !has_usual_size(formats) {
            true => Sight::Infrared,
            false => Sight::Colour,
        }
    }
}

/// Whether there are formats and all of them are distances.
pub fn is_depth(formats: &[Format]) -> bool {
    const DEPTH: [&str; 4] = ["Z16", "INZI", "CNF4", "D16"];
    !formats.is_empty() && formats.iter().all(|format| DEPTH.contains(&code(format)))
}

/// Formats without colour.
fn is_grey(formats: &[Format]) -> bool {
    const GREY: [&str; 18] = [
        "GREY", "Y8", "Y04", "Y06", "Y10", "Y10B", "Y10P", "Y12", "Y12P", "Y14", "Y14P", "Y16", "Y8I", "Y12I", "Z16",
        "INZI", "CNF4", "D16",
    ];
    let is_grey = |format: &Format| GREY.contains(&code(format)) || code(format).starts_with("GRAY");
    !formats.is_empty() && formats.iter().all(is_grey)
}

/// Without what says how its bytes lie.
fn code(format: &Format) -> &str {
    format.fourcc.split("-BE").next().unwrap_or_default().trim()
}

/// "IR" as a word of its own or before "Cam", "infrared" anywhere.
fn names_infrared(text: &str) -> bool {
    let is_ir = |word: &str| word == "IR" || word.to_ascii_lowercase().starts_with("ircam");
    text.to_ascii_lowercase().replace('-', "").contains("infrared") || words(text).any(is_ir)
}

fn names(text: &str, wanted: &[&str]) -> bool {
    words(text).any(|word| wanted.iter().any(|wanted| word.eq_ignore_ascii_case(wanted)))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
}

/// Whether one of the sizes is a video's: the shape of a screen, lying. True as well where none is known.
fn has_usual_size(formats: &[Format]) -> bool {
    let mut sizes = formats.iter().flat_map(|format| &format.sizes).peekable();
    sizes.peek().is_none() || sizes.any(is_usual)
}

fn is_usual(size: &Size) -> bool {
    /// 5:4, 11:9 (CIF), 4:3, 3:2, 16:10, 16:9, 17:9, 2:1, 21:9.
    const SHAPES: [f64; 9] = [1.25, 11.0 / 9.0, 4.0 / 3.0, 1.5, 1.6, 16.0 / 9.0, 256.0 / 135.0, 2.0, 64.0 / 27.0];
    /// Sides are rounded to what chips like: 1928x1092 is 16:9.
    const TOLERANCE: f64 = 0.02;
    match size {
        Size::Fixed { width, height, .. } => {
            let shape = f64::from(*width) / f64::from(*height);
            SHAPES.iter().any(|usual| (shape / usual - 1.0).abs() <= TOLERANCE)
        }
        Size::Range { min_width, max_width, .. } => min_width < max_width,
    }
}

#[cfg(test)]
mod tests {
    use super::super::modes::Rates;
    use super::*;

    /// A format with these sizes.
    fn format(fourcc: &str, sizes: &[(u32, u32)]) -> Format {
        let size = |(width, height): &(u32, u32)| Size::Fixed {
            width: *width,
            height: *height,
            rates: Rates::List(vec![30.0]),
        };
        Format {
            fourcc: fourcc.into(),
            description: String::new(),
            compressed: false,
            emulated: false,
            sizes: sizes.iter().map(size).collect(),
        }
    }

    /// Name, function, formats, their sizes; what it is.
    type KnownCamera<'a> = (&'a str, Option<&'a str>, &'a [&'a str], &'a [(u32, u32)], Sight);

    #[test]
    fn one_sign_is_enough() {
        let vga: &[(u32, u32)] = &[(640, 480)];
        let table: [KnownCamera<'_>; 21] = [
            ("Integrated Camera", None, &["YUYV", "MJPG"], &[(1280, 720), (640, 480)], Sight::Colour),
            ("Integrated Camera", None, &[], &[], Sight::Colour),
            // The formats.
            ("Integrated Camera", None, &["GREY"], vga, Sight::Infrared),
            ("Camera", None, &["Y8", "Y16-BE"], vga, Sight::Infrared),
            ("Camera", None, &["GRAY8"], vga, Sight::Infrared),
            ("Camera", None, &["GREY", "YUYV"], vga, Sight::Colour),
            // The name.
            ("Integrated IR Camera", None, &["YUYV"], &[(340, 340)], Sight::Infrared),
            ("Integrated IR Camera", None, &["YUYV"], vga, Sight::Infrared),
            ("Webcam: IR", None, &[], &[], Sight::Infrared),
            ("USB Infra-Red", None, &[], &[], Sight::Infrared),
            ("IRCamera", None, &[], &[], Sight::Infrared),
            ("IRIS Cam AIR ir", None, &[], &[], Sight::Colour),
            // The function.
            ("HD Webcam", Some("IR Camera"), &["YUYV"], vga, Sight::Infrared),
            ("HD + IR Webcam", Some("RGB Camera"), &["YUYV"], vga, Sight::Colour),
            ("HD Webcam", Some("HD Webcam"), &["YUYV"], vga, Sight::Colour),
            // The size.
            ("Integrated Camera", None, &["YUYV"], &[(340, 340)], Sight::Infrared),
            ("Integrated Camera", None, &["YUYV"], &[(340, 340), (640, 360)], Sight::Colour),
            ("Integrated Camera", None, &["YUYV"], &[(400, 600)], Sight::Infrared),
            ("Camera", None, &["YUYV"], &[(1928, 1092), (352, 288)], Sight::Colour),
            // Distances.
            ("RealSense", None, &["Z16"], &[(640, 480)], Sight::Depth),
            ("RealSense", None, &["Z16", "Y8"], &[(640, 480)], Sight::Infrared),
        ];
        for (name, function, codes, sizes, expected) in table {
            let formats: Vec<_> = codes.iter().map(|code| format(code, sizes)).collect();
            let evidence = Evidence { name, function, formats: Some(&formats) };
            assert_eq!(evidence.sight(), expected, "{evidence:?}");
        }
        assert_eq!(Evidence { name: "Camera", ..Evidence::default() }.sight(), Sight::Colour);
    }

    #[test]
    fn a_range_of_sizes_has_a_usual_one() {
        let range = Size::Range {
            min_width: 16,
            max_width: 4096,
            step_width: 2,
            min_height: 16,
            max_height: 4096,
            step_height: 2,
            rates: Rates::List(vec![]),
        };
        let formats = [Format { sizes: vec![range], ..format("NV12", &[]) }];
        assert_eq!(Evidence { formats: Some(&formats), ..Evidence::default() }.sight(), Sight::Colour);
    }
}
