//! Worlds of the checks that look at the computer itself.

use std::os::unix::fs::MetadataExt;

use super::*;
use crate::i18n::doctor::Seat;

/// As `uname -r` says it there.
const MODULES: &str = "lib/modules/6.12.117+deb13-amd64";
const SECURE_BOOT: &str = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
const LOG: &str = "var/lib/dkms/v4l2loopback/0.15.0/build/make.log";

/// Not loaded, though it is there.
fn unload(rig: &Rig) {
    rig.take("sys/module/v4l2loopback");
    rig.take("sys/class/misc");
    rig.take("sys/class/video4linux/video9");
}

/// Not loaded, and not there for this kernel; DKMS has its source.
fn unbuilt(rig: &Rig) {
    unload(rig);
    rig.put(&format!("{MODULES}/modules.dep"), "kernel/drivers/media/usb/uvc/uvcvideo.ko.xz:\n");
    rig.put(&format!("{MODULES}/build/Makefile"), "");
    rig.put("var/lib/dkms/v4l2loopback/0.15.0/source/dkms.conf", "");
}

/// A log of DKMS 3.2.
fn log(release: &str, end: &str) -> String {
    let head = format!("DKMS (dkms-3.2.2) make.log for v4l2loopback/0.15.0 for kernel {release} (x86_64)\n");
    format!("{head}v4l2loopback.c:2671:10: error: 'strlcpy' undeclared\nmake: *** [Makefile:53] Error 2\n{end}\n")
}

/// The settings ask for this many devices.
fn ask_for(rig: &Rig, count: u32) {
    rig.put("home/.config/lenscap/config.toml", &format!("[device]\ncount = {count}\n"));
}

/// A device of the module's.
fn add(rig: &Rig, number: u32, label: &str) {
    rig.put(&format!("sys/class/video4linux/video{number}/name"), &format!("{label}\n"));
    rig.put(&format!("sys/class/video4linux/video{number}/max_openers"), "10\n");
}

/// A process with this name and the device open.
fn holder(rig: &Rig, name: &str, group: &str) {
    // As the kernel cuts it.
    rig.put("proc/77/comm", &format!("{}\n", &name[..name.len().min(15)]));
    rig.put("proc/77/cgroup", &format!("0::/{group}\n"));
    rig.link("proc/77/fd/5", "/dev/video9");
}

/// An image processor with these ids, and its driver where that is bound.
fn processor(rig: &Rig, vendor: &str, device: &str, driver: Option<&str>) {
    rig.put("sys/bus/pci/devices/0000:00:05.0/vendor", &format!("{vendor}\n"));
    rig.put("sys/bus/pci/devices/0000:00:05.0/device", &format!("{device}\n"));
    if let Some(driver) = driver {
        rig.link("sys/bus/pci/devices/0000:00:05.0/driver", &format!("../../drivers/{driver}"));
    }
}

/// The camera's node is of our group.
fn hide(rig: &Rig) {
    let group = fs::metadata(rig.0.path().join("dev/video0")).unwrap().gid();
    rig.put("etc/group", &format!("lenscap-camera:x:{group}:\n"));
}

