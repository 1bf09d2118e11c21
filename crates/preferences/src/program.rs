//! The program: what its command line asks for, and GTK's start.

use std::cell::RefCell;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

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
        Invocation::Preferences { config } => {
            let is_unique = config.is_none();
            match config.map_or_else(lenscap_settings::default_path, Ok) {
                Ok(path) => show_preferences(path, is_unique),
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
fn show_preferences(path: PathBuf, is_unique: bool) -> ExitCode {
    let window: RefCell<Option<Window>> = RefCell::new(None);
    show(is_unique, move |application| {
        if let Some(window) = window.borrow().as_ref() {
            return window.present();
        }
        let new = Window::new(Surroundings::here(&path), AppletProxy::connect());
        hold_while_open(application, new.widget().upcast_ref());
        new.present();
        window.replace(Some(new));
    })
}

/// A window that comes without the preferences.
fn show_alone(make: impl Fn() -> gtk::Window + 'static) -> ExitCode {
    show(false, move |application| {
        let window = make();
        hold_while_open(application, &window);
        window.present();
    })
}

fn show(is_unique: bool, activate: impl Fn(&gio::Application) + 'static) -> ExitCode {
    let flags = if is_unique { gio::ApplicationFlags::default() } else { gio::ApplicationFlags::NON_UNIQUE };
    // Not GTK's application: that would give the window an id of its own, which no desktop file has.
    let application = gio::Application::new(Some("io.github.lenscap.Lenscap.Preferences"), flags);
    application.connect_activate(activate);
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
