//! Verbs on a root made of files: each program that is run is written down, and changes the root as the real one would.

mod bus;
mod files;
mod killed;
mod read_only;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use lenscap_api::{SetupReport, SetupStep, SetupVerb};
use lenscap_core::trouble::setup::SetupTrouble;

use crate::{Devices, Hands, carry_out, plan};

const ENABLED: &str = "etc/systemd/system/multi-user.target.wants/lenscap-device.service";
const OPTIONS: &str = "etc/modprobe.d/zz-lenscap.conf";

struct Rig(tempfile::TempDir);

/// What the root's programs do; with `left` steps until the process is killed.
struct Stage<'a> {
    root: &'a Path,
    left: usize,
    ran: Vec<String>,
    /// The status of the unit that makes the device; below zero: of the signal that ended it.
    status: i32,
}

impl<'a> Stage<'a> {
    fn new(root: &'a Path) -> Self {
        Self { root, left: usize::MAX, ran: Vec::new(), status: 0 }
    }
}

impl Hands for Stage<'_> {
    fn run(&mut self, command: &[String]) -> io::Result<String> {
        self.reach()?;
        let command = command.join(" ");
        self.ran.push(command.clone());
        // With the number of its first node, as the kernel might give it.
        let devices = match command.rsplit(' ').next() {
            Some("lenscap-device.service") => Some((0, Devices::First)),
            Some("lenscap-further-devices.service") => Some((1, Devices::Further)),
            _ => None,
        };
        let nodes = |(first, devices): (usize, Devices)| devices.labels().into_iter().zip(first..);
        let directory = |number: usize| self.root.join(format!("sys/class/video4linux/video{number}"));
        match (command.as_str(), devices) {
            (restart, Some(_)) if restart.contains(" restart ") && self.status != 0 => {
                return Err(io::Error::other("failed"));
            }
            (restart, Some(devices)) if restart.contains(" restart ") => {
                for (label, number) in nodes(devices) {
                    fs::create_dir_all(directory(number))?;
                    fs::write(directory(number).join("name"), format!("{label}\n"))?;
                    fs::write(directory(number).join("max_openers"), "10\n")?;
                }
            }
            (stop, Some(devices)) if stop.contains(" stop ") => {
                let mut there = nodes(devices).map(|(_, number)| directory(number)).filter(|node| node.exists());
                there.try_for_each(fs::remove_dir_all)?;
            }
            (show, Some(_)) if show.contains(" show --property=Result,ExecMainStatus ") => {
                let result = if self.status < 0 { "timeout" } else { "exit-code" };
                return Ok(format!("Result={result}\nExecMainStatus={}\n", self.status.abs()));
            }
            ("systemctl stop v4l2-relayd.service", _) => {
                fs::remove_dir(self.root.join("sys/fs/cgroup/system.slice/v4l2-relayd.service"))?;
            }
            ("systemctl start v4l2-relayd.service", _) => {
                fs::create_dir_all(self.root.join("sys/fs/cgroup/system.slice/v4l2-relayd.service"))?;
            }
            _ => {}
        }
        Ok(String::new())
    }

    fn reach(&mut self) -> io::Result<()> {
        self.left = self.left.checked_sub(1).ok_or_else(|| io::Error::other("killed"))?;
        Ok(())
    }
}

impl Rig {
    /// A computer with our package and a module of 0.13 or later that is not loaded.
    fn new() -> Self {
        let rig = Self(tempfile::tempdir().unwrap());
        rig.put("proc/sys/kernel/osrelease", "6.12.1\n");
        rig.put(
            "lib/modules/6.12.1/modules.dep",
            "updates/dkms/v4l2loopback.ko.xz: kernel/drivers/media/v4l2-core/videodev.ko\n",
        );
        rig.put("lib/modules/6.12.1/modules.alias", "alias char-major-10-255 v4l2loopback\n");
        rig.put("run/systemd/system/x", "");
        rig.put("usr/lib/systemd/system/lenscap-device.service", "[Unit]\n");
        rig.put("usr/lib/systemd/system/lenscap-further-devices.service", "[Unit]\n");
        rig.put("usr/lib/udev/rules.d/70-lenscap.rules", "");
        for directory in ["etc/systemd/system", "var/lib", "sys/class/video4linux"] {
            fs::create_dir_all(rig.0.path().join(directory)).unwrap();
        }
        rig
    }

