//! Its sandbox, from outside; from inside it is tried in `src/sandbox.rs`.

use std::fs;

use lenscap_test_support::pipewire::Session;

use crate::ANY;
use crate::parent::Parent;
use crate::reader::GstReader;

/// "NoNewPrivs" and "Seccomp" of each thread.
fn of_threads(pid: u32) -> Vec<(String, String)> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("it lives");
    let status = |task: fs::DirEntry| fs::read_to_string(task.path().join("status")).expect("it lives");
    let field = |status: &str, name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
        line.trim().to_owned()
    };
    let both = |status: String| (field(&status, "NoNewPrivs:"), field(&status, "Seccomp:"));
    tasks.map(|task| both(status(task.expect("a task")))).collect()
}

fn assert_confined(pid: u32) {
    let threads = of_threads(pid);
    assert!(threads.iter().all(|(privileges, calls)| (&**privileges, &**calls) == ("1", "2")), "{threads:?}");
}

#[test]
fn it_is_confined_and_a_server_that_comes_back_is_served_all_the_same() {
    let Some(mut session) = Session::with_server("it_is_confined_and_a_server_that_comes_back") else { return };
    let mut parent = Parent::new(&session);
    for round in 0..2 {
        parent.until("the node is there", |parent| parent.is_there == Some(true));
        let reader = GstReader::start(&session, &format!("reader{round}"), ANY);
        parent.until("it reads", |_| reader.numbers().len() >= 10);
        assert_confined(parent.pid());
        drop(reader);
        if round == 0 {
            session.kill_server();
            parent.until("it is noticed", |parent| parent.is_there == Some(false));
            session.start_server();
        }
    }
    parent.until("it is gone", |parent| parent.readers.is_empty() && parent.rotation == 0);
}

#[test]
fn it_is_not_where_the_user_has_switched_that_off() {
    let Some(session) = Session::with_server("it_is_not_where_the_user_has_switched_that_off") else { return };
    let mut parent = Parent::unconfined(&session);
    parent.until_there();
    let threads = of_threads(parent.pid());
    assert!(threads.iter().all(|(privileges, calls)| (&**privileges, &**calls) == ("0", "0")), "{threads:?}");
}
