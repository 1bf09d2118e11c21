//! Latency: from the camera's timestamp to the client's DQBUF.

use std::time::{Duration, Instant};

use lenscap_test_support::client::Client;

use crate::measure::{Spread, ms};
use crate::table::{Row, Table, Target};
use crate::{CAMERA, MODES, Mode, NODE, node, peer, runs};

const SETTLE: Duration = Duration::from_secs(2);
const WINDOW: Duration = Duration::from_secs(5);

/// Of every frame in the window; `base` is added to the frames' timestamps.
fn latencies(client: &mut Client, base: Duration) -> Vec<f64> {
    let began = Instant::now();
    let mut all = Vec::new();
    while began.elapsed() < SETTLE + WINDOW {
        let Some(frame) = client.next(Duration::from_secs(2)).expect("DQBUF") else { continue };
        if began.elapsed() >= SETTLE {
            let taken = base + frame.timestamp;
            all.push(ms(frame.at_monotonic) - ms(taken));
        }
    }
    all
}

fn ours(mode: &Mode) -> Vec<f64> {
    let source = format!("v4l2:{CAMERA}");
    let mut relay = mode.relay(&["--source", &source], &[]);
    let mut client = Client::open(node()).expect("open");
    client.stream(4).expect("STREAMON");
    relay.wait_for("live");
    let all = latencies(&mut client, Duration::ZERO);
    drop(client);
    relay.quit();
    all
}

/// `v4l2sink` writes the running time into the buffers: with the base time it is the time of capture again.
fn theirs(mode: &Mode, sync: bool) -> Vec<f64> {
    let caps = mode.caps("YUY2");
    let pipeline =
        peer::Pipeline::new(&format!("v4l2src device={CAMERA} ! {caps} ! v4l2sink device={NODE} sync={sync}"));
    pipeline.play();
    let mut client = peer::client(mode);
    latencies(&mut client, pipeline.base_time())
}

pub fn run(table: &mut Table) {
    for mode in MODES {
        let (mut we, mut they, mut unsynced) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..runs() {
            we.push(ours(&mode));
            they.push(theirs(&mode, true));
            unsynced.push(theirs(&mode, false));
        }
        let each = |runs: &[Vec<f64>], percent: usize| -> Vec<f64> {
            runs.iter().map(|run| Spread::new(run.iter().copied()).percentile(percent)).collect()
        };
        for (name, percent) in [("median", 50), ("p99", 99)] {
            for (peer, runs) in [("v4l2src ! v4l2sink", &they), ("the same with sync=false", &unsynced)] {
                let (we, they) = (each(&we, percent), each(runs, percent));
                table.row(&Row {
                    what: format!("latency, capture to DQBUF, {mode}: {name}"),
                    unit: "ms",
                    ratio: Some(Spread::ratio(&we, &they)),
                    ours: Spread::new(we),
                    peer: Some((peer.into(), Spread::new(they))),
                    target: Target::None,
                    by_ratio: false,
                });
            }
        }
    }
}