pub(super) const BROKEN: &[(&str, Change)] = &[
    ("module: The kernel module v4l2loopback is not loaded", unload),
    ("module: The kernel module v4l2loopback is not loaded", |rig| {
        unbuilt(rig);
        rig.take("var/lib/dkms");
    }),
    ("module: The running kernel was replaced", |rig| {
        unload(rig);
        rig.take(MODULES);
        rig.put("lib/modules/6.12.120-amd64/modules.dep", "updates/dkms/v4l2loopback.ko.xz:\n");
    }),
    ("module: v4l2loopback was not built for the running kernel: the kernel's headers are missing", |rig| {
        unbuilt(rig);
        rig.take(&format!("{MODULES}/build"));
    }),
    ("module: v4l2loopback could not be built", |rig| {
        unbuilt(rig);
        rig.put(LOG, &log("6.12.117+deb13-amd64", "# exit code: 2"));
    }),
    ("module: v4l2loopback could not be built", |rig| {
        unbuilt(rig);
        rig.take("var/lib/dkms");
        let name = "0.15.0-1-for-6.12.117+deb13-amd64.failed.log";
        rig.put(&format!("var/cache/akmods/v4l2loopback/{name}"), "2026/11/27 akmodsbuild: ERROR: it failed\n");
    }),
    ("module: v4l2loopback is not loaded. Secure Boot is on: the kernel refuses", |rig| {
        unload(rig);
        rig.put(SECURE_BOOT, "\x06\0\0\0\x01");
        rig.put("var/lib/dkms/mok.pub", "");
    }),
    ("module: v4l2loopback is not loaded. Secure Boot is on, and no key", |rig| {
        unload(rig);
        rig.put(SECURE_BOOT, "\x06\0\0\0\x01");
    }),
    ("module: The computer's settings keep v4l2loopback from being loaded", |rig| {
        unload(rig);
        rig.put("usr/lib/modprobe.d/vendor.conf", "# ours\nalias v4l2loopback off\n");
    }),
    ("module: The computer's settings keep", |rig| {
        unload(rig);
        rig.put("etc/modprobe.d/no.conf", "install v4l2loopback /bin/false\n");
    }),
    ("module: The computer's settings keep", |rig| {
        unload(rig);
        rig.put("proc/cmdline", "quiet module_blacklist=uvcvideo,v4l2loopback\n");
    }),
    ("module: v4l2loopback 0.12.3 is loaded", |rig| rig.put("sys/module/v4l2loopback/version", "0.12.3\n")),
    ("module: Several files set options", |rig| {
        rig.put("etc/modprobe.d/a.conf", "options v4l2loopback exclusive_caps=1\n");
        rig.put("usr/lib/modprobe.d/vendor.conf", "options v4l2loopback exclusive_caps=0\n");
    }),
    ("boot: The module is not loaded when", |rig| rig.take("etc/systemd/system")),
    ("boot: The module is not loaded when", |rig| {
        rig.link("etc/systemd/system/lenscap-device.service", "/dev/null");
    }),
    ("boot: The device \"Lenscap\" is gone when", |rig| {
        rig.take("etc/systemd/system");
        rig.put("etc/modules-load.d/obs.conf", "v4l2loopback\n");
    }),
    ("boot: The computer's settings keep", |rig| {
        rig.take("etc/systemd/system");
        rig.put("etc/modules", "v4l2loopback\n");
        rig.put("etc/modprobe.d/no.conf", "blacklist v4l2loopback\n");
    }),
    ("node: There is no camera device", |rig| rig.take("sys/class/video4linux/video9")),
    ("node: No camera device has the label", |rig| rig.put("sys/class/video4linux/video9/name", "OBS\n")),
    ("node: 2 devices that the settings ask for are missing: \"Lenscap 3\", \"Lenscap 4\".", |rig| {
        ask_for(rig, 4);
        add(rig, 10, "Lenscap 2");
    }),
    ("node: 1 device that the settings ask for is missing: \"Lenscap 2\".", |rig| ask_for(rig, 2)),
    ("node: The device was made without exclusive_caps=1", |rig| {
        rig.put("run/udev/data/c81:9", "E:ID_V4L_CAPABILITIES=:capture:video_output:\n");
    }),
    ("node: The device was made without exclusive_caps=1", |rig| {
        rig.take("run/udev");
        rig.take("sys/class/misc");
    }),
    ("control: Users may open", |rig| rig.mode("dev/v4l2loopback", 0o666)),
    ("rivals: v4l2-relayd wants", |rig| rig.put("proc/77/comm", "v4l2-relayd\n")),
    ("rivals: ipu6-camera-daemon wants", |rig| rig.put("proc/77/comm", "ipu6-camera-dae\n")),
    ("rivals: OBS is installed and has no device", |rig| rig.put("usr/bin/obs", "")),
    ("image-processor: The image processor Intel IPU6 has no driver", |rig| processor(rig, "0x8086", "0x7d19", None)),
    ("image-processor: The image processor Intel IPU7 did not get its firmware", |rig| {
        processor(rig, "0x8086", "0x645d", None);
        let said = "intel-ipu7 0000:00:05.0: Direct firmware load for intel/ipu/ipu7_fw.bin failed with error -2";
        rig.put("dev/kmsg", &format!("6,1,2,-;intel-ipu7 0000:00:05.0: enabling device\n3,2,3,-;{said}\n"));
    }),
    ("hidden-nodes: Raw nodes of cameras are hidden, from Lenscap as well", hide),
    ("image-processor: The image processor Intel IPU6 has no camera", |rig| {
        processor(rig, "0x8086", "0xa75d", Some("intel-ipu6"));
        rig.put("sys/bus/acpi/devices/OVTI01A0:00/status", "15\n");
    }),
    ("image-processor: The image processor AMD ISP has no driver", |rig| {
        rig.put("sys/bus/platform/devices/amd_isp_capture.1.auto/modalias", "platform:amd_isp_capture\n");
    }),
];