    /// One with a module of 0.12.
    fn old() -> Self {
        let rig = Self::new();
        rig.put("lib/modules/6.12.1/modules.alias", "");
        rig
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.0.path().join(path)).ok()
    }

    fn stage(&self) -> Stage<'_> {
        Stage::new(self.0.path())
    }

    fn done(&self, verb: SetupVerb) -> SetupReport {
        carry_out(verb, self.0.path(), &mut self.stage())
    }

    fn good(&self, verb: SetupVerb) -> SetupReport {
        let report = self.done(verb);
        assert_eq!(report.trouble, None, "{report:?}");
        report
    }

    /// Whether nothing is left to do.
    fn is_done(&self, verb: SetupVerb) -> bool {
        let plan = plan(verb, self.0.path());
        plan.steps.is_empty() && plan.trouble.is_none()
    }

    /// All that there is: directories, texts of files, targets of links.
    fn tree(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        let mut left = vec![self.0.path().to_owned()];
        while let Some(directory) = left.pop() {
            for entry in fs::read_dir(directory).unwrap().flatten() {
                let path = entry.path();
                let kind = entry.file_type().unwrap();
                let content = if kind.is_dir() {
                    left.push(path.clone());
                    "directory".into()
                } else if kind.is_symlink() {
                    format!("to {}", fs::read_link(&path).unwrap().display())
                } else {
                    fs::read_to_string(&path).unwrap()
                };
                found.insert(path.strip_prefix(self.0.path()).unwrap().display().to_string(), content);
            }
        }
        found
    }
}

#[test]
fn the_device_is_made_once_and_taken_back() {
    let rig = Rig::new();
    let before = rig.tree();
    assert_eq!(rig.good(SetupVerb::Device).done.len(), 3);
    let target = fs::read_link(rig.0.path().join(ENABLED)).unwrap();
    assert_eq!(target, Path::new("/usr/lib/systemd/system/lenscap-device.service"));
    assert!(rig.read(OPTIONS).is_none(), "0.13 needs no options, and others' hold");
    let mut stage = rig.stage();
    assert_eq!(carry_out(SetupVerb::Device, rig.0.path(), &mut stage).done, []);
    assert!(stage.ran.is_empty() && rig.is_done(SetupVerb::Device));
    let undone = rig.good(SetupVerb::Undo);
    assert!(undone.left.is_empty() && rig.is_done(SetupVerb::Undo));
    assert_eq!(rig.tree(), before);
}

#[test]
fn further_devices_are_made_beside_the_first_or_without_it_and_all_are_taken_back() {
    let enabled = "etc/systemd/system/multi-user.target.wants/lenscap-further-devices.service";
    for is_first_there in [false, true] {
        let rig = Rig::new();
        let before = rig.tree();
        if is_first_there {
            rig.good(SetupVerb::Device);
        }
        assert_eq!(rig.good(SetupVerb::FurtherDevices).done.len(), 3);
        let target = fs::read_link(rig.0.path().join(enabled)).unwrap();
        assert_eq!(target, Path::new("/usr/lib/systemd/system/lenscap-further-devices.service"));
        assert_eq!(rig.is_done(SetupVerb::Device), is_first_there);
        assert!(rig.is_done(SetupVerb::FurtherDevices) && rig.read(OPTIONS).is_none());
        // One that went is made again.
        fs::remove_dir_all(rig.0.path().join("sys/class/video4linux/video3")).unwrap();
        assert_eq!(rig.good(SetupVerb::FurtherDevices).done.len(), 2);
        let mut stage = rig.stage();
        assert_eq!(carry_out(SetupVerb::Undo, rig.0.path(), &mut stage).trouble, None);
        let stops: Vec<_> = stage.ran.iter().filter(|command| command.contains(" stop ")).collect();
        assert_eq!(stops.len(), 1 + usize::from(is_first_there), "{stops:?}");
        assert_eq!(stops[0], "systemctl stop lenscap-further-devices.service");
        assert_eq!(rig.tree(), before);
    }
}

