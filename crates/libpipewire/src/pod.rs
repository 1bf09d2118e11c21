//! Pods: the library's typed values, written here and read in `reading`. A pod is the size of its body, its type, the body; the
//! next one begins at a multiple of 8 bytes.

pub(crate) mod reading;

use crate::ffi;

const ID: u32 = 3;
const INT: u32 = 4;
const RECTANGLE: u32 = 10;
const FRACTION: u32 = 11;
const OBJECT: u32 = 15;
const CHOICE: u32 = 19;

const CHOICE_NONE: u32 = 0;
const CHOICE_RANGE: u32 = 1;
const CHOICE_STEP: u32 = 2;
const CHOICE_ENUM: u32 = 3;
const CHOICE_FLAGS: u32 = 4;

/// The types of object, each with the parameter it is given as.
pub(crate) mod objects {
    /// `SPA_TYPE_OBJECT_Format` as `SPA_PARAM_EnumFormat`.
    pub(crate) const ENUM_FORMAT: (u32, u32) = (0x4_0003, crate::ffi::PARAM_ENUM_FORMAT);
    /// `SPA_TYPE_OBJECT_ParamBuffers` as `SPA_PARAM_Buffers`.
    pub(crate) const BUFFERS: (u32, u32) = (0x4_0004, 5);
    /// `SPA_TYPE_OBJECT_ParamMeta` as `SPA_PARAM_Meta`.
    pub(crate) const META: (u32, u32) = (0x4_0005, 6);
}

/// A value, to be put into an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// Of an enumeration of the library's.
    Id(u32),
    /// A number.
    Int(i32),
    /// Anything from the least to the most; the first is the one wished for.
    IntRange(i32, i32, i32),
    /// Any of these bits.
    IntFlags(i32),
    /// Width and height.
    Rectangle(u32, u32),
    /// One of these, each so many in one second; the first is the one wished for.
    RateEnum(Vec<u32>),
}

impl Value {
    fn pod(&self) -> Vec<u8> {
        match self {
            Value::Id(id) => pod(ID, &words(&[*id])),
            Value::Int(int) => pod(INT, &int.to_ne_bytes()),
            Value::IntRange(wished, least, most) => {
                choice(CHOICE_RANGE, INT, &[*wished, *least, *most].map(i32::to_ne_bytes).concat(), 4)
            }
            // The default, then the bits there are.
            Value::IntFlags(bits) => choice(CHOICE_FLAGS, INT, &[*bits; 2].map(i32::to_ne_bytes).concat(), 4),
            Value::Rectangle(width, height) => pod(RECTANGLE, &words(&[*width, *height])),
            Value::RateEnum(rates) => {
                // The default stands in front, and again among those to choose from.
                let all = rates.first().into_iter().chain(rates);
                let values: Vec<u8> = all.flat_map(|rate| words(&[*rate, 1])).collect();
                choice(CHOICE_ENUM, FRACTION, &values, 8)
            }
        }
    }
}

/// An object, at an address that the library takes: a multiple of 8.
#[derive(Debug)]
pub(crate) struct Pod(Vec<u64>);

impl Pod {
    /// An object of this type, given as this parameter, with these properties.
    pub(crate) fn object((kind, parameter): (u32, u32), properties: &[(u32, Value)]) -> Self {
        let mut body = words(&[kind, parameter]);
        for (key, value) in properties {
            body.extend(words(&[*key, 0]));
            body.extend(value.pod());
        }
        let bytes = pod(OBJECT, &body);
        let (words, _) = bytes.as_chunks::<8>();
        Self(words.iter().map(|word| u64::from_ne_bytes(*word)).collect())
    }

    pub(crate) fn as_ptr(&self) -> *const ffi::Pod {
        self.0.as_ptr().cast()
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|word| word.to_ne_bytes()).collect()
    }
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

fn pod(kind: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = words(&[u32::try_from(body.len()).unwrap_or(0), kind]);
    bytes.extend(body);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
}

fn choice(choice: u32, kind: u32, values: &[u8], size: u32) -> Vec<u8> {
    let mut body = words(&[choice, 0, size, kind]);
    body.extend(values);
    pod(CHOICE, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_words(pod: &Pod) -> Vec<u32> {
        pod.0.iter().flat_map(|word| [*word as u32, (word >> 32) as u32]).collect()
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn an_object_is_laid_out_as_the_library_reads_it() {
        let pod = Pod::object(
            objects::BUFFERS,
            &[(1, Value::IntRange(16, 4, 16)), (2, Value::Int(1)), (3, Value::Rectangle(640, 480))],
        );
        assert_eq!(
            as_words(&pod),
            [
                104, 15, 0x4_0004, 5, // an object of 104 bytes behind this word and the type
                1, 0, 28, 19, 1, 0, 4, 4, 16, 4, 16, 0, // the range, padded
                2, 0, 4, 4, 1, 0, // the number, padded
                3, 0, 8, 10, 640, 480
            ]
        );
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn the_wished_rate_stands_in_front_and_among_the_others() {
        let pod = Pod::object(objects::ENUM_FORMAT, &[(7, Value::RateEnum(vec![30, 15]))]);
        assert_eq!(as_words(&pod)[4..], [7, 0, 40, 19, 3, 0, 8, 11, 30, 1, 30, 1, 15, 1]);
    }
}
