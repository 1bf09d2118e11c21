//! Why there is no device that applications could open, as one sentence with the next step.

use lenscap_core::trouble::output::{BusyCause, NodeHolder, OutputTrouble, WatchFailure};

use crate::cause::why;
use crate::remedy::VIDEO;
use crate::{listed, numbers, pipewire, remedy, tr, trf};

/// Devices or programs named in a sentence at most: more have no room in it.
const SHOWN: usize = 32;
/// What the kernel says of it.
const KERNEL_LOG: &str = "sudo dmesg | tail";

/// The sentence.
pub fn sentence(trouble: &OutputTrouble) -> String {
    match trouble {
        OutputTrouble::NoNode { is_installed } => {
            trf!("There is no camera device: {how}.", how = remedy::get_a_node(*is_installed).text)
        }
        OutputTrouble::NodeMissing { node: _, is_installed } => trf!(
            "The chosen camera device does not exist: choose another one, or {how}.",
            how = remedy::get_a_node(*is_installed).text
        ),
        OutputTrouble::NoSuchLabel { label, nodes, is_installed } => trf!(
            "No camera device has the label \"{label}\" (there is {devices}): choose one of these, or {how}.",
            label = label,
            devices = list(nodes, |node| format!("\"{}\"", node.label)),
            how = remedy::get_a_node(*is_installed).text
        ),
        OutputTrouble::NoFurtherNode { label, count, can_set_up } => trf!(
            "No camera device has the label \"{label}\": {how}.",
            label = label,
            how = remedy::get_further_nodes(label, *count, *can_set_up).text
        ),
        OutputTrouble::FirstDevice { node: _ } => {
            tr("The second device is the first one already: choose another one, or none.")
        }
        OutputTrouble::NodeForbidden { node: _, group } => forbidden(group),
        OutputTrouble::NotVideo { node: _ } => {
            tr("The chosen device is not a video device: choose a v4l2loopback device.")
        }
        OutputTrouble::OtherDriver { node: _, driver } => {
            trf!("The chosen device belongs to the driver {driver}: choose a v4l2loopback device.", driver = driver)
        }
        OutputTrouble::NodeIsCamera { node: _, camera } => trf!(
            "The chosen device is the camera \"{camera}\": choose that as the camera, and a v4l2loopback device as the \
             device.",
            camera = camera
        ),
        OutputTrouble::NodeBusy { node: _, cause, holders } => busy(*cause, holders),
        OutputTrouble::SizeRefused { node: _, width, height, max_width, max_height } => trf!(
            "The camera device does not take {size} but at most {most}: use that size, or load v4l2loopback with a larger \
             max_width and max_height.",
            size = numbers::size(width, height),
            most = numbers::size(max_width, max_height)
        ),
        OutputTrouble::NodeFailed { node: _, step: _, cause, is_gone: _ } => {
            trf!("The camera device does not work{why}: the kernel's log says more.", why = why(cause))
        }
        OutputTrouble::NodeUnwatched { node: _, cause } => unwatched(cause),
        OutputTrouble::NodeGone { is_installed } => {
            trf!("The camera device went away: {how}.", how = remedy::get_a_node(*is_installed).text)
        }
        OutputTrouble::Pipewire { trouble } => pipewire::sentence(trouble),
        OutputTrouble::NoMemory { cause } => {
            trf!("There is no memory for the pictures{why}: use a smaller size.", why = why(cause))
        }
        OutputTrouble::NoEventLoop { cause } => crate::start::no_events(cause),
    }
}

