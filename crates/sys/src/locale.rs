//! The process's locale.

use gettextrs::{LocaleCategory, setlocale};

/// Takes the user's locale from the environment, numbers excepted: programs read and write those, too.
///
/// To be called first in `main`, while the process has one thread.
pub fn from_environment() {
    // SAFETY: setlocale must not run while other threads use the locale; `main` calls this before it starts any.
    unsafe {
        setlocale(LocaleCategory::LcAll, "");
        setlocale(LocaleCategory::LcNumeric, "C");
    }
}
