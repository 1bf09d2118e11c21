//! The D-Bus service: what strangers may know and ask. `data/io.github.lenscap.Lenscap.xml` documents it.
//!
//! Beside our own interface the object has `org.freedesktop.Application`, through which desktops start programs and press
//! their actions.

pub mod controls;
#[cfg(any(debug_assertions, fuzzing))]
pub mod fuzz;
mod properties;

use std::rc::Rc;

use glib::variant::{ToVariant, Variant};
use lenscap_api::Request;

use controls::{text_of, to_variant};
use lenscap_core::controls::CameraControls;
use lenscap_core::trouble::refusal::Refusal;
use lenscap_words::refusal::sentence;

pub use properties::{Nodes, Properties};

/// Our interface.
const INTERFACE: &str = lenscap::APP_ID;
/// Its description, as introspection gives it.
const XML: &str = include_str!("../../../data/io.github.lenscap.Lenscap.xml");
const APPLICATION_XML: &str = r#"<node><interface name="org.freedesktop.Application">
<method name="Activate"><arg type="a{sv}" direction="in"/></method>
<method name="Open"><arg type="as" direction="in"/><arg type="a{sv}" direction="in"/></method>
<method name="ActivateAction"><arg type="s" direction="in"/><arg type="av" direction="in"/><arg type="a{sv}" direction="in"/></method>
</interface></node>"#;
/// Flag and answer of `RequestName`.
const DO_NOT_QUEUE: u32 = 4;
const PRIMARY_OWNER: u32 = 1;
/// Longest wait for the bus, in milliseconds.
const ANSWER_LIMIT_MS: i32 = 5000;

/// Takes what became of a request: the list of controls where that was asked for.
pub type Respond = Box<dyn FnOnce(Result<Option<CameraControls>, Refusal>)>;

/// The objects on one connection; gone with it, or when dropped.
#[derive(Debug)]
pub struct Service {
    connection: gio::DBusConnection,
    objects: Vec<gio::RegistrationId>,
}

impl Service {
    /// Exports the objects, then asks for the name. `obey` carries a request out, or says why not, and may take its time.
    ///
    /// # Errors
    /// GIO's message when an object is there already.
    pub fn new(
        connection: &gio::DBusConnection,
        properties: &Properties,
        obey: impl Fn(Request, Respond) + 'static,
    ) -> Result<Self, glib::Error> {
        let mut service = Self { connection: connection.clone(), objects: Vec::new() };
        let obey = Rc::new(obey);
        for (xml, interface) in [(XML, INTERFACE), (APPLICATION_XML, "org.freedesktop.Application")] {
            let undescribed = || glib::Error::new(gio::IOErrorEnum::NotFound, "the interface is not described");
            let described = gio::DBusNodeInfo::for_xml(xml)?;
            let described = described.lookup_interface(interface).ok_or_else(undescribed)?;
            let (obey, snapshot) = (obey.clone(), properties.snapshot.clone());
            let object = connection
                .register_object(lenscap::OBJECT_PATH, &described)
                .method_call(move |_, _, _, _, method, arguments, invocation| {
                    let respond = move |done: Result<Option<CameraControls>, Refusal>| match done {
                        Ok(list) => invocation.return_value(list.as_ref().map(to_variant).as_ref()),
                        Err(refusal) => {
                            invocation.return_dbus_error(&format!("{INTERFACE}.Error.Failed"), &sentence(&refusal));
                        }
                    };
                    match request(method, &arguments) {
                        Ok(Some(request)) => obey(request, Box::new(respond)),
                        Ok(None) => respond(Ok(None)),
                        Err(refusal) => respond(Err(refusal)),
                    }
                })
                .property(move |_, _, _, _, name| {
                    // GIO asks only for what is described; a test keeps the two in step.
                    snapshot.borrow().get(name).cloned().unwrap_or_else(|| "".to_variant())
                })
                .build()?;
            service.objects.push(object);
        }
        // By hand: GIO's own way panics in gio 0.22 when the bus goes away (its callback takes no missing connection).
        let named = connection.call_future(
            Some("org.freedesktop.DBus"),
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus",
            "RequestName",
            Some(&(lenscap::APP_ID, DO_NOT_QUEUE).to_variant()),
            None,
            gio::DBusCallFlags::NONE,
            ANSWER_LIMIT_MS,
        );
        glib::spawn_future_local(async move {
            let answer = named.await.ok().and_then(|answer| answer.try_child_value(0)?.get::<u32>());
            if answer != Some(PRIMARY_OWNER) {
                tracing::warn!("the name {} on the session bus belongs to another program", lenscap::APP_ID);
            }
        });
        Ok(service)
    }
}

