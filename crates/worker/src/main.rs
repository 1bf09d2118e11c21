//! Chooses the role, nothing else.

fn main() -> std::process::ExitCode {
    lenscap_sys::signals::start_clean();
    lenscap_wire::keeper::split();
    lenscap_worker::child::run()
}
