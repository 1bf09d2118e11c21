//! The list of cameras, as the doctor asks for it.

use std::process::Output;

use lenscap_test_support::pipewire::Session;
use lenscap_wire::pipewire::{GraphCamera, GraphCameras, LIST_CAMERAS};
use rustix::process::Signal;

use crate::parent::{NAME, Parent};
use crate::signal;

fn ask(session: &Session) -> Output {
    let mut command = session.command(env!("CARGO_BIN_EXE_lenscap-pipewire"));
    command.arg(LIST_CAMERAS).output().expect("it starts")
}

#[test]
fn the_cameras_are_listed_and_a_server_that_does_not_answer_is_not_waited_for() {
    let Some(session) = Session::with_server("the_cameras_are_listed") else { return };
    let listed = |session: &Session| -> GraphCameras {
        let output = ask(session);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    };
    let ours = |cameras: GraphCameras| cameras.0.into_iter().filter(|camera| &*camera.name == NAME).collect::<Vec<_>>();
    assert_eq!(ours(listed(&session)), []);
    let mut parent = Parent::new(&session);
    parent.until_there();
    let camera = GraphCamera { name: NAME.into(), description: "Lenscap Test".into(), priority: 1200 };
    assert_eq!(ours(listed(&session)), [camera]);
    signal(session.server_pid(), Signal::STOP);
    let output = ask(&session);
    signal(session.server_pid(), Signal::CONT);
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
}

#[test]
fn without_a_server_there_is_no_list() {
    let Some(session) = Session::new("without_a_server_there_is_no_list") else { return };
    let output = ask(&session);
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
}
