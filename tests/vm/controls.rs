//! The controls of a real driver (vivid), seen in the pixels that an application reads.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use lenscap_test_support::client::Client;
use lenscap_test_support::process::eventually;
use lenscap_test_support::relay::Relay;
use serde_json::Value;

use crate::machine::NODE;

const CAMERA: &str = "v4l2:/dev/video20";
const LIMIT: Duration = Duration::from_secs(40);

fn start() -> Relay {
    // The black card is told from any camera's picture by its brightness.
    let arguments = ["--device", NODE, "-w", "320", "-H", "180", "-f", "15", "--source", CAMERA];
    let mut relay = Relay::start(&[&arguments[..], &["--card", "black", "--cooldown-ms", "300"]].concat());
    relay.wait_for("idle");
    relay
}

fn v4l2_ctl(arguments: &str) -> String {
    let output = Command::new("v4l2-ctl").args(["-d", "/dev/video20"]).args(arguments.split(' ')).output();
    let output = output.expect("v4l2-ctl");
    assert!(output.status.success(), "v4l2-ctl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The value as another program sees it.
fn value_of(key: &str) -> String {
    let line = v4l2_ctl(&format!("--get-ctrl={key}"));
    line.split_once(": ").map(|(_, value)| value.trim().to_owned()).unwrap_or(line)
}

/// `lenscap controls ...` of the same user.
fn controls(relay: &Relay, arguments: &[&str]) -> Result<String, String> {
    let (done, out, error) = relay.lenscap(&[&["controls"], arguments].concat());
    if done { Ok(out) } else { Err(error.trim().to_owned()) }
}

fn list(relay: &Relay) -> Value {
    let text = controls(relay, &["--json"]).expect("a list");
    serde_json::from_str(&text).expect("JSON")
}

fn of_key(list: &Value, key: &str) -> Value {
    let found = list["controls"].as_array().expect("controls").iter().find(|control| control["key"] == key);
    found.cloned().unwrap_or_else(|| panic!("no control {key}"))
}

fn has_flag(control: &Value, flag: &str) -> bool {
    control["flags"].as_array().expect("flags").iter().any(|it| it == flag)
}

/// What a picture looks like: mean and spread of the luma, spread of the two colours, in 8 bits; the last is the mean of
/// luma times blue: in colour bars blue is dark and yellow bright, and half a turn of the hue makes that its opposite.
#[derive(Debug, Clone, Copy)]
struct Look {
    luma: f64,
    contrast: f64,
    colour: f64,
    hue: f64,
}

fn look(picture: &[u8]) -> Look {
    let (mut n, mut sum, mut squares, mut colour, mut product) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for pixels in picture.chunks_exact(4).step_by(3) {
        let [y, u, v] = [pixels[0], pixels[1], pixels[3]].map(f64::from);
        n += 1.0;
        sum += y;
        squares += y * y;
        colour += (u - 128.0).abs() + (v - 128.0).abs();
        product += (y - 128.0) * (u - 128.0);
    }
    let mean = sum / n;
    Look { luma: mean, contrast: (squares / n - mean * mean).max(0.0).sqrt(), colour: colour / n, hue: product / n }
}

fn next_look(client: &mut Client) -> Look {
    let mut seen = None;
    client.next_with(Duration::from_secs(10), |picture| seen = Some(look(picture))).expect("DQBUF");
    seen.expect("a frame")
}

/// Reads until the picture looks as it should; how it looks then.
fn until(what: &str, client: &mut Client, is_so: impl Fn(Look) -> bool) -> Look {
    let end = Instant::now() + LIMIT;
    loop {
        let look = next_look(client);
        if is_so(look) {
            return look;
        }
        assert!(Instant::now() < end, "{what}: the picture still looks like {look:?}");
    }
}

fn stream() -> Client {
    let mut client = Client::open(Path::new(NODE)).expect("open");
    client.stream(4).expect("STREAMON");
    client
}

/// The first picture that is no black card.
fn first_picture(client: &mut Client) -> Look {
    until("the camera", client, |look| look.luma > 30.0)
}

fn camera_is_on() -> bool {
    use lenscap::sys::v4l2::{BufType, request_buffers};
    let file = fs::OpenOptions::new().read(true).write(true).open("/dev/video20").expect("the camera is there");
    match request_buffers(&file, BufType::Capture, 1) {
        Ok(_) => request_buffers(&file, BufType::Capture, 0).is_err(),
        Err(error) => error.raw_os_error() == Some(16),
    }
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn every_control_is_listed_as_v4l2_ctl_lists_it_without_streaming() {
    let mut relay = start();
    let ours: BTreeMap<String, (u64, String)> = list(&relay)["controls"]
        .as_array()
        .expect("controls")
        .iter()
        .map(|it| {
            let text = |field: &str| it[field].as_str().expect(field).to_owned();
            (text("key"), (it["id"].as_u64().expect("id"), text("type")))
        })
        .collect();
    assert!(!camera_is_on() && relay.poll().state == "idle");
    // "brightness 0x00980900 (int)    : min=0 max=255 step=1 default=128 value=128"
    let mut theirs = BTreeMap::new();
    for line in v4l2_ctl("--list-ctrls").lines() {
        let mut words = line.split_whitespace();
        let (Some(key), Some(id), Some(kind)) = (words.next(), words.next(), words.next()) else { continue };
        let Some(id) = id.strip_prefix("0x").and_then(|id| u64::from_str_radix(id, 16).ok()) else { continue };
        let kind = match kind.trim_matches(|c| "():".contains(c)) {
            "int" => "integer",
            "int64" => "integer64",
            "bool" => "boolean",
            "menu" => "menu",
            "intmenu" => "integer-menu",
            "button" => "button",
            "bitmask" => "bitmask",
            "str" => "string",
            _ => "compound",
        };
        let is_array = line.contains("dims=");
        theirs.insert(key.to_owned(), (id, if is_array { "compound" } else { kind }.to_owned()));
    }
    assert!(theirs.len() > 20, "{theirs:?}");
    assert_eq!(ours, theirs);
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_turned_knob_changes_the_picture_of_a_camera_that_is_on_and_is_saved() {
    let mut relay = start();
    let mut client = stream();
    let before = first_picture(&mut client);
    relay.wait_for("live");
    let set = |key: &str, value: &str| controls(&relay, &["set", key, value]).expect("it is set");
    set("brightness", "200");
    until("brighter", &mut client, |look| look.luma > before.luma + 25.0);
    assert_eq!(value_of("brightness"), "200");
    set("brightness", "128");
    until("as before", &mut client, |look| (look.luma - before.luma).abs() < 5.0);
    set("contrast", "40");
    until("flatter", &mut client, |look| look.contrast < before.contrast * 0.6);
    set("contrast", "128");
    until("as before", &mut client, |look| look.contrast > before.contrast * 0.9);
    set("saturation", "0");
    until("grey", &mut client, |look| look.colour < 4.0 && before.colour > 20.0);
    set("saturation", "128");
    until("coloured", &mut client, |look| look.colour > before.colour * 0.9);
    set("hue", "-128");
    until("other colours", &mut client, |look| (look.hue + before.hue).abs() < before.hue.abs() / 2.0);
    eventually("all is saved", || {
        let text = fs::read_to_string(relay.settings()).unwrap_or_default();
        ["hue = -128", "saturation = 128", "brightness = 128"].iter().all(|line| text.lines().any(|it| it == *line))
    });
    assert!(relay.poll().live, "the stream went on");
    // One first: a reset of all also switches vivid's own text and movement to their defaults.
    controls(&relay, &["reset", "hue"]).expect("reset");
    until("as at first", &mut client, |look| (look.hue - before.hue).abs() < before.hue.abs() / 4.0);
    assert_eq!(value_of("hue"), "0");
    controls(&relay, &["reset"]).expect("reset");
    eventually("nothing is saved", || {
        let text = fs::read_to_string(relay.settings()).expect("settings");
        !text.contains("hue") && !text.contains("brightness")
    });
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn a_saved_value_is_there_in_the_first_picture() {
    let mut relay = start();
    let mut client = stream();
    let plain = first_picture(&mut client);
    client.stop().expect("STREAMOFF");
    drop(client);
    relay.wait_for("live");
    relay.wait_for("idle");
    // While it is off: the value is set and saved without a picture.
    controls(&relay, &["set", "brightness", "220"]).expect("it is set");
    assert!(!camera_is_on());
    assert_eq!(value_of("brightness"), "220");
    // Another program changes it meanwhile.
    v4l2_ctl("--set-ctrl=brightness=128");
    let mut client = stream();
    let first = first_picture(&mut client);
    assert!(first.luma > plain.luma + 30.0, "the first picture {first:?} is like {plain:?}");
    relay.wait_for("live");
    assert_eq!(value_of("brightness"), "220");
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn what_others_change_is_followed_and_inactive_controls_wait() {
    let mut relay = start();
    let mut client = stream();
    first_picture(&mut client);
    relay.wait_for("live");
    let gain = of_key(&list(&relay), "gain");
    assert!(has_flag(&gain, "inactive") && has_flag(&gain, "volatile"), "{gain}");
    let sentence = controls(&relay, &["set", "gain", "50"]).expect_err("inactive");
    assert!(sentence.contains("gain") && sentence.contains("automatic"), "{sentence}");
    // A saved value waits for the automatic to be switched off, by whomever.
    let camera = list(&relay)["camera"].as_str().expect("an id").to_owned();
    let settings = relay.settings();
    fs::create_dir_all(settings.parent().expect("a directory")).expect("a directory");
    fs::write(&settings, format!("[controls.\"{camera}\"]\ngain = 77\n")).expect("written");
    assert!(relay.lenscap(&["status"]).0);
    eventually("the settings are taken", || relay.stderr().contains("settings taken"));
    v4l2_ctl("--set-ctrl=gain_automatic=0");
    eventually("gain is free", || !has_flag(&of_key(&list(&relay), "gain"), "inactive"));
    eventually("the saved gain is set", || value_of("gain") == "77");
    eventually("and listed", || of_key(&list(&relay), "gain")["value"] == 77);
    v4l2_ctl("--set-ctrl=saturation=33");
    eventually("saturation is followed", || of_key(&list(&relay), "saturation")["value"] == 33);
    assert!(relay.poll().live);
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn every_type_is_set_with_and_without_a_running_camera() {
    let mut relay = start();
    let mut client = None;
    for is_live in [false, true] {
        if is_live {
            first_picture(client.insert(stream()));
            relay.wait_for("live");
        }
        let pick = |a: &'static str, b: &'static str| if is_live { a } else { b };
        let values = [
            ("boolean", pick("true", "false"), pick("1", "0")),
            ("integer_32_bits", pick("-5", "17"), pick("-5", "17")),
            ("integer_64_bits", pick("-6000000000", "9000000000"), pick("-6000000000", "9000000000")),
            ("bitmask", pick("0x2000", "0x80000000"), pick("0x00002000", "0x80000000")),
            ("string", pick("ab", "xyz"), pick("'ab'", "'xyz'")),
            ("menu", pick("Menu Item 1", "3"), pick("1 (Menu Item 1)", "3 (Menu Item 3)")),
            ("integer_menu", pick("2", "5"), pick("2 (", "5 (")),
        ];
        for (key, value, seen) in values {
            controls(&relay, &["set", key, value]).unwrap_or_else(|error| panic!("{key} {value}: {error}"));
            let bits = seen.strip_prefix("0x").and_then(|bits| u32::from_str_radix(bits, 16).ok());
            let is_seen = |value: &str| {
                let number = value.split(' ').next().and_then(|number| number.parse::<i64>().ok());
                value.starts_with(seen) || bits.is_some_and(|bits| number.is_some_and(|number| number as u32 == bits))
            };
            let end = Instant::now() + LIMIT;
            while !is_seen(&value_of(key)) {
                assert!(Instant::now() < end, "{key} is {}, not {seen}", value_of(key));
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        controls(&relay, &["set", "button", "press"]).expect("a button");
    }
    let text = fs::read_to_string(relay.settings()).expect("settings");
    for line in ["boolean = true", "integer_64_bits = -6000000000", "string = \"ab\"", "menu = 1"] {
        assert!(text.lines().any(|it| it == line), "{line} in\n{text}");
    }
    assert!(!text.contains("button"), "{text}");
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn what_cannot_work_is_one_sentence_and_loses_nothing() {
    let mut relay = start();
    let mut client = None;
    for is_live in [false, true] {
        if is_live {
            first_picture(client.insert(stream()));
            relay.wait_for("live");
        }
        for (arguments, part) in [
            (&["set", "brightness", "256"][..], "from 0 to 255"),
            (&["set", "brightness", "much"], "from 0 to 255"),
            (&["set", "brigthness", "10"], "brightness"),
            (&["set", "read_only_integer_32_bits", "1"], "only be read"),
            (&["set", "menu", "Menu Item 9"], "Menu Item 3"),
            (&["reset", "nonsense"], "There is no control"),
        ] {
            let sentence = controls(&relay, arguments).expect_err("it cannot work");
            assert!(sentence.contains(part) && sentence.lines().count() == 1, "{arguments:?}: {sentence}");
        }
        assert_eq!(value_of("brightness"), "128");
        assert!(!relay.settings().exists(), "nothing was saved");
    }
    assert!(relay.poll().live);
    drop(client);
    let sentence = controls(&relay, &["--source", "v4l2:/dev/video99"]).expect_err("no camera");
    // Below it stands what was seen, as the system writes it.
    let sentence = sentence.lines().next().unwrap_or_default();
    assert!(sentence.contains("The camera video99 is not there") && !sentence.contains("os error"), "{sentence}");
    relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn saved_values_that_the_camera_does_not_take_are_told_once_and_the_picture_comes() {
    let mut relay = start();
    let camera = list(&relay)["camera"].as_str().expect("an id").to_owned();
    let settings = relay.settings();
    fs::create_dir_all(settings.parent().expect("a directory")).expect("a directory");
    let text = format!(
        "[controls.\"{camera}\"]\nbrightness = 9999\nno_such_knob = 1\nread_only_integer_32_bits = 3\nhue = 20\n\n\
         [controls.\"usb-Gone\"]\nzoom = \"far\"\n"
    );
    fs::write(&settings, &text).expect("written");
    eventually("the settings are taken", || relay.stderr().contains("settings taken"));
    for _ in 0..2 {
        let mut client = stream();
        first_picture(&mut client);
        relay.wait_for("live");
        assert_eq!((value_of("hue"), value_of("brightness")), ("20".into(), "128".into()));
        client.stop().expect("STREAMOFF");
        drop(client);
        relay.wait_for("idle");
    }
    let said = relay.stderr();
    for part in ["from 0 to 255", "no_such_knob", "only be read"] {
        assert_eq!(said.matches(part).count(), 1, "{part} in {said}");
    }
    assert_eq!(fs::read_to_string(&settings).expect("settings"), text, "the file is the user's");
    relay.quit();
}
