//! Chooses the role, nothing else.

fn main() -> std::process::ExitCode {
    lenscap::i18n::init();
    lenscap::worker::child::run()
}
