//! Chooses the role, nothing else.

fn main() -> std::process::ExitCode {
    lenscap::sys::signals::start_clean();
    lenscap::worker::keeper::split();
    lenscap::i18n::init();
    lenscap::worker::child::run()
}
