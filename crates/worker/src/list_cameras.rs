//! `lenscap-worker --list-cameras KIND [--unconfined]`: what a vendor's library has, as one line of JSON on stdout. No stream
//! is started and no camera opened; the process ends, and the library's state with it.

use std::process::ExitCode;

use crate::camera::backend;
use crate::own_stdout::OwnStdout;
use crate::pipeline::choose_mode;
use crate::sandbox;
use lenscap_cameras::UNCONFINED;
use lenscap_cameras::modes::{Format, Rates, Size};
use lenscap_core::source::Source;

/// Wrong usage.
const USAGE: u8 = 2;
const FAILED: u8 = 1;

/// Prints the report on the kind of camera that is asked for; the exit status.
pub(super) fn run(words: &[&str]) -> ExitCode {
    let (kind, is_confined) = match words {
        [kind] => (*kind, true),
        [kind, UNCONFINED] => (*kind, false),
        _ => return ExitCode::from(USAGE),
    };
    let Ok(source) = kind.parse::<Source>() else { return ExitCode::from(USAGE) };
    let Some(list) = backend(&source).list() else { return ExitCode::from(USAGE) };
    let Ok(answer) = OwnStdout::take() else { return ExitCode::from(FAILED) };
    if is_confined {
        sandbox::enter(&source, &[]);
    }
    if gst::init().is_err() {
        return ExitCode::from(FAILED);
    }
    let Ok(line) = serde_json::to_string(&list()) else { return ExitCode::from(FAILED) };
    match answer.give(&line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(FAILED),
    }
}

/// What caps offer.
pub(crate) fn formats(caps: &gst::CapsRef) -> Vec<Format> {
    let mut found = Vec::new();
    for structure in caps.iter() {
        let is_raw = structure.name() == "video/x-raw";
        let names = match structure.value("format") {
            Ok(value) if is_raw => strings(value),
            _ => vec![structure.name().trim_start_matches("image/").trim_start_matches("video/").to_uppercase()],
        };
        let Some(size) = size(structure) else { continue };
        for name in names {
            add(&mut found, &name, !is_raw, &size);
        }
    }
    found
}

/// Adds a size to a format of this name.
pub(crate) fn add(found: &mut Vec<Format>, name: &str, compressed: bool, size: &Size) {
    match found.iter_mut().find(|format| format.fourcc == name) {
        Some(format) if format.sizes.contains(size) => {}
        Some(format) => format.sizes.push(size.clone()),
        None => found.push(Format {
            fourcc: name.to_owned(),
            description: name.to_owned(),
            compressed,
            emulated: false,
            sizes: vec![size.clone()],
        }),
    }
}

fn size(structure: &gst::StructureRef) -> Option<Size> {
    let side = |name: &str| -> Option<(u32, u32, u32)> {
        let value = structure.value(name).ok()?;
        let positive = |number: i32| u32::try_from(number).ok();
        if let Ok(range) = value.get::<gst::IntRange<i32>>() {
            return Some((positive(range.min())?, positive(range.max())?, positive(range.step())?.max(1)));
        }
        let fixed = positive(value.get::<i32>().ok()?)?;
        Some((fixed, fixed, 1))
    };
    let ((min_width, max_width, step_width), (min_height, max_height, step_height)) = (side("width")?, side("height")?);
    let rates = rates(structure);
    Some(if (min_width, min_height) == (max_width, max_height) {
        Size::Fixed { width: max_width, height: max_height, rates }
    } else {
        Size::Range { min_width, max_width, step_width, min_height, max_height, step_height, rates }
    })
}

fn rates(structure: &gst::StructureRef) -> Rates {
    let Ok(value) = structure.value("framerate") else { return Rates::List(Vec::new()) };
    if let Ok(range) = value.get::<gst::FractionRange>() {
        return Rates::between(choose_mode::frame_rate(range.min()), choose_mode::frame_rate(range.max()));
    }
    match value.get::<gst::List>() {
        Ok(list) => {
            let fractions = list.iter().filter_map(|value| value.get::<gst::Fraction>().ok());
            Rates::list(fractions.map(choose_mode::frame_rate))
        }
        Err(_) => Rates::list(value.get::<gst::Fraction>().ok().map(choose_mode::frame_rate)),
    }
}

fn strings(value: &glib::Value) -> Vec<String> {
    match value.get::<gst::List>() {
        Ok(list) => list.iter().filter_map(|value| value.get::<String>().ok()).collect(),
        Err(_) => value.get::<String>().ok().into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenscap_cameras::modes;

    #[test]
    fn caps_are_read_as_formats_sizes_and_rates() {
        gst::init().unwrap();
        let caps: gst::Caps = "video/x-raw,format={NV12,YUY2},width=640,height=480,framerate={30/1,15/1}; \
             video/x-raw,format=NV12,width=[32,1928,2],height=[32,1092,2],framerate=[0/1,2147483647/1]; \
             image/jpeg,width=1280,height=720,framerate=30000/1001; audio/x-raw,rate=8000"
            .parse()
            .unwrap();
        let formats = formats(&caps);
        let names: Vec<_> = formats.iter().map(|format| (format.fourcc.as_str(), format.compressed)).collect();
        assert_eq!(names, [("NV12", false), ("YUY2", false), ("JPEG", true)]);
        assert_eq!(modes::native(&formats), Some((1928, 1092)));
        assert_eq!(modes::rates(&formats, (640, 480)), [30.0, 15.0]);
        assert_eq!(modes::rates(&formats, (1280, 720)), [29.97]);
    }
}
