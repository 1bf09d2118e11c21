//! A V4L2 driver that lies: it answers with what it was given, and begins again at the end, so that no list of it needs to
//! have one.

use std::cell::Cell;
use std::rc::Rc;

use rustix::io::Errno;
use rustix::ioctl::Opcode;

use lenscap_sys::v4l2::fake::{Driver, with_driver};

/// More than this no caller asks who means to end.
const PATIENCE: usize = 1_000_000;

/// The driver; behind every node while [`Liar::with`] runs.
#[derive(Debug)]
pub struct Liar {
    script: Vec<u8>,
    at: usize,
    asked: Rc<Cell<usize>>,
}

impl Liar {
    /// Runs `body` with this driver behind every node; how many requests were made of it.
    pub fn with(script: &[u8], body: impl FnOnce()) -> usize {
        let asked = Rc::new(Cell::new(0));
        let liar = Self { script: script.to_vec(), at: 0, asked: asked.clone() };
        with_driver(liar, body);
        asked.get()
    }

    fn next(&mut self) -> u8 {
        let byte = self.script.get(self.at % self.script.len().max(1)).copied().unwrap_or(0);
        self.at += 1;
        byte
    }

    /// A number as drivers that lie like them.
    fn word(&mut self) -> [u8; 4] {
        match self.next() {
            0 => [0; 4],
            1 => [0xff; 4],
            2 => [0, 0, 0, 0x80],
            3 => [0xff, 0xff, 0xff, 0x7f],
            small @ 4..128 => [small, 0, 0, 0],
            _ => [self.next(), self.next(), self.next(), self.next()],
        }
    }
}

impl Driver for Liar {
    /// The first byte says how: with an error, leaving all as it was but some words, with text, with anything.
    fn answer(&mut self, request: Opcode, argument: &mut [u8]) -> Result<i32, Errno> {
        self.asked.set(self.asked.get() + 1);
        assert!(self.asked.get() < PATIENCE, "request {request:#x} is made without end");
        let how = self.next();
        match how {
            0 => return Err(Errno::INVAL),
            1 => return Err(Errno::NOTTY),
            2 => return Err(Errno::NODEV),
            3 => return Err(Errno::AGAIN),
            4 => return Err(Errno::BUSY),
            5 => return Err(Errno::RANGE),
            6 => return Err(Errno::NOENT),
            // Kept as asked, the good answer to many.
            7..16 => {}
            // A few words changed: id, type and numbers of an otherwise sensible answer.
            16..128 => {
                for _ in 0..how & 7 {
                    let at = usize::from(self.next()) * 4;
                    let word = self.word();
                    if let Some(place) = argument.get_mut(at..at + 4) {
                        place.copy_from_slice(&word);
                    }
                }
            }
            // Texts without their NUL, names, numbers.
            128..192 => {
                for word in argument.chunks_mut(4) {
                    let bytes = [self.next(), self.next(), self.next(), self.next()];
                    word.copy_from_slice(&bytes[..word.len()]);
                }
            }
            192..=255 => {
                for word in argument.chunks_mut(4) {
                    let bytes = self.word();
                    word.copy_from_slice(&bytes[..word.len()]);
                }
            }
        }
        Ok(0)
    }
}
