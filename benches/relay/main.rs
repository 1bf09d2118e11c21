//! What the promises cost: `make bench` (scripts/bench.sh) runs this program part by part and puts the rows together.
//!
//! `relay PART FILE` measures one part and appends its rows to FILE. All parts but `native`, `mjpeg`, `framing`, `further`, `pipewire`, `cycles` and `apps` need the test machine, with
//! the output at `/dev/video30` and vivid at `/dev/video20`. Medians of several runs with the spread; what is put in
//! relation was measured in turns, in the same run. `LENSCAP_BENCH_RUNS` says how many runs (3).

mod apps;
mod cycles;
mod framing;
mod further;
mod idle;
mod latency;
mod live;
mod measure;
mod mjpeg;
mod native;
mod peer;
mod pipewire;
mod start;
mod switches;
mod table;
mod watch;
mod wire;

use std::path::Path;

use lenscap_test_support::relay::Relay;

use table::Table;

/// The output node in the test machine.
const NODE: &str = "/dev/video30";
/// vivid in the test machine.
const CAMERA: &str = "/dev/video20";

/// A size and the whole number of frames a second at which vivid gives it, in real time in an emulated machine.
#[derive(Clone, Copy)]
struct Mode {
    width: u32,
    height: u32,
    framerate: u32,
}

const MODES: [Mode; 3] = [
    Mode { width: 640, height: 480, framerate: 25 },
    Mode { width: 1280, height: 720, framerate: 10 },
    Mode { width: 1920, height: 1080, framerate: 5 },
];

impl Mode {
    /// GStreamer's caps of this mode.
    fn caps(&self, format: &str) -> String {
        let Mode { width, height, framerate } = self;
        format!("video/x-raw,format={format},width={width},height={height},framerate={framerate}/1")
    }

    /// How long a frame takes, in milliseconds.
    fn interval_ms(&self) -> f64 {
        1000.0 / f64::from(self.framerate)
    }

    /// The relay on the node, in this mode, idle.
    fn relay(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Relay {
        let [width, height, framerate] = [self.width, self.height, self.framerate].map(|number| number.to_string());
        let mut all = vec!["--device", NODE, "-w", &width, "-H", &height, "-f", &framerate];
        all.extend(arguments);
        let mut relay = Relay::start_with(&all, environment);
        relay.wait_for("idle");
        relay
    }
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}@{}", self.width, self.height, self.framerate)
    }
}

fn node() -> &'static Path {
    Path::new(NODE)
}

/// How often everything is measured.
fn runs() -> usize {
    std::env::var("LENSCAP_BENCH_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(3)
}

fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [part, file] = arguments.as_slice() else {
        eprintln!(
            "usage: relay idle|start|live|latency|switches|watch|wire|native|mjpeg|framing|further|pipewire|cycles|apps FILE (make bench runs them all)"
        );
        return std::process::ExitCode::from(2);
    };
    if part == "fresh-start" {
        start::print_fresh_start();
        return std::process::ExitCode::SUCCESS;
    }
    if part == "pipewire-reader" {
        pipewire::print_first_pictures(file);
        return std::process::ExitCode::SUCCESS;
    }
    let mut table = Table::append_to(Path::new(file));
    match part.as_str() {
        "idle" => idle::run(&mut table),
        "start" => start::run(&mut table),
        "live" => live::run(&mut table),
        "latency" => latency::run(&mut table),
        "switches" => switches::run(&mut table),
        "watch" => watch::run(&mut table),
        "wire" => wire::run(&mut table),
        "apps" => apps::run(&mut table),
        "cycles" => cycles::run(&mut table),
        "native" => native::run(&mut table),
        "mjpeg" => mjpeg::run(&mut table),
        "framing" => framing::run(&mut table),
        "further" => further::run(&mut table),
        "pipewire" => pipewire::run(&mut table),
        _ => {
            eprintln!("there is no part \"{part}\"");
            return std::process::ExitCode::from(2);
        }
    }
    std::process::ExitCode::SUCCESS
}
