//! What serde derives, as values on D-Bus. `lenscap_gvariant` reads them.
//!
//! A struct or a map is a dictionary `a{sv}`, without the entries that have no value. `bool` is `b`, `u32` is `u`, `f64` is
//! `d`; other whole numbers are `x`, those beyond its range its end. A text, or a variant without data, is `s`. A list has its
//! elements' type; elements of several types are `av`. An empty list is `as`, unless it is in a newtype struct that serde
//! calls by its D-Bus type: `#[serde(rename = "aa{sv}")] struct Clients(Vec<Client>);`

use std::collections::HashMap;
use std::fmt::Display;

use serde::Serialize;
use serde::ser::{Error, Impossible, SerializeMap, SerializeSeq, SerializeStruct, Serializer};
use zbus::zvariant::{self, Array, Dict, OwnedValue, Signature, Value};

/// An interface's properties, or any other dictionary.
///
/// # Errors
/// For what is no dictionary, or has no form on D-Bus: a tuple, an enum's variant with data.
pub fn properties(value: &impl Serialize) -> Result<HashMap<String, OwnedValue>, zvariant::Error> {
    let made = value.serialize(ToValue)?.ok_or_else(|| zvariant::Error::custom("nothing"))?;
    OwnedValue::try_from(made)?.try_into()
}

/// Makes one value; `None` where there is none, so that its entry is left out.
struct ToValue;

type Made = Result<Option<Value<'static>>, zvariant::Error>;
type Never = Impossible<Option<Value<'static>>, zvariant::Error>;

fn no_form<T>(what: impl Display) -> Result<T, zvariant::Error> {
    Err(zvariant::Error::custom(format_args!("{what} has no form on D-Bus")))
}

impl Serializer for ToValue {
    type Ok = Option<Value<'static>>;
    type Error = zvariant::Error;
    type SerializeSeq = List;
    type SerializeMap = Dictionary;
    type SerializeStruct = Dictionary;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeStructVariant = Never;

    fn serialize_bool(self, value: bool) -> Made {
        Ok(Some(value.into()))
    }

