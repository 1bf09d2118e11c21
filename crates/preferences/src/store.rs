//! The settings file as the window sees it.
//!
//! 1. A change is written at once, alone, through [`config::update`]; what the file refuses is the caller's error, and
//!    the file stays.
//! 2. An edit by hand reaches every row. A file that cannot be used leaves the last good settings shown, locked.
//! 3. How the picture is laid is shown, and changed, as that of the camera that the settings mean: what the camera has no values
//!    of its own for is as for all.
//! 4. Rows are shown a value only when it differs from the one they showed: what somebody is typing stays.

use std::cell::{Cell, RefCell};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use lenscap_core::controls::laying;
use lenscap_core::source::Orientation;
use lenscap_core::trouble::settings::FileTrouble;
use lenscap_settings::import::{self, Import};
use lenscap_settings::{self as config, Layered, Layers, Overrides, Settings, Watcher};

use crate::error::WindowError;

type Listener<T> = Rc<dyn Fn(&T)>;

/// The settings in the file, and who follows them.
pub struct Store {
    layers: RefCell<Layers>,
    path: PathBuf,
    settings: RefCell<Settings>,
    /// What would hold if the user's file said nothing.
    below: RefCell<Settings>,
    /// The name of the camera that they mean, where it is there.
    camera: RefCell<Option<String>>,
    problem: RefCell<Option<String>>,
    /// What is left out of the files below: sentences.
    ignored: RefCell<Option<String>>,
    settings_listeners: RefCell<Vec<Listener<Settings>>>,
    problem_listeners: RefCell<Vec<Listener<Option<String>>>>,
    ignored_listeners: RefCell<Vec<Listener<Option<String>>>>,
    device_listeners: RefCell<Vec<Listener<Settings>>>,
    end_listeners: RefCell<Vec<Rc<dyn Fn()>>>,
    /// Widgets are being set: what they report is not the user's.
    showing: Cell<bool>,
}

impl Store {
    /// The settings of these files; those below the user's while that one cannot be used.
    pub fn open(mut layers: Layers) -> Rc<Self> {
        let below = layers.load_without_user(&Overrides::default()).below;
        let store = Self {
            path: layers.user().to_owned(),
            layers: RefCell::new(layers),
            settings: RefCell::new(below.clone()),
            below: RefCell::new(below),
            camera: RefCell::default(),
            problem: RefCell::default(),
            ignored: RefCell::default(),
            settings_listeners: RefCell::default(),
            problem_listeners: RefCell::default(),
            ignored_listeners: RefCell::default(),
            device_listeners: RefCell::default(),
            end_listeners: RefCell::default(),
            showing: Cell::new(false),
        };
        store.reload();
        Rc::new(store)
    }

    /// Follows edits of the file while the store lives.
    ///
    /// # Errors
    /// The kernel refuses to watch.
    pub fn watch(self: &Rc<Self>) -> Result<glib::SourceId, lenscap_settings::Error> {
        let mut watcher = Watcher::new(&self.layers.borrow())?;
        let store = Rc::downgrade(self);
        let fd = watcher.fd().as_raw_fd();
        let id = glib_unix::unix_fd_add_local(fd, glib::IOCondition::IN, move |_, _| {
            let Some(store) = store.upgrade() else { return glib::ControlFlow::Break };
            if watcher.dispatch() {
                store.reload();
            }
            glib::ControlFlow::Continue
        });
        // What was edited before the watch began.
        self.reload();
        Ok(id)
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The last good settings, for the camera that they mean.
    pub fn settings(&self) -> Settings {
        self.of_camera(self.in_file())
    }

    /// The last good settings, for whatever camera.
    pub fn in_file(&self) -> Settings {
        self.settings.borrow().clone()
    }

    fn of_camera(&self, mut settings: Settings) -> Settings {
        settings.camera.orientation = self.laid(&settings);
        settings
    }

    fn laid(&self, settings: &Settings) -> Orientation {
        let default = settings.camera.orientation;
        let values = self.camera.borrow().as_ref().and_then(|camera| settings.controls.get(camera));
        values.map_or(default, |values| laying::laid(default, values).0)
    }

    /// They mean this camera.
    pub fn set_camera(&self, camera: Option<String>) {
        let before = self.settings();
        self.camera.replace(camera);
        let settings = self.settings();
        if before != settings {
            self.notify(&self.settings_listeners, &settings);
        }
    }

    /// Why the file cannot be used, if so: one sentence.
    pub fn problem(&self) -> Option<String> {
        self.problem.borrow().clone()
    }

    /// Whether widgets are being set by us.
    pub fn is_showing(&self) -> bool {
        self.showing.get()
    }

    /// Sets widgets without taking that for the user's wish.
    pub fn quietly(&self, show: impl FnOnce()) {
        let before = self.showing.replace(true);
        show();
        self.showing.set(before);
    }

    /// Those that would hold if the user's file said nothing.
    pub fn below(&self) -> Settings {
        self.of_camera(self.below.borrow().clone())
    }

    /// What other relays were set to do and the user's file says nothing of, with a line for each setting.
    pub fn imports(&self) -> Vec<(Import, Vec<String>)> {
        let layers = self.layers.borrow();
        let with_lines = |import| {
            let unsaid = import::unsaid(&layers, &import).ok()?;
            (!unsaid.is_empty()).then(|| (import, import::lines(&unsaid)))
        };
        import::find_here().into_iter().filter_map(with_lines).collect()
    }

    /// Takes these over into the file.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub fn take_over(&self, import: &Import) -> Result<(), WindowError> {
        let done = import::take_over(&self.layers.borrow(), import);
        self.changed(done.map(|taken| !taken.is_empty()))
    }

