//! Cameras: where they are, why one is taken, and why one that is off, or a vendor's library, cannot be asked.

use lenscap_core::location::Location;
use lenscap_core::trouble::cameras::{
    CameraProblem, ChoiceReason, HelperTrouble, LibraryTrouble, NodeTrouble, Preference, ReadTrouble,
};

use crate::{controls, source, tr, trf, trouble};

/// Why a node does not say what it can do, as one sentence.
pub fn node(trouble: &NodeTrouble) -> String {
    match trouble {
        NodeTrouble::Forbidden { node, group } => trf!(
            "No permission to open {node}: add yourself to its group with \"sudo usermod -aG {group} $USER\" and log in again.",
            node = node,
            group = group
        ),
        NodeTrouble::Busy { node } => {
            trf!("{node} is in use by another program: close that program.", node = node)
        }
        NodeTrouble::NotOpened { node, error } => {
            trf!("{node} cannot be opened ({error}): plug the camera in again.", node = node, error = error)
        }
        NodeTrouble::NoVideo { node } => mute(node, &tr("it gives no video")),
        NodeTrouble::NoAnswer { node, error } => mute(node, error),
    }
}

fn mute(node: &str, error: &str) -> String {
    trf!("{node} does not say what it can do ({error}): plug the camera in again.", node = node, error = error)
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

/// Why a process that was asked gave no answer, as a part of a sentence.
pub fn helper(trouble: &HelperTrouble) -> String {
    match trouble {
        HelperTrouble::Kernel(error) => error.to_string(),
        HelperTrouble::Mute => tr("it gave no answer"),
        HelperTrouble::Late { seconds } => trf!("it gave no answer within {seconds} s", seconds = seconds),
        HelperTrouble::TooMuch => tr("it said too much"),
        HelperTrouble::Crashed => tr("its library crashed"),
        HelperTrouble::Unreadable => tr("it gave an answer that cannot be read"),
    }
}

/// That the cameras of a vendor's library are not known.
pub fn library(LibraryTrouble { library, trouble }: &LibraryTrouble) -> String {
    trf!(
        "The cameras of {library} are not known ({why}): if this happens again, restart the computer.",
        library = library.as_str(),
        why = helper(trouble)
    )
}

/// Why controls are not had, as one sentence.
pub fn read(trouble: &ReadTrouble) -> String {
    match trouble {
        ReadTrouble::WorkerNotStarted { path, error } => trf!(
            "The camera program {path} cannot be started ({error}): reinstall Lenscap.",
            path = path,
            error = error
        ),
        ReadTrouble::CameraSilent => tr("The camera does not answer: unplug it or restart the computer."),
        ReadTrouble::Unreadable => {
            tr("The camera's controls cannot be read: if this happens again, restart the computer.")
        }
        ReadTrouble::UnknownOption { option } => {
            trf!("lenscap-worker has no option \"{option}\": run \"lenscap controls\" instead.", option = option)
        }
        ReadTrouble::NotOpened { camera } => trf!(
            "The camera {camera} cannot be opened: plug it in, or close the program that holds it.",
            camera = camera
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

    #[test]
    fn every_problem_of_a_node_has_its_code_and_its_sentence() {
        let at = || "/dev/video0".into();
        for (trouble, code, sentence) in [
            (
                NodeTrouble::Forbidden { node: at(), group: "video".into() },
                "forbidden",
                "No permission to open /dev/video0: add yourself to its group with \"sudo usermod -aG video $USER\" and log \
                 in again.",
            ),
            (NodeTrouble::Busy { node: at() }, "busy", "/dev/video0 is in use by another program: close that program."),
            (
                NodeTrouble::NotOpened { node: at(), error: "No such device".into() },
                "not-opened",
                "/dev/video0 cannot be opened (No such device): plug the camera in again.",
            ),
            (
                NodeTrouble::NoVideo { node: at() },
                "no-video",
                "/dev/video0 does not say what it can do (it gives no video): plug the camera in again.",
            ),
            (
                NodeTrouble::NoAnswer { node: at(), error: "Input/output error".into() },
                "no-answer",
                "/dev/video0 does not say what it can do (Input/output error): plug the camera in again.",
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
        let others = "/dev/video0 is in use by another program: close that program; No camera was found: name one in the \
                      settings";
        assert_eq!(choice(&reason), format!("it is the only camera that can be used; {others}"));
        reason.preference = None;
        assert_eq!(choice(&reason), others);
        assert_eq!(choice(&ChoiceReason::default()), "");
    }

    #[test]
    fn every_library_that_gives_no_answer_is_named() {
        for (trouble, code, why) in [
            (HelperTrouble::Kernel("No such file or directory".into()), "kernel", "No such file or directory"),
            (HelperTrouble::Mute, "mute", "it gave no answer"),
            (HelperTrouble::Late { seconds: 5 }, "late", "it gave no answer within 5 s"),
            (HelperTrouble::TooMuch, "too-much", "it said too much"),
            (HelperTrouble::Crashed, "crashed", "its library crashed"),
            (HelperTrouble::Unreadable, "unreadable", "it gave an answer that cannot be read"),
        ] {
            reads_back(&trouble, code);
            let said = library(&LibraryTrouble { library: CameraApi::Libcamera, trouble });
            let expected =
                format!("The cameras of libcamera are not known ({why}): if this happens again, restart the computer.");
            assert_eq!(said, expected);
        }
    }

    #[test]
    fn every_reason_why_controls_are_not_had_is_a_sentence_and_reads_back() {
        let none = ChoiceReason { preference: None, passed_over: vec![Trouble::NoCamera.into()] };
        for (trouble, code) in [
            (ReadTrouble::WorkerNotStarted { path: "/x".into(), error: "y".into() }, "worker-not-started"),
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
