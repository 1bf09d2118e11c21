//! Who a client is: what it costs to find out, and how long that takes from its open to its name.
//!
//! Processes and desktop files are files here: their number is that of the row, whatever runs on this machine. The kernel's own
//! take longer or shorter to read; the row of this machine's processes says how long.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lenscap::detect::Detector;
use lenscap_apps::{Apps, Roots};
use lenscap_test_support::process::eventually;

use crate::measure::{Spread, Usage, ms};
use crate::runs;
use crate::table::{Row, Table, Target};

/// As many as a desktop has.
const DESKTOP_FILES: u32 = 200;
/// The client.
const CLIENT: u32 = 4_000_000;
/// Names that are found out in a row.
const NAMED: u32 = 1000;
/// Opens of the node for each row.
const OPENS: u32 = 50;

/// A process that has two descriptors, as the kernel shows it.
fn show(proc: &Path, pid: u32, executable: &str, node: Option<&Path>) {
    let process = proc.join(pid.to_string());
    fs::create_dir_all(process.join("fd")).expect("a directory");
    symlink(executable, process.join("exe")).expect("a link");
    symlink("socket:[1]", process.join("fd/0")).expect("a link");
    if let Some(node) = node {
        symlink(node, process.join("fd/1")).expect("a link");
    }
    let fields = "0 ".repeat(17);
    let files = [
        ("stat", format!("{pid} (x) S 1 {fields}{pid} 0\n")),
        ("cmdline", format!("{executable}\0")),
        ("cgroup", "0::/user.slice/session-2.scope\n".to_owned()),
        ("maps", String::new()),
    ];
    for (name, text) in files {
        fs::write(process.join(name), text).expect("a file");
    }
}

fn desktop_files(directory: &Path) {
    fs::create_dir(directory).expect("a directory");
    for number in 0..DESKTOP_FILES {
        let names: String = (0..40).map(|language| format!("Name[l{language}]=Name {number}\n")).collect();
        let text =
            format!("[Desktop Entry]\nType=Application\nName=App {number}\n{names}Exec=/usr/bin/app{number} %U\n");
        fs::write(directory.join(format!("org.example.App{number}.desktop")), text).expect("a file");
    }
}

fn row(table: &mut Table, what: String, unit: &'static str, ours: Spread) {
    table.row(&Row { what, unit, ours, peer: None, ratio: None, target: Target::None, by_ratio: false });
}

pub fn run(table: &mut Table) {
    // Memory is as fast as the kernel's own files, a disk is not.
    let root = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory");
    let applications = root.path().join("applications");
    desktop_files(&applications);
    let apps = |proc: &Path| {
        let applications = vec![applications.clone()];
        Apps::new(Roots { proc: proc.into(), applications, path: "/usr/bin".into(), ..Roots::default() })
    };
    let own = [std::process::id()];
    let proc = root.path().join("few");
    (0..NAMED).for_each(|pid| show(&proc, pid + 1, &format!("/usr/bin/app{}", pid % DESKTOP_FILES), None));
    let (mut first, mut each, mut again, mut kept) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs() {
        let apps = apps(&proc);
        let cpu_of = |count: u32, job: &dyn Fn(u32)| {
            let before = Usage::of(&own);
            (0..count).for_each(job);
            Usage::of(&own).cpu_ms_since(&before) / f64::from(count)
        };
        let before = Usage::of(&own).own_kb as f64;
        first.push(cpu_of(1, &|_| drop(apps.identify_pid(1))));
        kept.push(Usage::of(&own).own_kb as f64 - before);
        each.push(cpu_of(NAMED, &|pid| drop(apps.identify_pid(pid + 1))));
        again.push(cpu_of(NAMED, &|_| drop(apps.identify_pid(NAMED))));
    }
    row(table, format!("name of a process, the first, {DESKTOP_FILES} desktop files: CPU"), "ms", Spread::new(first));
    row(
        table,
        format!("name of a process, the first, {DESKTOP_FILES} desktop files: memory kept"),
        "kB",
        Spread::new(kept),
    );
    row(table, "name of a process, another: CPU".into(), "ms", Spread::new(each));
    row(table, "name of a process, known: CPU".into(), "ms", Spread::new(again));
    for processes in [500, 5000] {
        let proc = root.path().join(processes.to_string());
        let node = root.path().join(format!("node{processes}"));
        fs::write(&node, "x").expect("a file");
        (0..processes).for_each(|pid| show(&proc, pid + 1, "/usr/bin/idle", None));
        let mut times = Vec::new();
        let mut passed = Duration::ZERO;
        let mut detector = Detector::new(&node, Duration::from_secs(60), Instant::now()).expect("a file");
        detector.name_by(Arc::new(apps(&proc)));
        for open in 0..OPENS {
            // Each is a new process; once it is gone the node is nobody's again.
            let pid = CLIENT + open;
            show(&proc, pid, "/usr/bin/app7", Some(&node));
            let began = Instant::now();
            let file = File::open(&node).expect("a file");
            let mut is_named = false;
            while !is_named {
                let presence = detector.dispatch(Instant::now() + passed);
                is_named = presence.is_some_and(|it| it.clients.iter().any(|client| client.name == "App 7"));
                assert!(began.elapsed() < Duration::from_secs(60), "it has no name");
                std::thread::sleep(Duration::from_micros(100));
            }
            times.push(ms(began.elapsed()));
            drop(file);
            fs::remove_dir_all(proc.join(pid.to_string())).expect("it is there");
            eventually("nobody is there", || {
                detector.dispatch(Instant::now() + passed).is_some_and(|it| it.is_empty())
            });
            // Looks that come one after the other are put off; a program that comes later finds none that was.
            passed += Duration::from_secs(30);
            eventually("it rests", || {
                detector.dispatch(Instant::now() + passed);
                detector.deadline().is_none_or(|at| at > Instant::now() + passed + Duration::from_secs(1))
            });
        }
        let times = Spread::new(times);
        for (name, percent) in [("median", 50), ("p99", 99)] {
            let what = format!("open to name, {processes} processes: {name}");
            row(table, what, "ms", Spread::new([times.percentile(percent)]));
        }
    }
}
