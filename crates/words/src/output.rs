//! Why there is no device that applications could open, as one sentence with the next step.

use lenscap_core::trouble::output::{BusyCause, LoopbackNode, NodeHolder, NodeStep, OutputTrouble, WatchFailure};

use crate::distro::Family;
use crate::{pipewire, tr, trf};

/// Nodes or programs named in a sentence at most: more have no room in it.
const SHOWN: usize = 32;
/// What stands behind the first device's label in the second's.
const SECOND: &str = " 2";

/// The sentence.
pub fn sentence(trouble: &OutputTrouble) -> String {
    match trouble {
        OutputTrouble::NoNode { is_installed } => {
            trf!("There is no v4l2loopback device: {how}.", how = how_to_get_a_node(*is_installed))
        }
        OutputTrouble::NodeMissing { node, is_installed } => {
            trf!("{node} does not exist: {how}.", node = node, how = how_to_get_a_node(*is_installed))
        }
        OutputTrouble::NoSuchLabel { label, nodes, is_installed } => trf!(
            "No v4l2loopback device has the label \"{label}\" (there is {devices}): give one of these with --device, or {how}.",
            label = label,
            devices = list(nodes, |LoopbackNode { node, label }| format!("{node} \"{label}\"")),
            how = how_to_get_a_node(*is_installed)
        ),
        OutputTrouble::NoSecondNode { label } => {
            trf!("No v4l2loopback device has the label \"{label}\": {how}.", label = label, how = how_to_get_two(label))
        }
        OutputTrouble::FirstDevice { node } => {
            trf!("{node} is the first device already: choose another one, or none.", node = node)
        }
        OutputTrouble::NodeForbidden { node, group } => trf!(
            "No permission to open {node}: add yourself to its group with \"sudo usermod -aG {group} $USER\" and log in again.",
            node = node,
            group = group
        ),
        OutputTrouble::NotVideo { node } => {
            trf!("{node} is not a video device: give a v4l2loopback node with --device.", node = node)
        }
        OutputTrouble::OtherDriver { node, driver } => trf!(
            "{node} belongs to the driver {driver}: give a v4l2loopback node with --device.",
            node = node,
            driver = driver
        ),
        OutputTrouble::NodeIsCamera { node, camera } => trf!(
            "{node} is the camera \"{camera}\", not an output: give it as --source v4l2:{node} and a v4l2loopback node with --device.",
            node = node,
            camera = camera
        ),
        OutputTrouble::NodeBusy { node, cause, holders } => busy(node, *cause, holders),
        OutputTrouble::SizeRefused { node, width, height, max_width, max_height } => trf!(
            "{node} does not take {size} but at most {most}: use that size, or load v4l2loopback with a larger max_width and max_height.",
            node = node,
            size = format_args!("{width}x{height}"),
            most = format_args!("{max_width}x{max_height}")
        ),
        // TRANSLATORS: {step} is one of "open", "start", "map", "write to", "look at" and the like
        OutputTrouble::NodeFailed { node, step, error, is_gone: _ } => trf!(
            "Cannot {step} {node} ({error}): see \"sudo dmesg | tail\" for the kernel's reason.",
            step = in_words(*step),
            node = node,
            error = error
        ),
        OutputTrouble::NodeUnwatched { node, cause } => unwatched(node, cause),
        OutputTrouble::NodeGone { is_installed } => {
            trf!("The camera device went away: {how}.", how = how_to_get_a_node(*is_installed))
        }
        OutputTrouble::Pipewire { trouble } => pipewire::sentence(trouble),
        OutputTrouble::NoMemory { error } => {
            trf!("No memory for the pictures ({error}): use a smaller size.", error = error)
        }
        OutputTrouble::NoEventLoop { error } => {
            trf!("Cannot start the event loop ({error}): free some memory.", error = error)
        }
    }
}

