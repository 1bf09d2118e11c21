//! Saving: comments, links, modes, identity, and what is not written.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lenscap_settings::{Layers, Settings, save, update};

use super::{COMMENTED, directory};

#[test]
fn saving_keeps_comments_and_what_did_not_change() {
    let (_directory, path) = directory();
    fs::write(&path, COMMENTED).unwrap();
    assert!(update(&Layers::alone(&path), |settings| settings.camera.format.width = 1280).unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), COMMENTED.replace("width = 640", "width = 1280"));

    let before = fs::metadata(&path).unwrap();
    assert!(!update(&Layers::alone(&path), |_| {}).unwrap(), "nothing changed, nothing written");
    let after = fs::metadata(&path).unwrap();
    assert_eq!(before.modified().unwrap(), after.modified().unwrap());

    // Dotted keys and inline tables are written where they are.
    fs::write(&path, "camera.width = 640\nprivacy = { cooldown_ms = 1, card = \"black\" } # one line\n").unwrap();
    update(&Layers::alone(&path), |settings| {
        settings.camera.format.width = 320;
        settings.privacy.cooldown = Duration::from_millis(2);
    })
    .unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "camera.width = 320\nprivacy = { cooldown_ms = 2, card = \"black\" } # one line\n"
    );
}

#[test]
fn a_list_keeps_its_layout_whatever_is_taken_out() {
    let without = |text: &str, program: &str| {
        let (_directory, path) = directory();
        fs::write(&path, text).unwrap();
        update(&Layers::alone(&path), |settings| settings.privacy.blocked.retain(|name| name != program)).unwrap();
        fs::read_to_string(&path).unwrap()
    };
    assert_eq!(without("privacy.blocked = [\"a\", \"b\"]\n", "a"), "privacy.blocked = [\"b\"]\n");
    assert_eq!(without("privacy.blocked = [ \"a\",\"b\" ]\n", "a"), "privacy.blocked = [ \"b\" ]\n");
    assert_eq!(without("privacy.blocked = [\"a\", \"b\"]\n", "b"), "privacy.blocked = [\"a\"]\n");
    assert_eq!(
        without("privacy.blocked = [\n  \"a\",\n  # the second\n  \"b\",\n]\n", "a"),
        "privacy.blocked = [\n  # the second\n  \"b\",\n]\n"
    );
    // A comment is about the entry on whose line it stands.
    let beside = "privacy.blocked = [ # not these\n  \"a\", # one\n  \"b\", # two\n  \"c\" # three\n]\n";
    for (program, line) in [("a", "  \"a\", # one\n"), ("b", "  \"b\", # two\n")] {
        assert_eq!(without(beside, program), beside.replace(line, ""));
    }
    assert_eq!(without(beside, "c"), "privacy.blocked = [ # not these\n  \"a\", # one\n  \"b\" # two\n]\n");
}

#[test]
fn what_is_added_to_a_list_leaves_the_comments_beside_the_others() {
    let with = |text: &str, program: &str| {
        let (_directory, path) = directory();
        fs::write(&path, text).unwrap();
        update(&Layers::alone(&path), |settings| settings.privacy.blocked.push(program.into())).unwrap();
        fs::read_to_string(&path).unwrap()
    };
    assert_eq!(with("privacy.blocked = []\n", "a"), "privacy.blocked = [\"a\"]\n");
    assert_eq!(with("privacy.blocked = [\"a\"]\n", "b"), "privacy.blocked = [\"a\", \"b\"]\n");
    assert_eq!(
        with("privacy.blocked = [\n  \"a\", # one\n]\n", "b"),
        "privacy.blocked = [\n  \"a\", # one\n  \"b\",\n]\n"
    );
    assert_eq!(
        with("privacy.blocked = [\n  \"a\" # one\n]\n", "b"),
        "privacy.blocked = [\n  \"a\", # one\n  \"b\"\n]\n"
    );
}

