//! Sources: their names in menus, what a camera without a name is called, why one kind is preferred, which package reads it,
//! and what is wrong with one as the user wrote it.

use lenscap_core::source::{CameraApi, GenericName, Source, SourceTrouble, Way};

use crate::distro::Family;
use crate::remedy::Remedy;
use crate::{tr, trf};

/// The name of a camera, as troubles and the status have it.
pub fn camera(name: &str) -> String {
    match GenericName::of(name) {
        Some(GenericName::BuiltIn) => tr("Built-in camera"),
        Some(GenericName::OwnPipeline) => tr("Own pipeline"),
        Some(GenericName::PipeWire) => tr("PipeWire camera"),
        Some(GenericName::TestPicture) => tr("Test picture"),
        None => name.to_owned(),
    }
}

/// As [`camera`], where it may be a device's path: people know that by its file's name.
pub(crate) fn called(name: &str) -> String {
    match name.strip_prefix("v4l2:").unwrap_or(name) {
        path if path.starts_with('/') => path.rsplit('/').next().unwrap_or(path).to_owned(),
        _ => camera(name),
    }
}

/// Why `auto` takes the first of these cameras: words for behind a colon.
pub(crate) fn preferred(api: CameraApi) -> String {
    match api {
        CameraApi::Icamera => tr("cameras of Intel's icamerasrc come first"),
        CameraApi::Libcamera => tr("cameras of libcamera come before those that V4L2 gives by itself"),
        CameraApi::V4l2 => tr("it is the first by number"),
        CameraApi::Pipewire => tr("PipeWire has it"),
    }
}

/// How the camera that is on is read, as one sentence.
pub fn way(way: Way) -> String {
    match way {
        Way::Pipewire => tr("The camera is read through PipeWire, as the settings say."),
        Way::PipewireForBusy => tr("The camera is read through PipeWire because another program holds it."),
    }
}

/// One clause without a full stop: what is wrong and what to write instead.
pub fn clause(trouble: &SourceTrouble) -> String {
    match trouble {
        SourceTrouble::TooLong { max } => trf!("a source is text of at most {max} bytes without NUL", max = max),
        SourceTrouble::EndsInColon { text, word } => {
            trf!("\"{text}\" ends in a colon: write \"{word}\" or add what comes after it", text = text, word = word)
        }
        SourceTrouble::TakesNothing { word } => {
            trf!("\"{word}\" takes nothing after it: write \"{word}\"", word = word)
        }
        SourceTrouble::NeedsPath => tr("\"v4l2\" needs the camera's path: write it as in \"v4l2:/dev/video0\""),
        SourceTrouble::NeedsDescription => {
            tr("\"pipeline\" needs a description: write it as in \"pipeline:videotestsrc\"")
        }
        SourceTrouble::Unknown { text } => trf!(
            "\"{text}\" is not a source: use auto, icamera[:NAME], libcamera[:NAME], v4l2:PATH, pipewire[:TARGET], \
             test or pipeline:DESCRIPTION",
            text = text
        ),
    }
}

/// The source that chooses by itself, in a menu of sources.
pub fn automatic() -> String {
    tr("Automatic")
}

/// The source that is no camera, in a menu of sources.
pub fn test_picture() -> String {
    tr("Test picture")
}

/// The source of the settings, where its camera is in no list: cameras of libraries are not asked while one is on.
pub fn unlisted(source: &Source) -> String {
    match source {
        // A number of PipeWire's says nothing by itself.
        Source::PipeWire(Some(target)) if target.parse::<u64>().is_ok() => source.to_string(),
        Source::Icamera(Some(name)) | Source::Libcamera(Some(name)) | Source::PipeWire(Some(name)) => name.clone(),
        Source::PipeWire(None) => tr("PipeWire camera"),
        Source::Auto
        | Source::Icamera(None)
        | Source::Libcamera(None)
        | Source::V4l2(_)
        | Source::Test
        | Source::Pipeline(_) => source.to_string(),
    }
}

/// How to get an element of GStreamer's.
pub(crate) fn package_of(element: &str) -> Remedy {
    let hint = |debian, fedora, arch| Family::here().install(debian, fedora, arch);
    match element {
        "v4l2src" | "jpegdec" => hint("gstreamer1.0-plugins-good", "gstreamer1-plugins-good", "gst-plugins-good"),
        "videoconvertscale" | "videoconvert" | "videoscale" | "appsink" | "videotestsrc" => {
            hint("gstreamer1.0-plugins-base", "gstreamer1-plugins-base", "gst-plugins-base")
        }
        "queue" | "capsfilter" => hint("libgstreamer1.0-0", "gstreamer1", "gstreamer"),
        "libcamerasrc" => hint("gstreamer1.0-libcamera", "libcamera-gstreamer", "gst-plugin-libcamera"),
        "pipewiresrc" => hint("gstreamer1.0-pipewire", "pipewire-gstreamer", "gst-plugin-pipewire"),
        "icamerasrc" => tr(
            "install Intel's icamerasrc (package gst-plugin-icamera or gstreamer1.0-icamera), or choose another camera",
        )
        .into(),
        _ => tr("install the GStreamer plugin that has it, or choose another camera").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_without_a_name_has_one_for_people() {
        for generic in GenericName::ALL {
            assert_eq!(camera(generic.as_str()), generic.as_str(), "the words in English are the name");
        }
        assert_eq!(camera("Webcam"), "Webcam");
        assert_eq!(["Webcam", "v4l2:/dev/video0", "/dev/video1"].map(called), ["Webcam", "video0", "video1"]);
    }
}
