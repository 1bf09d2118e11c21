//! Chooses the role, nothing else.

fn main() -> std::process::ExitCode {
    lenscap_sys::signals::start_clean();
    if lenscap_sys::install::says_version("lenscap-worker") {
        return std::process::ExitCode::SUCCESS;
    }
    lenscap_wire::keeper::split();
    lenscap_worker::child::run()
}