impl Service {
    /// Publishes that `GetControls` would answer something else.
    pub fn controls_changed(&self) {
        let sent = self.connection.emit_signal(None, lenscap::OBJECT_PATH, INTERFACE, "ControlsChanged", None);
        if let Err(error) = sent {
            tracing::debug!("cannot send on D-Bus: {error}");
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        for object in self.objects.drain(..) {
            let _ = self.connection.unregister_object(object);
        }
    }
}

/// What a method asks for; `None`: nothing.
pub(super) fn request(method: &str, arguments: &Variant) -> Result<Option<Request>, Refusal> {
    Ok(Some(match method {
        "Pause" => {
            let seconds = arguments.try_child_value(0).and_then(|seconds| seconds.get::<u32>()).unwrap_or(0);
            Request::Pause { seconds: (seconds > 0).then_some(u64::from(seconds)) }
        }
        "Resume" => Request::Resume,
        "Toggle" => Request::Toggle,
        "TurnOff" => Request::TurnOff,
        "OpenPreferences" | "Activate" => Request::Preferences,
        "Reload" => Request::Reload,
        "Quit" => Request::Quit,
        "GetControls" => Request::Controls,
        "SetControl" => {
            let key = arguments.try_child_value(0).and_then(|key| key.get::<String>()).unwrap_or_default();
            let value = arguments.try_child_value(1).map_or(Some(String::new()), |value| text_of(&value));
            Request::SetControl { key, value: value.ok_or(Refusal::NotAValue)? }
        }
        "ResetControls" => {
            let keys = arguments.try_child_value(0).and_then(|keys| keys.get::<Vec<String>>()).unwrap_or_default();
            Request::ResetControls { keys }
        }
        "ActivateAction" => {
            let name = arguments.try_child_value(0).and_then(|name| name.get::<String>()).unwrap_or_default();
            match name.as_str() {
                "preferences" => Request::Preferences,
                "pause" => Request::Pause { seconds: None },
                "resume" => Request::Resume,
                "toggle" => Request::Toggle,
                "turn-off" => Request::TurnOff,
                "quit" => Request::Quit,
                _ => return Err(Refusal::UnknownAction { name: name.into() }),
            }
        }
        // Lenscap opens no files.
        _ => return Ok(None),
    }))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use lenscap_core::status::StateName;

    use super::*;

    #[test]
    fn the_interface_is_the_documented_one() {
        let text = XML;
        let node = gio::DBusNodeInfo::for_xml(text).expect("introspection XML");
        let interface = node.lookup_interface(INTERFACE).expect("the interface");
        let properties = [
            ("State", "s"),
            ("CameraLive", "b"),
            ("LiveSince", "x"),
            ("Clients", "aa{sv}"),
            ("Camera", "s"),
            ("Reason", "s"),
            ("Mode", "s"),
            ("Shortfall", "s"),
            ("PausedUntil", "x"),
            ("Node", "s"),
            ("Nodes", "as"),
            ("SecondDevice", "s"),
            ("Trouble", "a{sv}"),
            ("SecondDeviceTrouble", "a{sv}"),
            ("Version", "s"),
            ("Stuck", "b"),
            ("OtherCameras", "aa{sv}"),
        ];
        for (name, signature) in properties {
            assert!(interface.lookup_property(name).is_some(), "{name}");
            let line = format!("<property name=\"{name}\" type=\"{signature}\" access=\"read\">");
            assert!(text.contains(&line), "{line}");
            assert!(text.contains(&format!("\n        {name}:\n")), "{name} is not explained");
        }
        assert_eq!(text.matches("<property ").count(), properties.len());
        let controls = ["GetControls", "SetControl", "ResetControls"];
        let methods = ["Pause", "Resume", "Toggle", "TurnOff", "OpenPreferences", "Reload", "Quit"];
        let methods: Vec<_> = methods.into_iter().chain(controls).collect();
        for name in &methods {
            assert!(interface.lookup_method(name).is_some(), "{name}");
            assert!(text.contains(&format!("\n        {name}:\n")), "{name} is not explained");
        }
        assert_eq!(text.matches("<method ").count(), methods.len());
        let arguments = [
            "seconds\" type=\"u",
            "controls\" type=\"aa{sv}",
            "camera\" type=\"s",
            "key\" type=\"s",
            "value\" type=\"v",
            "keys\" type=\"as",
        ];
        assert_eq!(text.matches("<arg ").count(), arguments.len());
        for argument in arguments {
            assert!(text.contains(&format!("<arg name=\"{argument}\"")), "{argument}");
        }
        assert!(interface.lookup_signal("ControlsChanged").is_some() && text.contains("\n        ControlsChanged:\n"));
        for state in StateName::ALL {
            assert!(text.contains(&format!("\"{state}\" (")), "{state} is not explained");
        }
    }

    #[test]
    fn every_described_method_is_a_request() {
        let methods = XML.split("<method name=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        for method in methods {
            assert!(matches!(request(method, &(7_u32,).to_variant()), Ok(Some(_))), "{method}");
        }
        let pause = |seconds: u32| request("Pause", &(seconds,).to_variant());
        assert_eq!(pause(0), Ok(Some(Request::Pause { seconds: None })));
        assert_eq!(pause(60), Ok(Some(Request::Pause { seconds: Some(60) })));
        let action = ("sing", Vec::<Variant>::new(), HashMap::<String, Variant>::new()).to_variant();
        assert!(request("ActivateAction", &action).is_err_and(|refusal| sentence(&refusal).contains("toggle")));
    }
}