/// What to do when there is no node: install the module, load it, or update it for this kernel. A clause without a full
/// stop. `is_installed`: the module is there for the running kernel.
pub fn how_to_get_a_node(is_installed: bool) -> String {
    // TRANSLATORS: stands behind a colon or "and", as in "There is no v4l2loopback device: load it with ..."
    let load = tr("load it with \"sudo modprobe v4l2loopback exclusive_caps=1 max_buffers=8 card_label=Lenscap\"");
    if is_installed {
        return load;
    }
    let fedora = tr("akmod-v4l2loopback (from RPM Fusion)");
    let install = Family::here().install_hint("v4l2loopback-dkms", &fedora, "v4l2loopback-dkms");
    trf!("the kernel module is missing, {install} and {load}", install = install, load = load)
}

/// What to do when the module has one node and two are wanted, the second with this label.
fn how_to_get_two(label: &str) -> String {
    let first = label.strip_suffix(SECOND).unwrap_or("Lenscap");
    // TRANSLATORS: stands behind a colon, as in "No v4l2loopback device has the label ...: load it with ..."
    trf!(
        "close all programs that use the module, unload it with \"sudo modprobe -r v4l2loopback\", and load it with \
         \"sudo modprobe v4l2loopback devices=2 exclusive_caps=1,1 max_buffers=8 card_label='{first},{second}'\"",
        first = first,
        second = label
    )
}

fn busy(node: &str, cause: BusyCause, holders: &[NodeHolder]) -> String {
    let why = match cause {
        BusyCause::OtherRelay => tr("another Lenscap already serves it: stop that one, or give another --device"),
        BusyCause::OtherWriter => tr("another program writes to it: stop that program, or give another --device"),
        BusyCause::MaxOpeners => tr("it has as many users as it allows (max_openers): close one"),
        BusyCause::OtherFormat => tr("another program has it open and keeps it in another format: close that program"),
    };
    if holders.is_empty() {
        // TRANSLATORS: {why} is a clause as in "another program writes to it: stop that program"
        return trf!("{node} cannot be used, {why}.", node = node, why = why);
    }
    // TRANSLATORS: {programs} is a list as in "zoom (process 4711), obs (process 4712)"
    trf!("{node} cannot be used, {why} (open in {programs}).", node = node, why = why, programs = list(holders, holder))
}

fn holder(NodeHolder { pid, name, user }: &NodeHolder) -> String {
    match user {
        Some(user) => trf!("{name} (process {pid}, user {user})", name = name, pid = pid, user = user),
        None => trf!("{name} (process {pid})", name = name, pid = pid),
    }
}

fn list<T>(entries: &[T], in_words: impl Fn(&T) -> String) -> String {
    entries.iter().take(SHOWN).map(in_words).collect::<Vec<_>>().join(", ")
}

fn in_words(step: NodeStep) -> String {
    match step {
        NodeStep::Open => tr("open"),
        NodeStep::SetFormat => tr("set the format of"),
        NodeStep::RequestBuffers => tr("get buffers of"),
        NodeStep::QueryBuffers => tr("get the buffers of"),
        NodeStep::MapBuffers => tr("map"),
        NodeStep::MapBuffer => tr("map a buffer of"),
        NodeStep::StreamOn => tr("start"),
        NodeStep::Look => tr("look at"),
        NodeStep::Queue => tr("write to"),
    }
}

fn unwatched(node: &str, cause: &WatchFailure) -> String {
    match cause {
        WatchFailure::Missing => {
            trf!("{node} does not exist: load v4l2loopback, or choose another device", node = node)
        }
        WatchFailure::Forbidden => trf!(
            "{node} may not be read: join the group video (sudo usermod -aG video \"$USER\") and log in again",
            node = node
        ),
        WatchFailure::MaxOpeners => trf!(
            "{node} is held by as many programs as it allows: close one of them, or raise v4l2loopback's max_openers",
            node = node
        ),
        WatchFailure::NoInotify => trf!(
            "no inotify watch is left to watch {node} with: raise fs.inotify.max_user_instances and max_user_watches",
            node = node
        ),
        WatchFailure::Kernel { error } => trf!(
            "{node} cannot be watched ({error}): see \"sudo dmesg | tail\" for the kernel's reason",
            node = node,
            error = error
        ),
        WatchFailure::Events { error } => trf!("Cannot watch {node} ({error}).", node = node, error = error),
    }
}