/// The commands that do what the sentence says, one after the other.
pub fn commands(trouble: &OutputTrouble) -> Vec<String> {
    match trouble {
        OutputTrouble::NoNode { is_installed }
        | OutputTrouble::NodeMissing { is_installed, .. }
        | OutputTrouble::NoSuchLabel { is_installed, .. }
        | OutputTrouble::NodeGone { is_installed } => remedy::get_a_node(*is_installed).commands,
        OutputTrouble::NoFurtherNode { label, count, can_set_up } => {
            remedy::get_further_nodes(label, *count, *can_set_up).commands
        }
        OutputTrouble::NodeForbidden { group, .. } => vec![remedy::join_group(group)],
        OutputTrouble::NodeFailed { .. } => vec![KERNEL_LOG.into()],
        OutputTrouble::NodeUnwatched { cause, .. } => match cause {
            WatchFailure::Missing => remedy::get_a_node(true).commands,
            WatchFailure::Forbidden => vec![remedy::join_group(VIDEO)],
            WatchFailure::Kernel { .. } => vec![KERNEL_LOG.into()],
            WatchFailure::MaxOpeners | WatchFailure::NoInotify | WatchFailure::Events { .. } => Vec::new(),
        },
        OutputTrouble::FirstDevice { .. }
        | OutputTrouble::NotVideo { .. }
        | OutputTrouble::OtherDriver { .. }
        | OutputTrouble::NodeIsCamera { .. }
        | OutputTrouble::NodeBusy { .. }
        | OutputTrouble::SizeRefused { .. }
        | OutputTrouble::Pipewire { .. }
        | OutputTrouble::NoMemory { .. }
        | OutputTrouble::NoEventLoop { .. } => Vec::new(),
    }
}

fn forbidden(group: &str) -> String {
    trf!("No permission to use the camera device: add yourself to the group {group} and log in again.", group = group)
}

fn busy(cause: BusyCause, holders: &[NodeHolder]) -> String {
    let sentence = match cause {
        BusyCause::OtherRelay => {
            tr("Another Lenscap serves the camera device already: stop that one, or choose another device.")
        }
        BusyCause::OtherWriter => {
            tr("Another program writes to the camera device: stop that program, or choose another device.")
        }
        BusyCause::MaxOpeners => {
            tr("The camera device has as many users as it allows (max_openers): close one of them.")
        }
        BusyCause::OtherFormat => tr("Another program keeps the camera device in another format: close that program."),
    };
    if holders.is_empty() {
        return sentence;
    }
    // TRANSLATORS: {sentence} has its full stop; {programs} is a list as in "zoom, obs (user anna)"
    trf!("{sentence} It is open in {programs}.", sentence = sentence, programs = list(holders, holder))
}

fn holder(NodeHolder { pid: _, name, user }: &NodeHolder) -> String {
    match user {
        Some(user) => trf!("{name} (user {user})", name = name, user = user),
        None => name.to_string(),
    }
}

fn list<T>(entries: &[T], in_words: impl Fn(&T) -> String) -> String {
    listed(entries.iter().take(SHOWN).map(in_words))
}

fn unwatched(cause: &WatchFailure) -> String {
    match cause {
        WatchFailure::Missing => {
            tr("The camera device does not exist: load the kernel module v4l2loopback, or choose another device.")
        }
        WatchFailure::Forbidden => forbidden(VIDEO),
        WatchFailure::MaxOpeners => tr(
            "The camera device has as many users as it allows: close one of them, or raise v4l2loopback's max_openers.",
        ),
        WatchFailure::NoInotify => tr(
            "The camera device cannot be watched, for no inotify watch is left: raise fs.inotify.max_user_instances and \
             max_user_watches.",
        ),
        WatchFailure::Kernel { cause } => {
            trf!("The camera device cannot be watched{why}: the kernel's log says more.", why = why(cause))
        }
        WatchFailure::Events { cause } => {
            trf!("The camera device cannot be watched{why}: close some programs.", why = why(cause))
        }
    }
}

#[cfg(test)]
mod tests {
    use lenscap_core::trouble::Trouble;
    use lenscap_core::trouble::output::{LoopbackNode, NodeStep};
    use lenscap_text::{Cause, Detail, Text};

    use super::*;

    const LOAD: &str = "load the kernel module v4l2loopback";

    fn node() -> Detail {
        "/dev/video9".into()
    }

    fn holder_of(user: Option<&str>) -> NodeHolder {
        NodeHolder { pid: 4711, name: "obs".into(), user: user.map(Text::from) }
    }

    /// EIO.
    fn cause() -> Cause {
        std::io::Error::from_raw_os_error(5).into()
    }

