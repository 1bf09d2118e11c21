//! The preferences window: a process of its own, so that GTK's memory goes when it closes.
//!
//! In this version it only says that it is coming and where the settings are meanwhile.

use std::process::ExitCode;

use adw::prelude::*;

/// Shows the window until it is closed.
pub fn run() -> ExitCode {
    // The window's class and the accessibility name; without it they are the binary's name.
    glib::set_prgname(Some(crate::APP_ID));
    if adw::init().is_err() {
        eprintln!(
            "lenscap-preferences: there is no display to show the window on: start it in a desktop session, or edit the settings file."
        );
        return ExitCode::FAILURE;
    }
    let status = adw::StatusPage::builder()
        .icon_name("camera-video-symbolic")
        .title("Preferences are coming")
        .description(
            "This version is set up through its settings file, ~/.config/lenscap/config.toml, and the options of \"lenscap run\".",
        )
        .build();
    let content = gtk::Box::new(gtk::Orientation::Vertical, 0);
    content.append(&adw::HeaderBar::new());
    status.set_vexpand(true);
    content.append(&status);
    let window = adw::Window::builder()
        .title("Lenscap Preferences")
        .default_width(480)
        .default_height(400)
        .width_request(360)
        .content(&content)
        .build();
    let main_loop = glib::MainLoop::new(None, false);
    let quit = main_loop.clone();
    window.connect_close_request(move |_| {
        quit.quit();
        glib::Propagation::Proceed
    });
    window.present();
    main_loop.run();
    ExitCode::SUCCESS
}
