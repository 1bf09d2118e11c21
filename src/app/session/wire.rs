//! The little of D-Bus that is spoken with logind: calls with texts and numbers, and answers and signals of which single
//! values are picked (D-Bus Specification, "Message Protocol"). Whatever is longer, deeper or otherwise than it may be is
//! no message.

use std::os::fd::OwnedFd;

/// Longest message taken, in bytes; logind's have a few hundred.
const MAX_MESSAGE: usize = 64 * 1024;
/// Deepest nesting of types.
const MAX_DEPTH: usize = 16;
/// Bytes before the header's fields.
const FIXED_HEADER: usize = 16;
const PROTOCOL: u8 = 1;
const NO_REPLY_EXPECTED: u8 = 1;

/// Codes of header fields.
const PATH: u8 = 1;
const INTERFACE: u8 = 2;
const MEMBER: u8 = 3;
const REPLY_SERIAL: u8 = 5;
const DESTINATION: u8 = 6;
const SENDER: u8 = 7;
const SIGNATURE: u8 = 8;
const UNIX_FDS: u8 = 9;

/// A method call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) to: &'a str,
    pub(super) path: &'a str,
    pub(super) interface: &'a str,
    pub(super) method: &'a str,
    pub(super) arguments: &'a [Argument<'a>],
    pub(super) wants_answer: bool,
}

/// What a method takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Argument<'a> {
    Text(&'a str),
    Number(u32),
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Answer,
    Error,
    Signal,
    /// A call to us, or something newer.
    Other,
}

/// A message that came.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) kind: Kind,
    /// To which call, of an answer or an error.
    pub(super) answers: Option<u32>,
    pub(super) path: String,
    pub(super) interface: String,
    pub(super) member: String,
    pub(super) sender: String,
    signature: String,
    body: Vec<u8>,
    is_big_endian: bool,
    /// Descriptors that belong to it.
    pub(super) fd_count: usize,
    pub(super) fds: Vec<OwnedFd>,
}

/// That what came is no message that we take.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Nonsense;

/// The bytes of a call.
pub(super) fn call(serial: u32, call: &Call<'_>) -> Vec<u8> {
    let mut body = Writer::default();
    let mut signature = String::new();
    for argument in call.arguments {
        match argument {
            Argument::Text(text) => {
                signature.push('s');
                body.text(text);
            }
            Argument::Number(number) => {
                signature.push('u');
                body.number(*number);
            }
        }
    }
    let flags = if call.wants_answer { 0 } else { NO_REPLY_EXPECTED };
    let mut fields = vec![(PATH, 'o', call.path), (INTERFACE, 's', call.interface), (MEMBER, 's', call.method)];
    fields.push((DESTINATION, 's', call.to));
    if !signature.is_empty() {
        fields.push((SIGNATURE, 'g', &signature));
    }
    message(1, flags, serial, &fields, &body.0)
}

fn message(kind: u8, flags: u8, serial: u32, fields: &[(u8, char, &str)], body: &[u8]) -> Vec<u8> {
    let mut out = Writer(vec![b'l', kind, flags, PROTOCOL]);
    out.number(body.len() as u32);
    out.number(serial);
    // The length of the fields, known below.
    out.number(0);
    for (code, of_type, value) in fields {
        out.align(8);
        out.0.extend([*code, 1, *of_type as u8, 0]);
        match of_type {
            'g' => out.signature(value),
            _ => out.text(value),
        }
    }
    let length = (out.0.len() - FIXED_HEADER) as u32;
    out.0[FIXED_HEADER - 4..FIXED_HEADER].copy_from_slice(&length.to_le_bytes());
    out.align(8);
    out.0.extend(body);
    out.0
}

#[derive(Debug, Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn align(&mut self, to: usize) {
        self.0.resize(self.0.len().next_multiple_of(to), 0);
    }

    fn number(&mut self, number: u32) {
        self.align(4);
        self.0.extend(number.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u32);
        self.0.extend(text.as_bytes());
        self.0.push(0);
    }

    fn signature(&mut self, signature: &str) {
        self.0.push(signature.len() as u8);
        self.0.extend(signature.as_bytes());
        self.0.push(0);
    }
}

