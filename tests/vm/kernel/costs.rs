//! What the relay costs while nobody streams, and after many sessions.

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
