//! A program that reads the camera through PipeWire, one after the other, and what it got.

use std::time::Duration;

use lenscap::output::monotonic_now;
use lenscap_test_support::pipewire::Session;
use lenscap_test_support::process::within;

use super::record::{Frame, Stream};
use super::spans::At;
use crate::pipewire::ANY;
use crate::pipewire::reader::Reader;

/// How long a program that was asked to end may take.
const END: Duration = Duration::from_secs(10);

/// See the module.
pub struct Reading {
    name: String,
    present: Option<Present>,
    past: Vec<Stream>,
}

struct Present {
    reader: Reader,
    /// It lost the node, or is about to end.
    leaving: Option<At>,
    /// Since when it is stopped.
    stopped: Option<At>,
    hung: Vec<(At, At)>,
}

impl Reading {
    /// Nothing yet.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), present: None, past: Vec::new() }
    }

    /// A program begins to read, where none does.
    pub fn start(&mut self, session: &Session) {
        self.tend();
        if self.present.is_none() {
            let reader = Reader::pipewire(session, ANY);
            self.present = Some(Present { reader, leaving: None, stopped: None, hung: Vec::new() });
        }
    }

    /// SIGINT, as from a terminal.
    pub fn end(&mut self) {
        self.go_on();
        let Some(present) = &mut self.present else { return };
        present.leaving.get_or_insert_with(monotonic_now);
        present.reader.signal("-INT");
        let reader = &mut present.reader;
        within(END, || reader.process.0.try_wait().expect("it is ours").is_some());
        self.die();
    }

    /// SIGKILL, where it has not ended.
    pub fn die(&mut self) {
        if let Some(present) = &mut self.present {
            present.leaving.get_or_insert_with(monotonic_now);
            let _ = present.reader.process.0.kill();
            let _ = present.reader.process.0.wait();
            self.keep();
        }
    }

    /// SIGSTOP.
    pub fn hang(&mut self) {
        if let Some(present) = self.present.as_mut().filter(|present| present.stopped.is_none()) {
            present.stopped = Some(monotonic_now());
            present.reader.signal("-STOP");
        }
    }

    /// SIGCONT.
    pub fn go_on(&mut self) {
        if let Some(present) = &mut self.present
            && let Some(since) = present.stopped.take()
        {
            present.reader.signal("-CONT");
            present.hung.push((since, monotonic_now()));
        }
    }

    /// The node that it reads goes: what it gets from now on is nobody's promise.
    pub fn lose_node(&mut self) {
        if let Some(present) = &mut self.present {
            present.leaving.get_or_insert_with(monotonic_now);
        }
    }

    /// Takes note of an end of its own.
    pub fn tend(&mut self) {
        let has_ended = |present: &mut Present| present.reader.process.0.try_wait().expect("it is ours").is_some();
        if self.present.as_mut().is_some_and(has_ended) {
            self.keep();
        }
    }

    /// How many pictures of the camera the present one got.
    pub fn pictures(&self) -> usize {
        let count = |present: &Present| present.reader.seen().iter().filter(|seen| seen.number.is_some()).count();
        self.present.as_ref().map_or(0, count)
    }

    /// All its streams.
    pub fn streams(&self) -> Vec<Stream> {
        self.past.iter().cloned().chain(self.present.as_ref().map(|present| self.stream(present, None))).collect()
    }

    /// The present one is one of the past.
    fn keep(&mut self) {
        if let Some(present) = self.present.take() {
            let stream = self.stream(&present, Some(monotonic_now()));
            self.past.push(stream);
        }
    }

    fn stream(&self, present: &Present, ended: Option<At>) -> Stream {
        let seen = present.reader.seen();
        let hung = present.hung.iter().copied();
        let hangs = present.stopped.map(|since| (since, ended.unwrap_or_else(monotonic_now)));
        Stream {
            who: format!("{} in PipeWire", self.name),
            asked: present.reader.began,
            began: seen.first().map(|seen| seen.at),
            leaving: present.leaving,
            ended,
            frames: seen.iter().map(|seen| Frame { at: seen.at, stamp: None, number: seen.number }).collect(),
            is_pipewire: true,
            hung: hung.chain(hangs).collect(),
            ..Stream::default()
        }
    }
}
