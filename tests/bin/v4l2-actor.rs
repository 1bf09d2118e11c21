//! A program that uses a V4L2 device as it is told: one order a line on standard input, and what happens to it, with
//! `CLOCK_MONOTONIC`, a line each in the file that its argument names. For the random sequences of tests/vm/truth: a process of
//! its own, that can be killed. Never installed.
//!
//! Orders: `open PATH`, `stream`, `stop`, `close`. Told: see `Told` in tests/vm/truth/random/actor.rs. What a real application does with
//! an error is to close the device; so does this.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use lenscap::output::monotonic_now;
use lenscap_test_support::client::Client;
use uvcam::picture::read_yuyv_number;

/// Between two looks at the orders while it streams.
const TURN: Duration = Duration::from_millis(50);
const BUFFERS: u32 = 4;

struct Actor {
    log: File,
    client: Option<Client>,
    is_streaming: bool,
}

impl Actor {
    /// One line, written at once: the process may be killed at any time.
    fn tell(&mut self, text: &str) {
        let line = format!("{:.6} {text}\n", monotonic_now().as_secs_f64());
        self.log.write_all(line.as_bytes()).expect("the log can be written");
    }

    fn obey(&mut self, order: &str) {
        match order.split_once(' ').unwrap_or((order, "")) {
            ("open", path) => match Client::open(Path::new(path)) {
                Ok(client) => {
                    self.client = Some(client);
                    self.tell(&format!("open {path}"));
                }
                Err(error) => self.tell(&format!("refused open {error}")),
            },
            ("stream", _) if !self.is_streaming && self.client.is_some() => {
                self.tell("asks");
                match self.client.as_mut().map(|client| client.stream(BUFFERS)) {
                    Some(Ok(())) => {
                        self.is_streaming = true;
                        self.tell("streams");
                    }
                    Some(Err(error)) => {
                        self.tell(&format!("refused stream {error}"));
                        self.close();
                    }
                    None => {}
                }
            }
            ("stop", _) if self.is_streaming => {
                self.tell("leaves");
                self.is_streaming = false;
                let stopped = self.client.as_mut().map(Client::stop);
                self.tell("left");
                if let Some(Err(error)) = stopped {
                    self.tell(&format!("error {error}"));
                    self.close();
                }
            }
            ("close", _) => self.close(),
            _ => {}
        }
    }

    fn close(&mut self) {
        if self.client.is_none() {
            return;
        }
        self.tell("leaves");
        self.is_streaming = false;
        self.client = None;
        self.tell("left");
        self.tell("closed");
    }

    fn read(&mut self) {
        let Some(client) = &mut self.client else { return };
        let width = client.format.width as usize;
        let mut number = None;
        match client.next_with(TURN, |picture| number = numbered(picture, width)) {
            Ok(Some(frame)) => {
                let number = number.map_or_else(|| "card".to_owned(), |number| number.to_string());
                let line = format!(
                    "{:.6} frame {:.6} {number}\n",
                    frame.at_monotonic.as_secs_f64(),
                    frame.timestamp.as_secs_f64()
                );
                self.log.write_all(line.as_bytes()).expect("the log can be written");
            }
            Ok(None) => {}
            Err(error) => {
                self.tell(&format!("error {error}"));
                self.close();
            }
        }
    }

    fn run(mut self, orders: &Receiver<String>) {
        loop {
            let wait = if self.is_streaming { Duration::ZERO } else { Duration::from_secs(3600) };
            match orders.recv_timeout(wait) {
                Ok(order) => self.obey(&order),
                Err(RecvTimeoutError::Timeout) if self.is_streaming => self.read(),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}

/// The number in the camera's picture, also of a mirrored one; a card has none.
fn numbered(picture: &[u8], width: usize) -> Option<u32> {
    read_yuyv_number(picture, width).or_else(|| {
        let rows = picture.get(..(width * 2 * 8).min(picture.len()))?;
        let mirrored: Vec<u8> = rows.chunks_exact(width * 2).flat_map(mirror_row).collect();
        read_yuyv_number(&mirrored, width)
    })
}

/// Only brightness counts.
fn mirror_row(row: &[u8]) -> impl Iterator<Item = u8> {
    row.chunks_exact(2).rev().flat_map(|pair| [pair[0], pair[1]])
}

fn main() {
    let path = std::env::args().nth(1).expect("usage: v4l2-actor LOG");
    let log = OpenOptions::new().create(true).append(true).open(path).expect("the log can be opened");
    let (sender, orders) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    Actor { log, client: None, is_streaming: false }.run(&orders);
}
