//! A trouble as one sentence with the next step.

use lenscap_core::event::Step;
use lenscap_core::presence::UNSEEN;
use lenscap_core::trouble::{SignalShortfall, Trouble};

use crate::source::{camera as called, package_of};
use crate::{tr, trf};

/// Formats named in a sentence at most.
const SHOWN_FORMATS: usize = 6;

/// The sentence, with its full stop. Bounded, as the camera process says what is in it.
pub fn sentence(trouble: &Trouble) -> String {
    lenscap_text::clean(whole(trouble), lenscap_text::SENTENCE)
}

fn whole(trouble: &Trouble) -> String {
    match trouble {
        Trouble::GoingToSleep => tr("The computer is going to sleep."),
        Trouble::SessionLocked => tr("The session is locked."),
        Trouble::TurnedOff { program } => {
            trf!("You turned the camera off while {client} uses it: resume to allow it again.", client = seen(program))
        }
        Trouble::ProgramBlocked { program } => {
            trf!("{client} is on the list of blocked programs: remove it there to allow it.", client = seen(program))
        }

        Trouble::DeviceSought => tr("The camera device is being looked for."),
        Trouble::NoMorePictures => tr("The camera stopped giving pictures; starting it again."),
        Trouble::StreamEnded => tr("The camera's stream ended by itself; trying again."),
        Trouble::WorkerEnded => tr("The camera process ended by itself; trying again."),
        Trouble::StartOverdue { reached, seconds } => overdue(*reached, *seconds),
        Trouble::WorkerDoesNotEnd { is_camera_off: false } => tr(
            "The camera process does not end, so the camera may still be on: unplug the camera or restart the computer.",
        ),
        Trouble::WorkerDoesNotEnd { is_camera_off: true } => {
            tr("The camera is off, but its process does not end: restart the computer before you use the camera again.")
        }
        Trouble::StillStreaming { camera } => trf!(
            "The camera {camera} is still streaming although it was switched off: unplug it or restart the computer.",
            camera = called(camera)
        ),

        Trouble::CameraBusy { camera } => {
            trf!("The camera {camera} is in use by another program: close that program.", camera = called(camera))
        }
        Trouble::CameraMissing { camera, error } => missing(camera, error),
        Trouble::CameraUnplugged { camera } => missing(camera, &tr("it was unplugged")),
        Trouble::CameraForbidden { camera } => trf!(
            "No permission to open the camera {camera}: add yourself to the group with \"sudo usermod -aG video $USER\" and \
             log in again.",
            camera = called(camera)
        ),
        Trouble::CameraFormat { camera, error } => trf!(
            "The camera {camera} gives no video that can be shown ({error}): choose another source.",
            camera = called(camera),
            error = error
        ),
        Trouble::CameraRefusesStart { camera } => {
            trf!("The camera {camera} cannot be started: unplug it or restart the computer.", camera = called(camera))
        }
        Trouble::CameraFailed { camera, error } => trf!(
            "The camera {camera} failed ({error}): if this happens again, unplug it or restart the computer.",
            camera = called(camera),
            error = error
        ),
        Trouble::CameraStreamEnded { camera } => {
            trf!(
                "The camera {camera} ended its stream: start it again, or choose another source.",
                camera = called(camera)
            )
        }
        Trouble::CameraChanged { node, old, new } => trf!(
            "{node} was the camera {old} and is {new} now: choose one of them in the preferences, or set it as the \
             source by the name that \"lenscap cameras\" gives it.",
            node = node,
            old = old,
            new = new
        ),
        Trouble::DepthOnly { camera } => trf!(
            "The camera {camera} sees only how far things are, not what they look like: choose another camera.",
            camera = called(camera)
        ),
        Trouble::NoFormats { camera } => {
            trf!("The camera {camera} offers no pictures: choose another camera.", camera = called(camera))
        }
        Trouble::OnlyFormats { camera, formats } => trf!(
            "The camera {camera} offers only {formats}, which cannot be shown: choose another camera.",
            camera = called(camera),
            formats = formats[..formats.len().min(SHOWN_FORMATS)].join(", ")
        ),
        Trouble::NoUsableFormat { camera } => trf!(
            "The camera {camera} offers no format that can be shown: choose another camera, or libcamera as the source.",
            camera = called(camera)
        ),
        Trouble::OnlyBrokenPictures { camera } => trf!(
            "The camera {camera} gives only broken pictures: try another cable or USB port, or a smaller picture.",
            camera = called(camera)
        ),
        Trouble::NoSignal { camera, input, shortfall } => no_signal(camera, input, *shortfall),
        Trouble::NoCamera => tr("No camera was found: name one in the settings."),
        Trouble::NoCameraNorElement => tr(
            "No camera was found: plug one in, install icamerasrc or libcamerasrc for a built-in MIPI camera, or name a \
             source in the settings.",
        ),

        Trouble::SourceUnusable { source, error } => trf!(
            "The source {camera} cannot be used ({error}): correct it in the settings.",
            camera = called(source),
            error = error
        ),
        Trouble::SourceWithoutVideo { source } => {
            trf!(
                "The source {source} gives no video that can be shown: choose another source.",
                source = called(source)
            )
        }
        Trouble::SourceNotVideo { source, media } => {
            // TRANSLATORS: as in "The source gives sound, not video"
            let what = if &**media == "audio" { tr("sound") } else { media.to_string() };
            trf!(
                "The source {source} gives {what}, not video: choose another source, or add a decoder to it.",
                source = called(source),
                what = what
            )
        }
        Trouble::SourceUnsettled => tr("\"auto\" was not resolved: name a source in the settings."),
        Trouble::ElementMissing { element } => {
            trf!("GStreamer's element \"{element}\" is missing: {how}.", element = element, how = package_of(element))
        }
        Trouble::PropertyRefused { element, property, value } => trf!(
            "{element} takes no {property} \"{value}\": correct the source in the settings.",
            element = element,
            property = property,
            value = value
        ),
        Trouble::PipelineUnusable { error } => unusable_pipeline(error),
        Trouble::PipelineClosed => {
            unusable_pipeline(&tr("its end is not open: it must end in an element that gives video, not in a sink"))
        }
        Trouble::OwnDevice { node } => {
            trf!("{node} is the device that Lenscap itself serves: choose another source.", node = node)
        }
        Trouble::RawSensor { node } => trf!(
            "{node} gives a sensor's raw data, which V4L2 alone cannot show: choose icamera or libcamera as the source.",
            node = node
        ),
        Trouble::NoVideoNode { node } => trf!("{node} gives no video: choose another source.", node = node),
        Trouble::NotV4l2 { node } => trf!("{node} is not a V4L2 camera: choose another source.", node = node),

        Trouble::WorkerNotStarted { error } => {
            trf!("The camera process cannot be started ({error}): close some programs and try again.", error = error)
        }
        Trouble::WorkerProgramUnusable { path, error } => trf!(
            "The camera program {path} cannot be started ({error}): reinstall Lenscap.",
            path = path,
            error = error
        ),
        Trouble::WorkerSettingsUnusable { error } => {
            trf!("The camera's settings cannot be used: {error}.", error = error)
        }
        Trouble::WorkerOtherVersion { theirs, ours } => trf!(
            "The camera process is version {theirs} and Lenscap is version {ours}, as after an update: restart Lenscap.",
            theirs = theirs,
            ours = ours
        ),
        Trouble::WorkerNonsense { what } => {
            trf!("The camera process sent nonsense ({what}): if this happens again, reinstall Lenscap.", what = what)
        }
        Trouble::WorkerMisunderstood { what } => {
            trf!("The camera process and Lenscap do not understand each other ({what}): restart Lenscap.", what = what)
        }
        Trouble::WorkerBroken { error } => {
            trf!("The camera process cannot work ({error}): restart Lenscap.", error = error)
        }
        Trouble::WorkerWithoutPipeline { error } => {
            trf!("The camera process cannot work ({error}): restart the computer.", error = error)
        }
        Trouble::WorkerSilent => tr("The camera process does not answer: if this happens again, restart the computer."),
        Trouble::WorkerCrashed { signal, status, last_words } => crashed(*signal, *status, last_words.as_deref()),
        Trouble::RelayStoodStill => {
            tr("Lenscap itself stood still for 5 seconds, so the camera was switched off; starting it again.")
        }
        Trouble::GstreamerUnusable { error } => {
            trf!("GStreamer cannot be used ({error}): reinstall GStreamer.", error = error)
        }

        Trouble::DeviceReplaced => tr("The camera device is being set up anew."),
        Trouble::DeviceLostAtStart => {
            tr("The camera device went away while the camera was started: wait until it is there again.")
        }
        Trouble::EventsUnavailable { error } => {
            trf!("Cannot wait for events ({error}): free some memory.", error = error)
        }
        Trouble::Output(trouble) => crate::output::sentence(trouble),
    }
}

