//! Rows of the table, written as soon as they are known: a part that fails later keeps what it measured.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use crate::measure::Spread;

/// What a measurement is held against.
pub enum Target {
    /// At most so much.
    AtMost(f64),
    /// At most so much, where the target depends on what was measured beside it.
    AtMostBecause(f64, String),
    /// For information.
    None,
}

/// Where the rows go.
pub struct Table {
    file: File,
}

/// One row.
pub struct Row {
    /// What was measured.
    pub what: String,
    /// In which unit.
    pub unit: &'static str,
    /// Ours.
    pub ours: Spread,
    /// What stands beside it, and its value in the same unit.
    pub peer: Option<(String, Spread)>,
    /// Ours in relation to the peer's, run by run.
    pub ratio: Option<Spread>,
    /// The ratio's target where `by_ratio`, else that of ours.
    pub target: Target,
    /// What the target is about.
    pub by_ratio: bool,
}

impl Table {
    /// Rows are appended to this file.
    pub fn append_to(path: &Path) -> Self {
        Self { file: OpenOptions::new().create(true).append(true).open(path).expect("the table's file") }
    }

    /// Writes one row.
    pub fn row(&mut self, row: &Row) {
        let Row { what, unit, ours, peer, ratio, target, by_ratio } = row;
        let peer = peer.as_ref().map_or_else(|| "-".into(), |(name, spread)| format!("{spread} ({name})"));
        let shown = ratio.as_ref().map_or_else(|| "-".into(), ToString::to_string);
        let value = if *by_ratio { ratio.as_ref().map_or(f64::NAN, Spread::median) } else { ours.median() };
        let (target, met) = match target {
            Target::AtMost(limit) => (format!("at most {limit}"), if value <= *limit { "yes" } else { "**no**" }),
            Target::AtMostBecause(limit, why) => {
                (format!("at most {limit:.0} ({why})"), if value <= *limit { "yes" } else { "**no**" })
            }
            Target::None => ("-".into(), "-"),
        };
        let line = format!("| {what} | {unit} | {ours} | {peer} | {shown} | {target} | {met} |");
        println!("{line}");
        writeln!(self.file, "{line}").and_then(|()| self.file.flush()).expect("the row is written");
    }
}
