//! What is said to a user once and never again, remembered below `$XDG_STATE_HOME`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lenscap_sys::install::VERSION;

/// Something that is said once.
#[derive(Debug, Clone)]
pub struct Once {
    /// Where it is remembered; `None`: nowhere, there is no home.
    mark: Option<PathBuf>,
}

impl Once {
    /// The welcome, or the hint at it.
    pub fn welcome() -> Self {
        Self::named("welcomed")
    }

    /// That no tray shows the icon.
    pub fn no_tray() -> Self {
        Self::named("told-no-tray")
    }

    fn named(name: &str) -> Self {
        let directories = directories::BaseDirs::new();
        let state = directories.and_then(|directories| directories.state_dir().map(Path::to_owned));
        Self { mark: state.map(|state| state.join("lenscap").join(name)) }
    }

    /// As remembered in this file.
    pub fn at(mark: PathBuf) -> Self {
        Self { mark: Some(mark) }
    }

    /// Whether it was said.
    pub fn is_said(&self) -> bool {
        self.mark.as_ref().is_some_and(|mark| mark.exists())
    }

    /// It is being said. What the file holds, the version, is for people.
    ///
    /// # Errors
    /// It cannot be remembered, and will be said again.
    pub fn say(&self) -> io::Result<()> {
        let Some(mark) = &self.mark else { return Err(io::ErrorKind::NotFound.into()) };
        mark.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(mark, format!("{VERSION}\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_remembered_with_the_version() {
        let state = tempfile::tempdir().unwrap();
        let mark = state.path().join("lenscap/welcomed");
        let once = Once::at(mark.clone());
        assert!(!once.is_said());
        once.say().unwrap();
        assert!(once.is_said());
        assert_eq!(fs::read_to_string(mark).unwrap(), format!("{VERSION}\n"));
        assert!(Once { mark: None }.say().is_err());
        assert!(!Once { mark: None }.is_said());
    }
}
