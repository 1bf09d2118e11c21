//! The settings files in layers.
//!
//! From below: the defaults, the vendor's file (`share/lenscap` of where we are installed), each directory of
//! `XDG_CONFIG_DIRS` (the first lies on top of the others), the user's file, the command line. A setting that a layer does
//! not name is that of the layer below; a list replaces the one below as a whole. Of the cameras' controls each is a
//! setting of its own.
//!
//! Only the user's file is written, and only the user's file can be refused: what is wrong in one below is left out, with
//! a sentence, and everything else holds. Who has read it before keeps what it said then.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use lenscap_core::controls::Saved;
use lenscap_core::trouble::settings::FileTrouble;
use lenscap_sys::install;

use super::file::{File, decisive};
use super::layer::Layer;
use super::model::Settings;
use super::table::{self, Overrides, Setting};
use super::{Error, default_path, read};

/// Below each directory of settings.
const FILE: &str = "lenscap/config.toml";
/// Where `XDG_CONFIG_DIRS` is not set.
const CONFIG_DIRS: &str = "/etc/xdg";

/// Which settings files there may be, and what those below the user's said when they were read last.
#[derive(Debug, Clone)]
pub struct Layers {
    user: PathBuf,
    /// The topmost first.
    below: Vec<Below>,
}

#[derive(Debug, Clone)]
struct Below {
    path: PathBuf,
    /// With the text it was read from.
    known: Option<(File, String)>,
}

/// What all layers together say.
#[derive(Debug, Clone)]
pub struct Layered {
    /// The settings that hold.
    pub settings: Settings,
    /// Those that would hold if the user's file and the command line said nothing.
    pub below: Settings,
    /// The values of controls that the user's file itself has.
    pub own_controls: Saved,
    /// Which file says what holds, of the settings that any of them names; those of the command line hold nevertheless.
    pub origins: Vec<(&'static Setting, PathBuf)>,
    /// What is wrong in files below the user's and was left out; one sentence a file.
    pub ignored: Vec<Error>,
}

impl Layers {
    /// The user's file, or `config` in its place, on top of the system's.
    ///
    /// # Errors
    /// There is neither `XDG_CONFIG_HOME` nor a home directory, and no `config`.
    pub fn find(config: Option<&Path>) -> Result<Self, Error> {
        config.map_or_else(default_path, |path| Ok(path.to_owned())).map(Self::with_user)
    }

    /// This file of the user's on top of the system's.
    pub fn with_user(user: PathBuf) -> Self {
        Self::new(user, system(std::env::var_os("XDG_CONFIG_DIRS").as_deref(), install::share()))
    }

    /// This file of the user's on top of those of the system, the topmost first.
    pub fn new(user: PathBuf, system: impl IntoIterator<Item = PathBuf>) -> Self {
        let own = std::path::absolute(&user).unwrap_or_else(|_| user.clone());
        let mut layers = Self { user, below: Vec::new() };
        for path in system {
            if path != own && layers.below.iter().all(|other| other.path != path) {
                layers.below.push(Below { path, known: None });
            }
        }
        layers
    }

    /// This file, with nothing below it but the defaults.
    pub fn alone(user: &Path) -> Self {
        Self::new(user.to_owned(), [])
    }

    /// The user's file: the one that is written.
    pub fn user(&self) -> &Path {
        &self.user
    }

    /// The files below it, the topmost first; they need not exist.
    pub fn system(&self) -> impl Iterator<Item = &Path> {
        self.below.iter().map(|below| below.path.as_path())
    }

    /// Reads all files, with `overrides` on top.
    ///
    /// # Errors
    /// The user's file is there and cannot be read or understood, or the whole does not fit together because of it or of
    /// `overrides`. Whoever has settings in use keeps them.
    pub fn load(&mut self, overrides: &Overrides) -> Result<Layered, Error> {
        let ignored = self.read_below();
        let text = read(&self.user)?.unwrap_or_default();
        let user = File::parse(&text).map_err(|mistake| Error::new(&self.user, FileTrouble::Invalid(mistake)))?;
        self.combine(&user, &text, overrides, ignored)
    }

    /// As if the user's file were not there: for a start with one that cannot be used.
    pub fn load_without_user(&mut self, overrides: &Overrides) -> Layered {
        let ignored = self.read_below();
        self.combine(&File::default(), "", overrides, ignored.clone()).unwrap_or_else(|_| Layered {
            settings: Settings::default(),
            below: Settings::default(),
            own_controls: Saved::new(),
            origins: Vec::new(),
            ignored,
        })
    }

    /// What the user's file alone says, on top of the defaults; whether that fits together is not looked at. `None`: it
    /// cannot be read or understood.
    pub(super) fn own(&self) -> Option<Settings> {
        let text = read(&self.user).ok()?.unwrap_or_default();
        Some(File::parse(&text).ok()?.over(Settings::default()))
    }

