//! Chooses the role, nothing else.

fn main() -> std::process::ExitCode {
    lenscap::worker::child::run()
}
