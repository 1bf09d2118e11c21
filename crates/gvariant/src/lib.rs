//! Reads values on D-Bus as the types that serde derives. The applet writes them, see there `dbus/to_value.rs`.

mod de;

use std::fmt;

use glib::Variant;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;

/// What has not the form that the type asks for; in serde's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormError(String);

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FormError {}

impl serde::de::Error for FormError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
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
    use std::collections::HashMap;

    use glib::variant::ToVariant;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Default, Deserialize)]
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

    #[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Mark {
        #[default]
        NotRead,
        Read,
    }

    #[derive(Debug, Clone, PartialEq, Default, Deserialize)]
    #[serde(rename = "aa{sv}")]
    struct Books(Vec<Book>);

    #[derive(Debug, Clone, PartialEq, Deserialize)]
    struct Book {
        title: String,
        mark: Mark,
    }

    fn published() -> HashMap<String, Variant> {
        let book = HashMap::from([("title", "Alice".to_variant()), ("mark", "read".to_variant())]);
        let values = [
            ("IsOpen", true.to_variant()),
            ("Number", 7_u32.to_variant()),
            ("Since", (-1_i64).to_variant()),
            ("Weight", 0.5_f64.to_variant()),
            ("Name", "Left".to_variant()),
            ("Mark", "read".to_variant()),
            ("Labels", ["a"].to_variant()),
            ("Books", vec![book].to_variant()),
        ];
        values.map(|(name, value)| (name.to_owned(), value)).into()
    }

    #[test]
    fn what_is_published_is_read_and_what_does_not_fit_is_left_out() {
        let books = Books(vec![Book { title: "Alice".into(), mark: Mark::Read }]);
        let (name, labels) = (Some("Left".into()), vec!["a".into()]);
        let full = Shelf { is_open: true, number: 7, since: -1, weight: 0.5, name, mark: Mark::Read, labels, books };
        assert_eq!(read_properties::<Shelf>(published()), full);
        let mut other = published();
        other.retain(|name, _| name != "Since");
        other.extend(["Books", "IsOpen"].map(|name| (name.to_owned(), 3_u8.to_variant())));
        other.insert("Later".into(), "x".to_variant());
        let expected = Shelf { since: 0, is_open: false, books: Books::default(), ..full };
        assert_eq!(read_properties::<Shelf>(other), expected);
        assert_eq!(read_properties::<Shelf>(HashMap::new()), Shelf::default());
    }

    #[test]
    fn values_in_values_are_read() {
        let mixed = [1_i64.to_variant().to_variant(), "a".to_variant().to_variant()].to_vec().to_variant();
        let read: serde_json::Value = read_properties([("mixed".to_owned(), mixed)]);
        assert_eq!(read["mixed"], json!([1, "a"]));
    }
}