pub(super) const WHOLE: &[(&str, Change)] = &[
    // While it is loaded, a log of a build that failed is no reason, nor is Secure Boot.
    ("module", |rig| rig.put(LOG, &log("6.12.117+deb13-amd64", "# exit code: 2"))),
    ("module", |rig| rig.put(SECURE_BOOT, "\x06\0\0\0\x01")),
    // A file hides the one of its name.
    ("module", |rig| {
        rig.put("etc/modprobe.d/v4l2loopback.conf", "options v4l2loopback exclusive_caps=1\n");
        rig.put("usr/lib/modprobe.d/v4l2loopback.conf", "options v4l2loopback exclusive_caps=0\n");
    }),
    // Whoever names the module gets it, and an "install" that calls modprobe loads it.
    ("boot", |rig| rig.put("etc/modprobe.d/no.conf", "blacklist v4l2loopback\nblacklist v4l2loopback_dc\n")),
    ("boot", |rig| {
        rig.put(
            "etc/modprobe.d/i.conf",
            "install v4l2loopback /sbin/modprobe --ignore-install v4l2loopback video_nr=9\n",
        );
    }),
    ("boot", |rig| {
        rig.take("etc/systemd/system");
        rig.put("etc/modules-load.d/lenscap.conf", "v4l2loopback\n");
        rig.put("etc/modprobe.d/zz-lenscap.conf", "options v4l2loopback exclusive_caps=1 \\\n card_label=Lenscap\n");
    }),
    // Made by a parameter of 0.12, and udev says nothing.
    ("node", |rig| {
        rig.take("run/udev");
        rig.take("sys/class/misc");
        rig.put("sys/module/v4l2loopback/parameters/exclusive_caps", "Y,N\n");
    }),
    ("control", |rig| rig.take("dev/v4l2loopback")),
    ("rivals", |rig| rig.put("proc/77/comm", "v4l2-ctl\n")),
    // While Lenscap serves the device, OBS reads it.
    ("rivals", |rig| holder(rig, "obs", "user.slice/x.scope")),
    ("rivals", |rig| {
        rig.put("usr/bin/obs", "");
        rig.put("sys/class/video4linux/video10/name", "OBS Virtual Camera\n");
        rig.put("sys/class/video4linux/video10/max_openers", "10\n");
    }),
    // Hidden, and not from us.
    ("hidden-nodes", |rig| {
        hide(rig);
        let worker = crate::app::program("lenscap-worker").unwrap();
        let ours = worker.with_file_name(crate::camera::hidden::PROGRAM);
        let ours = ours.to_str().unwrap().trim_start_matches('/');
        rig.put(ours, "");
        rig.mode(ours, 0o2755);
    }),
    // A processor of another kind; one whose sensor is there; one in a computer with a camera at USB alone.
    ("image-processor", |rig| processor(rig, "0x8086", "0x9a49", None)),
    ("image-processor", |rig| processor(rig, "0x1022", "0x7d19", None)),
    ("image-processor", |rig| {
        processor(rig, "0x8086", "0xa75d", Some("intel-ipu6"));
        rig.put("sys/bus/acpi/devices/OVTI01A0:00/status", "15\n");
        rig.put("sys/class/video4linux/v4l-subdev0/name", "Intel IPU6 CSI2 0\n");
        rig.put("sys/class/video4linux/v4l-subdev1/name", "ov01a10 10-0036\n");
        // An earlier failure, of a driver that found it later.
        let said = ["Direct firmware load for intel/ipu6ep_fw.bin failed with error -2", "firmware authenticated"];
        let said = said.map(|said| format!("3,1,2,-;intel-ipu6 0000:00:05.0: {said}\n"));
        rig.put("dev/kmsg", &said.concat());
    }),
    ("image-processor", |rig| {
        processor(rig, "0x8086", "0xa75d", Some("intel-ipu6"));
        rig.put("sys/bus/acpi/devices/OVTI01A0:00/status", "0\n");
    }),
];

fn of<'a>(findings: &'a [Finding], check: &str) -> &'a Finding {
    findings.iter().find(|finding| finding.check == check && finding.verdict != Verdict::Fine).expect(check)
}

/// What is in one broken world.
fn in_world(check: &str, change: Change) -> Finding {
    let rig = Rig::new();
    change(&rig);
    of(&rig.findings(), check).clone()
}