#[test]
fn a_new_file_is_private_small_and_in_a_private_directory() {
    let (directory, _) = directory();
    let path = directory.path().join("a/lenscap/config.toml");
    update(&Layers::alone(&path), |settings| settings.privacy.start_paused = true).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "version = 1\n\n[privacy]\nstart_paused = true\n");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no temporary file stays");
}

#[test]
fn comments_at_the_end_stay_where_they_are() {
    let (_directory, path) = directory();
    fs::write(&path, "[camera]\nwidth = 640\n# the end").unwrap();
    update(&Layers::alone(&path), |settings| settings.privacy.start_paused = true).unwrap();
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "[camera]\nwidth = 640\n# the end\n\n[privacy]\nstart_paused = true\n"
    );
}

#[test]
fn a_file_that_ends_in_a_comment_is_not_written_for_nothing() {
    let (_directory, path) = directory();
    let text = "[camera]\nmirror = true # laid";
    fs::write(&path, text).unwrap();
    assert!(!update(&Layers::alone(&path), |_| {}).unwrap(), "nothing changed, nothing written");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn no_file_is_made_for_the_defaults() {
    let (_directory, path) = directory();
    assert!(!save(&Layers::alone(&path), &Settings::default()).unwrap());
    assert!(!path.exists());
}

#[test]
fn a_linked_file_is_written_through() {
    let (directory, path) = directory();
    let target = directory.path().join("dotfiles/lenscap.toml");
    fs::create_dir(target.parent().unwrap()).unwrap();
    fs::write(&target, "# in git\n").unwrap();
    symlink("second", &path).unwrap();
    symlink("dotfiles/lenscap.toml", directory.path().join("second")).unwrap();
    update(&Layers::alone(&path), |settings| settings.camera.format.width = 640).unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&target).unwrap(), "# in git\n\nversion = 1\n\n[camera]\nwidth = 640\n");

    // Also where the target is yet to be made.
    fs::remove_file(&target).unwrap();
    update(&Layers::alone(&path), |settings| settings.camera.format.width = 320).unwrap();
    assert!(fs::read_to_string(&target).unwrap().contains("width = 320"));

    let ring = directory.path().join("ring");
    symlink("ring", &ring).unwrap();
    assert!(save(&Layers::alone(&ring), &Settings::default()).is_err());
}

#[test]
fn a_file_that_cannot_be_understood_is_left_alone() {
    let (_directory, path) = directory();
    for text in ["[camera]\nwidth = ", "version = 7\n", "[camera]\nwidht = 1\n"] {
        fs::write(&path, text).unwrap();
        assert!(save(&Layers::alone(&path), &Settings::default()).unwrap_err().to_string().contains("line "));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

#[test]
fn settings_that_would_not_load_are_not_saved() {
    let (_directory, path) = directory();
    let mut settings = Settings::default();
    settings.camera.format.width = 3;
    assert!(save(&Layers::alone(&path), &settings).unwrap_err().to_string().contains("width 3 is odd"));
    let mut settings = Settings::default();
    settings.privacy.cooldown = Duration::from_micros(1500);
    assert!(save(&Layers::alone(&path), &settings).is_err());
    assert!(!path.exists());
}

#[test]
fn an_unwritable_place_is_one_sentence() {
    // Not by permissions: the superuser may run the tests.
    let (directory, _) = directory();
    fs::write(directory.path().join("file"), "").unwrap();
    for path in [directory.path().join("file/config.toml"), PathBuf::from("/proc/lenscap/config.toml")] {
        let mut settings = Settings::default();
        settings.privacy.start_paused = true;
        let error = save(&Layers::alone(&path), &settings).unwrap_err();
        let sentence = error.to_string();
        assert_eq!(error.path(), path);
        assert!(!sentence.contains('/') && !sentence.contains("os error"), "{sentence}");
        assert!(sentence.contains("cannot be") && sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
    }
}
