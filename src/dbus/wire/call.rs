//! Calls, as bytes.

use super::values::ValueWriter;
use super::{DESTINATION, FIXED_HEADER, INTERFACE, MEMBER, PATH, SIGNATURE};

const PROTOCOL: u8 = 1;
const NO_REPLY_EXPECTED: u8 = 1;
const NO_AUTO_START: u8 = 2;

/// A method call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) to: &'a str,
    pub(crate) path: &'a str,
    pub(crate) interface: &'a str,
    pub(crate) method: &'a str,
    pub(crate) arguments: &'a [Argument<'a>],
    pub(crate) wants_answer: bool,
    /// Whether a service that does not run is started for it.
    pub(crate) may_start: bool,
}

/// What a method takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Argument<'a> {
    Text(&'a str),
    Number(u32),
}

/// The bytes of a call.
pub(crate) fn call(serial: u32, call: &Call<'_>) -> Vec<u8> {
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
    let flags = if call.wants_answer { 0 } else { NO_REPLY_EXPECTED } | if call.may_start { 0 } else { NO_AUTO_START };
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