#[test]
fn what_was_found_is_named_with_its_place() {
    let evidence = |check: &str, change: Change| in_world(check, change).evidence.unwrap();
    assert_eq!(
        evidence("module", |rig| {
            unbuilt(rig);
            rig.put(LOG, &log("6.12.117+deb13-amd64", "# exit code: 2"));
        }),
        "/var/lib/dkms/v4l2loopback/0.15.0/build/make.log: v4l2loopback.c:2671:10: error: 'strlcpy' undeclared"
    );
    assert_eq!(
        evidence("module", |rig| {
            unload(rig);
            rig.put("etc/modprobe.d/b.conf", "options v4l2loopback \\\n devices=2\n\n  alias  v4l2loopback off\n");
            rig.put("run/modprobe.d/a.conf", "install v4l2loopback /bin/true");
        }),
        "/run/modprobe.d/a.conf:1: install v4l2loopback /bin/true, /etc/modprobe.d/b.conf:4: alias v4l2loopback off"
    );
    // The order is that of the names, whatever the directory; the last of a repeated option holds.
    assert_eq!(
        evidence("module", |rig| {
            rig.put("usr/lib/modprobe.d/zzz.conf", "options v4l2loopback exclusive_caps=0\n");
            rig.put("etc/modprobe.d/zz-lenscap.conf", "options v4l2loopback exclusive_caps=1 card_label=\"A B\"\n");
        }),
        "exclusive_caps=0 (/usr/lib/modprobe.d/zzz.conf), card_label=A B (/etc/modprobe.d/zz-lenscap.conf)"
    );
}

#[test]
fn what_failed_for_another_kernel_is_no_reason() {
    for (release, end) in [("6.1.0-56-amd64", "# exit code: 2"), ("6.12.117+deb13-amd64", "# exit code: 0")] {
        let rig = Rig::new();
        unbuilt(&rig);
        rig.put(LOG, &log(release, end));
        assert_eq!(rig.trouble(), ["module: The kernel module v4l2loopback is not loaded."], "{release}");
    }
}

#[test]
fn a_consequence_is_said_behind_its_cause_and_asks_for_nothing() {
    let rig = Rig::new();
    rig.take("sys/class/video4linux/video9");
    rig.1.replace(Some(status("no-device", "There is no camera device.")));
    let findings = rig.findings();
    let positions = ["node", "relay"].map(|check| findings.iter().position(|finding| finding.check == check).unwrap());
    assert!(positions[0] < positions[1], "{findings:?}");
    let [cause, consequence] = positions.map(|position| &findings[position]);
    assert_eq!((cause.verdict, cause.setup), (Verdict::Problem, Some(SetupVerb::Device)));
    assert!(consequence.verdict == Verdict::Note && consequence.commands.is_empty(), "{consequence:?}");
    // Alone it is a problem.
    let alone = in_world("relay", |rig| {
        rig.1.replace(Some(status("no-device", "There is no camera device.")));
    });
    assert_eq!(alone.verdict, Verdict::Problem);
}

#[test]
fn who_takes_our_device_is_named_with_the_unit_that_started_it() {
    let system = "system.slice/system-v4l2\\x2drelayd.slice/v4l2-relayd@ipu6.service";
    let user = "user.slice/user-1000.slice/user@1000.service/app.slice/fluxframe.service";
    let desktop = "user.slice/user-1000.slice/user@1000.service/app.slice/app-com.obsproject.Studio@1.service";
    for (name, group, verb, command) in [
        (
            "v4l2-relayd",
            system,
            Some(SetupVerb::StopV4l2Relayd),
            Some("sudo systemctl disable --now v4l2-relayd@ipu6.service"),
        ),
        (
            "ipu6-camera-daemon",
            "user.slice/user-1000.slice/user@1000.service/app.slice/ipu6-camera-daemon.service",
            Some(SetupVerb::StopIpu6CameraDaemon),
            Some("systemctl --user disable --now ipu6-camera-daemon.service"),
        ),
        ("fluxframe", user, None, Some("systemctl --user disable --now fluxframe.service")),
        ("obs", desktop, None, None),
        ("droidcam-cli", "user.slice/user-1000.slice/session-2.scope", None, None),
    ] {
        let rig = Rig::new();
        rig.1.take();
        holder(&rig, name, group);
        let findings = rig.findings();
        let found = of(&findings, "rivals");
        assert!(found.verdict == Verdict::Problem && found.text.starts_with(name), "{found:?}");
        assert_eq!(found.setup, verb);
        assert_eq!(found.commands.first().map(String::as_str), command);
        let relay = findings.iter().position(|finding| finding.check == "relay");
        assert!(findings.iter().position(|finding| finding == found) < relay, "{findings:?}");
    }
}

