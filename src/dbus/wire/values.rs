//! The values in a message: what they are written with, and how they are read.

/// Deepest nesting of types.
const MAX_DEPTH: usize = 16;

#[derive(Debug, Default)]
pub(super) struct ValueWriter(pub(super) Vec<u8>);

impl ValueWriter {
    pub(super) fn align(&mut self, to: usize) {
        self.0.resize(self.0.len().next_multiple_of(to), 0);
    }

    pub(super) fn number(&mut self, number: u32) {
        self.align(4);
        self.0.extend(number.to_le_bytes());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u32);
        self.0.extend(text.as_bytes());
        self.0.push(0);
    }

    pub(super) fn signature(&mut self, signature: &str) {
        self.0.push(signature.len() as u8);
        self.0.extend(signature.as_bytes());
        self.0.push(0);
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct ValueReader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) is_big_endian: bool,
}

impl<'a> ValueReader<'a> {
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    pub(super) fn align(&mut self, to: usize) -> Option<()> {
        let count = self.at.next_multiple_of(to) - self.at;
        self.take(count).map(drop)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    pub(super) fn number(&mut self) -> Option<u32> {
        self.align(4)?;
        let bytes = *self.take(4)?.first_chunk()?;
        Some(if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    pub(super) fn truth(&mut self) -> Option<bool> {
        match self.number()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = self.number()? as usize;
        self.ended(length)
    }

    pub(super) fn signature(&mut self) -> Option<&'a str> {
        let length = self.byte()?.into();
        self.ended(length)
    }

    /// Where the array ends that begins here, whose values are aligned so.
    pub(super) fn array(&mut self, alignment: usize) -> Option<usize> {
        let length = self.number()? as usize;
        self.align(alignment)?;
        self.at.checked_add(length)
    }

    /// An array of texts.
    pub(super) fn list(&mut self) -> Option<Vec<String>> {
        let end = self.array(4)?;
        let mut texts = Vec::new();
        while self.at < end {
            texts.push(self.text()?.to_owned());
        }
        Some(texts)
    }

    /// So many bytes and a zero.
    pub(super) fn ended(&mut self, length: usize) -> Option<&'a str> {
        let text = self.take(length)?;
        (self.byte()? == 0).then_some(())?;
        std::str::from_utf8(text).ok()
    }

    /// Passes over a value of the first type in `types`; what is left of these.
    pub(super) fn skip<'t>(&mut self, types: &'t [u8], depth: usize) -> Option<&'t [u8]> {
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
