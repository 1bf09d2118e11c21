//! A trouble as one sentence with the next step.

use lenscap_core::event::Step;
use lenscap_core::presence::UNSEEN;
use lenscap_core::trouble::{SignalShortfall, Trouble};

use crate::cause::why;
use crate::remedy::VIDEO;
use crate::source::{called, package_of};
use crate::{listed, remedy, tr, trf};

/// Formats named in a sentence at most.
const SHOWN_FORMATS: usize = 6;

/// The commands that do what the sentence says, one after the other.
pub fn commands(trouble: &Trouble) -> Vec<String> {
    match trouble {
        Trouble::CameraForbidden { .. } => vec![remedy::join_group(VIDEO)],
        Trouble::ElementMissing { element } => package_of(element).commands,
        Trouble::Output(trouble) => crate::output::commands(trouble),
        _ => Vec::new(),
    }
}

/// The sentence, with its full stop. Bounded, as the camera process says what is in it.
pub fn sentence(trouble: &Trouble) -> String {
    lenscap_text::bounded(whole(trouble), lenscap_text::SENTENCE)
}

fn whole(trouble: &Trouble) -> String {
    match trouble {
        Trouble::GoingToSleep => tr("The computer is going to sleep."),
        Trouble::SessionLocked => tr("The session is locked."),
        Trouble::TurnedOff { program } => {
            trf!(
                "You turned the camera off while {client} uses it: \"Allow Again\" or \"lenscap allow\" gives it back.",
                client = seen(program)
            )
        }
        Trouble::ProgramBlocked { program } => {
            trf!(
                "{client} is on the list of blocked programs: \"Allow Again\" or \"lenscap allow\" takes it off.",
                client = seen(program)
            )
        }
        Trouble::PermissionAwaited { program } => trf!(
            "{client} waits for your permission: answer in the menu or the window, or by \"lenscap allow\" or \"lenscap block\".",
            client = seen(program)
        ),
        Trouble::PermissionUnanswered { program } => trf!(
            "{client} asked for the camera and got no answer: \"Allow Once\" or \"lenscap allow\" still gives it.",
            client = seen(program)
        ),

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

        Trouble::CameraBusy { camera } => crate::cameras::busy(camera),
        Trouble::CameraMissing { camera, .. } => {
            trf!("The camera {camera} is not there: plug it in, or choose another camera.", camera = called(camera))
        }
        Trouble::CameraUnplugged { camera } => trf!(
            "The camera {camera} was unplugged: plug it in again, or choose another camera.",
            camera = called(camera)
        ),
        Trouble::CameraForbidden { camera } => crate::cameras::forbidden(camera, VIDEO),
        Trouble::CameraFormat { camera, .. } | Trouble::SourceWithoutVideo { source: camera } => trf!(
            "The camera {camera} gives no video that can be shown: choose another camera.",
            camera = called(camera)
        ),
        Trouble::CameraRefusesStart { camera } => {
            trf!("The camera {camera} cannot be started: unplug it or restart the computer.", camera = called(camera))
        }
        Trouble::CameraFailed { camera, cause } => trf!(
            "The camera {camera} failed{why}: if this happens again, unplug it or restart the computer.",
            camera = called(camera),
            why = why(cause)
        ),
        Trouble::CameraStreamEnded { camera } => trf!(
            "The camera {camera} ended its stream: start it again, or choose another camera.",
            camera = called(camera)
        ),
        Trouble::CameraChanged { node: _, old, new } => trf!(
            "Where the camera {old} was, there is {new} now: choose one of them in the preferences.",
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
            formats = listed(formats.iter().take(SHOWN_FORMATS).map(ToString::to_string))
        ),
        Trouble::NoUsableFormat { camera } => trf!(
            "The camera {camera} offers no format that can be shown: choose another camera, or libcamera.",
            camera = called(camera)
        ),
        Trouble::OnlyBrokenPictures { camera } => trf!(
            "The camera {camera} gives only broken pictures: try another cable or USB port, or a smaller picture.",
            camera = called(camera)
        ),
        Trouble::NoSignal { camera, input, shortfall } => no_signal(camera, input, *shortfall),
        Trouble::NoCamera => tr("No camera was found: plug one in, or choose one in the preferences."),
        Trouble::NoCameraNorElement => tr(
            "No camera was found: plug one in, install icamerasrc or libcamerasrc for a built-in MIPI camera, or choose \
             one in the preferences.",
        ),

        Trouble::SourceUnusable { source, cause } => trf!(
            "The camera {camera} cannot be used{why}: choose another camera.",
            camera = called(source),
            why = why(cause)
        ),
        Trouble::SourceNotVideo { source, media } => {
            // TRANSLATORS: as in "The camera gives sound, not video"
            let what = if &**media == "audio" { tr("sound") } else { media.to_string() };
            trf!(
                "The camera {camera} gives {what}, not video: choose another camera, or add a decoder to the pipeline.",
                camera = called(source),
                what = what
            )
        }
        Trouble::SourceUnsettled => tr("No camera could be chosen automatically: choose one in the preferences."),
        Trouble::ElementMissing { element } => {
            trf!(
                "GStreamer's element \"{element}\" is missing: {how}.",
                element = element,
                how = package_of(element).text
            )
        }
        Trouble::PropertyRefused { element, property, value } => trf!(
            "{element} takes no {property} \"{value}\": correct the camera in the settings.",
            element = element,
            property = property,
            value = value
        ),
        Trouble::PipelineUnusable { message } => unusable_pipeline(message),
        Trouble::PipelineClosed => {
            unusable_pipeline(&tr("its end is not open: it must end in an element that gives video, not in a sink"))
        }
        Trouble::OwnDevice { node } => trf!(
            "The camera {camera} is the device that Lenscap itself serves: choose another camera.",
            camera = called(node)
        ),
        Trouble::RawSensor { node } => trf!(
            "The camera {camera} gives a sensor's raw data, which V4L2 alone cannot show: choose icamera or libcamera.",
            camera = called(node)
        ),
        Trouble::NoVideoNode { node } => {
            trf!("The camera {camera} gives no video: choose another camera.", camera = called(node))
        }
        Trouble::NotV4l2 { node } => {
            trf!("{device} is not a V4L2 camera: choose another camera.", device = called(node))
        }

        Trouble::WorkerNotStarted { cause } => {
            trf!("The camera process cannot be started{why}: close some programs and try again.", why = why(cause))
        }
        Trouble::WorkerProgramUnusable { path: _, cause } => crate::cameras::no_program(cause),
        Trouble::WorkerWithoutGroup => tr(
            "The camera is hidden from programs, and from Lenscap as well: reinstall Lenscap's package, or take back what was set up.",
        ),
        Trouble::WorkerSettingsUnusable { cause: _ } => {
            tr("The camera's settings are too long: shorten your own pipeline, or remove saved controls.")
        }
        Trouble::WorkerOtherVersion { theirs, ours } => trf!(
            "The camera process is version {theirs} and Lenscap is version {ours}, as after an update: restart Lenscap.",
            theirs = theirs,
            ours = ours
        ),
        Trouble::WorkerNonsense { what: _ } => {
            tr("The camera process sent nonsense: if this happens again, reinstall Lenscap.")
        }
        Trouble::WorkerMisunderstood { what: _ } => {
            tr("The camera process and Lenscap do not understand each other: restart Lenscap.")
        }
        Trouble::WorkerBroken { cause } => {
            trf!("The camera process cannot work{why}: restart Lenscap.", why = why(cause))
        }
        Trouble::WorkerWithoutPipeline { cause } => {
            trf!("The camera process cannot work{why}: restart the computer.", why = why(cause))
        }
        Trouble::WorkerSilent => tr("The camera process does not answer: if this happens again, restart the computer."),
        Trouble::WorkerCrashed { signal: Some(_), .. } => {
            tr("The camera's driver crashed: if this happens again, restart the computer or choose another camera.")
        }
        Trouble::WorkerCrashed { signal: None, .. } => tr(
            "The camera process ended by itself: if this happens again, restart the computer or choose another camera.",
        ),
        Trouble::RelayStoodStill => {
            tr("Lenscap itself stood still for 5 seconds, so the camera was switched off; starting it again.")
        }
        Trouble::GstreamerUnusable { cause } => {
            trf!("GStreamer cannot be used{why}: reinstall GStreamer.", why = why(cause))
        }

        Trouble::DeviceReplaced => tr("The camera device is being set up anew."),
        Trouble::DeviceLostAtStart => {
            tr("The camera device went away while the camera was started: wait until it is there again.")
        }
        Trouble::EventsUnavailable { cause } => crate::start::no_events(cause),
        Trouble::Output(trouble) => crate::output::sentence(trouble),
    }
}

/// A program's name; something for one that cannot be seen.
fn seen(program: &str) -> String {
    if program == UNSEEN { crate::programs::unseen() } else { program.to_owned() }
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

#[cfg(test)]
mod tests;
