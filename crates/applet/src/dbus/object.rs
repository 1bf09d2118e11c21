//! Our object, as zbus serves it: in a thread of its own, where nothing is decided.
//!
//! By hand, not through zbus's macro: that would have each property written down once more, and in two places.

use std::collections::HashMap;
use std::fmt::Write;
use std::marker::PhantomData;

use async_channel::Sender;
use async_trait::async_trait;
use lenscap_api::Request;
use zbus::fdo;
use zbus::message::{Body, Flags, Header};
use zbus::names::{InterfaceName, MemberName};
use zbus::object_server::{DispatchResult2, Interface, SignalEmitter};
use zbus::zvariant::{OwnedValue, Structure, Value};
use zbus::{Connection, Message, ObjectServer};

use super::properties::Published;
use super::requests::{CallTrouble, request};
use super::{Call, INTERFACE, Reply, XML, controls};
use lenscap_core::trouble::refusal::Refusal;
use lenscap_words::refusal::sentence;

/// The name of the errors that our methods answer with; their text is a sentence.
const ERROR: &str = "io.github.lenscap.Lenscap.Error.Failed";
const APPLICATION_XML: &str = r#"<interface name="org.freedesktop.Application">
<method name="Activate"><arg type="a{sv}" direction="in"/></method>
<method name="Open"><arg type="as" direction="in"/><arg type="a{sv}" direction="in"/></method>
<method name="ActivateAction"><arg type="s" direction="in"/><arg type="av" direction="in"/><arg type="a{sv}" direction="in"/></method>
</interface>"#;

/// One of the object's interfaces.
pub(super) trait Described: Send + Sync + 'static {
    /// Its name.
    const NAME: &'static str;
    /// Whether it has the published properties.
    const HAS_PROPERTIES: bool;

    /// Its description: the element `interface`.
    fn xml() -> &'static str;

    /// Whether it has a method of this name.
    fn has_method(name: &str) -> bool {
        Self::xml().contains(&format!("<method name=\"{name}\""))
    }
}

/// Our own interface.
pub(super) struct Lenscap;

impl Described for Lenscap {
    const NAME: &'static str = INTERFACE;
    const HAS_PROPERTIES: bool = true;

    fn xml() -> &'static str {
        const END: &str = "</interface>";
        let start = XML.find("<interface").unwrap_or_default();
        let end = XML.find(END).map_or(XML.len(), |at| at + END.len());
        &XML[start..end]
    }
}

/// `org.freedesktop.Application`.
pub(super) struct Application;

impl Described for Application {
    const NAME: &'static str = "org.freedesktop.Application";
    const HAS_PROPERTIES: bool = false;

    fn xml() -> &'static str {
        APPLICATION_XML
    }
}

/// The object behind one of its interfaces.
pub(super) struct Object<D> {
    published: Published,
    calls: Sender<Call>,
    described: PhantomData<D>,
}

impl<D: Described> Object<D> {
    /// `calls`: takes what is asked.
    pub(super) fn new(published: Published, calls: Sender<Call>) -> Self {
        Self { published, calls, described: PhantomData }
    }

    fn property(&self, name: &str) -> Option<OwnedValue> {
        if D::HAS_PROPERTIES { self.published.get(name) } else { None }
    }
}

/// What a call asks for; an error of D-Bus where it is none of ours.
fn asked<D: Described>(method: &str, body: &Body) -> Result<Result<Option<Request>, Refusal>, fdo::Error> {
    if !D::has_method(method) {
        return Err(fdo::Error::UnknownMethod(format!("There is no method {method}.")));
    }
    let fields = match body.is_empty() {
        true => Ok(Vec::new()),
        false => body.deserialize::<Structure<'_>>().map(Structure::into_fields),
    };
    let fields = fields.map_err(|error| fdo::Error::InvalidArgs(error.to_string()))?;
    match request(method, &fields) {
        Ok(request) => Ok(Ok(request)),
        Err(CallTrouble::Refused(refusal)) => Ok(Err(refusal)),
        Err(CallTrouble::OtherArguments) => Err(fdo::Error::InvalidArgs(format!(
            "{method} does not take \"{}\".",
            body.signature().to_string_no_parens()
        ))),
    }
}

