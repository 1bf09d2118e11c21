//! The window "About".

use lenscap_sys::install::{APP_ID, VERSION};
use lenscap_words::tr;

pub fn window() -> adw::AboutWindow {
    let about = adw::AboutWindow::builder()
        .application_name("Lenscap")
        .application_icon(APP_ID)
        .version(VERSION)
        .developer_name(tr("The Lenscap contributors"))
        .comments(tr("An on-demand camera: on only while an application streams, and you can always see when."))
        .website(env!("CARGO_PKG_REPOSITORY"))
        .issue_url(concat!(env!("CARGO_PKG_REPOSITORY"), "/issues"))
        .license_type(gtk::License::MitX11)
        .modal(true)
        .build();
    const DOCUMENTS: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/");
    about.add_link(&tr("Troubleshooting"), &format!("{DOCUMENTS}TROUBLESHOOTING.md"));
    about.add_link(&tr("Privacy"), &format!("{DOCUMENTS}PRIVACY.md"));
    about.set_debug_info(&format!(
        "Lenscap {VERSION}\nGTK {}.{}.{}\nlibadwaita {}.{}.{}\n",
        gtk::major_version(),
        gtk::minor_version(),
        gtk::micro_version(),
        adw::major_version(),
        adw::minor_version(),
        adw::micro_version(),
    ));
    about.set_debug_info_filename("lenscap.txt");
    about
}
