//! What people see. Reads `Status`, sends `Command`; knows nothing of engine, output or worker.

pub mod prefs;