    /// Reads those below the user's; what is wrong there.
    fn read_below(&mut self) -> Vec<Error> {
        let mut ignored = Vec::new();
        for Below { path, known } in &mut self.below {
            let invalid = |mistake| Error::ignored(path, FileTrouble::Invalid(mistake));
            // Who wants none of the system's settings names what is no directory.
            let is_nowhere = fs::metadata(&*path).is_err_and(|error| error.kind() == io::ErrorKind::NotADirectory);
            let problem = match if is_nowhere { Ok(None) } else { read(path) } {
                Ok(None) => {
                    *known = None;
                    None
                }
                Ok(Some(text)) => match File::parse_good(&text) {
                    Ok((mut file, mistake)) => {
                        if let Some((before, _)) = known {
                            file.keep_from(before);
                        }
                        *known = Some((file, text));
                        mistake.map(invalid)
                    }
                    Err(mistake) => Some(invalid(mistake)),
                },
                Err(error) => Some(error.into_ignored()),
            };
            ignored.extend(problem);
        }
        ignored
    }

    /// `user`, which was read from `text`, on top of what is known of the others.
    fn combine(
        &self,
        user: &File,
        text: &str,
        overrides: &Overrides,
        mut ignored: Vec<Error>,
    ) -> Result<Layered, Error> {
        let invalid = |mistake| Error::new(&self.user, FileTrouble::Invalid(mistake));
        let known = || self.below.iter().filter_map(|below| Some((&below.path, below.known.as_ref()?)));
        let mut layers: Vec<Layer> = known().map(|(_, (file, _))| file.layer().clone()).collect();
        loop {
            let mut below = Settings::default();
            layers.iter().rev().fold(Layer::default(), |below, layer| layer.over(&below)).put_into(&mut below);
            let refusal = match user.over(below.clone()).with(overrides) {
                Ok(settings) => {
                    let own_controls = user.layer().controls.clone();
                    let origins = self.origins(user.layer(), &layers);
                    return Ok(Layered { settings, below, own_controls, origins, ignored });
                }
                Err(refusal) => refusal,
            };
            // Wrong already without the command line: then a file is to be corrected.
            let Err(mistake) = user.over_checked(below, text) else {
                return Err(Error::new(&self.user, FileTrouble::Arguments { refusal }));
            };
            let setting = decisive(&mistake.refusal);
            let is_said = |layer: &Layer| layer.value(setting).is_some();
            let at = layers.iter().position(is_said).filter(|_| !is_said(user.layer()));
            let (Some(at), Some((path, (file, text)))) = (at, at.and_then(|at| known().nth(at))) else {
                return Err(invalid(mistake));
            };
            // Nobody but the user can be asked to correct something: without it the layers below decide.
            let mistake = file.mistake_together(text, mistake.refusal);
            ignored.push(Error::ignored(path, FileTrouble::Invalid(mistake)));
            layers[at].given.remove(setting);
        }
    }

    /// The topmost file that names each setting; `layers`: what holds of those below the user's that are known.
    fn origins(&self, user: &Layer, layers: &[Layer]) -> Vec<(&'static Setting, PathBuf)> {
        let known = self.below.iter().filter(|below| below.known.is_some()).map(|below| &below.path);
        let files: Vec<_> = std::iter::once((&self.user, user)).chain(known.zip(layers)).collect();
        let origin = |setting: &'static Setting| {
            let (path, _) = files.iter().find(|(_, layer)| layer.value(setting).is_some())?;
            Some((setting, (*path).clone()))
        };
        table::all().filter_map(origin).collect()
    }
}

/// The files below the user's, by the value of `XDG_CONFIG_DIRS` and where we are installed; the topmost first.
fn system(config_dirs: Option<&OsStr>, share: Option<PathBuf>) -> Vec<PathBuf> {
    let config_dirs = config_dirs.filter(|known| !known.is_empty()).unwrap_or(OsStr::new(CONFIG_DIRS));
    std::env::split_paths(config_dirs)
        .chain(share)
        // The specification has only full paths hold.
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(FILE))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_directory_lies_on_top_and_the_vendor_below_all() {
        let paths = |found: Vec<PathBuf>| -> Vec<String> {
            found.iter().map(|path| path.to_str().unwrap().trim_end_matches(FILE).to_owned()).collect()
        };
        let share = || Some(PathBuf::from("/usr/share"));
        assert_eq!(paths(system(None, share())), ["/etc/xdg/", "/usr/share/"]);
        assert_eq!(paths(system(Some(OsStr::new("")), None)), ["/etc/xdg/"]);
        let several = OsStr::new("/site::relative:/etc/xdg");
        assert_eq!(paths(system(Some(several), share())), ["/site/", "/etc/xdg/", "/usr/share/"]);
    }

    #[test]
    fn no_file_is_its_own_layer_below() {
        let path = PathBuf::from("/etc/xdg/lenscap/config.toml");
        let layers = Layers::new(path.clone(), [path.clone(), "/a".into(), "/a".into()]);
        assert_eq!(layers.system().collect::<Vec<_>>(), [Path::new("/a")]);
    }
}