/// A program's name; something for one that cannot be seen.
fn seen(program: &str) -> String {
    if program == UNSEEN { crate::programs::unseen() } else { program.to_owned() }
}

/// The sentence of a trouble that the second device has.
pub fn second_device(trouble: &Trouble) -> String {
    trf!("Second device: {why}", why = sentence(trouble))
}

fn missing(camera: &str, error: &str) -> String {
    trf!(
        "The camera {camera} is not there ({error}): plug it in, or choose another source.",
        camera = called(camera),
        error = error
    )
}

fn unusable_pipeline(error: &str) -> String {
    trf!("The pipeline cannot be used ({error}): correct it in the settings.", error = error)
}

fn no_signal(camera: &str, input: &str, shortfall: SignalShortfall) -> String {
    match shortfall {
        SignalShortfall::Signal => trf!(
            "The camera {camera} has no signal at its input {input}: connect something to it, or switch that on.",
            camera = called(camera),
            input = input
        ),
        SignalShortfall::Power => trf!(
            "The camera {camera} has no signal at its input {input}: switch on what is connected to it.",
            camera = called(camera),
            input = input
        ),
        SignalShortfall::Lock => trf!(
            "The camera {camera} has no signal at its input {input} that it can make out: check the cable, or set another \
             resolution on what is connected to it.",
            camera = called(camera),
            input = input
        ),
        SignalShortfall::Range => trf!(
            "The camera {camera} has no signal at its input {input} that it takes: set another resolution on what is \
             connected to it.",
            camera = called(camera),
            input = input
        ),
    }
}

