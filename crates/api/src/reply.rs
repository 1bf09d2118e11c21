//! What is answered, and what is printed unasked.

use std::time::{SystemTime, UNIX_EPOCH};

use lenscap_core::trouble::refusal::Refusal;
use serde::{Deserialize, Serialize};

use crate::{Code, Controls, Status};

/// The answer to a request: one line of JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reply {
    /// It is not done.
    Refused(Refused),
    /// It is done, and this is the status after it.
    Status(Box<EventLine>),
    /// It is done, and it was about controls.
    Controls(Box<ControlsReply>),
}

impl Reply {
    /// This status, as of now.
    pub fn status(status: Status) -> Self {
        Self::Status(Box::new(EventLine::now(status)))
    }

    /// Not done, for what this sentence says, and what it is said of.
    pub fn refused(sentence: String, refusal: &Refusal) -> Self {
        Self::Refused(Refused { error: sentence, trouble: Some(Code::of(refusal)) })
    }
}

/// Why a request is not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// One sentence with the next step, in the language of the relay.
    pub error: String,
    /// What it says, for programs; beside it, for what is known of a trouble may be called as it likes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Code>,
}

/// A status and its time: an event line, and the answer to most requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventLine {
    /// Seconds since 1970, to the millisecond.
    pub t: f64,
    /// The status from then on.
    #[serde(flatten)]
    pub status: Status,
}

impl EventLine {
    /// This status, as of now.
    pub fn now(status: Status) -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { t: (since_epoch.as_secs_f64() * 1000.0).round() / 1000.0, status }
    }
}

/// Stands among the event lines in the place of those that a slow reader missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostLines {
    /// How many.
    pub lost: u64,
}

/// The controls of a camera that is on, else where it is, so that the asking program can read it by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlsReply {
    /// The controls, while the camera is on.
    #[serde(flatten)]
    pub list: Option<Controls>,
    /// Whether the camera is on, so that `list` is there.
    pub live: bool,
    /// The source in the settings, as they write it.
    pub source: String,
    /// Paths of the relay's own nodes, which are no cameras.
    pub excluded: Vec<String>,
    /// The settings file, an absolute path.
    pub config: String,
}

/// One line of JSON, with its newline: what goes over the socket and to the readers of event lines. Sentences in it may come to a
/// terminal.
pub fn line(value: &impl Serialize) -> String {
    match serde_json::to_string(value) {
        Ok(text) => lenscap_text::without_isolates(&text).into_owned() + "\n",
        // Nothing here has a map with keys that are no texts, which is all that could fail.
        Err(error) => format!("{{\"error\":\"{}\"}}\n", error.to_string().escape_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_refusal_hides_nothing_of_it() {
        for refusal in [Refusal::NotARequest { message: "expected value".into() }, Refusal::CameraWentOff] {
            let reply = Reply::refused("Send one line.".into(), &refusal);
            assert_eq!(serde_json::from_str::<Reply>(&line(&reply)).expect("one key each"), reply);
        }
    }

    #[test]
    fn an_answer_is_known_by_its_fields() {
        let refused = r#"{"error":"No.","trouble":{"code":"camera-went-off"}}"#;
        let controls =
            r#"{"camera":"usb-1","controls":[],"problems":[],"live":true,"source":"auto","excluded":[],"config":"/c"}"#;
        let elsewhere = r#"{"live":false,"source":"auto","excluded":["/dev/video9"],"config":"/c"}"#;
        let status = r#"{"t":1.5,"state":"idle","live":false,"clients":[],"camera":"auto","allowed":true,"reason":null,"stuck":false,"others":[],"mode":null,"sandbox":null}"#;
        let read = |text: &str| serde_json::from_str::<Reply>(text).unwrap();
        assert_eq!(read(refused), Reply::refused("No.".into(), &Refusal::CameraWentOff));
        assert!(matches!(read(controls), Reply::Controls(reply) if reply.list.is_some()));
        assert!(matches!(read(elsewhere), Reply::Controls(reply) if reply.list.is_none()));
        assert!(matches!(read(status), Reply::Status(_)));
        for text in [refused, controls, elsewhere, status] {
            assert_eq!(line(&read(text)), format!("{text}\n"), "what was read is written again, in the same order");
        }
    }
}
