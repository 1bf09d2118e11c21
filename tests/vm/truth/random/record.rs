//! What was observed in one run, all of it in `CLOCK_MONOTONIC`: the wire, the indicator, the clients, what was done.

use std::fmt::Write;
use std::time::Duration;

use super::spans::{At, Span, Spans};

/// The indicator and the rest of the status, from this moment on.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// When it was written.
    pub at: At,
    /// The state's name.
    pub state: String,
    /// The relay's own camera is or may be on.
    pub live: bool,
    /// A program uses the camera past the relay.
    pub others: bool,
    /// "" when there is none.
    pub reason: String,
    /// Why the second device is not served; "" when it is.
    pub second: String,
    /// The clients, with what they do.
    pub clients: String,
}

impl Told {
    /// Whether the icon says that a camera is on.
    pub fn is_lit(&self) -> bool {
        self.live || self.others
    }
}

/// The life of a relay process.
#[derive(Debug, Clone, Default)]
pub struct Reign {
    /// Until it was killed; `None`: to the end of the run.
    pub until: Option<At>,
    /// In order.
    pub told: Vec<Told>,
    /// What it said on stderr that it should never have to.
    pub complaints: Vec<String>,
    /// All that it said on stderr.
    pub said: String,
    /// How it ended, where nobody killed it.
    pub ended: Option<String>,
}

impl Reign {
    /// The moments that lines of this kind held.
    pub fn when(&self, end: At, is_so: impl Fn(&Told) -> bool) -> Spans {
        let until = self.until.unwrap_or(end);
        let next = self.told.iter().skip(1).map(|line| line.at).chain([until]);
        self.told.iter().zip(next).filter(|(line, _)| is_so(line)).map(|(line, to)| (line.at, to.min(until))).collect()
    }
}

/// What a client got.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// When.
    pub at: At,
    /// The device's stamp; of a program that does not say it, none.
    pub stamp: Option<Duration>,
    /// The camera's number; a card has none.
    pub number: Option<u32>,
}

/// One stream of one program, from before STREAMON to after its end.
#[derive(Debug, Clone, Default)]
pub struct Stream {
    /// Which program.
    pub who: String,
    /// It asked for the stream.
    pub asked: At,
    /// STREAMON had succeeded.
    pub began: Option<At>,
    /// It is about to end it, or to be killed.
    pub leaving: Option<At>,
    /// It was over.
    pub ended: Option<At>,
    /// An error ended it.
    pub error: Option<String>,
    /// In order of arrival.
    pub frames: Vec<Frame>,
    /// Through PipeWire. When it streams, its first picture says.
    pub is_pipewire: bool,
    /// When it was stopped, and took no picture.
    pub hung: Spans,
}

impl Stream {
    /// When the device cannot but know of it.
    pub fn surely(&self, end: At) -> Option<Span> {
        Some((self.began?, self.leaving.or(self.ended).unwrap_or(end)))
    }

    /// When it may be streaming.
    pub fn perhaps(&self, end: At) -> Span {
        (self.asked, self.ended.unwrap_or(end))
    }
}

/// Something that was done or happened, for people.
#[derive(Debug, Clone)]
pub struct Note {
    /// When.
    pub at: At,
    /// What.
    pub text: String,
}

/// Everything.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// How the camera sends.
    pub is_bulk: bool,
    /// When the camera was on, on the wire.
    pub wire: Spans,
    /// When it was told to send nothing though it is on.
    pub silent: Spans,
    /// One after the other.
    pub reigns: Vec<Reign>,
    /// Of the clients.
    pub streams: Vec<Stream>,
    /// Of the program that uses the camera past the relay.
    pub taken: Vec<Stream>,
    /// When the camera was not allowed, by what the user asked for and the relay agreed to.
    pub forbidden: Spans,
    /// When the clients at the nodes, whose program has a rule, were to see no picture of the camera.
    pub kept_out: Spans,
    /// The longest cooldown that may have been in force.
    pub cooldown: Duration,
    /// How late a thread with nothing to do woke up, again and again: how much of the machine was somebody else's.
    pub late: Vec<(At, Duration)>,
    /// What was wrong at once.
    pub wrong: Vec<Note>,
    /// What was done, and what the camera wrote down.
    pub notes: Vec<Note>,
    /// The end of the run.
    pub end: At,
}

impl Record {
    /// How much of this time was not the machine's: what a deadline is longer by.
    pub fn late(&self, (from, to): Span) -> Duration {
        self.late.iter().filter(|(at, by)| *at > from && at.saturating_sub(*by) < to).map(|(_, by)| *by).sum()
    }

    /// When a relay was there to tell.
    pub fn up(&self) -> Spans {
        self.when(|_| true)
    }

    /// The moments at which the status was like this.
    pub fn when(&self, is_so: impl Fn(&Told) -> bool) -> Spans {
        self.reigns.iter().fold(Spans::default(), |all, reign| all.or(&reign.when(self.end, &is_so)))
    }

    /// When another program may have used the camera.
    pub fn taken(&self) -> Spans {
        self.taken.iter().map(|stream| stream.perhaps(self.end)).collect()
    }

    /// What happened around that time, a line each.
    pub fn around(&self, (from, to): Span) -> String {
        let (from, to) = (from.saturating_sub(Duration::from_secs(4)), to + Duration::from_secs(2));
        let mut lines: Vec<Note> = self.notes.clone();
        for told in self.reigns.iter().flat_map(|reign| &reign.told) {
            let Told { at, state, live, others, reason, second, clients } = told;
            let light = if *live { "lit" } else { "dark" };
            let others = if *others { ", others" } else { "" };
            lines.push(Note {
                at: *at,
                text: format!("    status {state}, {light}{others} [{clients}] {reason} {second}"),
            });
        }
        for stream in self.streams.iter().chain(&self.taken) {
            let who = &stream.who;
            let mut push = |at: Option<At>, what: &str| {
                lines.extend(at.map(|at| Note { at, text: format!("        {who} {what}") }));
            };
            push(Some(stream.asked), "asks");
            push(stream.began, "streams");
            push(stream.leaving, "leaves");
            push(stream.ended, &format!("left {}", stream.error.as_deref().unwrap_or_default()));
        }
        lines.sort_by_key(|note| note.at);
        let mut text = String::new();
        for note in lines.iter().filter(|note| note.at >= from && note.at <= to) {
            let _ = writeln!(text, "{:10.3} {}", note.at.as_secs_f64(), note.text);
        }
        text
    }
}
