//! Everything that needs neither a camera nor a desktop: one program, whose tests run side by side. What has to be alone in its
//! process starts this program again (`lenscap_test_support::process::alone`).

mod autostart;
mod bare_machine;
mod card_memory;
mod cli;
mod contain;
mod data;
mod desktop;
mod documents;
mod engine;
mod gnome_shell;
mod hidden;
mod history;
mod hooks;
mod install;
mod pictures;
mod pipewire;
mod portal;
mod recipes;
mod setup;
mod translations;
mod verbs;
mod wireplumber;
mod worker_host;
mod worker_leaks;
