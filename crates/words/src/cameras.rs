//! Cameras: where they are, why one is taken, and why one that is off, or a vendor's library, cannot be asked.

use lenscap_core::location::Location;
use lenscap_core::trouble::cameras::{
    CameraProblem, ChoiceReason, HelperTrouble, LibraryTrouble, NodeTrouble, Preference, ReadTrouble,
};
use lenscap_text::Cause;

use crate::cause::{parenthesis, why};
use crate::source::called;
use crate::{controls, source, tr, trf, trouble};

/// Why a node does not say what it can do, as one sentence.
pub fn node(trouble: &NodeTrouble) -> String {
    match trouble {
        NodeTrouble::Forbidden { node, group } => forbidden(node, group),
        NodeTrouble::Busy { node } => busy(node),
        NodeTrouble::NotOpened { node, cause } => trf!(
            "The camera {camera} cannot be opened{why}: plug it in again.",
            camera = called(node),
            why = why(cause)
        ),
        NodeTrouble::NoVideo { node } => mute(node, &parenthesis(&tr("it gives no video"))),
        NodeTrouble::NoAnswer { node, cause } => mute(node, &why(cause)),
    }
}

pub(crate) fn forbidden(camera: &str, group: &str) -> String {
    trf!(
        "No permission to use the camera {camera}: add yourself to the group {group} and log in again.",
        camera = called(camera),
        group = group
    )
}

pub(crate) fn busy(camera: &str) -> String {
    trf!("The camera {camera} is in use by another program: close that program.", camera = called(camera))
}

/// The camera's process has no program.
pub(crate) fn no_program(cause: &Cause) -> String {
    trf!("The camera program cannot be started{why}: reinstall Lenscap.", why = why(cause))
}

fn mute(node: &str, why: &str) -> String {
    trf!("The camera {camera} does not say what it can do{why}: plug it in again.", camera = called(node), why = why)
}

/// Why a camera cannot be used, as one sentence.
pub fn problem(problem: &CameraProblem) -> String {
    match problem {
        CameraProblem::Node(trouble) => node(trouble),
        CameraProblem::Camera(trouble) => trouble::sentence(trouble),
    }
}

/// Why `auto` takes a camera, or has none: words for behind a colon, without a full stop.
pub fn choice(reason: &ChoiceReason) -> String {
    let preferred = reason.preference.map(|preference| {
        // TRANSLATORS: these stand behind a colon, as in "Now Webcam: it is the only camera."
        match preference {
            Preference::Only => tr("it is the only camera"),
            Preference::OnlyUsable => tr("it is the only camera that can be used"),
            Preference::Colour => tr("it is the first by number that gives colours"),
            Preference::Api(api) => source::preferred(api),
        }
    });
    let passed_over = reason.passed_over.iter().map(|it| problem(it).trim_end_matches('.').to_owned());
    preferred.into_iter().chain(passed_over).collect::<Vec<_>>().join("; ")
}

/// Where a camera is.
pub fn location(location: Location) -> String {
    // TRANSLATORS: where a camera looks, or where it is
    match location {
        Location::Front => tr("front"),
        Location::Back => tr("back"),
        Location::External => tr("external"),
    }
}

/// A camera that is not there, in a list.
pub fn missing(name: &str) -> String {
    // TRANSLATORS: a camera in a list that was unplugged
    trf!("{camera} (missing)", camera = name)
}

/// Why a process that was asked gave no answer, for behind what failed.
pub(crate) fn helper(trouble: &HelperTrouble) -> String {
    let words = match trouble {
        HelperTrouble::Kernel(cause) => return why(cause),
        HelperTrouble::Mute => tr("it gave no answer"),
        HelperTrouble::Late { seconds } => trf!("it gave no answer within {seconds} s", seconds = seconds),
        HelperTrouble::TooMuch => tr("it said too much"),
        HelperTrouble::Crashed => tr("its library crashed"),
        HelperTrouble::Unreadable => tr("it gave an answer that cannot be read"),
    };
    parenthesis(&words)
}

