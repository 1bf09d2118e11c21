//! The program without a display.

fn program(arguments: &[&str]) -> std::process::Output {
    let home = tempfile::tempdir().expect("a directory");
    std::process::Command::new(lenscap_test_support::programs::program("lenscap-preferences"))
        .args(arguments)
        .env("XDG_CONFIG_HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .expect("it starts")
}

fn is_one_sentence(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.starts_with("lenscap-preferences: ") && text.trim_end().ends_with('.') && text.lines().count() == 1
}

#[test]
fn the_command_line_needs_no_display() {
    let version = program(&["--version"]);
    assert!(version.status.success());
    assert_eq!(
        String::from_utf8_lossy(&version.stdout).trim(),
        format!("lenscap-preferences {}", lenscap_sys::install::VERSION)
    );
    let help = program(&["--help"]);
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("--config"));
    for wrong in [&["--nonsense"][..], &["file"], &["--config"]] {
        let output = program(wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(is_one_sentence(&output.stderr), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn no_display_is_one_sentence() {
    let output = program(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(is_one_sentence(&output.stderr), "{}", String::from_utf8_lossy(&output.stderr));
}
