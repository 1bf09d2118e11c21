//! What `lenscap doctor --json` prints: one object.

use serde::{Deserialize, Serialize};

use crate::{Code, SetupVerb};

/// Everything that the doctor found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoctorReport {
    /// Whether nothing keeps the camera from working.
    pub ok: bool,
    /// In the order of the checks.
    pub findings: Vec<Finding>,
}

impl DoctorReport {
    /// These findings.
    pub fn new(findings: Vec<Finding>) -> Self {
        Self { ok: findings.iter().all(|finding| finding.verdict != Verdict::Problem), findings }
    }
}

/// How bad a [`Finding`] is; the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked at: "module", "node", …
    pub check: String,
    /// How bad it is.
    pub verdict: Verdict,
    /// One sentence that says what is so, in the user's language.
    pub text: String,
    /// What that was seen by, where people need not know it: a path, a code, a process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// One sentence that says what to do; where something is to be done.
    pub remedy: Option<String>,
    /// What to type for that, one after the other.
    #[serde(default)]
    pub commands: Vec<String>,
    /// What `lenscap setup` and the window can do about it, where they can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup: Option<SetupVerb>,
    /// What `text` says, for programs; `None` from a doctor that did not know it yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Code>,
}
