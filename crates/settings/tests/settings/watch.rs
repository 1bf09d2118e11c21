//! The watcher, against the ways editors, dotfile managers and people change a file.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

use lenscap_settings::{Layers, Settings, Watcher, save};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

const DEADLINE: Duration = Duration::from_secs(20);

/// Dispatches until a change is reported (`true`) or nothing has come for `quiet` (`false`).
fn reported(watcher: &mut Watcher, quiet: Duration) -> bool {
    let end = Instant::now() + quiet;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        let ready = {
            let fd = watcher.fd();
            poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&timeout)).unwrap()
        };
        if ready == 0 {
            return false;
        }
        if watcher.dispatch() {
            return true;
        }
    }
}

#[track_caller]
fn notices(watcher: &mut Watcher, what: &str, action: impl FnOnce()) {
    action();
    assert!(reported(watcher, DEADLINE), "{what} was not noticed");
}

fn quiet(watcher: &mut Watcher, what: &str) {
    // Longer than the time an edit is given to end.
    assert!(!reported(watcher, Duration::from_millis(400)), "{what} was reported");
}

#[test]
fn edits_in_place_by_rename_and_removal_are_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    let other = directory.path().join("other");
    fs::write(&path, "").unwrap();
    let mut watcher = Watcher::new(&Layers::alone(&path)).unwrap();
    quiet(&mut watcher, "nothing");
    notices(&mut watcher, "a write", || fs::write(&path, "version = 1").unwrap());
    fs::write(&other, "version = 1 ").unwrap();
    quiet(&mut watcher, "another file");
    notices(&mut watcher, "a rename over it", || fs::rename(&other, &path).unwrap());
    notices(&mut watcher, "a removal", || fs::remove_file(&path).unwrap());
    notices(&mut watcher, "a new file", || fs::write(&path, "").unwrap());
    notices(&mut watcher, "our own save", || {
        let mut settings = Settings::default();
        settings.privacy.start_paused = true;
        save(&Layers::alone(&path), &settings).unwrap();
    });
    quiet(&mut watcher, "the same edit again");
}

#[test]
fn an_edit_is_reported_when_it_is_over() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    let backup = directory.path().join("config.toml~");
    fs::write(&path, "version = 1").unwrap();
    let mut watcher = Watcher::new(&Layers::alone(&path)).unwrap();
    // As vim does with a backup file: the settings are gone for a moment, then empty, then there.
    fs::rename(&path, &backup).unwrap();
    assert!(!watcher.dispatch(), "gone for a moment");
    let mut file = fs::File::create(&path).unwrap();
    assert!(!watcher.dispatch(), "empty for a moment");
    let created = Instant::now();
    if reported(&mut watcher, Duration::from_millis(400)) {
        // On a machine that stood still the time for a file that is never closed may be over.
        assert!(created.elapsed() > Duration::from_secs(1), "not while it is written");
    }
    std::io::Write::write_all(&mut file, b"version = 1").unwrap();
    drop(file);
    assert!(reported(&mut watcher, DEADLINE));
    quiet(&mut watcher, "the same edit again");
}

#[test]
fn an_absent_directory_is_awaited_and_not_created() {
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path().join("a/b");
    let path = home.join("lenscap/config.toml");
    let mut watcher = Watcher::new(&Layers::alone(&path)).unwrap();
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    notices(&mut watcher, "the file with its directories", || {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
    });
    while reported(&mut watcher, Duration::from_millis(400)) {}
    notices(&mut watcher, "an edit after that", || fs::write(&path, "version = 1").unwrap());
    notices(&mut watcher, "the removal of all", || fs::remove_dir_all(&home).unwrap());
    while reported(&mut watcher, Duration::from_millis(400)) {}
    notices(&mut watcher, "the directories again", || {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
    });
    while reported(&mut watcher, Duration::from_millis(400)) {}
    notices(&mut watcher, "an edit in the new directory", || fs::write(&path, "version = 1").unwrap());
}

#[test]
fn a_moved_directory_is_followed_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let (home, away) = (directory.path().join("lenscap"), directory.path().join("away"));
    let path = home.join("config.toml");
    fs::create_dir(&home).unwrap();
    fs::write(&path, "").unwrap();
    let mut watcher = Watcher::new(&Layers::alone(&path)).unwrap();
    notices(&mut watcher, "the move", || fs::rename(&home, &away).unwrap());
    fs::write(away.join("config.toml"), "version = 1").unwrap();
    quiet(&mut watcher, "an edit of the file that moved away");
    notices(&mut watcher, "the move back", || fs::rename(&away, &home).unwrap());
}

