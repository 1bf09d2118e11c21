//! What was, between the relay, `lenscap-history`, which keeps it, and those who show it.
//!
//! `lenscap-history record` reads a [`HistoryOrder`] and then a [`HistoryChange`] a line; it and the other commands answer with
//! a [`HistoryLine`] a line, of which the last is not an entry.

use lenscap_core::app::AppId;
use lenscap_core::history::{Answer, Ended, Entry, Millis};
use lenscap_core::trouble::history::HistoryTrouble;
use lenscap_text::Text;
use serde::{Deserialize, Serialize};

use crate::Code;

/// One use of a camera, or a wish for it: what `lenscap log --json` has a list of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// Which application; `None`: its process could not be read.
    pub app: Option<AppId>,
    /// Its name for people.
    pub name: Text,
    /// Its icon: a name in the icon theme, or an absolute path.
    pub icon: Option<Text>,
    /// Whether the application was concluded from names alone.
    pub guess: bool,
    /// The camera's name.
    pub camera: Text,
    /// Whether the application used it past Lenscap.
    pub direct: bool,
    /// When it began. In JSON seconds since 1970.
    #[serde(with = "seconds")]
    pub from: Millis,
    /// When it ended; `None`: it goes on, or that is not known.
    #[serde(with = "some_seconds")]
    pub until: Option<Millis>,
    /// Why it ended; `None`: it goes on.
    pub ended: Option<Ended>,
    /// What was wrong, where it failed.
    pub trouble: Option<Code>,
    /// What became of the wish; `None`: nobody was asked, it was past Lenscap.
    pub answer: Option<Answer>,
}

impl HistoryEntry {
    /// Whether the camera was on for it.
    pub fn is_use(&self) -> bool {
        self.answer.is_none_or(Answer::is_yes)
    }
}

impl From<&Entry> for HistoryEntry {
    fn from(entry: &Entry) -> Self {
        let end = entry.end.as_ref();
        Self {
            app: entry.app.clone(),
            name: entry.name.as_str().into(),
            icon: entry.icon.as_deref().map(Text::from),
            guess: entry.is_guess,
            camera: entry.camera.as_str().into(),
            direct: entry.is_direct,
            from: entry.from,
            until: end.and_then(|end| end.at),
            ended: end.map(|end| end.why),
            trouble: end.and_then(|end| end.trouble.as_ref()).map(Code::of),
            answer: entry.answer,
        }
    }
}

/// A relay, for ever: of which start of the computer, by which process, started when.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HistorySession {
    /// The kernel's number of this start (`/proc/sys/kernel/random/boot_id`).
    pub boot: Text,
    /// The relay's process.
    pub pid: u32,
    /// Its start, in the kernel's ticks since that of the computer (proc_pid_stat(5)).
    pub start: u64,
}

/// By whom, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryOrder {
    /// Whose changes follow.
    pub session: HistorySession,
    /// How long entries are kept.
    pub days: u32,
}

/// An entry as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryChange {
    /// Which of the session's; later ones are greater.
    pub number: u64,
    /// The entry.
    pub entry: HistoryEntry,
}

/// When an application had a camera last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastUse {
    /// Which application.
    pub app: AppId,
    /// Its name for people, as it was then.
    pub name: Text,
    /// Its icon, as in [`HistoryEntry`].
    pub icon: Option<Text>,
    /// When that ended; now, where it goes on. In JSON seconds since 1970.
    #[serde(with = "seconds")]
    pub last: Millis,
}

/// What `lenscap-history` says, in one line of JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HistoryLine {
    /// One of the list.
    Entry(Box<HistoryEntry>),
    /// One of those with their last use.
    LastUse(LastUse),
    /// The list is complete.
    End,
    /// What came was written. The old file could not be read, and lies there now.
    Written {
        /// Where it lies; `None`: nothing was moved.
        moved: Option<HistoryTrouble>,
    },
    /// So many entries were deleted.
    Deleted {
        /// How many.
        count: u64,
    },
    /// It could not be done.
    Failed(HistoryTrouble),
}

mod seconds {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[allow(clippy::cast_precision_loss, clippy::trivially_copy_pass_by_ref)] // milliseconds of a century have 42 bits
    pub(super) fn serialize<S: Serializer>(millis: &i64, to: S) -> Result<S::Ok, S::Error> {
        (*millis as f64 / 1000.0).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
        f64::deserialize(from).map(super::millis)
    }
}

mod some_seconds {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[allow(clippy::ref_option)] // serde's signature
    pub(super) fn serialize<S: Serializer>(millis: &Option<i64>, to: S) -> Result<S::Ok, S::Error> {
        #[allow(clippy::cast_precision_loss)] // as above
        millis.map(|millis| millis as f64 / 1000.0).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
        Ok(Option::<f64>::deserialize(from)?.map(super::millis))
    }
}

/// A number that is no time is the last or the first one that there is.
#[allow(clippy::cast_possible_truncation)] // saturates
fn millis(seconds: f64) -> Millis {
    (seconds * 1000.0).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenscap_core::history::End;
    use lenscap_core::trouble::Trouble;
    use serde_json::json;

    #[test]
    fn an_entry_is_one_object_and_reads_back_clean() {
        let entry = Entry {
            number: 3,
            app: Some("us.zoom.Zoom".into()),
            name: "Zoom".into(),
            icon: None,
            is_guess: false,
            camera: "HD Webcam".into(),
            is_direct: false,
            from: 1_763_712_000_123,
            answer: Some(Answer::AllowedByUser),
            end: Some(End { at: Some(1_763_712_060_001), why: Ended::Failed, trouble: Some(Trouble::NoCamera) }),
        };
        let entry = HistoryEntry::from(&entry);
        let json = serde_json::to_value(&entry).unwrap();
        let expected = json!({
            "app": "us.zoom.Zoom", "name": "Zoom", "icon": null, "guess": false, "camera": "HD Webcam", "direct": false,
            "from": 1_763_712_000.123, "until": 1_763_712_060.001, "ended": "failed", "trouble": { "code": "no-camera" },
            "answer": "allowed-by-user",
        });
        assert_eq!(json, expected);
        let line = HistoryLine::Entry(Box::new(entry));
        let text = crate::line(&line);
        assert!(text.ends_with('\n') && !text.trim_end().contains('\n'));
        assert_eq!(serde_json::from_str::<HistoryLine>(&text).unwrap(), line);
        let hostile = text.replace("Zoom\",\"icon", "Zo\\u001b[2J\\nom\\u202e\",\"icon");
        let HistoryLine::Entry(entry) = serde_json::from_str(&hostile).unwrap() else { panic!("no entry") };
        assert_eq!(&*entry.name, "Zo [2J om");
    }
}
