//! Starts the process, nothing else.

fn main() -> std::process::ExitCode {
    lenscap_sys::signals::start_clean();
    if lenscap_sys::install::says_version("lenscap-history") {
        return std::process::ExitCode::SUCCESS;
    }
    lenscap_history::run()
}
