//! A server and a session manager that come later, stand still, or go and come back.

use lenscap_test_support::pipewire::Session;
use lenscap_test_support::process::DEADLINE;
use rustix::process::Signal;

use crate::parent::Parent;
use crate::reader::GstReader;
use crate::{ANY, signal};

#[test]
fn a_server_that_stands_still_holds_up_nothing() {
    let Some(session) = Session::with_server("a_server_that_stands_still_holds_up_nothing") else { return };
    let mut parent = Parent::new(&session);
    parent.until_there();
    let reader = GstReader::start(&session, "reader", ANY);
    parent.until("it reads", |_| reader.numbers().len() >= 5);
    signal(session.server_pid(), Signal::STOP);
    // A parent whose pictures were not taken would find no room.
    let until = parent.sequence + 60;
    parent.until("60 pictures are taken", |parent| parent.sequence >= until);
    parent.hang_up();
    assert!(parent.child.wait_for_exit(DEADLINE).success());
    signal(session.server_pid(), Signal::CONT);
}

#[test]
fn the_node_comes_back_with_the_server() {
    let Some(mut session) = Session::new("the_node_comes_back_with_the_server") else { return };
    let mut parent = Parent::new(&session);
    parent.until("no server", |parent| parent.is_there == Some(false));
    for round in 0..3 {
        session.start_server();
        parent.until_there();
        // Once while nobody reads, and once while somebody does.
        session.kill_server();
        parent.until("it is noticed", |parent| parent.is_there == Some(false));
        session.start_server();
        parent.until_there();
        let reader = GstReader::start(&session, &format!("reader{round}"), ANY);
        parent.until("it reads", |parent| reader.numbers().len() >= 10 && parent.readers.len() == 1);
        session.kill_server();
        parent.until("it is noticed", |parent| {
            parent.is_there == Some(false) && parent.readers.is_empty() && parent.rotation == 0
        });
    }
    assert_eq!(parent.failed, None);
}

#[test]
fn a_node_that_was_there_before_the_session_manager_is_read() {
    let Some(mut session) = Session::new("a_node_that_was_there_before_the_session_manager_is_read") else { return };
    session.start_pipewire();
    let mut parent = Parent::new(&session);
    parent.until_there();
    let early = GstReader::start(&session, "early", ANY);
    parent.until("the reader's node is there", |_| session.has_reader());
    assert!(early.numbers().is_empty(), "nobody links it yet");
    session.start_wireplumber();
    parent.until("it reads", |_| early.numbers().len() >= 10);
    assert_eq!(parent.failed, None);
}

#[test]
fn another_session_manager_finds_the_node() {
    let Some(mut session) = Session::with_server("another_session_manager_finds_the_node") else { return };
    let mut parent = Parent::new(&session);
    parent.until_there();
    session.restart_wireplumber();
    let reader = GstReader::start(&session, "reader", ANY);
    parent.until("it reads after a restart while nobody did", |_| reader.numbers().len() >= 10);
    // No pipewiresrc, at whatever source, gets over the end of its link: that of 1.4 ends with an error, and that of 0.3 is
    // linked again and takes no more pictures. Who comes now is served, also beside it.
    session.restart_wireplumber();
    let late = GstReader::start(&session, "late", ANY);
    let mut was_there = false;
    parent.until("it reads after a restart while somebody did, or is let go", |parent| {
        let is_there = parent.readers.iter().any(|reader| reader.pid == Some(late.pid()));
        was_there |= is_there;
        late.numbers().len() >= 10 || was_there && !is_there
    });
    if late.numbers().len() < 10 {
        // The graph of 0.3 stood still, and the node was made anew: without those who were there.
        assert!(session.pipewire_version() < [1, 0, 0]);
        let next = GstReader::start(&session, "next", ANY);
        parent.until("the next one reads", |_| next.numbers().len() >= 10);
    }
    drop((reader, late));
    parent.until("nobody is left", |parent| parent.readers.is_empty() && parent.rotation == 0);
    assert_eq!((parent.is_there, parent.failed), (Some(true), None));
}
