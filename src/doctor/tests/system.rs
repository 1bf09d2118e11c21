//! Worlds of the checks that look at the computer itself.

use super::*;

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
    ("node: The module is loaded without exclusive_caps=1", |rig| {
        rig.put("run/udev/data/c81:9", "E:ID_V4L_CAPABILITIES=:capture:video_output:\n");
    }),
    ("node: The module is loaded without exclusive_caps=1", |rig| {
        rig.take("run/udev");
        rig.take("sys/class/misc");
    }),
    ("rivals: v4l2-relayd wants", |rig| rig.put("proc/77/comm", "v4l2-relayd\n")),
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
    ("rivals", |rig| rig.put("proc/77/comm", "v4l2-ctl\n")),
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
            rig.put("etc/modprobe.d/zz-lenscap.conf", "options v4l2loopback exclusive_caps=1 max_buffers=8\n");
        }),
        "exclusive_caps=0 (/usr/lib/modprobe.d/zzz.conf), max_buffers=8 (/etc/modprobe.d/zz-lenscap.conf)"
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