fn link(to: &Path, at: &Path) {
    let temporary = at.with_extension("new");
    symlink(to, &temporary).unwrap();
    fs::rename(temporary, at).unwrap();
}

#[test]
fn a_link_and_its_target_are_both_watched() {
    let directory = tempfile::tempdir().unwrap();
    let make = |name: &str| {
        let path = directory.path().join(name);
        fs::create_dir(&path).unwrap();
        path
    };
    let (home, first, second) = (make("lenscap"), make("first"), make("second"));
    let path = home.join("config.toml");
    fs::write(first.join("c.toml"), "").unwrap();
    fs::write(second.join("c.toml"), "").unwrap();
    let mut watcher = Watcher::new(&Layers::alone(&path)).unwrap();
    notices(&mut watcher, "a link made", || symlink("../first/c.toml", &path).unwrap());
    notices(&mut watcher, "an edit of the target", || fs::write(first.join("c.toml"), "version = 1").unwrap());
    notices(&mut watcher, "a link pointed elsewhere", || link(&second.join("c.toml"), &path));
    notices(&mut watcher, "an edit of the new target", || fs::write(second.join("c.toml"), "version = 1").unwrap());
    fs::write(first.join("c.toml"), "").unwrap();
    quiet(&mut watcher, "an edit of the old target");
}

#[test]
fn a_linked_directory_pointed_elsewhere_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["first", "second"] {
        fs::create_dir(directory.path().join(name)).unwrap();
        fs::write(directory.path().join(name).join("config.toml"), "").unwrap();
    }
    let home = directory.path().join("lenscap");
    symlink("first", &home).unwrap();
    let mut watcher = Watcher::new(&Layers::alone(&home.join("config.toml"))).unwrap();
    notices(&mut watcher, "an edit", || fs::write(directory.path().join("first/config.toml"), "version = 1").unwrap());
    notices(&mut watcher, "another directory", || link(Path::new("second"), &home));
    notices(&mut watcher, "an edit there", || {
        fs::write(directory.path().join("second/config.toml"), "version = 1").unwrap();
    });
}

#[test]
fn a_layer_below_that_comes_changes_and_goes_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let at = |path: &str| directory.path().join(path);
    for path in ["user", "share/lenscap", "xdg"] {
        fs::create_dir_all(at(path)).unwrap();
    }
    let system = ["xdg/lenscap/config.toml", "none/a/lenscap/config.toml", "share/lenscap/config.toml"].map(at);
    let mut watcher = Watcher::new(&Layers::new(at("user/config.toml"), system.clone())).unwrap();
    quiet(&mut watcher, "nothing");
    for path in &system {
        notices(&mut watcher, "a file with its directory", || {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        });
        while reported(&mut watcher, Duration::from_millis(400)) {}
        notices(&mut watcher, "an edit", || fs::write(path, "version = 1").unwrap());
    }
    fs::write(at("share/lenscap/other"), "").unwrap();
    fs::write(at("xdg/lenscap/config.toml~"), "").unwrap();
    quiet(&mut watcher, "another file");
    notices(&mut watcher, "the user's file", || fs::write(at("user/config.toml"), "").unwrap());
    notices(&mut watcher, "a removal", || fs::remove_file(&system[2]).unwrap());
    notices(&mut watcher, "the removal of a directory", || fs::remove_dir_all(at("xdg/lenscap")).unwrap());
    while reported(&mut watcher, Duration::from_millis(400)) {}
    notices(&mut watcher, "the directory again", || {
        fs::create_dir(at("xdg/lenscap")).unwrap();
        fs::write(&system[0], "").unwrap();
    });
}

#[test]
fn a_layer_that_cannot_be_watched_keeps_no_other_from_it() {
    let directory = tempfile::tempdir().unwrap();
    let at = |path: &str| directory.path().join(path);
    symlink("ring", at("ring")).unwrap();
    let mut watcher = Watcher::new(&Layers::new(at("config.toml"), [at("ring"), at("site.toml")])).unwrap();
    notices(&mut watcher, "the user's file", || fs::write(at("config.toml"), "").unwrap());
    notices(&mut watcher, "the site's file", || fs::write(at("site.toml"), "").unwrap());
}
