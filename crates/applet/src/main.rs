//! Chooses the role, nothing else.

fn main() -> std::process::ExitCode {
    lenscap::sys::signals::start_clean();
    // Before anything is allocated: cards are large and short-lived.
    lenscap::sys::memory::return_freed_memory();
    lenscap::sys::memory::do_without_huge_pages();
    lenscap::i18n::init();
    lenscap_applet::main(lenscap::cli::parse())
}