    /// Changes the file.
    ///
    /// # Errors
    /// Why not, for the row; nothing was written then.
    pub fn change(&self, change: impl FnOnce(&mut Settings)) -> Result<(), WindowError> {
        let done = config::update(&self.layers.borrow(), |settings| {
            let (default, before) = (settings.camera.orientation, self.laid(settings));
            settings.camera.orientation = before;
            change(settings);
            let after = settings.camera.orientation;
            if let Some(camera) = self.camera.borrow().as_ref() {
                settings.camera.orientation = default;
                if after != before {
                    laying::save(settings.controls.entry(camera.clone()).or_default(), before, after);
                }
            }
        });
        self.changed(done)
    }

    /// Takes settings out of the file; `copy` gives them the values of the second, which are those of the layers below.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub fn reset(&self, copy: impl FnOnce(&mut Settings, &Settings)) -> Result<(), WindowError> {
        let done = config::reset(&self.layers.borrow(), |settings, below| {
            let (default, before) = (settings.camera.orientation, self.laid(settings));
            settings.camera.orientation = before;
            copy(settings, &self.of_camera(below.clone()));
            let is_same = settings.camera.orientation == before;
            settings.camera.orientation = if is_same { default } else { below.camera.orientation };
            if let Some(camera) = self.camera.borrow().as_ref().filter(|_| !is_same) {
                laying::forget(&mut settings.controls, camera, true);
            }
        });
        self.changed(done)
    }

    /// Puts back what was in the file before a reset; `copy` as there.
    ///
    /// # Errors
    /// As [`Self::change`].
    pub fn put_back(&self, copy: impl FnOnce(&mut Settings, &Settings), old: &Settings) -> Result<(), WindowError> {
        let done = config::update(&self.layers.borrow(), |settings| {
            copy(settings, old);
            if let Some((camera, values)) = self.camera.borrow().as_ref().and_then(|it| old.controls.get_key_value(it))
            {
                for (key, value) in values.iter().filter(|(key, _)| laying::is_key(key)) {
                    settings.controls.entry(camera.clone()).or_default().insert(key.clone(), value.clone());
                }
            }
        });
        self.changed(done)
    }

    fn changed(&self, done: Result<bool, lenscap_settings::Error>) -> Result<(), WindowError> {
        self.reload();
        done.map(drop).map_err(|error| match (error.trouble(), self.problem()) {
            // The value is wrong, not the file: line and column would be of a text that nobody sees.
            (FileTrouble::Invalid(mistake), None) => WindowError::Setting(mistake.refusal.clone()),
            _ => WindowError::File(error),
        })
    }

    /// Reads the file again.
    pub fn reload(&self) {
        let loaded = self.layers.borrow_mut().load(&Overrides::default());
        let problem = match loaded {
            Ok(Layered { settings, below, ignored, .. }) => {
                let old = (self.settings.replace(settings.clone()), self.below.replace(below.clone()));
                if old != (settings, below) {
                    self.notify(&self.settings_listeners, &self.settings());
                }
                let ignored = lenscap_settings::sentences(&ignored);
                let old = self.ignored.replace(ignored.clone());
                if old != ignored {
                    self.notify(&self.ignored_listeners, &ignored);
                }
                None
            }
            Err(error) => Some(error.to_string()),
        };
        let old = self.problem.replace(problem.clone());
        if old != problem {
            self.notify(&self.problem_listeners, &problem);
        }
    }

    /// Devices may have come or gone.
    pub fn look_for_devices(&self) {
        self.notify(&self.device_listeners, &self.settings());
    }

    /// `listener` hears the settings now and whenever they change.
    pub fn on_change(&self, listener: impl Fn(&Settings) + 'static) {
        self.quietly(|| listener(&self.settings()));
        self.settings_listeners.borrow_mut().push(Rc::new(listener));
    }

    /// `show` hears one setting now and whenever it changes.
    pub fn follow<T: PartialEq + 'static>(&self, get: impl Fn(&Settings) -> T + 'static, show: impl Fn(&T) + 'static) {
        let shown = RefCell::new(None);
        self.on_change(move |settings| {
            let value = get(settings);
            if shown.borrow().as_ref() != Some(&value) {
                show(&value);
                shown.replace(Some(value));
            }
        });
    }

    /// `listener` hears when devices may have come or gone.
    pub fn on_devices(&self, listener: impl Fn(&Settings) + 'static) {
        self.device_listeners.borrow_mut().push(Rc::new(listener));
    }

    /// `listener` hears now, and whenever the file becomes unusable or usable.
    pub fn on_problem(&self, listener: impl Fn(&Option<String>) + 'static) {
        self.quietly(|| listener(&self.problem()));
        self.problem_listeners.borrow_mut().push(Rc::new(listener));
    }

    /// `listener` hears now, and whenever something else is left out of the files below the user's.
    pub fn on_ignored(&self, listener: impl Fn(&Option<String>) + 'static) {
        self.quietly(|| listener(&self.ignored.borrow()));
        self.ignored_listeners.borrow_mut().push(Rc::new(listener));
    }

    /// `listener` hears when the window is about to close: what is being typed is to be taken.
    pub fn on_end(&self, listener: impl Fn() + 'static) {
        self.end_listeners.borrow_mut().push(Rc::new(listener));
    }

    /// The window is about to close.
    pub fn end(&self) {
        let listeners = self.end_listeners.borrow().clone();
        listeners.iter().for_each(|listener| listener());
    }

    fn notify<T>(&self, listeners: &RefCell<Vec<Listener<T>>>, news: &T) {
        // A listener may bring another.
        let listeners = listeners.borrow().clone();
        self.quietly(|| listeners.iter().for_each(|listener| listener(news)));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_change_is_written_alone_and_a_refused_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        fs::write(&path, "# mine\n[camera]\nframerate = 15 # slow\n").unwrap();
        let store = Store::open(Layers::alone(&path));
        assert_eq!(store.settings().camera.format.framerate, 15);
        store.change(|settings| settings.privacy.cooldown = Duration::from_secs(1)).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# mine\n[camera]\nframerate = 15 # slow\n"), "{text}");
        assert!(text.contains("cooldown_ms = 1000"), "{text}");
        let reason = store.change(|settings| settings.camera.format.framerate = 1000).unwrap_err();
        assert_eq!(reason.to_string(), "framerate must be a whole number from 1 to 240, not 1000.");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(store.problem(), None);
    }

    #[test]
    fn a_wrong_file_is_reported_with_its_line_and_never_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        let store = Store::open(Layers::alone(&path));
        store.change(|settings| settings.camera.format.framerate = 20).unwrap();
        let heard = Rc::new(RefCell::new(Vec::new()));
        let log = Rc::clone(&heard);
        store.on_problem(move |problem| log.borrow_mut().push(problem.is_some()));
        fs::write(&path, "[camera]\nframerate = \"fast\"\n").unwrap();
        store.reload();
        assert!(store.problem().unwrap().contains("line 2"), "{:?}", store.problem());
        assert_eq!(store.settings().camera.format.framerate, 20, "the last good ones stay");
        let reason = store.change(|settings| settings.camera.format.framerate = 25).unwrap_err();
        assert!(reason.to_string().contains("line 2"), "{reason}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "[camera]\nframerate = \"fast\"\n");
        fs::write(&path, "[camera]\nframerate = 10\n").unwrap();
        store.reload();
        assert_eq!(store.settings().camera.format.framerate, 10);
        assert_eq!(*heard.borrow(), [false, true, false]);
    }

    #[test]
    fn a_row_hears_of_its_own_setting_only() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(Layers::alone(&directory.path().join("config.toml")));
        let heard = Rc::new(RefCell::new(Vec::new()));
        let log = Rc::clone(&heard);
        store.follow(|settings| settings.camera.format.framerate, move |rate| log.borrow_mut().push(*rate));
        store.change(|settings| settings.device.label = "Cam".into()).unwrap();
        store.change(|settings| settings.camera.format.framerate = 24).unwrap();
        assert_eq!(*heard.borrow(), [30, 24]);
    }
}