    /// One of each variant, and what is read of it.
    fn all() -> Vec<(OutputTrouble, String)> {
        let busy =
            |cause, holders: &[NodeHolder]| OutputTrouble::NodeBusy { node: node(), cause, holders: holders.into() };
        let failed = |step| OutputTrouble::NodeFailed { node: node(), step, cause: cause(), is_gone: false };
        let unwatched = |cause| OutputTrouble::NodeUnwatched { node: node(), cause };
        let fault = "The camera device does not work (the device reports a fault): the kernel's log says more.";
        [
            (OutputTrouble::NoNode { is_installed: true }, &*format!("There is no camera device: {LOAD}.")),
            (
                OutputTrouble::NodeMissing { node: node(), is_installed: true },
                &format!("The chosen camera device does not exist: choose another one, or {LOAD}."),
            ),
            (
                OutputTrouble::NoSuchLabel {
                    label: "Lenscap".into(),
                    nodes: vec![LoopbackNode { node: node(), label: "OBS".into() }; 2],
                    is_installed: true,
                },
                &format!(
                    "No camera device has the label \"Lenscap\" (there is \"OBS\", \"OBS\"): choose one of these, or {LOAD}."
                ),
            ),
            (
                OutputTrouble::NoFurtherNode { label: "Lenscap 2".into(), count: 2, can_set_up: true },
                "No camera device has the label \"Lenscap 2\": run \"lenscap setup further-devices\", which makes further \
                 devices now and at each start of the computer.",
            ),
            (
                OutputTrouble::NoFurtherNode { label: "Cam 2".into(), count: 2, can_set_up: false },
                "No camera device has the label \"Cam 2\": close all programs that use the kernel module v4l2loopback, and \
                 load it anew with 2 devices.",
            ),
            (
                OutputTrouble::FirstDevice { node: node() },
                "The second device is the first one already: choose another one, or none.",
            ),
            (
                OutputTrouble::NodeForbidden { node: node(), group: "video".into() },
                "No permission to use the camera device: add yourself to the group video and log in again.",
            ),
            (
                OutputTrouble::NotVideo { node: node() },
                "The chosen device is not a video device: choose a v4l2loopback device.",
            ),
            (
                OutputTrouble::OtherDriver { node: node(), driver: "vivid".into() },
                "The chosen device belongs to the driver vivid: choose a v4l2loopback device.",
            ),
            (
                OutputTrouble::NodeIsCamera { node: node(), camera: "HD Webcam".into() },
                "The chosen device is the camera \"HD Webcam\": choose that as the camera, and a v4l2loopback device as the \
                 device.",
            ),
            (
                busy(BusyCause::OtherRelay, &[]),
                "Another Lenscap serves the camera device already: stop that one, or choose another device.",
            ),
            (
                busy(BusyCause::OtherRelay, &[holder_of(Some("anna"))]),
                "Another Lenscap serves the camera device already: stop that one, or choose another device. It is open in \
                 obs (user anna).",
            ),
            (
                busy(BusyCause::OtherWriter, &[holder_of(None), holder_of(None)]),
                "Another program writes to the camera device: stop that program, or choose another device. It is open in \
                 obs, obs.",
            ),
            (
                busy(BusyCause::MaxOpeners, &[]),
                "The camera device has as many users as it allows (max_openers): close one of them.",
            ),
            (
                busy(BusyCause::OtherFormat, &[]),
                "Another program keeps the camera device in another format: close that program.",
            ),
            (
                OutputTrouble::SizeRefused { node: node(), width: 1920, height: 1080, max_width: 1280, max_height: 720 },
                "The camera device does not take 1920 × 1080 but at most 1280 × 720: use that size, or load v4l2loopback with \
                 a larger max_width and max_height.",
            ),
            (failed(NodeStep::Open), fault),
            (failed(NodeStep::Queue), fault),
            (
                unwatched(WatchFailure::Missing),
                "The camera device does not exist: load the kernel module v4l2loopback, or choose another device.",
            ),
            (
                unwatched(WatchFailure::Forbidden),
                "No permission to use the camera device: add yourself to the group video and log in again.",
            ),
            (
                unwatched(WatchFailure::MaxOpeners),
                "The camera device has as many users as it allows: close one of them, or raise v4l2loopback's max_openers.",
            ),
            (
                unwatched(WatchFailure::NoInotify),
                "The camera device cannot be watched, for no inotify watch is left: raise fs.inotify.max_user_instances and \
                 max_user_watches.",
            ),
            (
                unwatched(WatchFailure::Kernel { cause: cause() }),
                "The camera device cannot be watched (the device reports a fault): the kernel's log says more.",
            ),
            (
                unwatched(WatchFailure::Events { cause: Cause::other("?") }),
                "The camera device cannot be watched: close some programs.",
            ),
            (OutputTrouble::NodeGone { is_installed: true }, &format!("The camera device went away: {LOAD}.")),
            (
                OutputTrouble::NoMemory { cause: Cause::other("?") },
                "There is no memory for the pictures: use a smaller size.",
            ),
            (
                OutputTrouble::NoEventLoop { cause: Cause::other("?") },
                "Lenscap cannot wait for events: close some programs.",
            ),
        ]
        .map(|(trouble, said)| (trouble, said.to_owned()))
        .into()
    }