#[test]
fn a_module_of_0_12_needs_no_further_devices() {
    let rig = Rig::old();
    let before = rig.tree();
    let plan = plan(SetupVerb::FurtherDevices, rig.0.path());
    assert_eq!((plan.steps, plan.trouble), (Vec::new(), Some(SetupTrouble::NoFurtherDevices)));
    assert_eq!(rig.done(SetupVerb::FurtherDevices).trouble, Some(SetupTrouble::NoFurtherDevices));
    assert_eq!(rig.tree(), before);
}

#[test]
fn a_module_of_0_12_gets_options_alone_or_beside_others_with_consent() {
    let rig = Rig::old();
    let before = rig.tree();
    rig.good(SetupVerb::Device);
    assert!(rig.read(OPTIONS).unwrap().contains("card_label=Lenscap"));
    rig.good(SetupVerb::Undo);
    assert_eq!(rig.tree(), before, "with the directory that was missing");

    rig.put("usr/lib/modprobe.d/obs.conf", "options v4l2loopback card_label=OBS exclusive_caps=1\n");
    let files = vec!["/usr/lib/modprobe.d/obs.conf".into()];
    assert_eq!(rig.done(SetupVerb::Device).trouble, Some(SetupTrouble::OthersOptions { files }));
    assert!(rig.read(OPTIONS).is_none());
    rig.good(SetupVerb::MergedOptions);
    assert!(rig.read(OPTIONS).unwrap().contains("devices=2 card_label=OBS,Lenscap exclusive_caps=1,1"));
    // Theirs change: ours follows, with consent; the text before counts as ours.
    rig.put("usr/lib/modprobe.d/obs.conf", "options v4l2loopback card_label=Other\n");
    rig.good(SetupVerb::MergedOptions);
    assert!(rig.read(OPTIONS).unwrap().contains("card_label=Other,Lenscap"));
    rig.good(SetupVerb::Undo);
    assert!(rig.read(OPTIONS).is_none() && rig.read("usr/lib/modprobe.d/obs.conf").is_some());
    // A device of our name is theirs to make.
    rig.put("etc/modprobe.d/v4l2loopback.conf", "options v4l2loopback card_label=Lenscap\n");
    rig.good(SetupVerb::Device);
    assert!(rig.read(OPTIONS).is_none());
}

#[test]
fn nothing_of_others_is_overwritten_or_removed() {
    let rig = Rig::old();
    rig.put(OPTIONS, "# mine\n");
    let before = rig.tree();
    let path = format!("/{OPTIONS}").as_str().into();
    assert_eq!(rig.done(SetupVerb::Device).trouble, Some(SetupTrouble::ForeignFile { path }));
    assert_eq!(rig.tree(), before);
    rig.good(SetupVerb::Undo);
    assert_eq!(rig.tree(), before);

    fs::remove_file(rig.0.path().join(OPTIONS)).unwrap();
    rig.good(SetupVerb::Device);
    rig.put(OPTIONS, "# changed\n");
    let undone = rig.good(SetupVerb::Undo);
    assert_eq!(undone.left, [format!("/{OPTIONS}").as_str().into()]);
    assert_eq!(rig.read(OPTIONS).unwrap(), "# changed\n");
    assert!(rig.is_done(SetupVerb::Undo), "said once");
}

