//! What a bus or logind would send, and what is made of it.

use super::call::message;
use super::values::{ValueReader, ValueWriter};
use super::*;

/// What a bus, or logind, would send.
pub(crate) enum Sent<'a> {
    Answer(u32),
    Error(u32),
    Signal { path: &'a str, interface: &'a str, member: &'a str },
}

/// Values of a body.
pub(crate) enum Value<'a> {
    Text(&'a str),
    Path(&'a str),
    Truth(bool),
    VariantTruth(bool),
    Session(&'a str),
    Changed(&'a str, &'a str, bool),
    List(&'a [&'a str]),
    Lists(&'a str, &'a [&'a str]),
    Fd,
}

pub(crate) fn bytes(sent: &Sent<'_>, sender: &str, values: &[Value<'_>]) -> Vec<u8> {
    let mut body = ValueWriter::default();
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
                let mut inner = ValueWriter::default();
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
            Value::List(texts) => {
                signature.push_str("as");
                list(&mut body, texts);
            }
            Value::Lists(key, texts) => {
                signature.push_str("a{sas}v");
                let mut inner = ValueWriter::default();
                for key in [*key, "other"] {
                    inner.align(8);
                    inner.text(key);
                    list(&mut inner, texts);
                }
                body.number(inner.0.len() as u32);
                body.align(8);
                body.0.extend(&inner.0);
                body.signature("y");
                body.0.push(0);
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
    let mut out = ValueWriter(plain[..FIXED_HEADER + fields_length].to_vec());
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

fn list(into: &mut ValueWriter, texts: &[&str]) {
    let mut inner = ValueWriter::default();
    texts.iter().for_each(|text| {
        inner.align(4);
        inner.text(text);
    });
    into.number(inner.0.len() as u32);
    into.0.extend(&inner.0);
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
    let bytes =
        call(7, &Call { to, path, interface, method, arguments: &arguments, wants_answer: true, may_start: true });
    // The body: 4 + 5 + 1 bytes of text, two to align, four of number.
    assert_eq!(bytes[..12], [b'l', 1, 0, 1, 16, 0, 0, 0, 7, 0, 0, 0]);
    assert_eq!(bytes.len() % 8, 0);
    assert_eq!(bytes[bytes.len() - 16..], *b"\x05\0\0\0sleep\0\0\0\xe8\x03\0\0");
    let message = parsed(&bytes);
    assert_eq!((message.kind, message.path.as_str(), message.member.as_str()), (MessageKind::Other, "/org/a", "Do"));
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
fn lists_are_understood() {
    let answer = |value| parsed(&bytes(&Sent::Answer(9), ":1.2", &[value]));
    let (none, two) = (&[][..], &["a", "bcde"][..]);
    assert_eq!(answer(Value::List(none)).list(), Some(Vec::new()));
    assert_eq!(answer(Value::List(two)).list().unwrap(), two);
    assert_eq!(answer(Value::Text("a")).list(), None);
    for texts in [none, two] {
        let lists = answer(Value::Lists("", texts)).lists().unwrap();
        assert_eq!(lists, ["", "other"].map(|key| (key.to_owned(), texts.iter().map(|text| (*text).into()).collect())));
    }
    assert_eq!(answer(Value::List(two)).lists(), None);
}

#[test]
fn no_bytes_are_too_strange() {
    let sent = Sent::Signal { path: "/p", interface: "I", member: "M" };
    let texts = &["a", "bcde"];
    for values in [
        &[Value::Changed("I", "LockedHint", true), Value::Session("/s")][..],
        &[Value::List(texts)],
        &[Value::Lists("a", texts)],
    ] {
        is_never_too_strange(&bytes(&sent, ":1.2", values));
    }
}

fn is_never_too_strange(good: &[u8]) {
    for end in 0..good.len() {
        assert!(matches!(parse(&good[..end]), Ok(None)), "{end}");
    }
    for at in 0..good.len() {
        for value in [0, 1, 0x28, 0x7f, 0x80, 0xff, good[at] ^ 1] {
            let mut bad = good.to_vec();
            bad[at] = value;
            if let Ok(Some((message, _))) = parse(&bad) {
                let _ = (message.truth(), message.session(), message.texts::<2>());
                let _ = (message.changed_truth("I", "LockedHint"), message.list(), message.lists());
            }
        }
    }
    let mut endless = good.to_vec();
    endless[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(parse(&endless).err(), Some(Nonsense));
    let mut reader = ValueReader { bytes: &[0; 64], at: 0, is_big_endian: false };
    assert_eq!(reader.skip(&[b'('; 40], 0), None, "too deep");
}
