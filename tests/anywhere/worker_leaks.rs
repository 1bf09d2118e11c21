//! Nothing is left behind after many workers. Alone in its process, so that it can count.

use lenscap::frame::format::PixelFormat::Yuy2;
use lenscap_test_support::process::alone;
use lenscap_test_support::programs::program;
use lenscap_worker_rig::{Rig, format};

fn count(dir: &str) -> usize {
    std::fs::read_dir(dir).unwrap().count()
}

/// Our children, zombies included.
fn children() -> usize {
    let me = std::process::id().to_string();
    let parent_of = |stat: String| stat.rsplit(')').next()?.split_whitespace().nth(1).map(str::to_owned);
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| std::fs::read_to_string(entry.path().join("stat")).ok())
        .filter(|stat| parent_of(stat.clone()).as_deref() == Some(&me))
        .count()
}

#[test]
fn fifty_workers_leave_no_descriptor_no_thread_and_no_process() {
    if !alone("worker_leaks::fifty_workers_leave_no_descriptor_no_thread_and_no_process") {
        return;
    }
    let fake_worker = program("examples/fake-worker");
    let modes = ["behave", "abort", "garbage", "fail", "crash-in-stop", "dropped"];
    let cycle = |mode: &str| {
        let environment = [("LENSCAP_FAKE_WORKER", mode)];
        let mut rig = Rig::spawn(&fake_worker, "test", format(Yuy2, 64, 32, 30), &environment);
        match mode {
            "dropped" => {}
            "behave" | "crash-in-stop" => {
                rig.run(3);
                rig.host.stop(std::time::Instant::now());
                rig.end();
            }
            _ => {
                rig.end();
            }
        }
    };
    modes.iter().for_each(|mode| cycle(mode));
    let before = (count("/proc/self/fd"), count("/proc/self/task"), children());
    for number in 0..50 {
        cycle(modes[number % modes.len()]);
    }
    let after = (count("/proc/self/fd"), count("/proc/self/task"), children());
    assert_eq!(after, before, "descriptors, threads, children");
}