#[test]
fn what_the_kernel_refuses_is_a_number() {
    let rig = Rig::new();
    for (status, errno) in [(129, 129), (1, 1)] {
        for verb in [SetupVerb::Device, SetupVerb::FurtherDevices] {
            let report = carry_out(verb, rig.0.path(), &mut Stage { status, ..rig.stage() });
            assert_eq!(report.trouble, Some(SetupTrouble::Kernel { errno }));
        }
    }
    // Ended by a signal, not startable (systemd.exec(5)), or of another version.
    for status in [-15, 203, 255] {
        let mut stage = Stage { status, ..rig.stage() };
        let report = carry_out(SetupVerb::Device, rig.0.path(), &mut stage);
        assert!(matches!(report.trouble, Some(SetupTrouble::Command { .. })), "{report:?}");
    }
    // The unit is enabled; the next call tries again.
    rig.good(SetupVerb::Device);
    // Loaded with others' options, 0.12 makes no more devices.
    let rig = Rig::old();
    rig.put("sys/module/v4l2loopback/version", "0.12.7\n");
    let report = carry_out(SetupVerb::Device, rig.0.path(), &mut Stage { status: 19, ..rig.stage() });
    assert!(report.needs_restart && report.trouble.is_none());
}

#[test]
fn where_it_cannot_be_done_it_says_what_there_is_to_be_done() {
    let trouble = |prepare: fn(&Rig)| {
        let rig = Rig::new();
        prepare(&rig);
        let before = rig.tree();
        let [first, further] = [SetupVerb::Device, SetupVerb::FurtherDevices].map(|verb| {
            let plan = plan(verb, rig.0.path());
            assert_eq!(rig.done(verb).trouble, plan.trouble);
            assert_eq!(rig.tree(), before);
            (plan.trouble.unwrap(), plan.steps)
        });
        assert_eq!((&first.0, first.1.len()), (&further.0, further.1.len()));
        // By hand all of them are made, by what makes the first one alone.
        let all = "devices=4 exclusive_caps=1,1,1,1 max_buffers=8 card_label=\"Lenscap,Lenscap 2,Lenscap 3,Lenscap 4\"";
        if let (Some(SetupStep::Write { path, .. }), Some(SetupStep::Write { path: same, text })) =
            (first.1.first(), further.1.first())
        {
            assert!(path == same && text.contains(all), "{text}");
        }
        (first.0, first.1.len())
    };
    let gone = |path: &'static str| move |rig: &Rig| fs::remove_file(rig.0.path().join(path)).unwrap();
    assert_eq!(trouble(|rig| rig.put("run/.containerenv", "")), (SetupTrouble::Container, 3));
    assert_eq!(trouble(|rig| rig.put("etc/NIXOS", "")), (SetupTrouble::Declarative, 2));
    assert_eq!(
        trouble(|rig| fs::remove_dir_all(rig.0.path().join("run/systemd")).unwrap()),
        (SetupTrouble::NoSystemd, 3)
    );
    let rig = Rig::new();
    gone("usr/lib/systemd/system/lenscap-device.service")(&rig);
    assert_eq!(plan(SetupVerb::Device, rig.0.path()).trouble, Some(SetupTrouble::NotInstalled));
    assert_eq!(trouble(|rig| rig.put("lib/modules/6.12.1/modules.dep", "")), (SetupTrouble::ModuleMissing, 0));
    let rig = Rig::new();
    rig.put("var/lib/lenscap/setup.json", "{\"entries\":[{\"path\":\"/home/x\",\"kind\":\"file\"}]}");
    for verb in SetupVerb::ALL {
        assert!(matches!(rig.done(verb).trouble, Some(SetupTrouble::Record { .. })), "{verb:?}");
    }
}

