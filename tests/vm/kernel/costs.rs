//! What the relay costs while nobody streams, and after many sessions.

use lenscap_test_support::pipewire::Session;
use lenscap_test_support::process::switches_of_all;

use super::*;

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn nothing_grows_over_fifteen_activations() {
    let mut relay = start(&["--source", "test", "--cooldown-ms", "0"]);
    let mut before = None;
    for round in 0..16 {
        let mut client = Client::open(node()).expect("open");
        client.stream(4).expect("stream");
        relay.wait_for("live");
        drop(client);
        relay.wait_for("idle");
        relay.seen.clear();
        // What is made at the first use is no growth.
        if round == 0 {
            eventually("the first worker is gone", || relay.workers().is_empty());
            before = Some(relay.resources());
        }
    }
    let before = before.expect("a first round");
    eventually("the last worker is gone", || relay.workers().is_empty());
    // The relay hears of the worker's end a moment after it.
    eventually("the descriptors are as before", || relay.resources().descriptors <= before.descriptors);
    let after = relay.resources();
    assert_eq!(before.threads, after.threads, "threads");
    assert!(relay.children().is_empty(), "zombies: {:?}", relay.children());
    assert!(after.pss_kb < before.pss_kb + 1024, "memory {} -> {} kB", before.pss_kb, after.pss_kb);
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn idle_costs_nothing() {
    let mut relay = start(&["--source", CAMERA]);
    // Let what the start caused (udev's probe, the first level) settle.
    relay.stays("idle", Duration::from_secs(3));
    let before = relay.resources();
    let window = Duration::from_secs(20);
    relay.sleep_while_idle(window);
    let after = relay.resources();
    let switches = after.switches - before.switches;
    assert!(switches <= 2, "{switches} context switches in {window:?}");
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn idle_costs_nothing_with_a_node_in_pipewire() {
    let Some(mut session) = Session::new("idle_costs_nothing_with_a_node_in_pipewire") else { return };
    session.install_rule();
    session.start_server();
    let runtime = session.runtime_dir();
    let arguments = [&["--device", NODE, "--source", CAMERA], &SIZE[..]].concat();
    let mut relay = Relay::start_with(&arguments, &[("PIPEWIRE_RUNTIME_DIR", runtime.to_str().expect("text"))]);
    relay.wait_for("idle");
    session.until_listed("lenscap");
    let process = relay.node_process().expect("a process");
    // The session manager looks at what has come.
    relay.stays("idle", Duration::from_secs(5));
    let before = (relay.resources(), switches_of_all(process));
    let window = Duration::from_secs(10);
    relay.sleep_while_idle(window);
    let switches = relay.resources().switches - before.0.switches;
    assert!(switches <= 2, "{switches} context switches of the relay in {window:?}");
    assert_eq!(switches_of_all(process) - before.1, 0, "context switches of lenscap-pipewire in {window:?}");
    assert_eq!(session.nodes("lenscap").len(), 1);
    relay.quit();
}
