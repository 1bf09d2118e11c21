//! What programs ask over D-Bus.

use std::rc::Rc;

use lenscap_api::Request;

use super::Desktop;
use crate::dbus::{Call, Reply};
use lenscap::app::controls::to_reset;
use lenscap_cameras::off::{self, Order};
use lenscap_core::controls::CameraControls;
use lenscap_core::trouble::refusal::Refusal;
use lenscap_relay::server::Answer;

impl Desktop {
    /// What concerns controls may take its time: a camera that is off is asked in a process of its own.
    pub(super) fn answer_on_bus(self: &Rc<Self>, call: Call) {
        let Call { request, reply } = call;
        if request == Request::Quit {
            *self.quit_reply.borrow_mut() = Some(reply.clone());
        }
        // Full never, closed when who asked is gone.
        let respond = move |done: Reply| drop(reply.try_send(done));
        let live = self.relay.borrow().controls().cloned();
        match (request, live) {
            (Request::Controls, Some(list)) => respond(Ok(Some(list))),
            (request, None) if request.is_about_controls() => {
                let desktop = self.clone();
                self.tasks.run(async move { respond(desktop.controls_while_off(request).await) });
            }
            (request, _) => match self.obey(request) {
                Answer::Now(result) => respond(result.map(|()| None)),
                later => {
                    let desktop = self.clone();
                    self.tasks.run(async move { respond(desktop.done(later).await.map(|()| None)) });
                }
            },
        }
    }

    async fn controls_while_off(&self, request: Request) -> Reply {
        match request {
            Request::SetControl { key, value } => {
                let list = self.read_controls(&[Order::Set(key.clone(), value.clone())]).await?;
                let answer = self.relay.borrow_mut().set_control(&list, &key, &value);
                self.done(answer).await?;
            }
            Request::ResetControls { keys } => {
                let list = self.read_controls(&[]).await?;
                let mut controls = to_reset(&list, &keys)?;
                controls.sort_by_key(|control| !control.decides_others());
                let orders: Vec<_> = controls.iter().map(|control| Order::Default(control.key.clone())).collect();
                let list = self.read_controls(&orders).await?;
                let answer = self.relay.borrow_mut().reset_controls(&list, &keys);
                self.done(answer).await?;
            }
            _ => {
                let mut list = self.read_controls(&[]).await?;
                self.relay.borrow().overlay(&mut list);
                return Ok(Some(list));
            }
        }
        if let Some(service) = &self.front.borrow().service {
            service.controls_changed();
        }
        Ok(None)
    }

    async fn read_controls(&self, orders: &[Order]) -> Result<CameraControls, Refusal> {
        let words = {
            let relay = self.relay.borrow();
            let own: Vec<_> = relay.nodes();
            let settings = relay.settings();
            off::arguments(&settings.camera.source, &own, settings.privacy.sandbox, orders)
        };
        self.reader.read(words, orders.is_empty()).await
    }
}
