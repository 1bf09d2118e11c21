//! Several processes save at once.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use lenscap_core::controls::Value;
use lenscap_settings::{Layers, Overrides, Settings, load, update};

use super::directory;

/// Saves of each process.
const SAVES: i64 = 60;
/// Tells a second process of this test program where to save, and under which name.
const SAVER: &str = "LENSCAP_TEST_SAVER";

#[test]
fn saver() {
    let Ok(order) = std::env::var(SAVER) else { return };
    let (name, path) = order.split_once(' ').unwrap();
    for number in 0..SAVES {
        let keep = |settings: &mut Settings| {
            let values = settings.controls.entry(name.to_owned()).or_default();
            values.insert(format!("control_{number}"), Value::Integer(number));
        };
        update(&Layers::alone(Path::new(path)), keep).unwrap();
    }
}

#[test]
fn processes_that_save_at_once_lose_nothing() {
    let (_directory, path) = directory();
    let savers: Vec<_> = ["one", "two"]
        .into_iter()
        .map(|name| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "processes::saver"])
                .env(SAVER, format!("{name} {}", path.display()))
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut saver in savers {
        assert!(saver.wait().unwrap().success());
    }
    let controls = load(&Layers::alone(&path), &Overrides::default()).unwrap().controls;
    let counts: Vec<_> = ["one", "two"].map(|name| controls.get(name).map_or(0, |values| values.len())).into();
    assert_eq!(counts, [SAVES as usize; 2]);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing else is left there");
}

#[test]
fn a_save_that_never_ends_is_waited_for_within_limits() {
    let (directory, path) = directory();
    let lock = fs::File::open(directory.path()).unwrap();
    lock.lock().unwrap();
    let error = update(&Layers::alone(&path), |settings| settings.privacy.start_paused = true).unwrap_err();
    assert!(error.to_string().contains("another program saves"), "{error}");
    assert!(!path.exists());
    drop(lock);
    assert!(update(&Layers::alone(&path), |settings| settings.privacy.start_paused = true).unwrap());
}
