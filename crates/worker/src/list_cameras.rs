//! `lenscap-worker --list-cameras KIND [--unconfined]`: what a vendor's library has, as one line of JSON on stdout. No stream
//! is started and no camera opened; the process ends, and the library's state with it.

use std::process::ExitCode;

use gst::prelude::*;

use crate::answer::Answer;
use crate::pipeline::choose_mode;
use crate::sandbox;
use lenscap_cameras::modes::{Format, Rates, Size};
use lenscap_cameras::vendors::{Report, Reported};
use lenscap_cameras::{Location, UNCONFINED};
use lenscap_core::source::Source;

/// Wrong usage.
const USAGE: u8 = 2;
const FAILED: u8 = 1;
/// libcamera's list of cameras in GStreamer.
const LIBCAMERA_PROVIDER: &str = "libcameraprovider";

/// Prints the report on the kind of camera that is asked for; the exit status.
pub(super) fn run(words: &[&str]) -> ExitCode {
    let (kind, is_confined) = match words {
        [kind] => (*kind, true),
        [kind, UNCONFINED] => (*kind, false),
        _ => return ExitCode::from(USAGE),
    };
    let (list, source): (fn() -> Report, _) = match kind {
        "icamera" => (icamera, Source::Icamera(None)),
        "libcamera" => (libcamera, Source::Libcamera(None)),
        _ => return ExitCode::from(USAGE),
    };
    let Ok(answer) = Answer::take() else { return ExitCode::from(FAILED) };
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

/// Intel's element builds the values of its property from what its library finds; without a camera it has none.
fn icamera() -> Report {
    let Some(factory) = gst::ElementFactory::find("icamerasrc") else { return Report::default() };
    let mut report = Report { installed: true, ..Report::default() };
    let factory = factory.load().unwrap_or(factory);
    // The class alone: an element that is made and dropped shuts the library down.
    let class = glib::Class::<gst::Element>::from_type(factory.element_type());
    let values = class
        .as_ref()
        .and_then(|class| class.find_property("device-name"))
        .and_then(|property| glib::EnumClass::with_type(property.value_type()));
    let formats = factory
        .static_pad_templates()
        .iter()
        .find_map(|template| (template.direction() == gst::PadDirection::Src).then(|| formats(&template.caps())));
    let formats = formats.unwrap_or_default();
    for value in values.iter().flat_map(glib::EnumClass::values) {
        report.cameras.push(Reported {
            id: value.nick().to_owned(),
            name: value.name().to_owned(),
            location: facing(value.nick()),
            rotation: None,
            formats: formats.clone(),
        });
    }
    report
}

/// "ov01a10-uf-0" faces the user, "ov13b10-wf-2" the world.
fn facing(name: &str) -> Option<Location> {
    name.split('-').find_map(|part| match part {
        "uf" => Some(Location::Front),
        "wf" => Some(Location::Back),
        _ => None,
    })
}

fn libcamera() -> Report {
    if gst::ElementFactory::find("libcamerasrc").is_none() {
        return Report::default();
    }
    let mut report = Report { installed: true, ..Report::default() };
    let Some(provider) = gst::DeviceProviderFactory::by_name(LIBCAMERA_PROVIDER) else { return report };
    for device in provider.devices() {
        // Its display name is the id.
        let id = device.display_name().to_string();
        let properties = device.properties();
        // "api.libcamera.Location" and such, where its version tells.
        let property = |name: &str| {
            let properties = properties.as_ref()?;
            let field = properties
                .fields()
                .find(|field| field.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(name)))?;
            let value = properties.value(field.as_str()).ok()?;
            value.get::<String>().or_else(|_| value.serialize().map(|text| text.to_string())).ok()
        };
        let location = property("location").map(|text| text.to_lowercase()).and_then(|location| match location {
            front if front.contains("front") || front == "0" => Some(Location::Front),
            back if back.contains("back") || back == "1" => Some(Location::Back),
            external if external.contains("external") || external == "2" => Some(Location::External),
            _ => None,
        });
        report.cameras.push(Reported {
            name: property("model").unwrap_or_else(|| id.clone()),
            location,
            rotation: property("rotation").and_then(|degrees| degrees.parse().ok()),
            formats: device.caps().map(|caps| formats(&caps)).unwrap_or_default(),
            id,
        });
    }
    report
}

/// What caps offer.
fn formats(caps: &gst::CapsRef) -> Vec<Format> {
    let mut found: Vec<Format> = Vec::new();
    for structure in caps.iter() {
        let is_raw = structure.name() == "video/x-raw";
        let names = match structure.value("format") {
            Ok(value) if is_raw => strings(value),
            _ => vec![structure.name().trim_start_matches("image/").trim_start_matches("video/").to_uppercase()],
        };
        let Some(size) = size(structure) else { continue };
        for name in names {
            match found.iter_mut().find(|format| format.fourcc == name) {
                Some(format) => {
                    if !format.sizes.contains(&size) {
                        format.sizes.push(size.clone());
                    }
                }
                None => found.push(Format {
                    description: name.clone(),
                    fourcc: name,
                    compressed: !is_raw,
                    emulated: false,
                    sizes: vec![size.clone()],
                }),
            }
        }
    }
    found
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

    #[test]
    fn intels_names_tell_where_a_camera_looks() {
        assert_eq!(facing("ov01a10-uf"), Some(Location::Front));
        assert_eq!(facing("ov13b10-wf-2"), Some(Location::Back));
        assert_eq!(facing("imx390"), None);
    }
}
