//! Cameras through PipeWire: which one is taken, and which never. The server and the session manager are real; what stands for
//! a camera is a node of GStreamer's, with the properties that the session manager gives a camera of libcamera's.

use lenscap_cameras::vendors::Report;
use lenscap_core::source::Source;
use lenscap_core::trouble::Trouble;
use lenscap_picture::format::PixelFormat::Yuy2;
use lenscap_sys::install::APP_ID;
use lenscap_test_support::pipewire::Session;
use lenscap_worker_rig::{Rig, format, worker};

/// As libcamera names a camera on a bus of ACPI's.
const ID: &str = r"\_SB_.PC00.LNK1";

fn start(session: &Session, spawn: impl FnOnce(&[(&str, &str)]) -> Rig) -> Rig {
    let runtime = session.runtime_dir();
    spawn(&[("XDG_RUNTIME_DIR", runtime.to_str().expect("a path"))])
}

fn of_source(session: &Session, source: &str) -> Rig {
    start(session, |environment| Rig::spawn(&worker(), source, format(Yuy2, 320, 240, 30), environment))
}

fn instead_of(session: &Session, held: &str) -> Rig {
    start(session, |environment| Rig::spawn_held(&worker(), held, format(Yuy2, 320, 240, 30), environment))
}

fn failure(mut rig: Rig) -> Trouble {
    rig.host.start();
    rig.until("failure", |rig| rig.failed.is_some());
    assert_eq!(rig.held, None, "PipeWire is the last way");
    rig.failed.expect("a reason")
}

#[test]
fn our_own_node_is_never_the_camera() {
    let Some(session) = Session::with_server("our_own_node_is_never_the_camera") else { return };
    let _own = session.camera("anything", &[("application.id", APP_ID), ("priority.session", "1200")]);
    assert_eq!(failure(of_source(&session, "pipewire")), Trouble::NoCamera);
    assert_eq!(failure(of_source(&session, "pipewire:anything")), Trouble::OwnDevice { node: "anything".into() });
    let _camera = session.camera("other", &[("priority.session", "10"), ("node.description", "Other")]);
    let mut rig = of_source(&session, "pipewire");
    rig.run(5);
    assert_eq!(rig.started.clone().expect("a name").0, "Other");
    rig.stop();
}

#[test]
fn a_held_camera_is_taken_by_its_name_without_pipewire() {
    let Some(session) = Session::with_server("a_held_camera_is_taken") else { return };
    let _default = session.camera("default", &[("priority.session", "1100")]);
    let described = [("node.description", "Front"), ("priority.session", "850"), ("api.libcamera.path", ID)];
    for held in [format!("libcamera:{ID}"), "libcamera".to_owned()] {
        let _camera = session.camera("libcamera_input.front", &described);
        let mut rig = instead_of(&session, &held);
        rig.run(5);
        assert_eq!(rig.started.clone().expect("a name").0, "Front");
        rig.stop();
    }
    // Neither is among these.
    let _camera = session.camera("libcamera_input.front", &described);
    for (held, camera) in [("libcamera:back", "back"), ("v4l2:/dev/no-such-video", "/dev/no-such-video")] {
        assert_eq!(failure(instead_of(&session, held)), Trouble::CameraBusy { camera: camera.into() });
    }
}

#[test]
fn a_held_camera_that_gives_nothing_in_pipewire_is_held() {
    let Some(session) = Session::with_server("a_held_camera_that_gives_nothing") else { return };
    let camera = session.camera("libcamera_input.front", &[("api.libcamera.path", "front")]);
    let pid = rustix::process::Pid::from_child(&camera.0);
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).expect("ours");
    let reason = failure(instead_of(&session, "libcamera:front"));
    assert_eq!(reason, Trouble::CameraBusy { camera: "front".into() });
}

#[test]
fn the_list_has_the_default_first_what_each_is_elsewhere_and_never_us() {
    let Some(mut session) = Session::new("the_list_has_the_default_first") else { return };
    let listed = |session: &Session| {
        let asked = session.command(worker()).args(["--list-cameras", "pipewire"]).output().expect("it runs");
        assert!(asked.status.success(), "{asked:?}");
        let report: Report = serde_json::from_slice(&asked.stdout).expect("a report");
        assert!(report.installed);
        report.cameras
    };
    // A socket that starts a server when somebody connects, as systemd's.
    let socket = std::os::unix::net::UnixListener::bind(session.runtime_dir().join("pipewire-0")).expect("a socket");
    socket.set_nonblocking(true).expect("set");
    assert_eq!(listed(&session), []);
    assert!(socket.accept().is_err(), "nobody connected");
    drop(socket);
    std::fs::remove_file(session.runtime_dir().join("pipewire-0")).expect("removed");
    session.start_server();
    let _own = session.camera("lenscap", &[("application.id", APP_ID), ("priority.session", "1200")]);
    let _low = session.camera("low", &[("priority.session", "5")]);
    let _camera = session.camera("front", &[("priority.session", "850"), ("api.libcamera.path", ID)]);
    let cameras = listed(&session);
    let found: Vec<_> = cameras.iter().map(|camera| (camera.id.as_str(), camera.itself.clone())).collect();
    assert_eq!(found, [("front", Some(Source::Libcamera(Some(ID.into())))), ("low", None)]);
    assert_eq!(lenscap_cameras::modes::native(&cameras[0].formats), Some((320, 240)), "{:?}", cameras[0].formats);
    let server = rustix::process::Pid::from_raw(session.server_pid().cast_signed()).expect("a number");
    rustix::process::kill_process(server, rustix::process::Signal::STOP).expect("ours");
    assert_eq!(listed(&session), [], "a server that does not answer is not waited for");
    rustix::process::kill_process(server, rustix::process::Signal::CONT).expect("ours");
}
