//! What serde derives, as values on D-Bus and back: one type describes both ends.
//!
//! A struct or a map is a dictionary `a{sv}`, without the entries that have no value. `bool` is `b`, `u32` is `u`, `f64` is
//! `d`; other whole numbers are `x`, those beyond its range its end. A text, or a variant without data, is `s`. A list has its
//! elements' type; elements of several types are `av`. An empty list is `as`, unless it is in a newtype struct that serde
//! calls by its D-Bus type: `#[serde(rename = "aa{sv}")] struct Clients(Vec<Client>);`

mod de;
mod ser;

use std::collections::HashMap;
use std::fmt;

use glib::Variant;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;

/// What has no form on D-Bus, or not the one that the type asks for; in serde's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormError(String);

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FormError {}

impl serde::ser::Error for FormError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl serde::de::Error for FormError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// An interface's properties, or any other dictionary.
///
/// # Errors
/// For what is no dictionary, or has no form on D-Bus: a tuple, an enum's variant with data.
pub fn properties(value: &impl Serialize) -> Result<HashMap<String, Variant>, FormError> {
    let made = value.serialize(ser::ToVariant)?;
    made.and_then(|made| made.get()).ok_or_else(|| serde::ser::Error::custom("not a dictionary"))
}

/// Reads an interface's properties. Those that are missing or of another type, as of another version, are left out: `T` needs
/// `#[serde(default)]`.
pub fn read_properties<T: DeserializeOwned + Default>(properties: impl IntoIterator<Item = (String, Variant)>) -> T {
    let read = |properties: &[(String, Variant)]| {
        let entries = properties.iter().map(|(name, value)| (name.clone(), de::FromVariant(value.clone())));
        T::deserialize(MapDeserializer::<_, FormError>::new(entries))
    };
    let fitting = properties.into_iter().filter(|property| read(std::slice::from_ref(property)).is_ok());
    read(&fitting.collect::<Vec<_>>()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
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

    #[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Mark {
        #[default]
        NotRead,
        Read,
    }

    #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
    #[serde(rename = "aa{sv}")]
    struct Books(Vec<Book>);

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Book {
        title: String,
    }

    fn types(value: &impl Serialize) -> Vec<(String, String)> {
        let types =
            properties(value).unwrap().into_iter().map(|(name, value)| (name, value.type_().as_str().to_owned()));
        let mut types: Vec<_> = types.collect();
        types.sort();
        types
    }

    fn full() -> Shelf {
        let books = Books(vec![Book { title: "Alice".into() }]);
        let (name, labels) = (Some("Left".into()), vec!["a".into()]);
        Shelf { is_open: true, number: 7, since: -1, weight: 0.5, name, mark: Mark::Read, labels, books }
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
        assert_eq!(types(&full()), expected);
        let empty: Vec<_> = expected.into_iter().filter(|(name, _)| name != "Name").collect();
        assert_eq!(types(&Shelf::default()), empty, "no value, no entry");
    }

    #[test]
    fn what_is_written_is_read_and_what_does_not_fit_is_left_out() {
        for shelf in [full(), Shelf::default()] {
            assert_eq!(read_properties::<Shelf>(properties(&shelf).unwrap()), shelf);
        }
        let mut other: Vec<_> = properties(&full()).unwrap().into_iter().collect();
        other.retain(|(name, _)| name != "Since");
        other.iter_mut().filter(|(name, _)| name == "Books" || name == "IsOpen").for_each(|(_, it)| *it = 3_u8.into());
        other.push(("Later".into(), "x".into()));
        let expected = Shelf { since: 0, is_open: false, books: Books::default(), ..full() };
        assert_eq!(read_properties::<Shelf>(other), expected);
        assert_eq!(read_properties::<Shelf>(Vec::new()), Shelf::default());
    }

    #[test]
    fn json_keeps_what_it_has() {
        let value = json!({ "seconds": 10, "most": u64::MAX, "reached": null, "formats": ["YUY2"], "mixed": [1, "a"] });
        let expected = [("formats", "as"), ("mixed", "av"), ("most", "x"), ("seconds", "x")];
        assert_eq!(types(&value), expected.map(|(name, of)| (name.to_owned(), of.to_owned())));
        assert_eq!(properties(&value).unwrap()["most"].get::<i64>(), Some(i64::MAX));
        let read: serde_json::Value = read_properties(properties(&value).unwrap());
        assert_eq!(read["mixed"], json!([1, "a"]));
        assert!(properties(&json!({ "pair": 1 })).is_ok());
        assert!(properties(&HashMap::from([("pair", (1, "a"))])).is_err(), "a tuple");
    }
}
