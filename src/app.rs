//! The only wiring of the resident process: settings, signals and engine, in one loop.

use std::cell::RefCell;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};

use crate::cli::{Cli, Command as Subcommand, RunArgs};
use crate::config::{self, Overrides, Settings, Watcher};
use crate::core::event::{Command, Event};
use crate::core::status::Status;
use crate::engine::{Engine, EngineConfig, FIRST_FREE_TOKEN, OutputChoice, StatusSink};
use crate::ipc::{self, AskError, Request, Server};
use crate::output::finder::Wanted;

/// How long the camera may take to go off when we are told to end: the worker's own deadlines and some.
const SHUT_DOWN: Duration = Duration::from_secs(6);

const FAILED: u8 = 1;
const NOT_RUNNING: u8 = 3;

const TERMINATE: u64 = FIRST_FREE_TOKEN;
const RELOAD: u64 = FIRST_FREE_TOKEN + 1;
const TOGGLE: u64 = FIRST_FREE_TOKEN + 2;
const SETTINGS: u64 = FIRST_FREE_TOKEN + 3;
const CONTROL: u64 = FIRST_FREE_TOKEN + 4;

/// Does what the command line asks for; the exit status.
pub fn main(cli: Cli) -> ExitCode {
    let asked = match &cli.command {
        None => return exit(relay(&cli.run, false)),
        Some(Subcommand::Run(run)) => return exit(relay(&run.run, run.events)),
        Some(Subcommand::Completions { shell }) => {
            crate::cli::print_completions(*shell);
            return ExitCode::SUCCESS;
        }
        Some(Subcommand::Status(status)) => {
            ipc::ask(if status.watch { Request::Watch } else { Request::Status }, status.json)
        }
        Some(Subcommand::Pause(pause)) => {
            ipc::ask(Request::Pause { seconds: pause.duration.map(|duration| duration.as_secs()) }, false)
        }
        Some(Subcommand::Resume) => ipc::ask(Request::Resume, false),
        Some(Subcommand::Toggle) => ipc::ask(Request::Toggle, false),
    };
    match asked {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lenscap: {error}");
            ExitCode::from(if error == AskError::NotRunning { NOT_RUNNING } else { FAILED })
        }
    }
}

fn exit(done: Result<(), String>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("lenscap: {sentence}");
            ExitCode::from(FAILED)
        }
    }
}

/// The relay, until SIGTERM or SIGINT.
///
/// # Errors
/// One sentence when it cannot start.
fn relay(arguments: &RunArgs, events: bool) -> Result<(), String> {
    start_logging();
    let overrides = Overrides::from(arguments);
    let path = match &arguments.config {
        Some(path) => path.clone(),
        None => config::default_path()?,
    };
    let settings = config::load(&path, &overrides).map_err(|error| error.at_start())?;
    let terminate = signals(&[SIGTERM, SIGINT])?;
    let reload = signals(&[SIGHUP])?;
    let toggle = signals(&[SIGUSR1])?;
    let mut watcher = Watcher::new(&path).map_err(|error| tracing::warn!("{error}")).ok();
    let server = Server::new().map_err(|sentence| tracing::warn!("{sentence}")).ok();
    let server = Rc::new(RefCell::new(server));
    let sink = status_sink(events, Rc::clone(&server));
    let start_paused = settings.privacy.start_paused;
    let mut engine = Engine::new(engine_config(&settings)?, sink).map_err(|error| error.to_string())?;
    if start_paused {
        engine.command(Command::Pause { duration: None });
    }
    let watch = |engine: &Engine, fd: &dyn AsFd, token| {
        engine.watch(fd.as_fd(), token).map_err(|error| format!("Cannot wait for events ({error}): free some memory."))
    };
    watch(&engine, &terminate, TERMINATE)?;
    watch(&engine, &reload, RELOAD)?;
    watch(&engine, &toggle, TOGGLE)?;
    if let Some(watcher) = &watcher {
        watch(&engine, &watcher.fd(), SETTINGS)?;
    }
    if let Some(server) = server.borrow().as_ref() {
        watch(&engine, &server.fd(), CONTROL)?;
    }
    loop {
        let ready =
            engine.turn(None).map_err(|error| format!("Cannot wait for events ({error}): free some memory."))?;
        for token in ready {
            match token {
                TERMINATE => {
                    tracing::info!("told to end: camera off first");
                    engine.shut_down(Instant::now() + SHUT_DOWN);
                    return Ok(());
                }
                TOGGLE if drain(&toggle) => engine.command(Command::Toggle),
                CONTROL => serve(&server, &mut engine),
                RELOAD if drain(&reload) => take_settings(&mut engine, &path, &overrides),
                SETTINGS if watcher.as_mut().is_some_and(Watcher::dispatch) => {
                    take_settings(&mut engine, &path, &overrides);
                }
                _ => {}
            }
        }
    }
}

/// Reads the settings again; what cannot be used leaves the last good ones in place.
fn take_settings(engine: &mut Engine, path: &Path, overrides: &Overrides) {
    let taken = config::load(path, overrides).map_err(|error| error.to_string()).and_then(|settings| {
        engine.configure(engine_config(&settings)?);
        Ok(())
    });
    match taken {
        Ok(()) => tracing::info!("settings taken from {}", path.display()),
        Err(error) => {
            tracing::warn!("{error} The settings stay as they were.");
            engine.event(Event::Tick);
        }
    }
}

