//! What happens to the camera, the worker and the relay while a client streams.

use super::*;

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn faults_of_the_camera_are_survived_with_a_reason() {
    let mut relay = start(&["--source", CAMERA, "--cooldown-ms", "300"]);
    let mut client = Client::open(node()).expect("open");
    client.stream(4).expect("stream");
    relay.wait_for("live");
    for control in ["inject_fatal_streaming_error=1", "disconnect=1", "percentage_of_dropped_buffers=100"] {
        let set = |control: &str| {
            let status = command(&format!("v4l2-ctl -d /dev/video20 --set-ctrl={control}")).status();
            assert!(status.expect("v4l2-ctl").success(), "{control}");
        };
        set(control);
        let failed = relay.wait_for_failure(&["The camera"]);
        println!("{control}: {}", failed.reason);
        if control.starts_with("percentage") {
            set("percentage_of_dropped_buffers=0");
        }
        // The client keeps its stream: cards meanwhile, then the camera again.
        assert!(client.next(Duration::from_secs(5)).expect("DQBUF").is_some(), "a card");
        relay.wait_for("live");
        frames_until_moving(&mut client, 3);
    }
    // A single bad buffer or a few lost ones are nobody's failure.
    let _ = command("v4l2-ctl -d /dev/video20 --set-ctrl=inject_v4l2_buf_flag_error=1").status();
    frames_until_moving(&mut client, 3);
    relay.stays("live", Duration::from_secs(1));
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn the_worker_killed_while_live_is_replaced_and_the_client_keeps_its_stream() {
    let mut relay = start(&["--source", CAMERA]);
    let mut client = Client::open(node()).expect("open");
    client.stream(4).expect("stream");
    relay.wait_for("live");
    let workers = relay.workers();
    assert_eq!(workers.len(), 1, "one worker: {workers:?}");
    assert!(command(&format!("kill -9 {}", workers[0])).status().expect("kill").success());
    relay.wait_for_failure(&["driver crashed"]);
    relay.wait_for("live");
    frames_until_moving(&mut client, 3);
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn the_relay_killed_while_live_takes_the_camera_with_it() {
    let mut relay = start(&["--source", CAMERA]);
    let mut client = Client::open(node()).expect("open");
    client.stream(4).expect("stream");
    relay.wait_for("live");
    let workers = relay.workers();
    relay.kill();
    eventually("the worker is gone", || workers.iter().all(|pid| !Path::new(&format!("/proc/{pid}/maps")).exists()));
    eventually("the camera is off", || !camera_is_on());
    drop(client);
    // And the node can be served again.
    let mut again = start(&["--source", CAMERA]);
    again.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_termination_signal_turns_the_camera_off_first() {
    let mut relay = start(&["--source", CAMERA]);
    let mut client = Client::open(node()).expect("open");
    client.stream(4).expect("stream");
    relay.wait_for("live");
    let status = relay.quit();
    assert!(status.success(), "{status}");
    assert!(!camera_is_on());
    assert!(!relay.poll().live, "the last word is off: {:?}", relay.seen.last());
}