async fn answer(connection: &Connection, call: &Header<'_>, reply: Reply) -> zbus::Result<()> {
    match reply {
        Ok(None) => connection.reply(call, &()).await,
        Ok(Some(list)) => connection.reply(call, &controls::to_body(&list)).await,
        Err(refusal) => connection.reply_error(call, ERROR, &sentence(&refusal)).await,
    }
}

#[async_trait]
impl<D: Described> Interface for Object<D> {
    fn name() -> InterfaceName<'static> {
        InterfaceName::from_static_str_unchecked(D::NAME)
    }

    async fn get(
        &self,
        name: &str,
        _: &ObjectServer,
        _: &Connection,
        _: Option<&Header<'_>>,
        _: &SignalEmitter<'_>,
    ) -> Option<fdo::Result<OwnedValue>> {
        self.property(name).map(Ok)
    }

    async fn get_all(
        &self,
        _: &ObjectServer,
        _: &Connection,
        _: Option<&Header<'_>>,
        _: &SignalEmitter<'_>,
    ) -> fdo::Result<HashMap<String, OwnedValue>> {
        Ok(if D::HAS_PROPERTIES { self.published.all() } else { HashMap::new() })
    }

    fn set<'call>(
        &'call self,
        name: &'call str,
        _: &'call Value<'_>,
        _: &'call ObjectServer,
        _: &'call Connection,
        _: Option<&'call Header<'_>>,
        _: &'call SignalEmitter<'_>,
    ) -> DispatchResult2<'call> {
        if self.property(name).is_none() {
            return DispatchResult2::NotFound;
        }
        let read_only = fdo::Error::PropertyReadOnly(format!("{name} can only be read."));
        DispatchResult2::Async(Box::pin(async move { Err(read_only) }))
    }

    async fn set_mut(
        &mut self,
        _: &str,
        _: &Value<'_>,
        _: &ObjectServer,
        _: &Connection,
        _: Option<&Header<'_>>,
        _: &SignalEmitter<'_>,
    ) -> Option<fdo::Result<()>> {
        None
    }

    fn call<'call>(
        &'call self,
        _: &'call ObjectServer,
        connection: &'call Connection,
        message: &'call Message,
        method: MemberName<'call>,
    ) -> DispatchResult2<'call> {
        DispatchResult2::Async(Box::pin(async move {
            let call = message.header();
            let (reply, replied) = async_channel::bounded(1);
            let done = match asked::<D>(method.as_str(), &message.body())? {
                Ok(Some(request)) => {
                    // Fails only while we end, as the other.
                    let _ = self.calls.send(Call { request, reply }).await;
                    replied.recv().await.map_err(|_| fdo::Error::NoReply(lenscap::APP_ID.into()))?
                }
                Ok(None) => Ok(None),
                Err(refusal) => Err(refusal),
            };
            if !call.primary().flags().contains(Flags::NoReplyExpected) {
                let sent = answer(connection, &call, done).await;
                sent.map_err(|error| fdo::Error::Failed(error.to_string()))?;
            }
            // Not before: who replied may wait for that.
            drop(replied);
            Ok(())
        }))
    }

    fn call_mut<'call>(
        &'call mut self,
        _: &'call ObjectServer,
        _: &'call Connection,
        _: &'call Message,
        _: MemberName<'call>,
    ) -> DispatchResult2<'call> {
        DispatchResult2::NotFound
    }

    fn introspect_to_writer(&self, writer: &mut dyn Write, _: usize) {
        // Into a text in memory: it does not fail.
        let _ = writeln!(writer, "{}", D::xml());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_has_its_own_methods_alone() {
        assert!(Lenscap::has_method("Quit") && Application::has_method("ActivateAction"));
        assert!(!Lenscap::has_method("ActivateAction") && !Application::has_method("Quit"));
        assert!(!Lenscap::has_method("Sing") && !Lenscap::has_method("State"));
    }
}