#[cfg(test)]
mod tests {
    use lenscap_core::trouble::Trouble;
    use lenscap_text::Text;

    use super::*;

    const LOAD: &str = "load it with \"sudo modprobe v4l2loopback exclusive_caps=1 max_buffers=8 card_label=Lenscap\"";

    fn node() -> Text {
        "/dev/video9".into()
    }

    fn holder_of(user: Option<&str>) -> NodeHolder {
        NodeHolder { pid: 4711, name: "obs".into(), user: user.map(Text::from) }
    }

    /// One of each variant, and what is read of it.
    fn all() -> Vec<(OutputTrouble, String)> {
        let busy =
            |cause, holders: &[NodeHolder]| OutputTrouble::NodeBusy { node: node(), cause, holders: holders.into() };
        let failed = |step| OutputTrouble::NodeFailed { node: node(), step, error: "EIO".into(), is_gone: false };
        let unwatched = |cause| OutputTrouble::NodeUnwatched { node: node(), cause };
        let dmesg =
            |what: &str| format!("Cannot {what} /dev/video9 (EIO): see \"sudo dmesg | tail\" for the kernel's reason.");
        let table = [
            (OutputTrouble::NoNode { is_installed: true }, format!("There is no v4l2loopback device: {LOAD}.")),
            (
                OutputTrouble::NodeMissing { node: node(), is_installed: true },
                format!("/dev/video9 does not exist: {LOAD}."),
            ),
            (
                OutputTrouble::NoSuchLabel {
                    label: "Lenscap".into(),
                    nodes: vec![LoopbackNode { node: node(), label: "OBS".into() }; 2],
                    is_installed: true,
                },
                format!(
                    "No v4l2loopback device has the label \"Lenscap\" (there is /dev/video9 \"OBS\", /dev/video9 \"OBS\"): \
                     give one of these with --device, or {LOAD}."
                ),
            ),
            (
                OutputTrouble::NoSecondNode { label: "Cam 2".into() },
                "No v4l2loopback device has the label \"Cam 2\": close all programs that use the module, unload it with \
                 \"sudo modprobe -r v4l2loopback\", and load it with \"sudo modprobe v4l2loopback devices=2 \
                 exclusive_caps=1,1 max_buffers=8 card_label='Cam,Cam 2'\"."
                    .into(),
            ),
            (
                OutputTrouble::FirstDevice { node: node() },
                "/dev/video9 is the first device already: choose another one, or none.".into(),
            ),
            (
                OutputTrouble::NodeForbidden { node: node(), group: "video".into() },
                "No permission to open /dev/video9: add yourself to its group with \"sudo usermod -aG video $USER\" and \
                 log in again."
                    .into(),
            ),
            (
                OutputTrouble::NotVideo { node: node() },
                "/dev/video9 is not a video device: give a v4l2loopback node with --device.".into(),
            ),
            (
                OutputTrouble::OtherDriver { node: node(), driver: "vivid".into() },
                "/dev/video9 belongs to the driver vivid: give a v4l2loopback node with --device.".into(),
            ),
            (
                OutputTrouble::NodeIsCamera { node: node(), camera: "HD Webcam".into() },
                "/dev/video9 is the camera \"HD Webcam\", not an output: give it as --source v4l2:/dev/video9 and a \
                 v4l2loopback node with --device."
                    .into(),
            ),
            (
                busy(BusyCause::OtherRelay, &[]),
                "/dev/video9 cannot be used, another Lenscap already serves it: stop that one, or give another --device."
                    .into(),
            ),
            (
                busy(BusyCause::OtherRelay, &[holder_of(Some("anna"))]),
                "/dev/video9 cannot be used, another Lenscap already serves it: stop that one, or give another --device \
                 (open in obs (process 4711, user anna))."
                    .into(),
            ),
            (
                busy(BusyCause::OtherWriter, &[holder_of(None), holder_of(None)]),
                "/dev/video9 cannot be used, another program writes to it: stop that program, or give another --device \
                 (open in obs (process 4711), obs (process 4711))."
                    .into(),
            ),
            (
                busy(BusyCause::MaxOpeners, &[]),
                "/dev/video9 cannot be used, it has as many users as it allows (max_openers): close one.".into(),
            ),
            (
                busy(BusyCause::OtherFormat, &[]),
                "/dev/video9 cannot be used, another program has it open and keeps it in another format: close that program."
                    .into(),
            ),
            (
                OutputTrouble::SizeRefused {
                    node: node(),
                    width: 1920,
                    height: 1080,
                    max_width: 1280,
                    max_height: 720,
                },
                "/dev/video9 does not take 1920x1080 but at most 1280x720: use that size, or load v4l2loopback with a \
                 larger max_width and max_height."
                    .into(),
            ),
            (failed(NodeStep::Open), dmesg("open")),
            (failed(NodeStep::SetFormat), dmesg("set the format of")),
            (failed(NodeStep::RequestBuffers), dmesg("get buffers of")),
            (failed(NodeStep::QueryBuffers), dmesg("get the buffers of")),
            (failed(NodeStep::MapBuffers), dmesg("map")),
            (failed(NodeStep::MapBuffer), dmesg("map a buffer of")),
            (failed(NodeStep::StreamOn), dmesg("start")),
            (failed(NodeStep::Look), dmesg("look at")),
            (failed(NodeStep::Queue), dmesg("write to")),
            (
                unwatched(WatchFailure::Missing),
                "/dev/video9 does not exist: load v4l2loopback, or choose another device".into(),
            ),
            (
                unwatched(WatchFailure::Forbidden),
                "/dev/video9 may not be read: join the group video (sudo usermod -aG video \"$USER\") and log in again"
                    .into(),
            ),
            (
                unwatched(WatchFailure::MaxOpeners),
                "/dev/video9 is held by as many programs as it allows: close one of them, or raise v4l2loopback's \
                 max_openers"
                    .into(),
            ),
            (
                unwatched(WatchFailure::NoInotify),
                "no inotify watch is left to watch /dev/video9 with: raise fs.inotify.max_user_instances and \
                 max_user_watches"
                    .into(),
            ),
            (
                unwatched(WatchFailure::Kernel { error: "EIO".into() }),
                "/dev/video9 cannot be watched (EIO): see \"sudo dmesg | tail\" for the kernel's reason".into(),
            ),
            (unwatched(WatchFailure::Events { error: "EIO".into() }), "Cannot watch /dev/video9 (EIO).".into()),
            (OutputTrouble::NodeGone { is_installed: true }, format!("The camera device went away: {LOAD}.")),
            (
                OutputTrouble::NoMemory { error: "ENOMEM".into() },
                "No memory for the pictures (ENOMEM): use a smaller size.".into(),
            ),
            (
                OutputTrouble::NoEventLoop { error: "ENOMEM".into() },
                "Cannot start the event loop (ENOMEM): free some memory.".into(),
            ),
        ];
        table.into()
    }

    #[test]
    fn each_trouble_has_its_sentence() {
        for (trouble, expected) in all() {
            assert_eq!(sentence(&trouble), expected, "{trouble:?}");
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
    fn where_the_module_is_missing_its_package_is_named() {
        let how = how_to_get_a_node(false);
        assert!(how.starts_with("the kernel module is missing, install ") && how.ends_with(LOAD), "{how}");
    }

    #[test]
    fn however_much_a_worker_pretends_a_sentence_is_short() {
        let text = || Text::from("x".repeat(5000));
        let holder = NodeHolder { pid: u32::MAX, name: text(), user: Some(text()) };
        let nodes = vec![LoopbackNode { node: text(), label: text() }; 2000];
        for trouble in [
            OutputTrouble::NodeBusy { node: text(), cause: BusyCause::OtherFormat, holders: vec![holder; 2000] },
            OutputTrouble::NoSuchLabel { label: text(), nodes, is_installed: false },
        ] {
            let said = crate::trouble::sentence(&Trouble::Output(trouble));
            assert!(said.chars().count() <= lenscap_text::SENTENCE, "{said}");
        }
    }
}
