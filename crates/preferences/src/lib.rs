//! The preferences window: a process of its own, so that GTK's memory goes when it closes.
//!
//! It writes the settings file, which the applet watches, and asks the applet over D-Bus for its state; it touches a
//! camera only when asked for a preview, and then as any application does: through the loopback node.

mod autostart;
mod camera;
mod cameras;
mod controls;
mod device;
mod diagnosis;
mod elements;
mod framing;
mod general;
mod page;
mod portal;
mod preview;
mod privacy;
mod relay;
mod rows;
mod store;

use std::cell::RefCell;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::rc::Rc;

use adw::prelude::*;

pub use autostart::Autostart;
pub use controls::{Panel, from_variant};
pub use lenscap_cameras::CLASS;
use relay::Relay;
pub use store::Store;

use lenscap_settings as config;
use lenscap_sys::install;
use lenscap_words::{tr, trf};

const WRONG_USAGE: u8 = 2;
/// Narrowest window.
const MIN_WIDTH: i32 = 360;

/// What keeps GTK from loading a driver for 3D graphics, which this window has no use for: 42 MB instead of 104. The
/// second is the first's name since GTK 4.16.
const GL_VARIABLES: [&str; 3] = ["GDK_DEBUG", "GDK_DISABLE", "GSK_RENDERER"];

/// Shows the window until it is closed; the exit status.
pub fn run() -> ExitCode {
    lenscap_words::init();
    let asked = match Asked::parse(std::env::args_os().skip(1)) {
        Ok(asked) => asked,
        Err(sentence) => {
            eprintln!("lenscap-preferences: {sentence}");
            return ExitCode::from(WRONG_USAGE);
        }
    };
    let (config, alone) = match asked {
        Asked::Help => {
            println!("{}", help());
            return ExitCode::SUCCESS;
        }
        Asked::Version => {
            println!("lenscap-preferences {}", lenscap_sys::install::VERSION);
            return ExitCode::SUCCESS;
        }
        Asked::Window { config } => (config, None),
        Asked::About => (None, Some(Alone::About)),
        Asked::Diagnosis { config } => (config, Some(Alone::Diagnosis)),
    };
    without_gl();
    // The window's class and the accessibility name; without it they are the binary's name.
    glib::set_prgname(Some(lenscap_sys::install::APP_ID));
    // The locale is set already, but for numbers, which stay as programs write them.
    gtk::disable_setlocale();
    if adw::init().is_err() {
        eprintln!(
            "lenscap-preferences: {}",
            tr("there is no display to show the window on: start it in a desktop session, or edit the settings file.")
        );
        return ExitCode::FAILURE;
    }
    // A window of another file stands for itself, and so does what this program is.
    let flags = if config.is_some() || alone.is_some() {
        gio::ApplicationFlags::NON_UNIQUE
    } else {
        gio::ApplicationFlags::default()
    };
    let own_path = config.clone();
    let path = match config.map_or_else(config::default_path, Ok) {
        Ok(path) => path,
        Err(sentence) => {
            eprintln!("lenscap-preferences: {sentence}");
            return ExitCode::FAILURE;
        }
    };
    use_own_icons();
    // Not GTK's application: that would give the window an id of its own, which no desktop file has.
    let application = gio::Application::new(Some("io.github.lenscap.Lenscap.Preferences"), flags);
    let window: RefCell<Option<Window>> = RefCell::new(None);
    application.connect_activate(move |application| {
        if let Some(window) = window.borrow().as_ref() {
            return window.present();
        }
        if let Some(alone) = alone {
            let window: gtk::Window = match alone {
                Alone::About => general::about_window().upcast(),
                Alone::Diagnosis => diagnosis::window(own_path.as_deref()).upcast(),
            };
            let open = RefCell::new(Some(application.hold()));
            window.connect_close_request(move |_| {
                drop(open.take());
                glib::Propagation::Proceed
            });
            return window.present();
        }
        let new = Window::new(Surroundings::here(&path), Relay::connect());
        let open = RefCell::new(Some(application.hold()));
        new.widget().connect_close_request(move |_| {
            drop(open.take());
            glib::Propagation::Proceed
        });
        new.present();
        window.replace(Some(new));
    });
    let status = application.run_with_args::<&str>(&[]);
    ExitCode::from(status.get())
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Help,
    Version,
    About,
    Diagnosis { config: Option<PathBuf> },
    Window { config: Option<PathBuf> },
}

