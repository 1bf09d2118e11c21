//! The watch over other cameras: what it costs while a program streams a USB camera past the relay, and while none is open.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lenscap_test_support::process::{Reaped, eventually};
use lenscap_test_support::relay::Relay;
use lenscap_test_support::usb_camera::Camera;

use crate::measure::{Spread, Usage};
use crate::table::{Row, Table, Target};
use crate::{Mode, runs};

const MODE: Mode = Mode { width: 320, height: 240, framerate: 15 };
const WINDOW: Duration = Duration::from_secs(10);

/// v4l2-ctl, streaming straight from the camera until dropped.
fn stream(camera: &Camera) -> Reaped {
    let child = Command::new("v4l2-ctl")
        .arg("-d")
        .arg(camera.node.canonicalize().expect("a node"))
        .args(["--set-fmt-video=width=320,height=240,pixelformat=YUYV", "--set-parm=15"])
        .args(["--stream-mmap=4", "--stream-count=0"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("v4l2-ctl starts");
    Reaped(child)
}

/// CPU ms/s and context switches/s of the relay, a value for each run.
fn measure(relay: &Relay) -> [Spread; 2] {
    let (mut cpu, mut switches) = (Vec::new(), Vec::new());
    for _ in 0..runs() {
        let (began, before) = (Instant::now(), Usage::of(&[relay.pid()]));
        std::thread::sleep(WINDOW);
        let (after, seconds) = (Usage::of(&[relay.pid()]), began.elapsed().as_secs_f64());
        cpu.push(after.cpu_ms_since(&before) / seconds);
        switches.push((after.switches - before.switches) as f64 / seconds);
    }
    [Spread::new(cpu), Spread::new(switches)]
}

pub fn run(table: &mut Table) {
    for (name, option) in [("Isoc", "--isoc"), ("Bulk", "--bulk")] {
        let camera = Camera::plug(name, &[option]);
        let mut relay = MODE.relay(&["--source", "test"], &[]);
        let program = stream(&camera);
        eventually("it is seen", || !relay.poll().others.is_empty());
        let watching = measure(&relay);
        assert!(!relay.poll().others.is_empty() && camera.is_on(), "it streamed all the time");
        drop(program);
        eventually("its end is seen", || relay.poll().others.is_empty());
        relay.stays("idle", Duration::from_secs(3));
        let idle = measure(&relay);
        relay.quit();
        for (what, [cpu, switches], most) in
            [("another program streams", watching, [1.0, 12.0]), ("no camera is open", idle, [0.0, 0.1])]
        {
            for (what, unit, ours, limit) in [
                (format!("watch, {name}, {what}: CPU"), "ms/s", cpu, most[0]),
                (format!("watch, {name}, {what}: context switches"), "1/s", switches, most[1]),
            ] {
                let target = Target::AtMost(limit);
                table.row(&Row { what, unit, ours, peer: None, ratio: None, target, by_ratio: false });
            }
        }
    }
}