/// The first message in these bytes, and how many it takes; `None` while it is not whole.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Message, usize)>, Nonsense> {
    let Some(header) = bytes.first_chunk::<FIXED_HEADER>() else { return Ok(None) };
    let is_big_endian = match (header[0], header[3]) {
        (b'l', PROTOCOL) => false,
        (b'B', PROTOCOL) => true,
        _ => return Err(Nonsense),
    };
    let kind = match header[1] {
        2 => Kind::Answer,
        3 => Kind::Error,
        4 => Kind::Signal,
        _ => Kind::Other,
    };
    let mut reader = Reader { bytes, at: 4, is_big_endian };
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
    let mut fields = Reader { bytes: &whole[..FIXED_HEADER + fields_length], at: FIXED_HEADER, is_big_endian };
    while fields.at < fields.bytes.len() {
        fields.field(&mut message).ok_or(Nonsense)?;
    }
    Ok(Some((message, whole.len())))
}

impl Message {
    fn reader(&self) -> Reader<'_> {
        Reader { bytes: &self.body, at: 0, is_big_endian: self.is_big_endian }
    }

    /// The texts or paths that it begins with.
    pub(super) fn texts<const N: usize>(&self) -> Option<[String; N]> {
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
    pub(super) fn truth(&self) -> Option<bool> {
        let mut reader = self.reader();
        match self.signature.as_bytes().first()? {
            b'b' => reader.truth(),
            b'v' if reader.signature()? == "b" => reader.truth(),
            _ => None,
        }
    }

    /// The path in a variant with a session's id and path, which logind gives for one.
    pub(super) fn session(&self) -> Option<String> {
        let mut reader = self.reader();
        if self.signature != "v" || reader.signature()? != "(so)" {
            return None;
        }
        reader.align(8)?;
        reader.text()?;
        reader.text().map(str::to_owned)
    }

    /// This property's new value, yes or no, in a signal that properties of `interface` changed.
    pub(super) fn changed_truth(&self, interface: &str, property: &str) -> Option<bool> {
        let mut reader = self.reader();
        if !self.signature.starts_with("sa{sv}") || reader.text()? != interface {
            return None;
        }
        let length = reader.number()? as usize;
        reader.align(8)?;
        let end = reader.at.checked_add(length)?;
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

#[derive(Debug, Clone, Copy)]
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    is_big_endian: bool,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn align(&mut self, to: usize) -> Option<()> {
        let count = self.at.next_multiple_of(to) - self.at;
        self.take(count).map(drop)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    fn number(&mut self) -> Option<u32> {
        self.align(4)?;
        let bytes = *self.take(4)?.first_chunk()?;
        Some(if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    fn truth(&mut self) -> Option<bool> {
        match self.number()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.number()? as usize;
        self.ended(length)
    }

    fn signature(&mut self) -> Option<&'a str> {
        let length = self.byte()?.into();
        self.ended(length)
    }

    /// So many bytes and a zero.
    fn ended(&mut self, length: usize) -> Option<&'a str> {
        let text = self.take(length)?;
        (self.byte()? == 0).then_some(())?;
        std::str::from_utf8(text).ok()
    }

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

    /// Passes over a value of the first type in `types`; what is left of these.
    fn skip<'t>(&mut self, types: &'t [u8], depth: usize) -> Option<&'t [u8]> {
        if depth > MAX_DEPTH {
            return None;
        }
        let (first, mut rest) = types.split_first()?;
        match first {
            b'y' => drop(self.byte()?),
            b'n' | b'q' => {
                self.align(2)?;
                self.take(2)?;
            }
            b'b' | b'i' | b'u' | b'h' => drop(self.number()?),
            b'x' | b't' | b'd' => {
                self.align(8)?;
                self.take(8)?;
            }
            b's' | b'o' => drop(self.text()?),
            b'g' => drop(self.signature()?),
            b'v' => {
                let inner = self.signature()?;
                self.skip(inner.as_bytes(), depth + 1)?;
            }
            b'a' => {
                let length = self.number()? as usize;
                self.align(alignment(*rest.first()?))?;
                self.take(length)?;
                rest = after_type(rest, depth + 1)?;
            }
            b'(' => {
                self.align(8)?;
                while *rest.first()? != b')' {
                    rest = self.skip(rest, depth + 1)?;
                }
                rest = &rest[1..];
            }
            _ => return None,
        }
        Some(rest)
    }
}

