//! The widgets against a settings file: what the user sets is written, what cannot work is refused in its
//! row, what is edited by hand is shown. The window is built, not shown. Needs a display: `tests/desktop/run.sh`, or `xvfb-run -a cargo test`.
//!
//! With the unit tests in one program: each that links GTK takes its time to build.

mod command_line;
mod controls;
mod file;
mod rows;
mod window;

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, mpsc};
use std::time::{Duration, Instant};

use crate::{Autostart, Surroundings, Window};
use adw::prelude::*;
use lenscap_autostart::{Entries, Once};
use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

/// The thread that has GTK; `None` where there is no display.
fn gtk_thread() -> Option<&'static Mutex<mpsc::Sender<Job>>> {
    static THREAD: OnceLock<Option<Mutex<mpsc::Sender<Job>>>> = OnceLock::new();
    let start = || {
        let (sender, receiver) = mpsc::channel::<Job>();
        let (ready, is_ready) = mpsc::channel();
        std::thread::spawn(move || {
            let has_display = adw::init().is_ok();
            ready.send(has_display).expect("somebody waits");
            if has_display {
                receiver.iter().for_each(|job| job());
            }
        });
        is_ready.recv().expect("an answer").then(|| Mutex::new(sender))
    };
    THREAD.get_or_init(start).as_ref()
}

/// Runs `test` where GTK is, or says that it was skipped.
fn with_gtk(name: &str, test: impl FnOnce() + Send + 'static) {
    let Some(thread) = gtk_thread() else {
        return println!("SKIP {name}: there is no display (tests/desktop/run.sh)");
    };
    let (done, is_done) = mpsc::channel();
    let job = Box::new(move || {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(test));
        done.send(result).expect("somebody waits");
    });
    thread.lock().unwrap_or_else(std::sync::PoisonError::into_inner).send(job).expect("the thread lives");
    if let Err(panic) = is_done.recv_timeout(Duration::from_secs(60)).expect("the test ends") {
        std::panic::resume_unwind(panic);
    }
}

struct Rig {
    window: Window,
    home: TempDir,
}

impl Rig {
    /// A window of a settings file with this text.
    fn new(text: &str) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        fs::write(home.path().join("config.toml"), text).expect("written");
        Self::at(home)
    }

    fn at(home: TempDir) -> Self {
        let surroundings = Surroundings {
            config: home.path().join("config.toml"),
            class: home.path().join("video4linux"),
            autostart: Autostart {
                entries: Entries {
                    config_home: home.path().join("config"),
                    config_dirs: vec![],
                    unit_dirs: vec![home.path().join("units")],
                    program: "/opt/lenscap".into(),
                },
                portal: None,
            },
            welcome: Once::at(home.path().join("state/welcomed")),
            preview_source: None,
        };
        Self { window: Window::offline(surroundings), home }
    }

    fn path(&self) -> PathBuf {
        self.home.path().join("config.toml")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).expect("the settings file")
    }

    /// The row with this title.
    fn row<T: IsA<adw::PreferencesRow> + IsA<gtk::Widget>>(&self, title: &str) -> T {
        let found = RefCell::new(None);
        walk(self.window.widget().upcast_ref(), &|widget| {
            if let Some(row) = widget.downcast_ref::<T>()
                && row.title() == title
            {
                found.replace(Some(row.clone()));
            }
        });
        found.into_inner().unwrap_or_else(|| panic!("no row \"{title}\""))
    }

    fn subtitle(&self, title: &str) -> String {
        let found = RefCell::new(String::new());
        walk(self.row::<adw::PreferencesRow>(title).upcast_ref(), &|widget| {
            if let Some(label) = widget.downcast_ref::<gtk::Label>()
                && label.has_css_class("subtitle")
            {
                found.replace(label.text().into());
            }
        });
        found.into_inner()
    }

    /// The control in a row.
    fn control<T: IsA<gtk::Widget>>(&self, title: &str) -> T {
        let found = RefCell::new(None);
        walk(self.row::<adw::PreferencesRow>(title).upcast_ref(), &|widget| {
            if let Some(control) = widget.downcast_ref::<T>() {
                found.replace(Some(control.clone()));
            }
        });
        found.into_inner().unwrap_or_else(|| panic!("\"{title}\" has no such control"))
    }

    fn choose(&self, title: &str, label: &str) {
        let row: adw::ComboRow = self.row(title);
        let model = row.model().expect("choices");
        let labels: Vec<_> = (0..model.n_items())
            .filter_map(|i| Some(model.item(i)?.downcast::<gtk::StringObject>().ok()?.string().to_string()))
            .collect();
        let position = labels.iter().position(|l| l == label).unwrap_or_else(|| panic!("{label} in {labels:?}"));
        row.set_selected(position as u32);
    }

    fn chosen(&self, title: &str) -> String {
        let row: adw::ComboRow = self.row(title);
        row.selected_item().and_downcast::<gtk::StringObject>().map(|s| s.string().into()).unwrap_or_default()
    }

    fn is_refused(&self, title: &str) -> bool {
        self.row::<adw::PreferencesRow>(title).has_css_class("error")
    }

    /// All visible text below the window.
    fn says(&self, text: &str) -> bool {
        let found = RefCell::new(false);
        walk(self.window.widget().upcast_ref(), &|widget| {
            if let Some(label) = widget.downcast_ref::<gtk::Label>()
                && label.text().contains(text)
                && is_shown(label.upcast_ref())
            {
                found.replace(true);
            }
        });
        found.into_inner()
    }

    fn button(&self, label: &str) -> gtk::Button {
        let found = RefCell::new(None);
        walk(self.window.widget().upcast_ref(), &|widget| {
            if let Some(button) = widget.downcast_ref::<gtk::Button>()
                && (button.label().as_deref() == Some(label) || button.tooltip_text().as_deref() == Some(label))
            {
                found.replace(Some(button.clone()));
            }
        });
        found.into_inner().unwrap_or_else(|| panic!("no button \"{label}\""))
    }
}

fn is_shown(widget: &gtk::Widget) -> bool {
    std::iter::successors(Some(widget.clone()), |widget| widget.parent())
        .all(|widget| widget.get_visible() || widget.is::<gtk::Window>())
}

fn walk(widget: &gtk::Widget, visit: &dyn Fn(&gtk::Widget)) {
    visit(widget);
    let mut child = widget.first_child();
    while let Some(widget) = child {
        walk(&widget, visit);
        child = widget.next_sibling();
    }
}

fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + DEADLINE;
    // Wakes the loop, so that the deadline is seen.
    let tick = glib::timeout_add_local(Duration::from_millis(20), || glib::ControlFlow::Continue);
    while !is_so() {
        assert!(Instant::now() < end, "{what}: not within {DEADLINE:?}");
        glib::MainContext::default().iteration(true);
    }
    tick.remove();
}

fn press_enter(row: &adw::EntryRow) {
    row.emit_by_name::<()>("entry-activated", &[]);
}
