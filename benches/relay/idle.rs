//! Idle: what the relay costs while nobody uses the camera, beside a placeholder that is always on.

use std::time::{Duration, Instant};

use lenscap_test_support::client::Client;
use lenscap_test_support::relay::Relay;

use crate::measure::{Spread, Usage};
use crate::table::{Row, Table, Target};
use crate::{CAMERA, Mode, NODE, peer, runs};

const MODE: Mode = Mode { width: 640, height: 480, framerate: 30 };
/// All runs together.
const WINDOW: Duration = Duration::from_secs(30);
const PEER_WINDOW: Duration = Duration::from_secs(5);

/// MB that are no file's; what the resident process may have of them.
const OWN_LIMIT: f64 = 1.5;

/// CPU ms/s, switches/s, memory of its own in MB, PSS in MB: a value for each run.
#[derive(Default)]
pub struct Series(pub [Vec<f64>; 4]);

impl Series {
    /// What these processes use in this time.
    pub fn take(&mut self, pids: &[u32], window: Duration) {
        let (began, before) = (Instant::now(), Usage::of(pids));
        std::thread::sleep(window);
        let (after, seconds) = (Usage::of(pids), began.elapsed().as_secs_f64());
        self.0[0].push(after.cpu_ms_since(&before) / seconds);
        self.0[1].push((after.switches - before.switches) as f64 / seconds);
        self.0[2].push(after.own_kb as f64 / 1024.0);
        self.0[3].push(after.pss_kb as f64 / 1024.0);
    }
}

pub fn run(table: &mut Table) {
    let (mut ours, mut theirs) = (Series::default(), Series::default());
    let source = format!("v4l2:{CAMERA}");
    let mut relay: Relay = MODE.relay(&["--source", &source], &[]);
    // What the start caused (udev's probe, the first level) settles.
    relay.stays("idle", Duration::from_secs(3));
    let mut pids = relay.children();
    pids.push(relay.pid());
    for _ in 0..runs() {
        ours.take(&pids, WINDOW / u32::try_from(runs()).unwrap_or(1));
    }
    assert_eq!(relay.poll().state, "idle");
    relay.quit();
    let placeholder = peer::launch(&format!(
        "videotestsrc pattern=black is-live=true ! {} ! v4l2sink device={NODE}",
        MODE.caps("YUY2")
    ));
    // Until it is there, and then without a reader.
    let client: Client = peer::client(&MODE);
    drop(client);
    std::thread::sleep(Duration::from_secs(2));
    for _ in 0..runs() {
        theirs.take(&[placeholder.0.id()], PEER_WINDOW);
    }
    let [cpu, switches, own, pss] = ours.0.map(Spread::new);
    let rows = [
        ("CPU", "ms/s", cpu, Target::AtMost(0.0)),
        ("context switches", "1/s", switches, Target::AtMost(0.1)),
        ("private memory (PSS without pages of files)", "MB", own, Target::AtMost(OWN_LIMIT)),
        ("PSS, with what happens to be mapped of files", "MB", pss, Target::None),
    ];
    for ((what, unit, ours, target), theirs) in rows.into_iter().zip(theirs.0) {
        table.row(&Row {
            what: format!("idle, {MODE}: {what}"),
            unit,
            ours,
            peer: Some(("gst-launch black ! v4l2sink".into(), Spread::new(theirs))),
            ratio: None,
            target,
            by_ratio: false,
        });
    }
}
