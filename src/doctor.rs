//! What may keep the camera from working, each with its remedy: `lenscap doctor`, and "Diagnose…" in the window.
//!
//! Looks at files, at the process list and at the running relay's status. No camera is opened, which would wake it, and the
//! loopback only while no relay serves it, to which it would look like an application. Nothing is changed.

mod camera;
mod module;
mod node;
mod relay;
mod rivals;
mod sandbox;
mod settings;
mod start;

use std::fs;
use std::path::{Path, PathBuf};

use lenscap_api::{AskError, Status};
use serde::Serialize;
use serde_json::{Value, json};

use crate::autostart::Entries;
use crate::config::{self, Settings};
use crate::i18n::tr;

/// How bad a [`Finding`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As it should be.
    Fine,
    /// It works; something about it may surprise.
    Note,
    /// The camera cannot work so.
    Problem,
}

/// What one look found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at, for programs: "module", "node", …
    pub check: &'static str,
    /// How bad it is.
    pub verdict: Verdict,
    /// One sentence that says what is so.
    pub text: String,
    /// One sentence that says what to do; where something is to be done.
    pub remedy: Option<String>,
}

impl Finding {
    fn fine(check: &'static str, text: String) -> Self {
        Self { check, verdict: Verdict::Fine, text, remedy: None }
    }

    fn note(check: &'static str, text: String, remedy: String) -> Self {
        Self { check, verdict: Verdict::Note, text, remedy: Some(remedy) }
    }

    fn problem(check: &'static str, text: String, remedy: Option<String>) -> Self {
        Self { check, verdict: Verdict::Problem, text, remedy }
    }
}

/// What the checks look at.
#[derive(Debug)]
struct Patient<'a> {
    /// `/`, but for tests.
    root: PathBuf,
    /// The settings in use, or what is wrong with their file.
    settings: Result<Settings, config::Error>,
    /// Their file.
    path: &'a Path,
    /// What starts it with the session.
    entries: Entries,
    /// The running relay's status; `Ok(None)`: none runs; `Err`: it does not answer.
    relay: Result<Option<Status>, AskError>,
}

impl Patient<'_> {
    /// A path below the root, from an absolute one.
    fn at(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// A file's text without the end of its line; `None` when it cannot be read.
    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.at(path)).ok().map(|text| text.trim_end().to_owned())
    }

    /// The settings that hold, or the defaults.
    fn settings(&self) -> Settings {
        self.settings.as_ref().cloned().unwrap_or_default()
    }

    /// The names and ids of all processes.
    fn processes(&self) -> Vec<(u32, String)> {
        let entries = fs::read_dir(self.at("/proc")).into_iter().flatten().flatten();
        let mut found: Vec<(u32, String)> = entries
            .filter_map(|entry| {
                let pid = entry.file_name().to_str()?.parse().ok()?;
                let name = fs::read_to_string(entry.path().join("comm")).ok()?;
                Some((pid, name.trim_end().to_owned()))
            })
            .collect();
        found.sort_unstable();
        found
    }
}

/// Looks at everything. `relay`: the running relay's status, `Ok(None)` when none runs.
pub fn examine(settings_path: &Path, relay: Result<Option<Status>, AskError>) -> Vec<Finding> {
    let settings = config::load(settings_path, &config::Overrides::default());
    findings(&Patient { root: "/".into(), settings, path: settings_path, entries: Entries::from_environment(), relay })
}

/// A remedy that stands behind a colon elsewhere, as a sentence.
fn sentence(remedy: &str) -> String {
    let mut letters = remedy.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

fn findings(patient: &Patient) -> Vec<Finding> {
    [settings::look, relay::look, module::look, node::look, camera::look, rivals::look, start::look, sandbox::look]
        .into_iter()
        .flat_map(|look| look(patient))
        .collect()
}

/// The findings as one JSON object: `{"ok": bool, "findings": [{"check", "verdict", "text", "remedy"}]}`.
pub fn to_json(findings: &[Finding]) -> Value {
    json!({ "ok": is_well(findings), "findings": findings })
}

/// The findings for people, a line or two each.
pub fn in_words(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let mark = match finding.verdict {
            // TRANSLATORS: these marks stand in front of a line of "lenscap doctor", in a column of at least 8
            Verdict::Fine => tr("ok"),
            Verdict::Note => tr("note"),
            Verdict::Problem => tr("problem"),
        };
        text += &format!("{mark:<8} {}\n", finding.text);
        if let Some(remedy) = &finding.remedy {
            text += &format!("{:<8} {remedy}\n", "");
        }
    }
    text
}

/// Whether nothing keeps the camera from working.
pub fn is_well(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.verdict != Verdict::Problem)
}

#[cfg(test)]
mod tests;
