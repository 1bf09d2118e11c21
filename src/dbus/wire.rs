//! The little of D-Bus that is spoken: calls with texts and numbers, and answers and signals of which single values are
//! picked (D-Bus Specification, "Message Protocol"). Whatever is longer, deeper or otherwise than it may be is
//! no message.

mod call;
mod values;

use std::os::fd::OwnedFd;

pub(crate) use call::{Argument, Call, call};
use values::ValueReader;

/// Longest message taken, in bytes; logind's have a few hundred, the list of a session's names a few thousand.
const MAX_MESSAGE: usize = 64 * 1024;
/// Bytes before the header's fields.
const FIXED_HEADER: usize = 16;
const PROTOCOL: u8 = 1;

/// Codes of header fields.
const PATH: u8 = 1;
const INTERFACE: u8 = 2;
const MEMBER: u8 = 3;
const REPLY_SERIAL: u8 = 5;
const DESTINATION: u8 = 6;
const SENDER: u8 = 7;
const SIGNATURE: u8 = 8;
const UNIX_FDS: u8 = 9;

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageKind {
    Answer,
    Error,
    Signal,
    /// A call to us, or something newer.
    Other,
}

/// A message that came.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) kind: MessageKind,
    /// To which call, of an answer or an error.
    pub(crate) answers: Option<u32>,
    pub(crate) path: String,
    pub(crate) interface: String,
    pub(crate) member: String,
    pub(crate) sender: String,
    signature: String,
    body: Vec<u8>,
    is_big_endian: bool,
    /// Descriptors that belong to it.
    pub(crate) fd_count: usize,
    pub(crate) fds: Vec<OwnedFd>,
}

/// That what came is no message that we take.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Nonsense;

/// The first message in these bytes, and how many it takes; `None` while it is not whole.
pub(crate) fn parse(bytes: &[u8]) -> Result<Option<(Message, usize)>, Nonsense> {
    let Some(header) = bytes.first_chunk::<FIXED_HEADER>() else { return Ok(None) };
    let is_big_endian = match (header[0], header[3]) {
        (b'l', PROTOCOL) => false,
        (b'B', PROTOCOL) => true,
        _ => return Err(Nonsense),
    };
    let kind = match header[1] {
        2 => MessageKind::Answer,
        3 => MessageKind::Error,
        4 => MessageKind::Signal,
        _ => MessageKind::Other,
    };
    let mut reader = ValueReader { bytes, at: 4, is_big_endian };
    let body_length = reader.number().ok_or(Nonsense)? as usize;
    reader.at = FIXED_HEADER - 4;
    let fields_length = reader.number().ok_or(Nonsense)? as usize;
    if body_length > MAX_MESSAGE || fields_length > MAX_MESSAGE {
        return Err(Nonsense);
    }
    let body_at = (FIXED_HEADER + fields_length).next_multiple_of(8);
    let Some(whole) = bytes.get(..body_at + body_length) else { return Ok(None) };
    let mut message = Message {
        kind,
        answers: None,
        path: String::new(),
        interface: String::new(),
        member: String::new(),
        sender: String::new(),
        signature: String::new(),
        body: whole[body_at..].to_vec(),
        is_big_endian,
        fd_count: 0,
        fds: Vec::new(),
    };
    let mut fields = ValueReader { bytes: &whole[..FIXED_HEADER + fields_length], at: FIXED_HEADER, is_big_endian };
    while fields.at < fields.bytes.len() {
        fields.field(&mut message).ok_or(Nonsense)?;
    }
    Ok(Some((message, whole.len())))
}

impl Message {
    fn reader(&self) -> ValueReader<'_> {
        ValueReader { bytes: &self.body, at: 0, is_big_endian: self.is_big_endian }
    }

    /// The texts or paths that it begins with.
    pub(crate) fn texts<const N: usize>(&self) -> Option<[String; N]> {
        let starts = self.signature.bytes().take(N).all(|kind| matches!(kind, b's' | b'o'));
        if self.signature.len() < N || !starts {
            return None;
        }
        let mut reader = self.reader();
        let mut texts = [const { String::new() }; N];
        for text in &mut texts {
            *text = reader.text()?.to_owned();
        }
        Some(texts)
    }

    /// The yes or no that it begins with, plain or in a variant.
    pub(crate) fn truth(&self) -> Option<bool> {
        let mut reader = self.reader();
        match self.signature.as_bytes().first()? {
            b'b' => reader.truth(),
            b'v' if reader.signature()? == "b" => reader.truth(),
            _ => None,
        }
    }

    /// The texts of the list that it begins with.
    pub(crate) fn list(&self) -> Option<Vec<String>> {
        self.signature.starts_with("as").then(|| self.reader().list())?
    }

    /// The texts of each key, in the dictionary of lists that it begins with.
    pub(crate) fn lists(&self) -> Option<Vec<(String, Vec<String>)>> {
        if !self.signature.starts_with("a{sas}") {
            return None;
        }
        let mut reader = self.reader();
        let end = reader.array(8)?;
        let mut lists = Vec::new();
        while reader.at < end {
            reader.align(8)?;
            lists.push((reader.text()?.to_owned(), reader.list()?));
        }
        Some(lists)
    }

    /// The path in a variant with a session's id and path, which logind gives for one.
    pub(crate) fn session(&self) -> Option<String> {
        let mut reader = self.reader();
        if self.signature != "v" || reader.signature()? != "(so)" {
            return None;
        }
        reader.align(8)?;
        reader.text()?;
        reader.text().map(str::to_owned)
    }

    /// This property's new value, yes or no, in a signal that properties of `interface` changed.
    pub(crate) fn changed_truth(&self, interface: &str, property: &str) -> Option<bool> {
        let mut reader = self.reader();
        if !self.signature.starts_with("sa{sv}") || reader.text()? != interface {
            return None;
        }
        let end = reader.array(8)?;
        while reader.at < end {
            reader.align(8)?;
            let key = reader.text()?;
            if key == property {
                return if reader.signature()? == "b" { reader.truth() } else { None };
            }
            reader.skip(b"v", 0)?;
        }
        None
    }
}

impl ValueReader<'_> {
    /// One field of the header.
    fn field(&mut self, message: &mut Message) -> Option<()> {
        self.align(8)?;
        let code = self.byte()?;
        let of_type = self.signature()?;
        let into = match (code, of_type) {
            (PATH, "o") => &mut message.path,
            (INTERFACE, "s") => &mut message.interface,
            (MEMBER, "s") => &mut message.member,
            (SENDER, "s") => &mut message.sender,
            (SIGNATURE, "g") => {
                message.signature = self.signature()?.to_owned();
                return Some(());
            }
            (REPLY_SERIAL, "u") => {
                message.answers = Some(self.number()?);
                return Some(());
            }
            (UNIX_FDS, "u") => {
                message.fd_count = self.number()? as usize;
                return Some(());
            }
            _ => return self.skip(of_type.as_bytes(), 0).map(drop),
        };
        *into = self.text()?.to_owned();
        Some(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