#[test]
fn rules_are_written_only_where_none_are_read() {
    let rig = Rig::new();
    assert!(rig.is_done(SetupVerb::CameraRules));
    fs::remove_file(rig.0.path().join("usr/lib/udev/rules.d/70-lenscap.rules")).unwrap();
    rig.put("usr/share/wireplumber/wireplumber.conf", "");
    let before = rig.tree();
    rig.good(SetupVerb::CameraRules);
    assert!(rig.read("etc/udev/rules.d/70-lenscap.rules").is_some());
    assert!(rig.read("etc/wireplumber/wireplumber.conf.d/51-lenscap.conf").is_some());
    assert!(rig.is_done(SetupVerb::CameraRules));
    rig.good(SetupVerb::Undo);
    assert_eq!(rig.tree(), before);
}

#[test]
fn raw_nodes_are_hidden_only_where_we_have_a_way_and_shown_again() {
    let rig = Rig::new();
    let before = rig.tree();
    assert_eq!(plan(SetupVerb::HideRawNodes, rig.0.path()).steps, []);
    assert_eq!(rig.done(SetupVerb::HideRawNodes).trouble, Some(SetupTrouble::NotInstalled));
    assert_eq!(rig.tree(), before);
    rig.put("etc/group", "video:x:44:alice\nlenscap-camera:x:990:\n");
    let before = rig.tree();
    let mut stage = rig.stage();
    assert_eq!(carry_out(SetupVerb::HideRawNodes, rig.0.path(), &mut stage).trouble, None);
    let reload = "udevadm control --reload";
    assert_eq!(stage.ran, [reload, "udevadm trigger --action=change --subsystem-match=video4linux"]);
    let rule = rig.read("etc/udev/rules.d/72-lenscap-raw-nodes.rules").unwrap();
    // Of the group by which the worker's way is chosen, and no tag: see the rule.
    assert!(rule.contains(&format!("GROUP=\"{}\"", lenscap_cameras::hidden::GROUP)));
    assert!(rule.lines().all(|line| line.starts_with('#') || !line.contains("TAG")), "{rule}");
    assert!(rig.is_done(SetupVerb::HideRawNodes));
    let mut stage = rig.stage();
    assert_eq!(carry_out(SetupVerb::Undo, rig.0.path(), &mut stage).trouble, None);
    let added = "udevadm trigger --action=add --property-match=LENSCAP_RAW=1";
    assert!(stage.ran.contains(&reload.to_owned()) && stage.ran.contains(&added.to_owned()), "{:?}", stage.ran);
    assert_eq!(rig.tree(), before);
}

#[test]
fn another_relay_is_masked_and_runs_again_after_undo() {
    let rig = Rig::new();
    assert!(rig.is_done(SetupVerb::StopV4l2Relayd));
    rig.put("usr/lib/systemd/system/v4l2-relayd.service", "[Unit]\n");
    fs::create_dir_all(rig.0.path().join("sys/fs/cgroup/system.slice/v4l2-relayd.service")).unwrap();
    let before = rig.tree();
    let done = rig.good(SetupVerb::StopV4l2Relayd).done;
    assert!(
        done.contains(&SetupStep::Run {
            command: ["systemctl", "stop", "v4l2-relayd.service"].map(str::to_owned).into()
        })
    );
    assert_eq!(
        fs::read_link(rig.0.path().join("etc/systemd/system/v4l2-relayd.service")).unwrap(),
        Path::new("/dev/null")
    );
    assert!(rig.is_done(SetupVerb::StopV4l2Relayd));
    rig.good(SetupVerb::Undo);
    assert_eq!(rig.tree(), before);
    // One that was masked by the administrator stays so.
    symlink("/dev/null", rig.0.path().join("etc/systemd/system/v4l2-relayd.service")).unwrap();
    fs::remove_dir(rig.0.path().join("sys/fs/cgroup/system.slice/v4l2-relayd.service")).unwrap();
    let before = rig.tree();
    assert!(rig.is_done(SetupVerb::StopV4l2Relayd));
    rig.good(SetupVerb::Undo);
    assert_eq!(rig.tree(), before);
}
