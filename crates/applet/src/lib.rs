//! The applet: the relay, with icon, notifications and D-Bus around it.
//!
//! Everything around it may be missing, and may come and go: without a session bus, a tray or a notification service the
//! camera goes on. One thread decides; what the threads of the bus hear comes here through channels.

mod answers;
mod bus;
mod bus_requests;
mod clicks;
mod controls_reader;
pub mod dbus;
mod extension;
mod front;
mod icon;
mod icon_name;
mod main_loop;
mod notify;
mod shortcut;
mod tasks;
mod tray;
mod welcome;
mod window;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use futures_lite::future;
use lenscap_api::{Request, client};

use answers::Then;
use bus::FIRST_RETRY;
use clicks::Click;
use controls_reader::ControlsReader;
use dbus::{Call, Properties, Reply};
use front::Front;
use lenscap::app::relay::{Relay, RelayEvent, RunMode};
use lenscap::autostart::Entries;
use lenscap::cli::{Cli, RunArgs, Subcommand};
use lenscap::failure::Failure;
use lenscap_core::status::Status;
use lenscap_core::trouble::command_line::CommandTrouble;
use lenscap_core::trouble::start::StartTrouble;
use lenscap_relay::server::Ticket;
use lenscap_words::start;
use main_loop::MainLoop;
use tasks::{Tasks, within};

/// Clicks that wait to be seen to; more than a hand can make.
const MAX_CLICKS: usize = 64;
/// What programs ask over D-Bus, waiting to be seen to; who comes then waits on the bus.
const MAX_CALLS: usize = 64;
/// How long a tray or a bus may take to hear of our end.
const END_LIMIT: Duration = Duration::from_secs(1);

/// `lenscap-applet`, with the command line of `lenscap`, which has become it; the exit status.
pub fn main(cli: Cli) -> ExitCode {
    let by = match (cli.gapplication_service, cli.window) {
        (true, _) => StartedBy::Bus,
        (false, true) => StartedBy::Menu,
        (false, false) => StartedBy::Hand,
    };
    lenscap::commands::exit(match cli.command {
        None => run(&cli.run, by),
        Some(Subcommand::Run(arguments)) if !arguments.headless && !arguments.events => run(&arguments.run, by),
        Some(_) => Err(CommandTrouble::AppletByHand.into()),
    })
}

/// What a start is to show besides the icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StartedBy {
    /// A second start shows the preferences of the first.
    Hand,
    /// The preferences, always: there may be no tray.
    Menu,
    /// Nothing: D-Bus says by itself what it wants, and the session's start wants no window.
    Bus,
}

/// Runs until the user quits.
///
/// # Errors
/// When it cannot start, or another one does not answer.
fn run(arguments: &RunArgs, by: StartedBy) -> Result<(), Failure> {
    match client::ask(if by == StartedBy::Bus { &Request::Status } else { &Request::Preferences }) {
        Ok(_) => return Ok(()),
        Err(error) if error.is_nobody_there() => {}
        Err(error) => return Err(error.into()),
    }
    lenscap::app::log::start();
    // Where that fails, the doctor says that the session's start has lost its program.
    let _ = Entries::from_environment().mend();
    lenscap_words::direction::isolate_parts();
    let tasks = Tasks::default();
    let (clicks, clicked) = async_channel::bounded(MAX_CLICKS);
    let (calls, called) = async_channel::bounded(MAX_CALLS);
    let front = Rc::new(RefCell::new(Front::new(tasks.clone(), clicks, Properties::new(&arguments.settings))));
    let listener = {
        let front = front.clone();
        Box::new(move |status: &Status| front.borrow_mut().take(status))
    };
    let relay = Relay::new(arguments, RunMode::Desktop, Some(listener))?;
    front.borrow_mut().take_settings(&relay);
    let desktop = Rc::new(Desktop {
        tasks: tasks.clone(),
        calls,
        relay: RefCell::new(relay),
        front,
        main_loop: MainLoop::new().map_err(no_events)?,
        started_by: by,
        retry: Cell::new(FIRST_RETRY),
        reader: ControlsReader::new(&tasks),
        waiting: RefCell::default(),
        quit_reply: RefCell::default(),
        usual_settings: lenscap_settings::default_path().ok(),
    });
    desktop.start(clicked, called);
    if by != StartedBy::Bus {
        desktop.show_window();
    }
    // The relay's own is borrowed anew at each turn.
    let relay = desktop.relay.borrow().fd().try_clone_to_owned().map_err(no_events)?;
    let ended = desktop.main_loop.run(relay, &tasks, || desktop.turn());
    desktop.finish();
    Ok(ended.map_err(no_events)?)
}

/// No descriptor for the loop.
fn no_events(error: io::Error) -> StartTrouble {
    StartTrouble::Events { cause: error.into() }
}

struct Desktop {
    tasks: Tasks,
    calls: Sender<Call>,
    relay: RefCell<Relay>,
    front: Rc<RefCell<Front>>,
    main_loop: MainLoop,
    started_by: StartedBy,
    retry: Cell<Duration>,
    reader: Rc<ControlsReader>,
    /// Who waits for what the settings file takes its time for; bounded by the requests that it takes at once.
    waiting: RefCell<HashMap<Ticket, Then>>,
    /// Whoever asked over D-Bus that we end has an answer before.
    quit_reply: RefCell<Option<Sender<Reply>>>,
    /// The settings file that the preferences take by themselves.
    usual_settings: Option<std::path::PathBuf>,
}

impl Desktop {
    fn start(self: &Rc<Self>, clicks: Receiver<Click>, calls: Receiver<Call>) {
        let desktop = self.clone();
        self.tasks.run(async move {
            while let Ok(click) = clicks.recv().await {
                desktop.clicked(click);
            }
        });
        let desktop = self.clone();
        self.tasks.run(async move {
            while let Ok(call) = calls.recv().await {
                desktop.answer_on_bus(call);
            }
        });
        self.reach_bus();
    }

    fn turn(self: &Rc<Self>) {
        let turned = self.relay.borrow_mut().turn(Some(Duration::ZERO));
        match turned {
            Ok(events) => self.see_to(events),
            Err(trouble) => {
                tracing::error!("{}", start::sentence(&trouble));
                self.main_loop.end();
            }
        }
    }

    fn see_to(self: &Rc<Self>, events: Vec<RelayEvent>) {
        for event in events {
            match event {
                RelayEvent::Ended => self.main_loop.end(),
                RelayEvent::SettingsChanged => {
                    self.front.borrow_mut().take_settings(&self.relay.borrow());
                    self.mind_shortcut();
                }
                RelayEvent::Toggled => self.front.borrow_mut().toggled(),
                RelayEvent::CamerasChanged => self.front.borrow_mut().look_for_cameras(),
                RelayEvent::WindowRequested(request) => self.open_window(&request, None),
                RelayEvent::ControlsChanged => {
                    if let Some(service) = &self.front.borrow().service {
                        service.controls_changed();
                    }
                }
                RelayEvent::Done(ticket, result) => {
                    let then = self.waiting.borrow_mut().remove(&ticket);
                    if let Some(then) = then {
                        then(result);
                    }
                }
            }
        }
    }

    /// The camera is off already.
    fn finish(&self) {
        let icon = self.front.borrow_mut().icon.take();
        if let Some(icon) = icon {
            // A tray that does not answer is left behind.
            let _ = future::block_on(within(END_LIMIT, icon.shutdown()));
        }
        if let Some(reply) = self.quit_reply.take() {
            let _ = future::block_on(within(END_LIMIT, reply.closed()));
        }
        self.front.borrow_mut().leave_bus();
    }
}
