//! The desktop's portal for programs in a sandbox: the session's autostart entries cannot be written from there.
//! (org.freedesktop.portal.Background, version 1: the answer comes as a signal of a request object whose path is known
//! before the call.)

use glib::variant::{ToVariant, Variant};
use std::collections::HashMap;

use lenscap_core::trouble::preferences::PreferencesTrouble;
use lenscap_text::Cause;
use lenscap_words::tr;

const NAME: &str = "org.freedesktop.portal.Desktop";
const OBJECT: &str = "/org/freedesktop/portal/desktop";
const INTERFACE: &str = "org.freedesktop.portal.Background";
/// What the `Response` signal begins with when the user agreed.
const AGREED: u32 = 0;
/// Longest wait for the portal to take the request, in milliseconds. The answer itself may wait for the user.
const CALL_LIMIT_MS: i32 = 5000;

/// Asks that Lenscap starts with the session, or no longer does; whether it will.
///
/// # Errors
/// There is no portal, or the user refused.
pub async fn start_with_session(connection: &gio::DBusConnection, on: bool) -> Result<bool, PreferencesTrouble> {
    let none = |error: &dyn std::fmt::Display| PreferencesTrouble::NoPortal { cause: Cause::other(error) };
    let token = format!("lenscap{}", glib::random_int());
    let own_name = connection.unique_name().unwrap_or_default();
    let request = format!("{OBJECT}/request/{}/{token}", own_name.trim_start_matches(':').replace('.', "_"));
    let (answer, answered) = async_channel::bounded::<Variant>(1);
    let _response = connection.subscribe_to_signal(
        Some(NAME),
        Some("org.freedesktop.portal.Request"),
        Some("Response"),
        Some(&request),
        None,
        gio::DBusSignalFlags::NONE,
        move |signal| {
            let _ = answer.try_send(signal.parameters.clone());
        },
    );
    let options: HashMap<&str, Variant> = HashMap::from([
        ("handle_token", token.to_variant()),
        ("reason", tr("The camera is there for applications as soon as you are logged in.").to_variant()),
        ("autostart", on.to_variant()),
        ("commandline", ["lenscap", "--gapplication-service"].as_slice().to_variant()),
    ]);
    connection
        .call_future(
            Some(NAME),
            OBJECT,
            INTERFACE,
            "RequestBackground",
            Some(&("", options).to_variant()),
            None,
            gio::DBusCallFlags::NONE,
            CALL_LIMIT_MS,
        )
        .await
        .map_err(|error| none(&error.message()))?;
    let parameters = answered.recv().await.map_err(|error| none(&error))?;
    outcome(&parameters).ok_or(PreferencesTrouble::PortalRefused)
}

/// Whether it starts with the session now; `None`: refused.
fn outcome(parameters: &Variant) -> Option<bool> {
    let response: u32 = parameters.try_child_value(0)?.get()?;
    let results: HashMap<String, Variant> = parameters.try_child_value(1)?.get()?;
    (response == AGREED).then(|| results.get("autostart").and_then(Variant::get).unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A portal that agrees while `agrees`, on a bus of its own.
    fn asked(agrees: bool, on: bool) -> Option<Result<bool, PreferencesTrouble>> {
        let has_daemon = std::process::Command::new("dbus-daemon").arg("--version").output().is_ok();
        if !has_daemon {
            println!("SKIP the Background portal: dbus-daemon is not installed (scripts/deps.sh test)");
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("bus");
        let mut daemon = std::process::Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--print-address"])
            .arg(format!("--address=unix:path={}", path.display()))
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(daemon.stdout.take().unwrap()), &mut address).unwrap();
        let context = glib::MainContext::new();
        let result = context
            .with_thread_default(|| {
                let connect = || {
                    let flags = gio::DBusConnectionFlags::AUTHENTICATION_CLIENT
                        | gio::DBusConnectionFlags::MESSAGE_BUS_CONNECTION;
                    gio::DBusConnection::for_address_sync(address.trim(), flags, None, gio::Cancellable::NONE).unwrap()
                };
                let (portal, client) = (connect(), connect());
                let xml = format!(
                    "<node><interface name='{INTERFACE}'><method name='RequestBackground'><arg type='s' direction='in'/>\
                     <arg type='a{{sv}}' direction='in'/><arg type='o' direction='out'/></method></interface></node>"
                );
                let described = gio::DBusNodeInfo::for_xml(&xml).unwrap().lookup_interface(INTERFACE).unwrap();
                let _object = portal
                    .register_object(OBJECT, &described)
                    .method_call(move |connection, sender, _, _, _, arguments, invocation| {
                        let options: HashMap<String, Variant> = arguments.child_value(1).get().unwrap();
                        let sender = sender.unwrap_or_default().trim_start_matches(':').replace('.', "_");
                        let token: String = options["handle_token"].get().unwrap();
                        let request = format!("{OBJECT}/request/{sender}/{token}");
                        let object = glib::variant::ObjectPath::try_from(request.clone()).unwrap();
                        invocation.return_value(Some(&(object,).to_variant()));
                        let results = HashMap::from([("autostart", options["autostart"].clone())]);
                        let body = (u32::from(!agrees), results).to_variant();
                        let signal = "org.freedesktop.portal.Request";
                        connection.emit_signal(None, &request, signal, "Response", Some(&body)).unwrap();
                    })
                    .build()
                    .unwrap();
                let named = ("org.freedesktop.portal.Desktop", 4_u32).to_variant();
                let bus = "org.freedesktop.DBus";
                let flags = gio::DBusCallFlags::NONE;
                portal
                    .call_sync(Some(bus), "/", bus, "RequestName", Some(&named), None, flags, 5000, gio::Cancellable::NONE)
                    .unwrap();
                context.block_on(start_with_session(&client, on))
            })
            .unwrap();
        daemon.kill().unwrap();
        daemon.wait().unwrap();
        Some(result)
    }

    #[test]
    fn the_portal_is_asked_and_its_answer_holds() {
        if let Some(on) = asked(true, true) {
            assert_eq!(on, Ok(true));
            assert_eq!(asked(true, false), Some(Ok(false)));
        }
    }

    #[test]
    fn a_refusal_is_an_error() {
        if let Some(refused) = asked(false, true) {
            assert_eq!(refused, Err(PreferencesTrouble::PortalRefused));
        }
    }
}
