//! Calls, as bytes.

use super::values::ValueWriter;
use super::{DESTINATION, FIXED_HEADER, INTERFACE, MEMBER, PATH, SIGNATURE};

const PROTOCOL: u8 = 1;
const NO_REPLY_EXPECTED: u8 = 1;

/// A method call.
#[derive(Debug, Clone, Copy)]
pub(in crate::app::session) struct Call<'a> {
    pub(in crate::app::session) to: &'a str,
    pub(in crate::app::session) path: &'a str,
    pub(in crate::app::session) interface: &'a str,
    pub(in crate::app::session) method: &'a str,
    pub(in crate::app::session) arguments: &'a [Argument<'a>],
    pub(in crate::app::session) wants_answer: bool,
}

/// What a method takes.
#[derive(Debug, Clone, Copy)]
pub(in crate::app::session) enum Argument<'a> {
    Text(&'a str),
    Number(u32),
}

/// The bytes of a call.
pub(in crate::app::session) fn call(serial: u32, call: &Call<'_>) -> Vec<u8> {
    let mut body = ValueWriter::default();
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

pub(super) fn message(kind: u8, flags: u8, serial: u32, fields: &[(u8, char, &str)], body: &[u8]) -> Vec<u8> {
    let mut out = ValueWriter(vec![b'l', kind, flags, PROTOCOL]);
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
