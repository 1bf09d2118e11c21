//! Starts the process, nothing else.

fn main() -> std::process::ExitCode {
    lenscap_sys::signals::start_clean();
    lenscap_pipewire::process::run()
}
