//! Chooses the role, nothing else.

fn main() -> std::process::ExitCode {
    lenscap::ui::prefs::run()
}
