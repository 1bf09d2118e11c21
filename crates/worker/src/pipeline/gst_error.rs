//! GStreamer's errors as troubles.

use lenscap_cameras::modes::Format;
use lenscap_cameras::sight;
use lenscap_core::trouble::{Trouble, TroubleKind};
use lenscap_text::Cause;

/// Formats named in a sentence at most.
const SHOWN_FORMATS: usize = 6;

/// What went wrong, for a camera of this name. `debug` is the element's own account, which holds the kernel's error.
pub(crate) fn trouble(error: &glib::Error, debug: &str, camera: &str) -> Trouble {
    let kind = kind(error, debug);
    let said = error.message().trim_end_matches('.');
    let (camera, cause) = (camera.into(), Cause::other(said));
    match kind {
        TroubleKind::Busy => Trouble::CameraBusy { camera },
        TroubleKind::Permission => Trouble::CameraForbidden { camera },
        TroubleKind::Missing => Trouble::CameraMissing { camera, cause },
        TroubleKind::Format => Trouble::CameraFormat { camera, cause },
        // What v4l2src says when the driver refuses STREAMON, which has nothing to do with memory.
        TroubleKind::Other if said == "Failed to allocate required memory" => Trouble::CameraRefusesStart { camera },
        TroubleKind::Setup => Trouble::SourceUnusable { source: camera, cause },
        TroubleKind::NoSignal | TroubleKind::Crash | TroubleKind::Hang | TroubleKind::Device | TroubleKind::Other => {
            Trouble::CameraFailed { camera, cause }
        }
    }
}

/// None of the camera's formats is a picture to GStreamer.
pub(crate) fn nothing_to_show(camera: &str, formats: &[Format]) -> Trouble {
    let camera = camera.into();
    if sight::is_depth(formats) {
        Trouble::DepthOnly { camera }
    } else if formats.is_empty() {
        Trouble::NoFormats { camera }
    } else {
        let formats = formats.iter().take(SHOWN_FORMATS).map(|format| format.fourcc.as_str().into()).collect();
        Trouble::OnlyFormats { camera, formats }
    }
}

fn kind(error: &glib::Error, debug: &str) -> TroubleKind {
    // The kernel's error is the surest sign; it is in English, for the worker sets no locale.
    for (words, kind) in [
        ("Device or resource busy", TroubleKind::Busy),
        ("Permission denied", TroubleKind::Permission),
        ("Operation not permitted", TroubleKind::Permission),
        ("No such file or directory", TroubleKind::Missing),
        ("No such device", TroubleKind::Missing),
        ("not-negotiated", TroubleKind::Format),
    ] {
        if debug.contains(words) || error.message().contains(words) {
            return kind;
        }
    }
    if let Some(error) = error.kind::<gst::ResourceError>() {
        return match error {
            gst::ResourceError::Busy => TroubleKind::Busy,
            gst::ResourceError::NotFound => TroubleKind::Missing,
            gst::ResourceError::NotAuthorized => TroubleKind::Permission,
            // Also "Settings": v4l2src says so of a camera that just hiccups.
            _ => TroubleKind::Other,
        };
    }
    if let Some(error) = error.kind::<gst::StreamError>() {
        return match error {
            gst::StreamError::WrongType
            | gst::StreamError::TypeNotFound
            | gst::StreamError::Format
            | gst::StreamError::Decode => TroubleKind::Format,
            gst::StreamError::CodecNotFound => TroubleKind::Setup,
            _ => TroubleKind::Other,
        };
    }
    match error.kind::<gst::CoreError>() {
        Some(gst::CoreError::Negotiation | gst::CoreError::Caps) => TroubleKind::Format,
        Some(gst::CoreError::MissingPlugin) => TroubleKind::Setup,
        _ => TroubleKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(error: glib::Error, debug: &str) -> TroubleKind {
        let reason = trouble(&error, debug, "/dev/video0");
        assert!(format!("{reason:?}").contains("/dev/video0"), "the camera is named: {reason:?}");
        reason.kind()
    }

    #[test]
    fn the_kernels_error_decides() {
        let open = |debug| of(glib::Error::new(gst::ResourceError::OpenReadWrite, "Could not open device."), debug);
        assert_eq!(open("system error: Permission denied"), TroubleKind::Permission);
        assert_eq!(open("system error: Device or resource busy"), TroubleKind::Busy);
        assert_eq!(open("system error: No such device"), TroubleKind::Missing);
        assert_eq!(open("system error: Input/output error"), TroubleKind::Other);
        let stopped = glib::Error::new(gst::StreamError::Failed, "Internal data stream error.");
        assert_eq!(of(stopped, "streaming stopped, reason not-negotiated (-4)"), TroubleKind::Format);
    }

    #[test]
    fn a_camera_that_refuses_to_start_is_not_called_short_of_memory() {
        let error = glib::Error::new(gst::ResourceError::Settings, "Failed to allocate required memory.");
        let reason = trouble(&error, "Buffer pool activation failed", "/dev/video0");
        assert_eq!(reason, Trouble::CameraRefusesStart { camera: "/dev/video0".into() });
    }

    #[test]
    fn a_camera_without_pictures_says_what_it_has_instead() {
        let formats = |codes: &[&str]| -> Vec<Format> {
            let format = |code: &&str| Format {
                fourcc: (*code).into(),
                description: String::new(),
                compressed: false,
                emulated: false,
                sizes: Vec::new(),
            };
            codes.iter().map(format).collect()
        };
        let trouble = |codes: &[&str]| nothing_to_show("Cam", &formats(codes));
        let camera = || "Cam".into();
        assert_eq!(trouble(&["Z16"]), Trouble::DepthOnly { camera: camera() });
        let only = Trouble::OnlyFormats { camera: camera(), formats: vec!["H264".into(), "HEVC".into()] };
        assert_eq!(trouble(&["H264", "HEVC"]), only);
        assert_eq!(trouble(&[]), Trouble::NoFormats { camera: camera() });
    }

    #[test]
    fn else_gstreamers_domain_decides() {
        assert_eq!(of(glib::Error::new(gst::ResourceError::Busy, "x"), ""), TroubleKind::Busy);
        assert_eq!(of(glib::Error::new(gst::ResourceError::NotFound, "x"), ""), TroubleKind::Missing);
        assert_eq!(of(glib::Error::new(gst::StreamError::CodecNotFound, "x"), ""), TroubleKind::Setup);
        assert_eq!(of(glib::Error::new(gst::CoreError::Negotiation, "x"), ""), TroubleKind::Format);
        assert_eq!(of(glib::Error::new(gst::ResourceError::Settings, "x"), ""), TroubleKind::Other);
        assert_eq!(of(glib::Error::new(gst::LibraryError::Init, "x"), ""), TroubleKind::Other);
    }
}
