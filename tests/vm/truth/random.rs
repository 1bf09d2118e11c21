//! Random sequences of operations on everything at once, judged afterwards by the USB camera's own log of the wire.
//!
//! `ops` draws a sequence from a seed, `rig` carries it out, `record` has what was observed, `judge` says which promise was
//! broken, `shrink` looks for the shortest sequence that still breaks it. `make test` runs one short sequence in each mode;
//! `make test-long` as many as one likes. Environment:
//!
//! | variable | what |
//! |---|---|
//! | `LENSCAP_TRUTH_SEEDS` | seeds, as in `1 2 7`, instead of the one |
//! | `LENSCAP_TRUTH_OPS` | operations in each, instead of 60 |
//! | `LENSCAP_TRUTH_REPLAY` | a file with a sequence, instead of seeds |
//! | `LENSCAP_TRUTH_SHRINK` | seconds that may be spent on making a finding shorter, instead of none |
//! | `LENSCAP_TRUTH_LOGS` | a directory for sequences with a finding, what was observed, and what the relays said (`LENSCAP_LOG=debug`) |

mod actor;
mod judge;
mod logind;
mod ops;
mod reading;
mod record;
mod rig;
mod shrink;
mod spans;

use std::time::{Duration, Instant};

use judge::Finding;
use ops::Step;
use record::Record;
use rig::{Rig, Sending};

/// What `make test` runs of each mode: a seed in which much happens.
const SEED: u64 = 1;
const OPS: usize = 60;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(default)
}

/// Carries them out and judges.
fn observe(sending: Sending, steps: &[Step]) -> (Record, Vec<Finding>) {
    let record = Rig::start(sending).run(steps);
    let findings = judge::judge(&record);
    (record, findings)
}

/// For people: what was found, what happened around it, and how to have it again.
fn tell(name: &str, record: &Record, findings: &[Finding], steps: &[Step]) -> String {
    let mut text = String::new();
    for finding in findings {
        let (from, to) = finding.span;
        text += &format!("{name}: {:?} from {from:.3?} to {to:.3?}: {}\n", finding.rule, finding.text);
    }
    for finding in findings.iter().take(3) {
        text += &format!("around {:.3?}:\n{}", finding.span.0, record.around(finding.span));
    }
    if let Ok(directory) = std::env::var("LENSCAP_TRUTH_LOGS") {
        let path = format!("{directory}/{name}");
        let _ = std::fs::create_dir_all(&directory);
        let _ = std::fs::write(format!("{path}.ops"), ops::write(steps));
        let _ =
            std::fs::write(format!("{path}.log"), format!("{text}\n{}", record.around((Duration::ZERO, record.end))));
        let said: String = record.reigns.iter().map(|reign| format!("{}\n", reign.said)).collect();
        let _ = std::fs::write(format!("{path}.said"), said);
        text += &format!("to have it again: LENSCAP_TRUTH_REPLAY={path}.ops\n");
    } else {
        text += &format!("to have it again, LENSCAP_TRUTH_REPLAY=FILE with:\n{}", ops::write(steps));
    }
    text
}

/// The whole of it for one mode; panics with what was found.
fn sequences(sending: Sending) {
    let mode = format!("{sending:?}").to_lowercase();
    let count = number("LENSCAP_TRUTH_OPS", OPS as u64) as usize;
    let seeds = std::env::var("LENSCAP_TRUTH_SEEDS").unwrap_or_default();
    let seeds: Vec<u64> = seeds.split_whitespace().filter_map(|seed| seed.parse().ok()).collect();
    let sequences: Vec<(String, Vec<Step>)> = match std::env::var("LENSCAP_TRUTH_REPLAY") {
        Ok(path) => {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
            vec![(format!("{mode}-replay"), ops::read(&text).expect("a sequence"))]
        }
        Err(_) if seeds.is_empty() => vec![(format!("{mode}-{SEED}"), ops::draw(SEED, count))],
        Err(_) => seeds.iter().map(|seed| (format!("{mode}-{seed}"), ops::draw(*seed, count))).collect(),
    };
    let mut all = String::new();
    for (name, steps) in sequences {
        let began = Instant::now();
        let (record, findings) = observe(sending, &steps);
        let [on, streams] = [record.wire.iter().count(), record.streams.len()];
        println!(
            "REPORT {name}: {} operations in {:.0} s, the camera on {on} times, {streams} streams, {} findings",
            steps.len(),
            began.elapsed().as_secs_f64(),
            findings.len()
        );
        let Some(first) = findings.first() else { continue };
        let mut text = tell(&name, &record, &findings, &steps);
        let limit = Duration::from_secs(number("LENSCAP_TRUTH_SHRINK", 0));
        if !limit.is_zero() {
            let rule = first.rule;
            let shortest = shrink::shortest(&steps, Instant::now() + limit, |part| {
                let (record, findings) = observe(sending, part);
                let again: Vec<_> = findings.into_iter().filter(|finding| finding.rule == rule).collect();
                (!again.is_empty()).then(|| tell(&format!("{name}-short"), &record, &again, part))
            });
            if let Some((part, told)) = shortest {
                text += &format!("shrunk to {} operations:\n{}{told}", part.len(), ops::write(&part));
            }
        }
        println!("{text}");
        all += &text;
    }
    assert!(all.is_empty(), "{}", all.lines().next().unwrap_or_default());
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn isochronous_sequences_keep_every_promise() {
    sequences(Sending::Isoc);
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn bulk_sequences_keep_every_promise() {
    sequences(Sending::Bulk);
}