/// That the cameras of a vendor's library are not known.
pub fn library(LibraryTrouble { library, trouble }: &LibraryTrouble) -> String {
    trf!(
        "The cameras of {library} are not known{why}: if this happens again, restart the computer.",
        library = library.as_str(),
        why = helper(trouble)
    )
}

/// The commands that do what [`read`] says, one after the other.
pub fn commands(trouble: &ReadTrouble) -> Vec<String> {
    match trouble {
        ReadTrouble::Camera(trouble) => trouble::commands(trouble),
        _ => Vec::new(),
    }
}

/// Why controls are not had, as one sentence.
pub fn read(trouble: &ReadTrouble) -> String {
    match trouble {
        ReadTrouble::WorkerNotStarted { path: _, cause } => no_program(cause),
        ReadTrouble::CameraSilent => tr("The camera does not answer: unplug it or restart the computer."),
        ReadTrouble::Unreadable => {
            tr("The camera's controls cannot be read: if this happens again, restart the computer.")
        }
        ReadTrouble::UnknownOption { option } => {
            trf!("lenscap-worker has no option \"{option}\": run \"lenscap controls\" instead.", option = option)
        }
        ReadTrouble::NotOpened { camera } => trf!(
            "The camera {camera} cannot be opened: plug it in, or close the program that holds it.",
            camera = called(camera)
        ),
        ReadTrouble::IntelWithoutCamera => tr("Intel's icamerasrc has no camera."),
        ReadTrouble::Source(trouble) => source::clause(trouble),
        ReadTrouble::Control(trouble) => controls::sentence(trouble),
        ReadTrouble::Camera(trouble) => trouble::sentence(trouble),
        ReadTrouble::NoneChosen(reason) => choice(reason),
    }
}

#[cfg(test)]
mod tests {
    use lenscap_core::controls::ControlTrouble;
    use lenscap_core::source::{CameraApi, SourceTrouble};
    use lenscap_core::trouble::Trouble;

    use super::*;
    use crate::tests::reads_back;

    /// The kernel's numbers.
    const INPUT_OUTPUT: i32 = 5;
    const NO_SUCH_DEVICE: i32 = 19;

    fn kernel(errno: i32) -> Cause {
        std::io::Error::from_raw_os_error(errno).into()
    }

    #[test]
    fn every_problem_of_a_node_has_its_code_and_its_sentence() {
        let at = || "/dev/video0".into();
        for (trouble, code, sentence) in [
            (
                NodeTrouble::Forbidden { node: at(), group: "video".into() },
                "forbidden",
                "No permission to use the camera video0: add yourself to the group video and log in again.",
            ),
            (
                NodeTrouble::Busy { node: at() },
                "busy",
                "The camera video0 is in use by another program: close that program.",
            ),
            (
                NodeTrouble::NotOpened { node: at(), cause: kernel(NO_SUCH_DEVICE) },
                "not-opened",
                "The camera video0 cannot be opened (it is not there): plug it in again.",
            ),
            (
                NodeTrouble::NoVideo { node: at() },
                "no-video",
                "The camera video0 does not say what it can do (it gives no video): plug it in again.",
            ),
            (
                NodeTrouble::NoAnswer { node: at(), cause: kernel(INPUT_OUTPUT) },
                "no-answer",
                "The camera video0 does not say what it can do (the device reports a fault): plug it in again.",
            ),
        ] {
            assert_eq!(node(&trouble), sentence);
            reads_back(&trouble, code);
            let trouble = CameraProblem::from(trouble);
            assert_eq!(problem(&trouble), sentence);
            reads_back(&trouble, code);
        }
        let busy = Trouble::CameraBusy { camera: "Foo".into() };
        reads_back(&CameraProblem::from(busy.clone()), "camera-busy");
        assert_eq!(problem(&busy.clone().into()), trouble::sentence(&busy));
    }

