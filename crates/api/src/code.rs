//! Troubles for programs: what does not change with the language.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What is wrong, as a word and what is known beside it: `{"code":"camera-busy","camera":"HD Webcam"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// Names the trouble, in kebab-case: the variant of `Trouble` or `Refusal` in `lenscap_core::trouble`.
    pub code: String,
    /// The variant's fields.
    #[serde(flatten)]
    pub data: Map<String, Value>,
}

impl Code {
    /// The code of a trouble, as its type derives it.
    pub fn of(trouble: &impl Serialize) -> Self {
        Self::read(serde_json::to_value(trouble).unwrap_or_default())
    }

    /// What this is the code of, where that is of this type and of this version.
    pub fn trouble<T: DeserializeOwned>(&self) -> Option<T> {
        let name = Value::String(self.code.clone());
        serde_json::from_value(match self.data.is_empty() {
            true => name,
            false => [(self.code.clone(), Value::Object(self.data.clone()))].into_iter().collect::<Map<_, _>>().into(),
        })
        .ok()
    }

    /// From a variant: its name alone, or an object with its name and its fields, or with its name as one of them.
    fn read(value: Value) -> Self {
        let plain = |code: String| Self { code, data: Map::new() };
        let (name, content) = match value {
            Value::String(name) => return plain(name),
            Value::Object(mut tagged) if matches!(tagged.get("code"), Some(Value::String(_))) => {
                let name = tagged.remove("code").and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default();
                return Self { code: name, data: tagged };
            }
            Value::Object(variant) => match variant.into_iter().next() {
                Some(variant) => variant,
                None => return plain("other".into()),
            },
            _ => return plain("other".into()),
        };
        match (name.as_str(), content) {
            // What is inside says what it is.
            ("control" | "output" | "source" | "camera" | "node" | "read" | "start", content) => Self::read(content),
            (_, Value::Object(data)) => Self { code: name, data },
            _ => plain(name),
        }
    }
}

/// As JSON, in one line: for the log, and for whoever looks closer.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(crate::line(self).trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenscap_core::controls::ControlTrouble;
    use lenscap_core::trouble::Trouble;
    use lenscap_core::trouble::cameras::ReadTrouble;
    use lenscap_core::trouble::output::OutputTrouble;
    use lenscap_core::trouble::refusal::Refusal;
    use lenscap_core::trouble::settings::FileTrouble;
    use serde_json::json;

    #[test]
    fn a_trouble_has_a_code_and_its_data() {
        fn of(trouble: &impl Serialize) -> Value {
            serde_json::to_value(Code::of(trouble)).unwrap()
        }
        assert_eq!(of(&FileTrouble::Busy), json!({ "code": "busy" }), "a type that names its variants so itself");
        let busy = Trouble::CameraBusy { camera: "Foo".into() };
        assert_eq!(of(&Trouble::GoingToSleep), json!({ "code": "going-to-sleep" }));
        assert_eq!(of(&busy), json!({ "code": "camera-busy", "camera": "Foo" }));
        let silent = Refusal::Read(ReadTrouble::Camera(Trouble::NoCamera));
        assert_eq!(of(&silent), json!({ "code": "no-camera" }));
        let busy_file = Refusal::Settings { path: "/c".into(), trouble: Box::new(FileTrouble::Busy) };
        assert_eq!(of(&busy_file), json!({ "code": "settings", "path": "/c", "trouble": { "code": "busy" } }));
        let absent = Refusal::Control(ControlTrouble::Absent { key: "zoom".into() });
        assert_eq!(of(&absent), json!({ "code": "absent", "key": "zoom" }));
        let missing = OutputTrouble::NodeMissing { node: "/dev/video9".into(), is_installed: true };
        assert_eq!(
            of(&Trouble::Output(missing)),
            json!({ "code": "node-missing", "node": "/dev/video9", "is_installed": true })
        );
        let read: Code = serde_json::from_value(of(&Trouble::NoCamera)).unwrap();
        assert_eq!(read, Code::of(&Trouble::NoCamera));
        assert_eq!(read.trouble(), Some(Trouble::NoCamera));
        let code = Code::of(&busy);
        assert_eq!((code.trouble::<Trouble>(), code.trouble::<OutputTrouble>()), (Some(busy), None));
        assert_eq!(code.to_string(), r#"{"code":"camera-busy","camera":"Foo"}"#);
    }
}
