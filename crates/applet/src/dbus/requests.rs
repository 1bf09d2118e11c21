//! What a method's call asks for.

use lenscap_api::Request;
use zbus::zvariant::{Array, Value};

use super::controls::text_of;
use lenscap_core::trouble::refusal::Refusal;

/// What is wrong with a call.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum CallTrouble {
    /// The method, if there is one, takes arguments of other types.
    OtherArguments,
    /// It cannot be asked for.
    Refused(Refusal),
}

/// `None`: nothing is to be done.
pub(super) fn request(method: &str, arguments: &[Value<'_>]) -> Result<Option<Request>, CallTrouble> {
    Ok(Some(match (method, arguments) {
        ("Pause", [Value::U32(seconds)]) => Request::Pause { seconds: (*seconds > 0).then_some(u64::from(*seconds)) },
        ("Resume", []) => Request::Resume,
        // A program has its own ways to say what came of it; the desktop, for whom the action is, has none.
        ("Toggle", []) => Request::Toggle { notify: false },
        ("TurnOff", []) => Request::TurnOff,
        ("Allow", [Value::Array(programs)]) => Request::Allow { programs: texts(programs)?, once: false },
        ("AllowOnce", [Value::Array(programs)]) => Request::Allow { programs: texts(programs)?, once: true },
        ("Block", [Value::Array(programs)]) => Request::Block { programs: texts(programs)? },
        ("OpenPreferences", []) | ("Activate", [Value::Dict(_)]) => Request::Preferences,
        ("Reload", []) => Request::Reload,
        ("Quit", []) => Request::Quit,
        ("GetControls", []) => Request::Controls,
        ("SetControl", [Value::Str(key), Value::Value(value)]) => {
            let value = text_of(value).ok_or(CallTrouble::Refused(Refusal::NotAValue))?;
            Request::SetControl { key: key.as_str().to_owned(), value }
        }
        ("ResetControls", [Value::Array(keys)]) => Request::ResetControls { keys: texts(keys)? },
        ("ActivateAction", [Value::Str(name), Value::Array(_), Value::Dict(_)]) => match name.as_str() {
            "preferences" => Request::Preferences,
            "pause" => Request::Pause { seconds: None },
            "resume" => Request::Resume,
            "toggle" => Request::Toggle { notify: true },
            "turn-off" => Request::TurnOff,
            "allow" => Request::Allow { programs: Vec::new(), once: false },
            "quit" => Request::Quit,
            name => return Err(CallTrouble::Refused(Refusal::UnknownAction { name: name.into() })),
        },
        // Lenscap opens no files.
        ("Open", [Value::Array(_), Value::Dict(_)]) => return Ok(None),
        _ => return Err(CallTrouble::OtherArguments),
    }))
}

fn texts(list: &Array<'_>) -> Result<Vec<String>, CallTrouble> {
    let text = |value: &Value<'_>| match value {
        Value::Str(text) => Ok(text.as_str().to_owned()),
        _ => Err(CallTrouble::OtherArguments),
    };
    list.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use zbus::zvariant::{Dict, Signature};

    use super::super::XML;
    use super::*;

    /// A value of each type that our methods take.
    fn value(of: &str) -> Value<'static> {
        match of {
            "u" => 7_u32.into(),
            "s" => "x".into(),
            "v" => Value::Value(Box::new(true.into())),
            "as" => Array::new(&Signature::Str).into(),
            "av" => Array::new(&Signature::Variant).into(),
            "a{sv}" => Dict::new(&Signature::Str, &Signature::Variant).into(),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn every_described_method_is_a_request_with_the_described_arguments() {
        let between = |text: &'static str, start: &str, end: &str| text.split(start).nth(1)?.split(end).next();
        let methods: Vec<_> =
            XML.split("<method ").skip(1).map(|rest| rest.split("</method>").next().unwrap()).collect();
        assert_eq!(methods.len(), 13);
        for described in methods {
            let method = between(described, "name=\"", "\"").unwrap();
            let taken = described.split("<arg ").skip(1).filter(|argument| argument.contains("direction=\"in\""));
            let mut arguments: Vec<_> = taken.map(|it| value(between(it, "type=\"", "\"").unwrap())).collect();
            assert!(matches!(request(method, &arguments), Ok(Some(_))), "{method}");
            arguments.push(0_u8.into());
            assert_eq!(request(method, &arguments), Err(CallTrouble::OtherArguments), "{method}");
        }
        assert_eq!(request("Sing", &[]), Err(CallTrouble::OtherArguments));
        assert_eq!(request("ResetControls", &[vec![1_i32].into()]), Err(CallTrouble::OtherArguments));
        let pause = |seconds: u32| request("Pause", &[seconds.into()]);
        assert_eq!(pause(0), Ok(Some(Request::Pause { seconds: None })));
        assert_eq!(pause(60), Ok(Some(Request::Pause { seconds: Some(60) })));
    }

    #[test]
    fn an_action_that_is_none_is_refused_with_those_that_are() {
        let action = |name: &'static str| request("ActivateAction", &[name.into(), value("av"), value("a{sv}")]);
        assert_eq!(action("toggle"), Ok(Some(Request::Toggle { notify: true })));
        let Err(CallTrouble::Refused(refusal)) = action("sing") else { panic!() };
        assert!(lenscap_words::refusal::sentence(&refusal).contains("toggle"));
        assert_eq!(request("Open", &[value("as"), value("a{sv}")]), Ok(None));
    }
}