fn alignment(of_type: u8) -> usize {
    match of_type {
        b'y' | b'g' | b'v' => 1,
        b'n' | b'q' => 2,
        b'x' | b't' | b'd' | b'(' | b'{' => 8,
        _ => 4,
    }
}

/// What is left of `types` after the first one.
fn after_type(types: &[u8], depth: usize) -> Option<&[u8]> {
    if depth > MAX_DEPTH {
        return None;
    }
    let (first, mut rest) = types.split_first()?;
    let end = match first {
        b'a' => return after_type(rest, depth + 1),
        b'(' => b')',
        b'{' => b'}',
        _ => return Some(rest),
    };
    while *rest.first()? != end {
        rest = after_type(rest, depth + 1)?;
    }
    Some(&rest[1..])
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// What a bus, or logind, would send.
    pub(in super::super) enum Sent<'a> {
        Answer(u32),
        Error(u32),
        Signal { path: &'a str, interface: &'a str, member: &'a str },
    }

    /// Values of a body.
    pub(in super::super) enum Value<'a> {
        Text(&'a str),
        Path(&'a str),
        Truth(bool),
        VariantTruth(bool),
        Session(&'a str),
        Changed(&'a str, &'a str, bool),
        Fd,
    }

    pub(in super::super) fn bytes(sent: &Sent<'_>, sender: &str, values: &[Value<'_>]) -> Vec<u8> {
        let mut body = Writer::default();
        let mut signature = String::new();
        for value in values {
            match value {
                Value::Text(text) => {
                    signature.push('s');
                    body.text(text);
                }
                Value::Path(path) => {
                    signature.push('o');
                    body.text(path);
                }
                Value::Truth(truth) => {
                    signature.push('b');
                    body.number((*truth).into());
                }
                Value::VariantTruth(truth) => {
                    signature.push('v');
                    body.signature("b");
                    body.number((*truth).into());
                }
                Value::Session(path) => {
                    signature.push('v');
                    body.signature("(so)");
                    body.align(8);
                    body.text("c1");
                    body.text(path);
                }
                Value::Changed(interface, property, truth) => {
                    signature.push_str("sa{sv}as");
                    body.text(interface);
                    let mut inner = Writer::default();
                    // Others of every kind before the one that is looked for.
                    inner.text("Nested");
                    inner.signature("a(sa{sv}t)");
                    inner.number(0);
                    inner.align(8);
                    inner.text("Pair");
                    inner.signature("(yv)");
                    inner.align(8);
                    inner.0.push(7);
                    inner.signature("as");
                    inner.number(6);
                    inner.text("x");
                    inner.align(8);
                    inner.text(property);
                    inner.signature("b");
                    inner.number((*truth).into());
                    body.number(inner.0.len() as u32);
                    body.align(8);
                    body.0.extend(&inner.0);
                    body.number(0);
                }
                Value::Fd => {
                    signature.push('h');
                    body.number(0);
                }
            }
        }
        let mut fields = vec![(SENDER, 's', sender)];
        let (kind, serial) = match sent {
            Sent::Answer(serial) => (2, Some(*serial)),
            Sent::Error(serial) => (3, Some(*serial)),
            Sent::Signal { path, interface, member } => {
                fields.extend([(PATH, 'o', *path), (INTERFACE, 's', *interface), (MEMBER, 's', *member)]);
                (4, None)
            }
        };
        if !signature.is_empty() {
            fields.push((SIGNATURE, 'g', &signature));
        }
        let plain = message(kind, 0, 1, &fields, &body.0);
        // Fields that are numbers go in by hand.
        let fields_length = u32::from_le_bytes(*plain[12..].first_chunk().unwrap()) as usize;
        let mut out = Writer(plain[..FIXED_HEADER + fields_length].to_vec());
        let numbers = serial.map(|serial| (REPLY_SERIAL, serial)).into_iter();
        let fd_count = values.iter().filter(|value| matches!(value, Value::Fd)).count() as u32;
        for (code, number) in numbers.chain((fd_count > 0).then_some((UNIX_FDS, fd_count))) {
            out.align(8);
            out.0.extend([code, 1, b'u', 0]);
            out.number(number);
        }
        let length = (out.0.len() - FIXED_HEADER) as u32;
        out.0[12..16].copy_from_slice(&length.to_le_bytes());
        out.align(8);
        out.0.extend(&body.0);
        out.0
    }

    fn parsed(bytes: &[u8]) -> Message {
        let (message, taken) = parse(bytes).unwrap().unwrap();
        assert_eq!(taken, bytes.len());
        message
    }

    #[test]
    fn a_call_is_as_the_specification_lays_it_out() {
        let arguments = [Argument::Text("sleep"), Argument::Number(1000)];
        let (to, path, interface, method) = ("org.a", "/org/a", "org.a.M", "Do");
        let bytes = call(7, &Call { to, path, interface, method, arguments: &arguments, wants_answer: true });
        // The body: 4 + 5 + 1 bytes of text, two to align, four of number.
        assert_eq!(bytes[..12], [b'l', 1, 0, 1, 16, 0, 0, 0, 7, 0, 0, 0]);
        assert_eq!(bytes.len() % 8, 0);
        assert_eq!(bytes[bytes.len() - 16..], *b"\x05\0\0\0sleep\0\0\0\xe8\x03\0\0");
        let message = parsed(&bytes);
        assert_eq!((message.kind, message.path.as_str(), message.member.as_str()), (Kind::Other, "/org/a", "Do"));
        assert_eq!(message.signature, "su");
    }

    #[test]
    fn what_logind_says_is_understood() {
        let answer = |value| parsed(&bytes(&Sent::Answer(9), ":1.2", &[value]));
        assert_eq!(answer(Value::Path("/a")).texts(), Some(["/a".to_owned()]));
        assert_eq!(answer(Value::Truth(true)).truth(), Some(true));
        assert_eq!(answer(Value::VariantTruth(true)).truth(), Some(true));
        assert_eq!(answer(Value::Text("no")).truth(), None);
        assert_eq!(answer(Value::Session("/s")).session().as_deref(), Some("/s"));
        assert_eq!((answer(Value::Fd).fd_count, answer(Value::Fd).answers), (1, Some(9)));
        let changed = answer(Value::Changed("I", "LockedHint", true));
        assert_eq!(changed.changed_truth("I", "LockedHint"), Some(true));
        assert_eq!(changed.changed_truth("I", "Other"), None);
        assert_eq!(changed.changed_truth("J", "LockedHint"), None);
    }

    #[test]
    fn no_bytes_are_too_strange() {
        let values = [Value::Changed("I", "LockedHint", true), Value::Session("/s")];
        let sent = Sent::Signal { path: "/p", interface: "I", member: "M" };
        let good = bytes(&sent, ":1.2", &values);
        for end in 0..good.len() {
            assert!(matches!(parse(&good[..end]), Ok(None)), "{end}");
        }
        for at in 0..good.len() {
            for value in [0, 1, 0x28, 0x7f, 0x80, 0xff, good[at] ^ 1] {
                let mut bad = good.clone();
                bad[at] = value;
                if let Ok(Some((message, _))) = parse(&bad) {
                    let _ = (message.truth(), message.session(), message.texts::<2>());
                    let _ = message.changed_truth("I", "LockedHint");
                }
            }
        }
        let mut endless = good.clone();
        endless[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(parse(&endless).err(), Some(Nonsense));
        let mut reader = Reader { bytes: &[0; 64], at: 0, is_big_endian: false };
        assert_eq!(reader.skip(&[b'('; 40], 0), None, "too deep");
    }
}
