//! The recipes in `data/recipes`, run as hooks are: with their environment, and against stand-ins for a LED and for Home
//! Assistant. Quickshell and Waybar themselves are not run here.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use lenscap::config::{Layers, Overrides};

fn recipe(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/recipes").join(name)
}

fn hook(name: &str, argument: &str, state: &str) -> Output {
    Command::new(recipe(name))
        .arg(argument)
        .envs([("LENSCAP_STATE", state), ("LENSCAP_APP", "A & \"B\"; $(id)"), ("LENSCAP_APP_ID", "org.example.App")])
        .env("LENSCAP_CAMERA", "HD Webcam")
        .output()
        .expect("it runs")
}

/// Whether this program is there; says so where it is not.
fn has(program: &str) -> bool {
    let is_there = Command::new(program).arg("--version").output().is_ok();
    if !is_there {
        println!("SKIP recipes: {program} is not there");
    }
    is_there
}

#[test]
fn the_lamp_is_lit_while_the_camera_is_on() {
    let led = tempfile::tempdir().unwrap();
    let at = |name: &str| led.path().join(name);
    fs::write(at("max_brightness"), "255\n").unwrap();
    for (state, expected) in [("live", "255\n"), ("idle", "0\n"), ("live", "255\n"), ("failed", "0\n")] {
        let output = hook("on-air-led", led.path().to_str().unwrap(), state);
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        assert_eq!(fs::read_to_string(at("brightness")).unwrap(), expected, "{state}");
    }
    assert!(!hook("on-air-led", "/nowhere", "live").status.success());
}

#[test]
fn home_assistant_is_called_with_what_is_known() {
    if !has("curl") {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api/webhook/lenscap", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut head, mut length) = (String::new(), 0);
        while reader.read_line(&mut head).unwrap() > 2 {
            let last = head.lines().last().unwrap_or_default().to_ascii_lowercase();
            length = last.strip_prefix("content-length: ").map_or(length, |count| count.parse().unwrap());
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
        (head, String::from_utf8(body).unwrap())
    });
    let output = hook("home-assistant", &url, "live");
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    let (head, body) = server.join().unwrap();
    assert!(head.starts_with("POST /api/webhook/lenscap HTTP/1.1\r\n"), "{head}");
    let encoded = body.replace("%20", "+").to_ascii_uppercase();
    let expected = "state=live&app=A+%26+%22B%22%3B+%24%28id%29&app_id=org.example.App&camera=HD+Webcam";
    assert_eq!(encoded, expected.to_ascii_uppercase());
    let refused = hook("home-assistant", &url, "live");
    assert!(!refused.status.success() && !refused.stderr.is_empty(), "nobody listens any more");
}

#[test]
fn the_settings_of_the_recipes_are_taken_and_name_what_is_there() {
    let text = fs::read_to_string(recipe("README.md")).unwrap();
    let blocks: Vec<_> = text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        fs::write(&path, block).unwrap();
        let hooks = Layers::alone(&path).load(&Overrides::default()).unwrap().settings.hooks;
        for command in [&hooks.live, &hooks.idle, &hooks.paused, &hooks.failed] {
            let name = command[0].strip_prefix("/usr/share/doc/lenscap/recipes/").expect("where it is installed");
            assert!(recipe(name).is_file(), "{name}");
        }
    }
}

#[test]
fn the_modules_for_panels_are_well_formed() {
    let waybar: serde_json::Value = serde_json::from_str(&fs::read_to_string(recipe("waybar.json")).unwrap()).unwrap();
    assert_eq!(waybar["custom/lenscap"]["return-type"], "json");
    assert_eq!(waybar["custom/lenscap"]["exec"], "lenscap status --waybar --watch");
    if has("qmllint") {
        // Quickshell's own types are not there: only the grammar is looked at.
        let output = Command::new("qmllint").arg(recipe("Lenscap.qml")).output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(!said.contains("yntax error") && !said.contains("Expected token"), "{said}");
    }
}