#[test]
fn what_setup_can_mend_has_its_verb() {
    let device: [(&str, Change); 5] = [
        ("module", unload),
        ("module", |rig| {
            unload(rig);
            rig.put(SECURE_BOOT, "\x06\0\0\0\x01");
            rig.put("var/lib/dkms/mok.pub", "");
        }),
        ("boot", |rig| rig.take("etc/systemd/system")),
        ("node", |rig| rig.take("sys/class/video4linux/video9")),
        ("node", |rig| rig.put("sys/class/video4linux/video9/name", "OBS\n")),
    ];
    for (check, change) in device {
        let found = in_world(check, change);
        assert_eq!(found.setup, Some(SetupVerb::Device), "{found:?}");
    }
    // Nothing to load.
    assert_eq!(in_world("module", unbuilt).setup, None);
}

#[test]
fn further_devices_that_are_missing_are_set_up_where_that_can_be() {
    let missing = |prepare: Change| {
        let rig = Rig::new();
        ask_for(&rig, 2);
        rig.put("usr/lib/systemd/system/lenscap-further-devices.service", "[Unit]\n");
        prepare(&rig);
        let has_code = |it: &Finding| it.diagnosis.as_ref().is_some_and(|it| it.code == "further-nodes-absent");
        rig.findings().into_iter().find(has_code).map(|found| (found.setup, found.commands))
    };
    let setup = (Some(SetupVerb::FurtherDevices), vec!["lenscap setup further-devices".to_owned()]);
    assert_eq!(missing(|_| ()), Some(setup));
    let by_hand: [Change; 3] = [
        |rig| rig.take("sys/class/misc"),
        |rig| rig.take("usr/lib/systemd/system/lenscap-further-devices.service"),
        |rig| {
            rig.put("home/.config/lenscap/config.toml", "[device]\ncount = 2\nlabel = \"Cam\"\n");
            rig.put("sys/class/video4linux/video9/name", "Cam\n");
        },
    ];
    for change in by_hand {
        let (setup, commands) = missing(change).unwrap();
        assert!(setup.is_none() && commands[1].starts_with("sudo modprobe v4l2loopback devices=2 "), "{commands:?}");
    }
    let enough: [Change; 4] = [
        |rig| add(rig, 10, "Lenscap 2"),
        |rig| add(rig, 10, "Dummy video device (0x0001)"),
        // The user's own word.
        |rig| rig.put("home/.config/lenscap/config.toml", "[device]\nsecond_node = \"/dev/video11\"\n"),
        // A relay that comes makes them.
        |rig| {
            rig.1.take();
            rig.mode("dev/v4l2loopback", 0o666);
        },
    ];
    for change in enough {
        assert_eq!(missing(change), None);
    }
}

#[test]
fn where_nobody_sits_the_group_is_the_last_advice() {
    let user = rustix::process::getuid().as_raw();
    for (file, seat, first) in [
        (None, Seat::Unknown, "sudo usermod"),
        (Some("STATE=active\nSEATS=seat0\nACTIVE_SEATS=seat0\n"), Seat::Here, "sudo udevadm trigger"),
        (Some("STATE=active\nSEATS=\nACTIVE_SEATS=\n"), Seat::None, "sudo usermod"),
    ] {
        let rig = Rig::new();
        if let Some(text) = file {
            rig.put(&format!("run/systemd/users/{user}"), text);
        }
        assert_eq!(seat::of(&rig.patient(Ok(None))), seat);
        let diagnosis = Diagnosis::CameraForbidden { camera: "Webcam".into(), group: "video".into(), seat };
        let found = found("camera", Verdict::Problem, &diagnosis);
        assert!(found.commands[0].starts_with(first), "{found:?}");
        let says_where = found.remedy.unwrap().contains("at the computer");
        assert_eq!(says_where, seat != Seat::Unknown);
    }
}

#[test]
fn without_another_camera_what_the_processor_lacks_is_the_cause() {
    let rig = Rig::new();
    rig.take("sys/class/video4linux/video0");
    processor(&rig, "0x8086", "0xa75d", Some("intel-ipu6"));
    let findings = rig.findings();
    let [cause, consequence] = ["image-processor", "camera"].map(|check| of(&findings, check));
    assert_eq!((cause.verdict, consequence.verdict), (Verdict::Problem, Verdict::Note), "{findings:?}");
}
