//! The worker's sandbox, tried from inside.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::Command;

use lenscap_core::sandbox::{Hold, Sandbox};
use lenscap_picture::format::PixelFormat::Yuy2;
use lenscap_test_support::programs::program;
use lenscap_worker_rig::{Rig, format, worker};

const FORBIDDEN: [&str; 12] = [
    "read-secret",
    "write-secret",
    "child-reads-secret",
    "open-served",
    "set-served",
    "network",
    "network-settings",
    "connect",
    "parents-memory",
    "parents-signal",
    "parents-trace",
    "namespace",
];
const NEEDED: [&str; 7] =
    ["read-settings", "read-sys", "list-dev", "run-program", "write-null", "device-events", "thread"];

/// What the probe says of itself, and whether it could do each thing.
fn probe(source: &str) -> (Sandbox, BTreeMap<String, bool>) {
    let home = tempfile::tempdir().unwrap();
    let secret = home.path().join("secret");
    std::fs::create_dir(&secret).unwrap();
    let served = home.path().join("served");
    std::fs::write(&served, "").unwrap();
    let socket = home.path().join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    let output = Command::new(program("examples/sandbox-probe"))
        .arg(source)
        .args([&secret, &served, &socket])
        .output()
        .expect("run \"cargo test\", or \"cargo build --examples\" first");
    let text = String::from_utf8(output.stdout).unwrap();
    let (first, rest) = text.split_once('\n').unwrap_or_else(|| panic!("{output:?}", output = output.stderr));
    let told = rest.lines().filter_map(|line| line.split_once(' ')).map(|(name, can)| (name.to_owned(), can == "yes"));
    (serde_json::from_str(first).unwrap(), told.collect())
}

#[test]
fn what_the_worker_does_not_need_is_refused() {
    let (sandbox, can) = probe("v4l2:/dev/no-such-camera");
    let Sandbox::On { files, calls } = sandbox else { panic!("{sandbox:?}") };
    assert!(NEEDED.iter().all(|name| can[*name]), "{can:?}");
    let by_calls = ["network", "network-settings", "connect", "namespace", "parents-trace"];
    assert!(calls == Hold::None || by_calls.iter().all(|name| !can[*name]), "{can:?}");
    if files != Hold::Full {
        println!("SKIP what_the_worker_does_not_need_is_refused: this kernel's Landlock: {files:?}");
        return;
    }
    assert!(FORBIDDEN.iter().all(|name| !can[*name]), "{can:?}");
}

#[test]
fn an_own_pipeline_may_do_what_its_user_may() {
    let (sandbox, can) = probe("pipeline:videotestsrc");
    assert_eq!(sandbox, Sandbox::OwnPipeline);
    assert!(
        can["read-secret"] && can["write-secret"] && can["network"] && can["connect"] && can["open-served"],
        "{can:?}"
    );
}

#[test]
fn only_pipewires_source_connects() {
    let (_, can) = probe("pipewire");
    assert!(can["connect"] && !can["network"], "{can:?}");
}

/// What GStreamer's plugin scanner finds where the worker's program runs it: its limits, and whether it could read a secret.
fn scanned(words: &[&str]) -> String {
    let home = tempfile::tempdir().unwrap();
    let cache = home.path().join("lenscap");
    std::fs::create_dir(&cache).unwrap();
    std::fs::write(home.path().join("secret"), "the secret").unwrap();
    let scanner = cache.join("scanner");
    let script = "#!/bin/sh\nexec 3>&2 2>/dev/null; { grep Seccomp: /proc/self/status; cat \"${0%/*}/../secret\"; } >&3; exit 1\n";
    std::fs::write(&scanner, script).unwrap();
    std::fs::set_permissions(&scanner, std::fs::Permissions::from_mode(0o755)).unwrap();
    let output = Command::new(worker())
        .args(words)
        .envs([("GST_PLUGIN_SCANNER", &scanner), ("GST_REGISTRY", &cache.join("registry.bin"))])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("Seccomp:"), "the scanner was not run: {told}");
    told
}

#[test]
fn whoever_lists_cameras_controls_and_elements_is_confined_as_well() {
    let (Sandbox::On { files, calls }, _) = probe("libcamera") else { panic!("not confined") };
    for words in [
        &["--list-cameras", "icamera"][..],
        &["--list-cameras", "libcamera"],
        &["--controls", "libcamera"],
        &["--list-elements"],
    ] {
        let told = scanned(words);
        assert_eq!(told.contains("Seccomp:\t2"), calls == Hold::Full, "{words:?}: {told}");
        assert_eq!(told.contains("the secret"), files == Hold::None, "{words:?}: {told}");
        let told = scanned(&[words, &["--unconfined"]].concat());
        assert!(told.contains("Seccomp:\t0") && told.contains("the secret"), "{words:?}: {told}");
    }
}

#[test]
fn the_worker_keeps_the_pictures_memory_and_no_descriptor_of_it() {
    gst::init().unwrap();
    if gst::ElementFactory::find("videotestsrc").is_none() {
        println!("SKIP the_worker_keeps_the_pictures_memory_and_no_descriptor_of_it: no videotestsrc");
        return;
    }
    let mut rig = Rig::spawn(&worker(), "test", format(Yuy2, 320, 240, 30), &[]);
    rig.run(3);
    assert!(matches!(rig.sandbox, Some(Sandbox::On { .. })), "{:?}", rig.sandbox);
    let of_worker = |what: &str| format!("/proc/{}/{what}", rig.host.pid());
    let open: Vec<_> = std::fs::read_dir(of_worker("fd")).unwrap().flatten().collect();
    let open: Vec<_> = open.iter().filter_map(|entry| std::fs::read_link(entry.path()).ok()).collect();
    assert!(!open.iter().any(|link| link.to_string_lossy().contains("memfd:")), "{open:?}");
    assert!(std::fs::read_to_string(of_worker("maps")).unwrap().contains("memfd:slots"));
    rig.stop();
}
