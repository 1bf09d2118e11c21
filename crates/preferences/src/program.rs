//! The program: what its command line asks for, and GTK's start.

use std::cell::{OnceCell, RefCell};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::rc::Rc;

use adw::prelude::*;
use lenscap_core::trouble::preferences::PreferencesTrouble;
use lenscap_sys::install;

use crate::applet::AppletProxy;
use crate::arguments::{self, Invocation};
use crate::context::Surroundings;
use crate::error::WindowError;
use crate::window::Window;
use crate::{about, diagnosis};

const WRONG_USAGE: u8 = 2;

/// The action that shows the window "Set Up".
const SET_UP: &str = "set-up";

/// What keeps GTK from loading a driver for 3D graphics, which this window has no use for: 42 MB instead of 104. The
/// second is the first's name since GTK 4.16.
pub const GL_VARIABLES: [&str; 3] = ["GDK_DEBUG", "GDK_DISABLE", "GSK_RENDERER"];

/// Shows the window until it is closed; the exit status.
pub fn run() -> ExitCode {
    lenscap_words::init();
    let invocation = match arguments::parse(std::env::args_os()) {
        Ok(Invocation::Text(text)) => {
            println!("{text}");
            return ExitCode::SUCCESS;
        }
        Ok(invocation) => invocation,
        Err(trouble) => {
            say(&WindowError::from(trouble));
            return ExitCode::from(WRONG_USAGE);
        }
    };
    without_gl();
    // The window's class and the accessibility name; without it they are the binary's name.
    glib::set_prgname(Some(install::APP_ID));
    // The locale is set already, but for numbers, which stay as programs write them.
    gtk::disable_setlocale();
    if adw::init().is_err() {
        say(&WindowError::from(PreferencesTrouble::NoDisplay));
        return ExitCode::FAILURE;
    }
    use_own_looks();
    lenscap_words::direction::isolate_parts();
    match invocation {
        Invocation::Preferences { config, set_up } => {
            let is_unique = config.is_none();
            match config.map_or_else(lenscap_settings::default_path, Ok) {
                Ok(path) => show_preferences(path, is_unique, set_up),
                Err(error) => {
                    say(&error);
                    ExitCode::FAILURE
                }
            }
        }
        Invocation::Diagnosis { config } => show_alone(move || diagnosis::window(config.as_deref()).upcast()),
        Invocation::About | Invocation::Text(_) => show_alone(|| about::window().upcast()),
    }
}

/// The preferences of this settings file. A window of another file than the usual one is not unique: it stands for itself.
/// `set_up`: with the window "Set Up" over them.
fn show_preferences(path: PathBuf, is_unique: bool, set_up: bool) -> ExitCode {
    let window: Rc<OnceCell<Window>> = Rc::default();
    let application = application(is_unique);
    let shown = {
        let window = Rc::clone(&window);
        move |application: &gio::Application| {
            let new = || {
                let new = Window::new(Surroundings::here(&path), AppletProxy::connect());
                hold_while_open(application, new.widget().upcast_ref());
                new
            };
            window.get_or_init(new).present();
        }
    };
    application.connect_activate(shown);
    let action = gio::SimpleAction::new(SET_UP, None);
    let above = application.downgrade();
    action.connect_activate(move |_, _| {
        // Another one that was started may ask before the window is there.
        above.upgrade().iter().for_each(ApplicationExt::activate);
        window.get().iter().for_each(|window| window.set_up());
    });
    application.add_action(&action);
    if set_up && application.register(gio::Cancellable::NONE).is_ok() {
        application.activate_action(SET_UP, None);
    }
    run_to_the_end(&application)
}

/// A window that comes without the preferences.
fn show_alone(make: impl Fn() -> gtk::Window + 'static) -> ExitCode {
    let application = application(false);
    application.connect_activate(move |application| {
        let window = make();
        hold_while_open(application, &window);
        window.present();
    });
    run_to_the_end(&application)
}

fn application(is_unique: bool) -> gio::Application {
    let flags = if is_unique { gio::ApplicationFlags::default() } else { gio::ApplicationFlags::NON_UNIQUE };
    // Not GTK's application: that would give the window an id of its own, which no desktop file has.
    gio::Application::new(Some("io.github.lenscap.Lenscap.Preferences"), flags)
}

fn run_to_the_end(application: &gio::Application) -> ExitCode {
    ExitCode::from(application.run_with_args::<&str>(&[]).get())
}

/// The program ends when its window does.
fn hold_while_open(application: &gio::Application, window: &gtk::Window) {
    let open = RefCell::new(Some(application.hold()));
    window.connect_close_request(move |_| {
        drop(open.take());
        glib::Propagation::Proceed
    });
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

/// Our style, and our icons where they are not installed for the desktop to find: in the build tree, below another prefix.
pub fn use_own_looks() {
    let Some(display) = gtk::gdk::Display::default() else { return };
    if let Some(icons) = install::icons() {
        gtk::IconTheme::for_display(&display).add_search_path(icons);
    }
    let style = gtk::CssProvider::new();
    style.load_from_data(include_str!("style.css"));
    gtk::style_context_add_provider_for_display(&display, &style, gtk::STYLE_PROVIDER_PRIORITY_APPLICATION);
}

/// On stderr: there is no window to say it in.
fn say(error: &impl std::fmt::Display) {
    eprintln!("lenscap-preferences: {error}");
}
