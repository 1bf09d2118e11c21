//! An enum with fields in one object of JSON, its variant's name as `state`: `{"state":"on","files":"full"}`. Serde could
//! derive that, but then the type could not go over the wire, whose encoding does not name what it carries.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

const TAG: &str = "state";

pub(crate) fn serialize<S: Serializer>(value: &Option<impl Serialize>, to: S) -> Result<S::Ok, S::Error> {
    let tagged = value.as_ref().map(|value| {
        let (name, fields) = match serde_json::to_value(value).unwrap_or_default() {
            Value::Object(variant) => variant.into_iter().next().unwrap_or_default(),
            plain => (String::new(), plain),
        };
        match (name, fields) {
            (name, Value::Object(fields)) => {
                [(TAG.to_owned(), Value::String(name))].into_iter().chain(fields).collect::<Map<_, _>>()
            }
            (_, plain) => [(TAG.to_owned(), plain)].into_iter().collect(),
        }
    });
    tagged.serialize(to)
}

pub(crate) fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    let Some(mut fields) = Option::<Map<String, Value>>::deserialize(from)? else { return Ok(None) };
    let Some(Value::String(name)) = fields.remove(TAG) else { return Err(D::Error::missing_field(TAG)) };
    let variant = match fields.is_empty() {
        true => Value::String(name),
        false => Value::Object([(name, Value::Object(fields))].into_iter().collect()),
    };
    serde_json::from_value(variant).map(Some).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use lenscap_core::sandbox::{Hold, Sandbox};

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Holder {
        #[serde(with = "super")]
        sandbox: Option<Sandbox>,
    }

    #[test]
    fn the_sandbox_is_one_object_and_reads_back() {
        let on = Sandbox::On { files: Hold::Full, calls: Hold::Part };
        for (sandbox, json) in [
            (None, r#"{"sandbox":null}"#),
            (Some(Sandbox::Off), r#"{"sandbox":{"state":"off"}}"#),
            (Some(Sandbox::OwnPipeline), r#"{"sandbox":{"state":"own-pipeline"}}"#),
            (Some(on), r#"{"sandbox":{"state":"on","files":"full","calls":"part"}}"#),
        ] {
            assert_eq!(serde_json::to_string(&Holder { sandbox }).unwrap(), json);
            assert_eq!(serde_json::from_str::<Holder>(json).unwrap(), Holder { sandbox });
        }
        for nonsense in
            [r#"{"sandbox":{}}"#, r#"{"sandbox":{"state":"on"}}"#, r#"{"sandbox":{"state":7}}"#, r#"{"sandbox":7}"#]
        {
            assert!(serde_json::from_str::<Holder>(nonsense).is_err(), "{nonsense}");
        }
    }
}