/// A window that comes without the preferences.
#[derive(Debug, Clone, Copy)]
enum Alone {
    About,
    Diagnosis,
}

impl Asked {
    fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut arguments = arguments;
        let mut config = None;
        let mut diagnosis = false;
        let no_path = || tr("--config needs a path, as in --config ~/.config/lenscap/config.toml.");
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("-h" | "--help") => return Ok(Asked::Help),
                Some("-V" | "--version") => return Ok(Asked::Version),
                Some("--about") => return Ok(Asked::About),
                Some("--diagnose") => diagnosis = true,
                Some("--config") => config = Some(arguments.next().ok_or_else(no_path)?.into()),
                Some(text) if text.starts_with("--config=") => config = Some(text["--config=".len()..].into()),
                _ => {
                    return Err(trf!(
                        "\"{argument}\" is not an option: see lenscap-preferences --help.",
                        argument = argument.to_string_lossy()
                    ));
                }
            }
        }
        if config.as_ref().is_some_and(|path: &PathBuf| path.as_os_str().is_empty()) {
            return Err(no_path());
        }
        Ok(if diagnosis { Asked::Diagnosis { config } } else { Asked::Window { config } })
    }
}

fn help() -> String {
    tr("Lenscap's preferences window.\n\nUsage: lenscap-preferences [OPTIONS]\n\nOptions:\n      \
        --config <PATH>  Settings file instead of the usual one\n      --about          Show what Lenscap is\n      --diagnose       Look for what may keep the camera from working\n  -h, --help           Print help\n  \
        -V, --version        Print version")
}

/// Starts this program anew with the variable that GTK reads when it is loaded. Whoever set it knows better.
fn without_gl() {
    if GL_VARIABLES.iter().any(|variable| std::env::var_os(variable).is_some()) {
        return;
    }
    let (variable, value) = if (gtk::major_version(), gtk::minor_version()) < (4, 16) {
        (GL_VARIABLES[0], "gl-disable")
    } else {
        (GL_VARIABLES[1], "gl,vulkan")
    };
    if let Ok(program) = std::env::current_exe() {
        // On success it does not come back; else the window takes more memory.
        let mut again = Command::new(program);
        again.args(std::env::args_os().skip(1)).env(variable, value).env(GL_VARIABLES[2], "cairo");
        let error = again.exec();
        tracing::debug!("not started anew: {error}");
    }
}

/// Our icons where they are not installed for the desktop to find: in the build tree, below another prefix.
fn use_own_icons() {
    if let (Some(display), Some(icons)) = (gtk::gdk::Display::default(), install::icons()) {
        gtk::IconTheme::for_display(&display).add_search_path(icons);
    }
}

/// Opens the settings file in the user's editor.
fn open(near: &impl IsA<gtk::Widget>, path: &Path) {
    let window = near.root().and_downcast::<gtk::Window>();
    let uri = gio::File::for_path(path).uri();
    gtk::show_uri(window.as_ref(), &uri, 0);
}

/// What libadwaita's header lacks: a name for the search button, and room for its title in a narrow window, where only
/// the button that closes has a place.
fn complete(widget: &gtk::Widget) {
    if let Some(header) = widget.downcast_ref::<adw::HeaderBar>() {
        let layout = header.settings().gtk_decoration_layout().unwrap_or_default();
        let side = |side: &str| {
            side.split(',').filter(|button| !matches!(*button, "minimize" | "maximize")).collect::<Vec<_>>().join(",")
        };
        let layout = layout.split(':').map(side).collect::<Vec<_>>().join(":");
        header.set_decoration_layout(Some(&layout));
    }
    if let Some(button) = widget.downcast_ref::<gtk::ToggleButton>()
        && button.icon_name().is_some_and(|icon| icon == "edit-find-symbolic")
    {
        rows::call(button, &tr("Search"));
    }
    if let Some(entry) = widget.downcast_ref::<gtk::SearchEntry>() {
        rows::set_accessible_label(entry, &tr("Search for a setting"));
    }
    let mut child = widget.first_child();
    while let Some(widget) = child {
        complete(&widget);
        child = widget.next_sibling();
    }
}

