//! What processes use, and the median with its spread.

use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

/// Several measurements of one thing.
#[derive(Debug, Clone)]
pub struct Spread(Vec<f64>);

impl Spread {
    /// Sorted and without what is no number.
    pub fn new(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }

    /// The relation of two series, pair by pair.
    pub fn ratio(ours: &[f64], theirs: &[f64]) -> Self {
        Self::new(ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs))
    }

    /// The middle one; of an even number the mean of the middle two.
    pub fn median(&self) -> f64 {
        let count = self.0.len();
        match count {
            0 => f64::NAN,
            _ if count.is_multiple_of(2) => (self.0[count / 2 - 1] + self.0[count / 2]) / 2.0,
            _ => self.0[count / 2],
        }
    }

    /// The value that so many of a hundred do not exceed.
    pub fn percentile(&self, percent: usize) -> f64 {
        let index = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(index).copied().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(least), Some(most)) = (self.0.first(), self.0.last()) else { return f.write_str("not measured") };
        match self.0.len() {
            1 => write!(f, "{}", digits(*least)),
            _ => write!(f, "{} ({}..{})", digits(self.median()), digits(*least), digits(*most)),
        }
    }
}

/// Three significant digits are what such a machine is good for.
fn digits(value: f64) -> String {
    match value.abs() {
        _ if value == 0.0 => "0".into(),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.995 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// What some processes have used up to now.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// Time on a CPU, all threads.
    pub cpu: Duration,
    /// Context switches, all threads, of both kinds.
    pub switches: u64,
    /// Proportional set size. Of a program's file it counts what happens to be mapped, which depends on what was read before, and
    /// by whom: the same program has 4.5 to 6.6 MB.
    pub pss_kb: u64,
    /// What of it is shared memory: pictures, where they lie in slots.
    pub pss_shmem_kb: u64,
    /// Of it, what is no file's: anonymous memory (what a process wrote, in pages of files as well) and shared memory. The same
    /// program has the same.
    pub own_kb: u64,
}

impl Usage {
    /// Of these processes; one that is gone counts nothing.
    pub fn of(pids: &[u32]) -> Self {
        let mut sum = Self::default();
        for pid in pids {
            for task in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
                let read = |name: &str| fs::read_to_string(task.path().join(name)).unwrap_or_default();
                // Nanoseconds on the CPU come first.
                sum.cpu += Duration::from_nanos(number(read("schedstat").split_whitespace().next()));
                sum.switches += read("status")
                    .lines()
                    .filter(|line| line.contains("ctxt_switches:"))
                    .map(|line| number(line.split_whitespace().nth(1)))
                    .sum::<u64>();
            }
            let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
            let kb = |name: &str| {
                let rest = rollup.lines().find_map(|line| line.strip_prefix(name));
                rest.map_or(0, |rest| number(rest.split_whitespace().next()))
            };
            sum.pss_kb += kb("Pss:");
            sum.pss_shmem_kb += kb("Pss_Shmem:");
            sum.own_kb += kb("Pss_Anon:") + kb("Pss_Shmem:");
        }
        sum
    }

    /// CPU milliseconds since an earlier look.
    pub fn cpu_ms_since(&self, earlier: &Self) -> f64 {
        self.cpu.saturating_sub(earlier.cpu).as_secs_f64() * 1000.0
    }
}

fn number(text: Option<&str>) -> u64 {
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Milliseconds.
pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Waits until these processes have nothing to do: no CPU time for a third of a second. `false`: not within `limit`.
pub fn wait_until_quiet(pids: &[u32], limit: Duration) -> bool {
    let end = Instant::now() + limit;
    let mut before = Usage::of(pids).cpu;
    while Instant::now() < end {
        std::thread::sleep(Duration::from_millis(330));
        let after = Usage::of(pids).cpu;
        if after == before {
            return true;
        }
        before = after;
    }
    false
}
