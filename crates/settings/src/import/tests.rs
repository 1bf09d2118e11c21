//! Files as these programs, their packages and people wrote them.

use std::fs;

use super::*;

/// `key value`, sorted.
fn said(settings: &Overrides) -> Vec<String> {
    let short = |line: String| {
        let (setting, value) = line.split_once(" = ").unwrap();
        format!("{} {}", setting.split_once('.').unwrap().1, value.trim_matches('"'))
    };
    let mut said: Vec<_> = lines(settings).into_iter().map(short).collect();
    said.sort();
    said
}

fn put(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// What is found in a tree with these files.
fn found(files: &[(&str, &str)]) -> Vec<(String, Vec<String>)> {
    let root = tempfile::tempdir().unwrap();
    files.iter().for_each(|(path, text)| put(root.path(), path, text));
    let found = find(root.path(), &root.path().join("home/.config"));
    let path = |import: &Import| import.path.strip_prefix(root.path()).unwrap().display().to_string();
    found.iter().map(|import| (path(import), said(&import.settings))).collect()
}

const HOME_UNIT: &str = "home/.config/systemd/user/ipu6-camera-daemon.service";

#[test]
fn the_daemon_s_options_are_those_of_its_unit() {
    let installed = "[Unit]\nDescription=Intel IPU6 On-Demand Camera Daemon\nAfter=network.target\n\n[Service]\nType=simple\n\
                     ExecStart=/home/me/.local/bin/ipu6-camera-daemon\nRestart=on-failure\n";
    assert_eq!(found(&[(HOME_UNIT, installed)]), [(HOME_UNIT.to_owned(), vec!["source icamera".to_owned()])]);

    let by_hand = "[Service]\nExecStart=-%h/ipu6-camera-daemon -w 1280 -H=720 -f15 \\\n  --cooldown-ms=3000 \\\n# comment\n  \
                   -b 7 --activation-delay-ms \"500\" --new thing -d /dev/video0\n";
    let expected = [
        "activation_delay_ms 500",
        "buffer_count 7",
        "cooldown_ms 3000",
        "framerate 15",
        "height 720",
        "node /dev/video0",
        "source icamera",
        "width 1280",
    ];
    let unit = "etc/systemd/system/ipu6-camera-daemon.service";
    assert_eq!(found(&[(unit, by_hand)])[0].1, expected);
    // A drop-in replaces the command, and what our setting does not take is left out.
    let drop_in = "[Service]\nExecStart=\nExecStart=ipu6-camera-daemon -w 99999 -f 10 -H\n";
    let changed = found(&[(unit, by_hand), ("etc/systemd/system/ipu6-camera-daemon.service.d/a.conf", drop_in)]);
    assert_eq!(changed[0].1, ["framerate 10", "source icamera"]);
    assert_eq!(found(&[(unit, "[Service]\nExecStart=/bin/true -w 1280\n")]), []);
    assert_eq!(found(&[(unit, "")]), []);
}

#[test]
fn the_relay_daemon_s_variables_are_read_as_its_unit_reads_them() {
    let default = "etc/default/v4l2-relayd";
    let packaged = "# GStreamer source element name:\n#VIDEOSRC=\"videotest\"\n#WIDTH=1280\n#FRAMERATE=30/1\n";
    assert_eq!(found(&[(default, packaged)]), [], "as the package has it");

    // 0.1, as laptops came with it.
    let oem = "VIDEOSRC=\"icamerasrc buffer-count=7\"\nFORMAT=NV12\nWIDTH=1280\nHEIGHT=720\nFRAMERATE=30/1\n\
               CARD_LABEL=\"Intel MIPI Camera\"\nEXTRA_OPTS=-d\n";
    let expected = [
        "buffer_count 7",
        "format NV12",
        "framerate 30",
        "height 720",
        "label Intel MIPI Camera",
        "source icamera",
        "width 1280",
    ];
    assert_eq!(
        found(&[(default, packaged), ("etc/v4l2-relayd", oem)]),
        [("etc/v4l2-relayd".into(), expected.map(String::from).into())]
    );
    assert_eq!(found(&[(default, oem)])[0].1, expected);

    // 0.2: a file for each that runs, over the defaults.
    let back = "VIDEOSRC=libcamerasrc ! videoconvert ! videoscale\nFRAMERATE=30000/1001\nCARD_LABEL=Rear\nWIDTH=\n";
    let both = found(&[
        (default, "HEIGHT=1080\nWIDTH=1920"),
        ("etc/v4l2-relayd.d/a.conf", back),
        ("etc/v4l2-relayd.d/b.conf", "FORMAT=YUV2\nFRAMERATE=30/0\nWIDTH=x"),
        ("etc/v4l2-relayd.d/b.conf.bak", oem),
    ]);
    assert_eq!(both[0].1, ["framerate 30", "height 1080", "label Rear", "source libcamera"]);
    assert_eq!(both[1].1, ["height 1080"]);
    assert_eq!(both.len(), 2);
}

#[test]
fn a_description_is_a_camera_where_it_is_nothing_else() {
    for (description, source) in [
        ("icamerasrc device-name=ov13b10-uf buffer-count=7", "icamera:ov13b10-uf"),
        ("icamerasrc device-name=ov13b10-uf af-mode=2", "pipeline:icamerasrc device-name=ov13b10-uf af-mode=2"),
        ("icamerasrc ! video/x-raw,format=NV12 ! videoconvert ! capsfilter caps=video/x-raw,format=YUY2", "icamera"),
        ("icamerasrc ! videoflip video-direction=horiz", "pipeline:icamerasrc ! videoflip video-direction=horiz"),
        ("v4l2src device=\\\"/dev/video2\\\"", "v4l2:/dev/video2"),
        ("videotestsrc", "pipeline:videotestsrc"),
    ] {
        let text = format!("VIDEOSRC=\"{description}\"");
        let settings = relayd::settings(&[&text]);
        assert!(said(&settings).contains(&format!("source {source}")), "{description}: {settings:?}");
    }
}

#[test]
fn what_the_user_set_stays_and_so_do_comments() {
    let home = tempfile::tempdir().unwrap();
    let user = home.path().join("config.toml");
    fs::write(&user, "# mine\n[camera]\nwidth = 640 # small\n").unwrap();
    let vendor = home.path().join("vendor.toml");
    fs::write(&vendor, "[camera]\nframerate = 15\n").unwrap();
    let layers = Layers::new(user.clone(), [vendor]);
    let settings = relayd::settings(&["WIDTH=1280\nHEIGHT=720\nFRAMERATE=15/1\nCARD_LABEL=Mine\n"]);
    let import = Import { relay: Relay::V4l2Relayd, path: "/etc/v4l2-relayd".into(), settings };
    let expected = said(&unsaid(&layers, &import).unwrap());
    let text = fs::read_to_string(&user).unwrap();
    let taken = take_over(&layers, &import).unwrap();
    assert_eq!(said(&taken), expected);
    assert!(!expected.iter().any(|it| it.starts_with("width") || it.starts_with("framerate")), "{expected:?}");
    let now = fs::read_to_string(&user).unwrap();
    assert!(now.starts_with(text.trim_end()) && now.contains("label = \"Mine\""), "{now}");
    assert_eq!(take_over(&layers, &import).unwrap(), Overrides::default(), "once");
    fs::write(&user, "[camera\n").unwrap();
    assert!(take_over(&layers, &import).is_err());
    assert_eq!(fs::read_to_string(&user).unwrap(), "[camera\n");
}
