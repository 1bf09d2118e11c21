//! To whom every status goes: event lines or log, who watches over the control socket, systemd's watchdog, hooks, the
//! history, the owner.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use lenscap_api::{Code, EventLine, LostLines, line};

use super::StatusListener;
use crate::app::history::History;
use crate::app::hooks::Hooks;
use crate::app::lines::Lines;
use crate::app::watchdog::Watchdog;
use crate::core::status::Status;
use crate::core::trouble::start::StartTrouble;
use crate::engine::StatusSink;
use crate::i18n::status::{other_camera, published};
use crate::i18n::trouble;
use lenscap_relay::server::Server;

/// The way of the event lines to stdout.
pub(super) fn event_lines() -> Result<Lines, StartTrouble> {
    let lost = |count| line(&LostLines { lost: count });
    let gone =
        |error| tracing::warn!("nobody reads the event lines any more ({error}); the camera goes on without them");
    Lines::new(io::stdout(), lost, gone).map_err(|error| StartTrouble::EventLines { cause: error.into() })
}

/// Takes every status to whom it concerns.
pub(super) fn status_sink(
    lines: Option<Lines>,
    watchdog: Rc<RefCell<Option<Watchdog>>>,
    server: Rc<RefCell<Option<Server>>>,
    shortcut: Rc<RefCell<Option<Code>>>,
    hooks: Rc<RefCell<Hooks>>,
    history: Rc<RefCell<History>>,
    mut listener: Option<StatusListener>,
) -> StatusSink {
    let mut last = None;
    Box::new(move |status| {
        if let Some(watchdog) = watchdog.borrow_mut().as_mut() {
            watchdog.watch(status.camera_live);
        }
        if let Some(listener) = &mut listener {
            listener(status);
        }
        hooks.borrow_mut().follow(status);
        history.borrow_mut().follow(status);
        // Some changes are of no interest outside: the time of the next step, for one.
        let public = lenscap_api::Status { shortcut: shortcut.borrow().clone(), ..published(status) };
        if last.as_ref() == Some(&public) {
            return;
        }
        last = Some(public.clone());
        // Nobody holds it while the relay publishes; who did would lose a line, not the camera.
        match server.try_borrow_mut() {
            Ok(mut server) => drop(server.as_mut().map(|server| server.publish(&public))),
            Err(error) => tracing::error!("a status is not published on the control socket: {error}"),
        }
        match &lines {
            Some(lines) => lines.put(line(&EventLine::now(public)).into_bytes()),
            None => log_status(status),
        }
    })
}

/// Without event lines the log has the story.
fn log_status(status: &Status) {
    let names: Vec<_> = status.clients.iter().map(|client| client.name.as_str()).collect();
    let camera = if status.camera_live { "on" } else { "off" };
    // Reasons are warned of where they arise.
    tracing::info!("{}, camera {camera} [{}]", status.state, names.join(", "));
    for other in &status.others {
        tracing::info!("{}", other_camera(other));
    }
    if let Some(reason) = status.reason.as_ref().filter(|_| status.stuck) {
        tracing::warn!(code = %Code::of(reason), "{}", trouble::sentence(reason));
    }
}