/// What the window looks at, besides the display.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The settings file.
    pub config: PathBuf,
    /// Where video nodes are listed; [`CLASS`] but for tests.
    pub class: PathBuf,
    /// Whether the applet starts with the session.
    pub autostart: Autostart,
    /// A description in the place of the loopback node, for tests.
    pub preview_source: Option<String>,
}

impl Surroundings {
    /// Those of this session, with the settings at `config`.
    pub fn here(config: &Path) -> Self {
        Self {
            config: config.to_owned(),
            class: CLASS.into(),
            autostart: Autostart::from_environment(),
            preview_source: std::env::var(preview::SOURCE_VARIABLE).ok(),
        }
    }
}

/// What the pages are made from.
struct Context {
    store: Rc<Store>,
    relay: Rc<Relay>,
    window: adw::PreferencesWindow,
    surroundings: Surroundings,
    controls: Rc<Panel>,
}

/// The window.
pub struct Window {
    context: Context,
}

impl Window {
    /// The window without an applet to ask, not yet shown. For tests.
    pub fn offline(surroundings: Surroundings) -> Self {
        Self::new(surroundings, Relay::offline())
    }

    fn new(surroundings: Surroundings, relay: Rc<Relay>) -> Self {
        let store = Store::open(&surroundings.config);
        let window = adw::PreferencesWindow::builder()
            .title(tr("Lenscap Preferences"))
            .modal(false)
            .default_width(640)
            .default_height(720)
            .width_request(MIN_WIDTH)
            .build();
        let controls = Panel::new(&store, &relay);
        let context = Context { store, relay, window, surroundings, controls };
        for page in [camera::page, controls::page, privacy::page, device::page, general::page] {
            context.window.add(&page(&context));
        }
        if let Err(sentence) = context.store.watch() {
            context.window.add_toast(adw::Toast::new(&glib::markup_escape_text(&sentence)));
        }
        let store = Rc::downgrade(&context.store);
        context.window.connect_is_active_notify(move |window| {
            if let Some(store) = store.upgrade().filter(|_| window.is_active()) {
                store.look_for_devices();
            }
        });
        let store = Rc::downgrade(&context.store);
        context.window.connect_close_request(move |_| {
            if let Some(store) = store.upgrade() {
                store.end();
            }
            glib::Propagation::Proceed
        });
        let keys = gtk::ShortcutController::new();
        keys.add_shortcut(gtk::Shortcut::new(
            gtk::ShortcutTrigger::parse_string("<Control>w|<Control>q"),
            Some(gtk::NamedAction::new("window.close")),
        ));
        context.window.add_controller(keys);
        complete(context.window.upcast_ref());
        Self { context }
    }

    /// GTK's window.
    pub fn widget(&self) -> &adw::PreferencesWindow {
        &self.context.window
    }

    /// The settings it shows.
    pub fn store(&self) -> &Rc<Store> {
        &self.context.store
    }

    /// The rows of the page "Controls".
    pub fn controls(&self) -> &Rc<Panel> {
        &self.context.controls
    }

    /// Shows it, in front.
    pub fn present(&self) {
        self.context.window.present();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Asked, String> {
        Asked::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn the_command_line_is_understood_or_refused_in_one_sentence() {
        assert_eq!(parse(""), Ok(Asked::Window { config: None }));
        let named = Ok(Asked::Window { config: Some("/c.toml".into()) });
        assert_eq!(parse("--config /c.toml"), named);
        assert_eq!(parse("--config=/c.toml"), named);
        assert_eq!(parse("-h"), Ok(Asked::Help));
        assert_eq!(parse("--diagnose --config /c.toml"), Ok(Asked::Diagnosis { config: Some("/c.toml".into()) }));
        assert_eq!(parse("--config /c.toml --version"), Ok(Asked::Version));
        for wrong in ["--conf", "file.toml", "--config", "--config=", "-x"] {
            let sentence = parse(wrong).unwrap_err();
            assert!(sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
        }
    }
}
