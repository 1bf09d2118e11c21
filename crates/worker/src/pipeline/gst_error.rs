//! GStreamer's errors as troubles.

use lenscap_cameras::modes::Format;
use lenscap_cameras::sight;
use lenscap_core::trouble::{Trouble, TroubleKind};
use lenscap_words::distro::Family;
use lenscap_words::{tr, trf};

/// Formats named in a sentence at most.
const SHOWN_FORMATS: usize = 6;

/// What went wrong, for a camera of this name. `debug` is the element's own account, which holds the kernel's error.
pub(crate) fn reason(error: &glib::Error, debug: &str, camera: &str) -> Trouble {
    let kind = kind(error, debug);
    let said = error.message().trim_end_matches('.');
    let text = match kind {
        TroubleKind::Busy => return busy(camera),
        TroubleKind::Permission => return permission(camera),
        TroubleKind::Missing => return missing(camera, said),
        TroubleKind::Format => {
            trf!(
                "The camera {camera} gives no video that can be shown ({error}): choose another source.",
                camera = camera,
                error = said
            )
        }
        // What v4l2src says when the driver refuses STREAMON, which has nothing to do with memory.
        TroubleKind::Other if said == "Failed to allocate required memory" => {
            trf!("The camera {camera} cannot be started: unplug it or restart the computer.", camera = camera)
        }
        TroubleKind::Setup => trf!(
            "The source {camera} cannot be used ({error}): correct it in the settings.",
            camera = camera,
            error = said
        ),
        TroubleKind::NoSignal | TroubleKind::Crash | TroubleKind::Hang | TroubleKind::Device | TroubleKind::Other => {
            trf!(
                "The camera {camera} failed ({error}): if this happens again, unplug it or restart the computer.",
                camera = camera,
                error = said
            )
        }
    };
    Trouble::said(kind, text)
}

/// None of the camera's formats is a picture to GStreamer.
pub(crate) fn nothing_to_show(camera: &str, formats: &[Format]) -> Trouble {
    let text = if sight::is_depth(formats) {
        trf!(
            "The camera {camera} sees only how far things are, not what they look like: choose another camera.",
            camera = camera
        )
    } else if formats.is_empty() {
        trf!("The camera {camera} offers no pictures: choose another camera.", camera = camera)
    } else {
        let codes: Vec<_> = formats.iter().take(SHOWN_FORMATS).map(|format| format.fourcc.as_str()).collect();
        trf!(
            "The camera {camera} offers only {formats}, which cannot be shown: choose another camera.",
            camera = camera,
            formats = codes.join(", ")
        )
    };
    Trouble::said(TroubleKind::Format, text)
}

/// The camera is in use.
pub(crate) fn busy(camera: &str) -> Trouble {
    let text = trf!("The camera {camera} is in use by another program: close that program.", camera = camera);
    Trouble::said(TroubleKind::Busy, text)
}

/// There is no such camera, or there no longer is.
pub(crate) fn missing(camera: &str, said: &str) -> Trouble {
    let text = trf!(
        "The camera {camera} is not there ({error}): plug it in, or choose another source.",
        camera = camera,
        error = said
    );
    Trouble::said(TroubleKind::Missing, text)
}

/// The camera may not be opened.
pub(crate) fn permission(camera: &str) -> Trouble {
    let text = trf!(
        "No permission to open the camera {camera}: add yourself to the group with \"sudo usermod -aG video $USER\" and \
         log in again.",
        camera = camera
    );
    Trouble::said(TroubleKind::Permission, text)
}

/// An element is not installed.
pub(crate) fn missing_element(element: &str) -> Trouble {
    let hint = |debian, fedora, arch| Family::here().install_hint(debian, fedora, arch);
    let how = match element {
        "v4l2src" | "jpegdec" => hint("gstreamer1.0-plugins-good", "gstreamer1-plugins-good", "gst-plugins-good"),
        "videoconvertscale" | "videotestsrc" => {
            hint("gstreamer1.0-plugins-base", "gstreamer1-plugins-base", "gst-plugins-base")
        }
        "queue" | "capsfilter" => hint("libgstreamer1.0-0", "gstreamer1", "gstreamer"),
        "libcamerasrc" => hint("gstreamer1.0-libcamera", "libcamera-gstreamer", "gst-plugin-libcamera"),
        "pipewiresrc" => hint("gstreamer1.0-pipewire", "pipewire-gstreamer", "gst-plugin-pipewire"),
        "icamerasrc" => tr(
            "install Intel's icamerasrc (package gst-plugin-icamera or gstreamer1.0-icamera), or choose another source",
        ),
        _ => tr("install the GStreamer plugin that has it, or correct the source in the settings"),
    };
    let text = trf!("GStreamer's element \"{element}\" is missing: {how}.", element = element, how = how);
    Trouble::said(TroubleKind::Setup, text)
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
        let reason = reason(&error, debug, "/dev/video0");
        assert!(
            lenscap_words::trouble::sentence(&reason).ends_with('.')
                && lenscap_words::trouble::sentence(&reason).contains("/dev/video0"),
            "{reason:?}"
        );
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
        let reason = reason(&error, "Buffer pool activation failed", "/dev/video0");
        assert!(
            lenscap_words::trouble::sentence(&reason).contains("cannot be started")
                && !lenscap_words::trouble::sentence(&reason).contains("memory"),
            "{reason:?}"
        );
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
        let said = |codes: &[&str]| lenscap_words::trouble::sentence(&nothing_to_show("Cam", &formats(codes)));
        assert!(said(&["Z16"]).contains("how far things are"), "{}", said(&["Z16"]));
        assert!(said(&["H264", "HEVC"]).contains("only H264, HEVC"), "{}", said(&["H264", "HEVC"]));
        assert!(["Z16", "H264"].iter().all(|code| !said(&[code]).contains("decoder")));
        assert!(said(&[]).contains("no pictures"));
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

    #[test]
    fn every_element_we_use_has_its_package_named() {
        for element in
            ["v4l2src", "jpegdec", "videoconvertscale", "videotestsrc", "libcamerasrc", "pipewiresrc", "icamerasrc"]
        {
            let reason = missing_element(element);
            assert_eq!(reason.kind(), TroubleKind::Setup);
            assert!(lenscap_words::trouble::sentence(&reason).contains("gst"), "{reason:?}");
        }
    }
}