fn engine_config(settings: &Settings) -> Result<EngineConfig, String> {
    let home = directories::BaseDirs::new().map(|directories| directories.home_dir().to_owned());
    Ok(EngineConfig {
        output: OutputChoice::Loopback(match &settings.device.node {
            Some(path) => Wanted::Path(path.clone()),
            None => Wanted::Label(settings.device.label.clone()),
        }),
        format: settings.camera.format,
        style: settings.card_style(home.as_deref()),
        policy: settings.policy(),
        source: settings.camera.source.clone(),
        buffer_count: settings.camera.buffer_count,
        worker_program: worker_program()?,
        poll_interval: settings.detection.poll_interval,
    })
}

/// The worker beside this program (build tree), or in the libexec directory that belongs to its bin directory.
fn worker_program() -> Result<PathBuf, String> {
    const NAME: &str = "lenscap-worker";
    let own = std::env::current_exe()
        .map_err(|error| format!("Cannot tell where this program is ({error}): start it by its full path."))?;
    let directory = own.parent().unwrap_or(Path::new("/"));
    let beside = directory.join(NAME);
    let installed = directory.parent().unwrap_or(Path::new("/")).join("libexec/lenscap").join(NAME);
    // Where neither is there, starting it says so, with the path and the next step.
    Ok(if beside.exists() { beside } else { installed })
}

/// A descriptor that becomes readable when one of these signals arrives.
fn signals(list: &[i32]) -> Result<UnixStream, String> {
    let connect = || -> io::Result<UnixStream> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        for signal in list {
            signal_hook::low_level::pipe::register(*signal, theirs.try_clone()?)?;
        }
        Ok(ours)
    };
    connect().map_err(|error| format!("Cannot listen for signals ({error}): free some descriptors."))
}

fn drain(mut stream: &UnixStream) -> bool {
    let mut buffer = [0; 64];
    let mut any = false;
    while matches!(io::Read::read(&mut stream, &mut buffer), Ok(count) if count > 0) {
        any = true;
    }
    any
}

/// Takes requests from the control socket.
fn serve(server: &Rc<RefCell<Option<Server>>>, engine: &mut Engine) {
    // Taken out meanwhile: commands publish through the same server.
    let Some(mut taken) = server.borrow_mut().take() else { return };
    let before = engine.status();
    taken.dispatch(engine, Engine::command, Engine::status);
    let after = engine.status();
    if before != after {
        taken.publish(&ipc::to_json(&after));
    }
    *server.borrow_mut() = Some(taken);
}

/// Tells every status to whom it concerns: the event lines or the log, and those who watch over the control socket.
fn status_sink(events: bool, server: Rc<RefCell<Option<Server>>>) -> StatusSink {
    let mut is_heard = true;
    let mut last = serde_json::Value::Null;
    Box::new(move |status| {
        // Some changes are of no interest outside: the time of the next step, for one.
        let value = ipc::to_json(status);
        if value == last {
            return;
        }
        last = value;
        if let Ok(mut server) = server.try_borrow_mut()
            && let Some(server) = server.as_mut()
        {
            server.publish(&last);
        }
        if !events {
            log_status(status);
        } else if is_heard && let Err(error) = writeln!(io::stdout().lock(), "{}", ipc::stamped(&last)) {
            tracing::warn!("nobody reads the event lines any more ({error}); the camera goes on without them");
            is_heard = false;
        }
    })
}

/// Without event lines the log tells the story.
fn log_status(status: &Status) {
    let names: Vec<_> = status.clients.iter().map(|client| client.name.as_str()).collect();
    let camera = if status.camera_live { "on" } else { "off" };
    // Reasons are warned of where they arise.
    tracing::info!("{}, camera {camera} [{}]", status.state, names.join(", "));
}

/// Logs to the journal where stderr leads there, else to stderr. `LENSCAP_LOG` sets the level; the levels mean:
/// error: a bug of ours; warn: something the user may want to mend; info: what happened; debug: why.
fn start_logging() {
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::util::SubscriberInitExt;
    use tracing_subscriber::{EnvFilter, fmt};

    let filter = EnvFilter::try_from_env("LENSCAP_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    let journal = is_journal().then(tracing_journald::layer).and_then(Result::ok);
    let is_terminal = io::IsTerminal::is_terminal(&io::stderr());
    let started = match journal {
        Some(journal) => registry.with(journal).try_init(),
        None => {
            registry.with(fmt::layer().with_writer(io::stderr).with_target(false).with_ansi(is_terminal)).try_init()
        }
    };
    // A second start in one process keeps the first one's log.
    let _ = started;
}

/// Whether stderr is connected to the journal: systemd says device and inode in `JOURNAL_STREAM`.
fn is_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    let Ok(stat) = rustix::fs::fstat(io::stderr().as_fd()) else { return false };
    stream == format!("{}:{}", stat.st_dev, stat.st_ino)
}
