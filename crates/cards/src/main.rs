//! Starts the process, nothing else.

fn main() -> std::process::ExitCode {
    lenscap_sys::signals::start_clean();
    lenscap_sys::locale::from_environment();
    lenscap_cards::run()
}