    #[test]
    fn every_reason_of_a_choice_is_words_for_behind_a_colon() {
        for (preference, words) in [
            (Preference::Only, "it is the only camera"),
            (Preference::OnlyUsable, "it is the only camera that can be used"),
            (Preference::Colour, "it is the first by number that gives colours"),
            (Preference::Api(CameraApi::Icamera), "cameras of Intel's icamerasrc come first"),
            (Preference::Api(CameraApi::Libcamera), "cameras of libcamera come before those that V4L2 gives by itself"),
            (Preference::Api(CameraApi::V4l2), "it is the first by number"),
        ] {
            let reason = ChoiceReason { preference: Some(preference), passed_over: Vec::new() };
            assert_eq!(choice(&reason), words);
            let json = serde_json::to_string(&reason).unwrap();
            assert_eq!(serde_json::from_str::<ChoiceReason>(&json).unwrap(), reason);
        }
        let passed_over = vec![NodeTrouble::Busy { node: "/dev/video0".into() }.into(), Trouble::NoCamera.into()];
        let mut reason = ChoiceReason { preference: Some(Preference::OnlyUsable), passed_over };
        let others = "The camera video0 is in use by another program: close that program; No camera was found: plug one in, \
                      or choose one in the preferences";
        assert_eq!(choice(&reason), format!("it is the only camera that can be used; {others}"));
        reason.preference = None;
        assert_eq!(choice(&reason), others);
        assert_eq!(choice(&ChoiceReason::default()), "");
    }

    #[test]
    fn every_library_that_gives_no_answer_is_named() {
        for (trouble, code, why) in [
            (HelperTrouble::Kernel(kernel(NO_SUCH_DEVICE)), "kernel", " (it is not there)"),
            (HelperTrouble::Kernel(Cause::other("dlopen")), "kernel", ""),
            (HelperTrouble::Mute, "mute", " (it gave no answer)"),
            (HelperTrouble::Late { seconds: 5 }, "late", " (it gave no answer within 5 s)"),
            (HelperTrouble::TooMuch, "too-much", " (it said too much)"),
            (HelperTrouble::Crashed, "crashed", " (its library crashed)"),
            (HelperTrouble::Unreadable, "unreadable", " (it gave an answer that cannot be read)"),
        ] {
            reads_back(&trouble, code);
            let said = library(&LibraryTrouble { library: CameraApi::Libcamera, trouble });
            let expected =
                format!("The cameras of libcamera are not known{why}: if this happens again, restart the computer.");
            assert_eq!(said, expected);
        }
    }

    #[test]
    fn every_reason_why_controls_are_not_had_is_a_sentence_and_reads_back() {
        let none = ChoiceReason { preference: None, passed_over: vec![Trouble::NoCamera.into()] };
        for (trouble, code) in [
            (ReadTrouble::WorkerNotStarted { path: "/x".into(), cause: Cause::other("y") }, "worker-not-started"),
            (ReadTrouble::CameraSilent, "camera-silent"),
            (ReadTrouble::Unreadable, "unreadable"),
            (ReadTrouble::UnknownOption { option: "--x".into() }, "unknown-option"),
            (ReadTrouble::NotOpened { camera: "Foo".into() }, "not-opened"),
            (ReadTrouble::IntelWithoutCamera, "intel-without-camera"),
            (ReadTrouble::Source(SourceTrouble::NeedsPath), "needs-path"),
            (ReadTrouble::Control(ControlTrouble::Gone), "gone"),
            (ReadTrouble::Camera(Trouble::NoCamera), "no-camera"),
            (ReadTrouble::NoneChosen(none), "none-chosen"),
        ] {
            reads_back(&trouble, code);
            assert!(read(&trouble).chars().count() > 10, "{trouble:?}");
        }
    }

    #[test]
    fn a_camera_has_a_place_and_may_be_missing() {
        assert_eq!([Location::Front, Location::Back, Location::External].map(location), ["front", "back", "external"]);
        assert_eq!(missing("Foo"), "Foo (missing)");
    }
}