fn overdue(reached: Option<Step>, seconds: u64) -> String {
    match reached {
        None => trf!(
            "The camera process did not come up within {seconds} seconds: close programs that keep the computer busy.",
            seconds = seconds
        ),
        Some(Step::Up) => trf!(
            "GStreamer did not load its plugins within {seconds} seconds: close programs that keep the computer busy.",
            seconds = seconds
        ),
        Some(Step::Loaded) => trf!(
            "The camera could not be opened within {seconds} seconds: unplug it and plug it in again, or restart the computer.",
            seconds = seconds
        ),
        Some(Step::Opened) => trf!(
            "The camera was opened and did not begin to stream within {seconds} seconds: unplug it and plug it in again, or restart the computer.",
            seconds = seconds
        ),
        Some(Step::Streaming) => trf!(
            "The camera streams and gave no picture within {seconds} seconds: check its cable or driver.",
            seconds = seconds
        ),
    }
}

fn crashed(signal: Option<i32>, status: Option<i32>, last_words: Option<&str>) -> String {
    let how = match (signal, status) {
        (Some(signal), _) => trf!("The camera's driver crashed (signal {number})", number = signal),
        (None, Some(status)) => trf!("The camera process ended by itself (exit status {number})", number = status),
        (None, None) => tr("The camera process ended by itself"),
    };
    match last_words {
        Some(words) => format!("{how}: {words}"),
        // TRANSLATORS: {what} is as in "The camera's driver crashed (signal 11)"
        None => trf!("{what}: if this happens again, restart the computer or choose another camera.", what = how),
    }
}

#[cfg(test)]
mod tests;