    fn serialize_i8(self, value: i8) -> Made {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Made {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Made {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Made {
        Ok(Some(value.into()))
    }

    fn serialize_u8(self, value: u8) -> Made {
        self.serialize_i64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Made {
        self.serialize_i64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Made {
        Ok(Some(value.into()))
    }

    fn serialize_u64(self, value: u64) -> Made {
        self.serialize_i64(i64::try_from(value).unwrap_or(i64::MAX))
    }

    fn serialize_f32(self, value: f32) -> Made {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Made {
        Ok(Some(value.into()))
    }

    fn serialize_char(self, value: char) -> Made {
        Ok(Some(value.to_string().into()))
    }

    fn serialize_str(self, value: &str) -> Made {
        Ok(Some(value.to_owned().into()))
    }

    fn serialize_bytes(self, _: &[u8]) -> Made {
        no_form("a row of bytes")
    }

    fn serialize_none(self) -> Made {
        Ok(None)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Made {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Made {
        Ok(None)
    }

    fn serialize_unit_struct(self, name: &'static str) -> Made {
        no_form(name)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Made {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Made {
        let made = value.serialize(self)?;
        Ok(match (Signature::try_from(name), made) {
            (Ok(Signature::Array(of)), Some(Value::Array(list))) if list.is_empty() => {
                Some(Array::new(of.signature()).into())
            }
            (_, made) => made,
        })
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: &T,
    ) -> Made {
        no_form(variant)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List, zvariant::Error> {
        Ok(List(Vec::new()))
    }

    fn serialize_tuple(self, _: usize) -> Result<Never, zvariant::Error> {
        no_form("a tuple")
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Never, zvariant::Error> {
        no_form(name)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Never, zvariant::Error> {
        no_form(variant)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Dictionary, zvariant::Error> {
        Ok(Dictionary::new())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Dictionary, zvariant::Error> {
        Ok(Dictionary::new())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Never, zvariant::Error> {
        no_form(variant)
    }
}

/// The elements so far.
struct List(Vec<Value<'static>>);

impl SerializeSeq for List {
    type Ok = Option<Value<'static>>;
    type Error = zvariant::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), zvariant::Error> {
        match value.serialize(ToValue)? {
            Some(value) => self.0.push(value),
            None => return no_form("an element without a value"),
        }
        Ok(())
    }

    fn end(self) -> Made {
        let of = self.0.first().map_or(Signature::Str, |first| first.value_signature().clone());
        let is_of_one_type = self.0.iter().all(|value| *value.value_signature() == of);
        let mut list = Array::new(if is_of_one_type { &of } else { &Signature::Variant });
        for value in self.0 {
            list.append(if is_of_one_type { value } else { Value::Value(Box::new(value)) })?;
        }
        Ok(Some(list.into()))
    }
}

/// The entries so far.
struct Dictionary {
    entries: Dict<'static, 'static>,
    key: Option<Value<'static>>,
}

impl Dictionary {
    fn new() -> Self {
        Self { entries: Dict::new(&Signature::Str, &Signature::Variant), key: None }
    }
}

impl SerializeMap for Dictionary {
    type Ok = Option<Value<'static>>;
    type Error = zvariant::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), zvariant::Error> {
        self.key = key.serialize(ToValue)?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), zvariant::Error> {
        let Some(key @ Value::Str(_)) = self.key.take() else { return no_form("a key that is no text") };
        if let Some(value) = value.serialize(ToValue)? {
            self.entries.append(key, Value::Value(Box::new(value)))?;
        }
        Ok(())
    }

    fn end(self) -> Made {
        Ok(Some(self.entries.into()))
    }
}

impl SerializeStruct for Dictionary {
    type Ok = Option<Value<'static>>;
    type Error = zvariant::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), zvariant::Error> {
        self.serialize_entry(key, value)
    }

    fn end(self) -> Made {
        SerializeMap::end(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Shelf {
        is_open: bool,
        number: u32,
        since: i64,
        weight: f64,
        name: Option<String>,
        mark: Mark,
        labels: Vec<String>,
        books: Books,
    }

    #[derive(Debug, Default, Serialize)]
    #[serde(rename_all = "kebab-case")]
    enum Mark {
        #[default]
        NotRead,
    }

    #[derive(Debug, Default, Serialize)]
    #[serde(rename = "aa{sv}")]
    struct Books(Vec<Book>);

    #[derive(Debug, Serialize)]
    struct Book {
        title: String,
    }

    fn types(value: &impl Serialize) -> Vec<(String, String)> {
        let types = properties(value).unwrap();
        let mut types: Vec<_> =
            types.into_iter().map(|(name, value)| (name, value.value_signature().to_string())).collect();
        types.sort();
        types
    }

    #[test]
    fn a_type_has_the_same_signature_whatever_is_in_it() {
        let expected = [
            ("Books", "aa{sv}"),
            ("IsOpen", "b"),
            ("Labels", "as"),
            ("Mark", "s"),
            ("Name", "s"),
            ("Number", "u"),
            ("Since", "x"),
            ("Weight", "d"),
        ];
        let expected: Vec<_> = expected.map(|(name, of)| (name.to_owned(), of.to_owned())).into();
        let books = Books(vec![Book { title: "Alice".into() }]);
        let full = Shelf { name: Some("Left".into()), labels: vec!["a".into()], books, ..Shelf::default() };
        assert_eq!(types(&full), expected);
        let empty: Vec<_> = expected.into_iter().filter(|(name, _)| name != "Name").collect();
        assert_eq!(types(&Shelf::default()), empty, "no value, no entry");
    }

    #[test]
    fn json_keeps_what_it_has() {
        let value = json!({ "seconds": 10, "most": u64::MAX, "reached": null, "formats": ["YUY2"], "mixed": [1, "a"] });
        let expected = [("formats", "as"), ("mixed", "av"), ("most", "x"), ("seconds", "x")];
        assert_eq!(types(&value), expected.map(|(name, of)| (name.to_owned(), of.to_owned())));
        assert_eq!(*properties(&value).unwrap()["most"], Value::I64(i64::MAX));
        assert!(properties(&json!({ "pair": 1 })).is_ok());
        assert!(properties(&HashMap::from([("pair", (1, "a"))])).is_err(), "a tuple");
        assert!(properties(&HashMap::from([(1, "a")])).is_err(), "a number for a key");
        assert!(properties(&"a text").is_err());
    }
}