    #[test]
    fn each_trouble_has_its_sentence() {
        for (trouble, expected) in all() {
            assert_eq!(sentence(&trouble), expected, "{trouble:?}");
            assert!(!expected.contains(" /") && !expected.contains("os error"), "{expected}");
            assert_eq!(crate::trouble::sentence(&Trouble::Output(trouble)), expected);
        }
    }

    #[test]
    fn each_trouble_reads_what_it_wrote_as_json() {
        for (trouble, _) in all() {
            let trouble = Trouble::Output(trouble);
            let json = serde_json::to_string(&trouble).unwrap();
            assert_eq!(serde_json::from_str::<Trouble>(&json).unwrap(), trouble, "{json}");
        }
        let taken =
            OutputTrouble::NodeBusy { node: node(), cause: BusyCause::OtherWriter, holders: vec![holder_of(None)] };
        let json = serde_json::json!({ "output": { "node-busy": {
            "node": "/dev/video9", "cause": "other-writer", "holders": [{ "pid": 4711, "name": "obs" }],
        } } });
        assert_eq!(serde_json::to_value(Trouble::Output(taken)).unwrap(), json);
    }

    #[test]
    fn each_command_of_a_remedy_stands_by_itself() {
        let further = |label: &str, count, can_set_up| {
            commands(&OutputTrouble::NoFurtherNode { label: label.into(), count, can_set_up })
        };
        let two = further("Cam 2", 2, false);
        let load = "sudo modprobe v4l2loopback devices=2 exclusive_caps=1,1 max_buffers=8 card_label='Cam,Cam 2'";
        assert_eq!(two, ["sudo modprobe -r v4l2loopback", load]);
        let four = further("Cam 3", 4, false);
        assert!(four[1].ends_with("=1,1,1,1 max_buffers=8 card_label='Cam,Cam 2,Cam 3,Cam 4'"), "{four:?}");
        assert_eq!(further("Lenscap 2", 4, true), ["lenscap setup further-devices"]);
        for (trouble, _) in all() {
            assert!(commands(&trouble).iter().all(|it| !it.contains('\n') && !it.contains('"')), "{trouble:?}");
        }
    }

    #[test]
    fn however_much_a_worker_pretends_a_sentence_is_short() {
        let text = || Text::from("x".repeat(5000));
        let holder = NodeHolder { pid: u32::MAX, name: text(), user: Some(text()) };
        let nodes = vec![LoopbackNode { node: node(), label: text() }; 2000];
        for trouble in [
            OutputTrouble::NodeBusy { node: node(), cause: BusyCause::OtherFormat, holders: vec![holder; 2000] },
            OutputTrouble::NoSuchLabel { label: text(), nodes, is_installed: false },
        ] {
            let said = crate::trouble::sentence(&Trouble::Output(trouble));
            assert!(said.chars().count() <= lenscap_text::SENTENCE, "{said}");
        }
    }
}
