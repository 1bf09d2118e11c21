//! `lenscap status`: whether the camera is on, and who uses it.

use std::io::{self, Write};

use lenscap_api::{Reply, Request, Status, client, line};
use serde::Serialize;

use super::{Failure, ask};
use crate::cli::StatusArgs;
use crate::i18n::{programs, status::summary};
use crate::text::markup;

pub(super) fn run(arguments: &StatusArgs) -> Result<(), Failure> {
    let request = if arguments.watch { &Request::Watch } else { &Request::Status };
    if !arguments.waybar {
        return ask(request, arguments.json);
    }
    let print = |module: &Module| io::stdout().lock().write_all(line(module).as_bytes()).is_ok();
    let followed = client::follow(request, &mut |reply| match &reply {
        Reply::Status(line) => print(&Module::of(&line.status)),
        Reply::Controls(_) | Reply::Refused(_) => true,
    });
    // Waybar goes on showing the last line that it got.
    if arguments.watch || followed.is_err() {
        print(&Module::default());
    }
    followed.map_err(Failure::Ask)
}

/// What a custom module of Waybar's with "return-type": "json" shows (waybar-custom(5)); without a relay nothing.
#[derive(Debug, PartialEq, Serialize)]
struct Module {
    /// Who uses a camera; empty while none is on. Markup, as the tooltip.
    text: String,
    tooltip: String,
    /// Chooses the icon.
    alt: &'static str,
    /// For the style sheet.
    class: Vec<&'static str>,
    percentage: u8,
}

impl Default for Module {
    fn default() -> Self {
        let alt = "not-running";
        Self { text: String::new(), tooltip: String::new(), alt, class: vec![alt], percentage: 0 }
    }
}

impl Module {
    fn of(status: &Status) -> Self {
        let is_on = status.live || !status.others.is_empty();
        let state = status.state.as_str();
        let names = programs::names(&status.clients).filter(|_| status.live).unwrap_or_default();
        Self {
            text: markup::escaped(&names),
            tooltip: markup::escaped(&summary(status)),
            alt: state,
            class: std::iter::once(state).chain(is_on.then_some("camera-on")).collect(),
            percentage: if is_on { 100 } else { 0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::machine::Machine;
    use crate::core::policy::Policy;
    use crate::core::presence::{Client, Use};
    use crate::core::status::{StateName, Status};
    use crate::i18n::status::published;

    #[test]
    fn waybar_gets_markup_that_no_program_can_break() {
        let clients = vec![Client::new(Some(1), "A <b>&", Use::Streaming), Client::new(Some(2), "B", Use::Open)];
        let status = Machine::new(Policy::default()).status();
        let live = Status { state: StateName::Live, camera_live: true, clients, ..status.clone() };
        let module = Module::of(&published(&live));
        assert_eq!((module.text.as_str(), module.alt, module.percentage), ("A &lt;b&gt;&amp;", "live", 100));
        assert_eq!(module.class, ["live", "camera-on"]);
        assert!(module.tooltip.contains("A &lt;b&gt;&amp;"), "{}", module.tooltip);
        let off = Module::of(&published(&Status { state: StateName::Idle, ..status }));
        assert_eq!((off.text.as_str(), off.percentage, off.class), ("", 0, vec!["idle"]));
    }
}
