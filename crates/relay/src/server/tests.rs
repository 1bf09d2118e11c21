//! The server with real clients at a real socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::MetadataExt;

use super::connection::MAX_REQUEST;
use super::*;
use lenscap_api::AskError;
use lenscap_api::client::ask_at;

use lenscap_core::machine::Machine;
use lenscap_core::policy::Policy;
use lenscap_core::status::StateName;

fn status(machine: &Machine) -> Reply {
    Reply::status(lenscap_words::status::published(&machine.status()))
}

fn serve_once(server: &mut Server, machine: &mut Machine, count: usize) {
    let end = Instant::now() + Duration::from_secs(10);
    let mut asked = 0;
    while asked < count {
        assert!(Instant::now() < end, "no request came");
        let wait = rustix::time::Timespec { tv_sec: 1, tv_nsec: 0 };
        let mut fds = [rustix::event::PollFd::new(&server.epoll, rustix::event::PollFlags::IN)];
        rustix::event::poll(&mut fds, Some(&wait)).unwrap();
        let counter = std::cell::Cell::new(asked);
        server.dispatch(
            machine,
            |machine, request| {
                if let Some(command) = request.command() {
                    machine.step(Instant::now(), lenscap_core::event::Event::Command(command));
                }
                Answer::Now(Ok(()))
            },
            |machine, _| {
                counter.set(counter.get() + 1);
                status(machine)
            },
        );
        asked = counter.get();
    }
}

fn server() -> (tempfile::TempDir, PathBuf, Server) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lenscap/control");
    let server = Server::at(&path).unwrap();
    (directory, path, server)
}

#[test]
fn a_pause_is_asked_for_and_answered() {
    let (_directory, path, mut server) = server();
    let mut machine = Machine::new(Policy::default());
    machine.step(Instant::now(), lenscap_core::event::Event::DeviceReady);
    let client = std::thread::spawn(move || {
        let mut answers = Vec::new();
        ask_at(&path, &Request::Pause { seconds: Some(60) }, &mut |reply| {
            answers.push(reply);
            true
        })
        .unwrap();
        answers
    });
    serve_once(&mut server, &mut machine, 1);
    let answers = client.join().unwrap();
    let [Reply::Status(answer)] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!(answer.status.state, StateName::Paused);
    assert!(lenscap_words::status::summary(&answer.status).starts_with("Camera is paused until "));
}

#[test]
fn a_watcher_hears_changes_and_nonsense_is_refused() {
    let (_directory, path, mut server) = server();
    let mut machine = Machine::new(Policy::default());
    let mut watcher = UnixStream::connect(&path).unwrap();
    watcher.write_all(b"{\"do\":\"watch\"}\n").unwrap();
    serve_once(&mut server, &mut machine, 1);
    machine.step(Instant::now(), lenscap_core::event::Event::DeviceReady);
    server.publish(&lenscap_words::status::published(&machine.status()));
    let mut lines = BufReader::new(watcher).lines();
    assert!(lines.next().unwrap().unwrap().contains("no-device"));
    assert!(lines.next().unwrap().unwrap().contains("idle"));
    let mut stranger = UnixStream::connect(&path).unwrap();
    stranger.write_all(b"{\"do\":\"explode\"}\n").unwrap();
    let mut answer = String::new();
    let reader = std::thread::spawn(move || {
        stranger.read_to_string(&mut answer).unwrap();
        answer
    });
    let end = Instant::now() + Duration::from_secs(10);
    while !reader.is_finished() && Instant::now() < end {
        server.dispatch(&mut machine, |_, _| panic!("no command"), |machine, _| status(machine));
    }
    assert!(reader.join().unwrap().contains("not a request"));
}

#[test]
fn floods_and_endless_requests_are_cut_off() {
    let (_directory, path, mut server) = server();
    let mut machine = Machine::new(Policy::default());
    let streams: Vec<_> = (0..MAX_ASKING + 8).map(|_| UnixStream::connect(&path).unwrap()).collect();
    dispatch(&mut server, &mut machine);
    assert_eq!(server.connections.len(), MAX_ASKING);
    (&streams[MAX_ASKING]).write_all(&[b'x'; 3 * MAX_REQUEST]).unwrap();
    dispatch(&mut server, &mut machine);
    assert_eq!(server.connections.len(), MAX_ASKING - 1);
    drop(streams);
    dispatch(&mut server, &mut machine);
    assert!(server.connections.is_empty());
}

#[test]
fn nobody_there_and_somebody_there_already_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("control");
    assert_eq!(ask_at(&path, &Request::Status, &mut |_| true), Err(AskError::NotRunning));
    let first = Server::at(&path).unwrap();
    assert!(matches!(Server::at(&path), Err(ListenTrouble::AnotherRelay { .. })));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    drop(first);
    assert!(!path.exists());
    drop(UnixListener::bind(&path).unwrap());
    assert!(Server::at(&path).is_ok(), "what a killed relay left behind is replaced");
}

/// Everything that came until the other end closed.
fn rest(mut stream: &UnixStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn dispatch(server: &mut Server, machine: &mut Machine) {
    server.dispatch(machine, |_, _| Answer::Now(Ok(())), |machine, _| status(machine));
}

#[test]
fn silent_connections_shut_nobody_out() {
    let (_directory, path, mut server) = server();
    let mut machine = Machine::new(Policy::default());
    let silent: Vec<_> = (0..2 * MAX_ASKING).map(|_| UnixStream::connect(&path).unwrap()).collect();
    let mut asking = UnixStream::connect(&path).unwrap();
    asking.write_all(b"{\"do\":\"status\"}\n").unwrap();
    dispatch(&mut server, &mut machine);
    dispatch(&mut server, &mut machine);
    assert!(rest(&asking).contains("no-device"));
    assert!(rest(&silent[0]).contains("try again"), "the oldest goes, and learns why");
    // The others have their time, and it ends by itself.
    let until = Instant::now() + 4 * REQUEST_LIMIT;
    while !server.connections.is_empty() {
        assert!(Instant::now() < until, "{} stay", server.connections.len());
        let wait = Timespec { tv_sec: 1, tv_nsec: 0 };
        rustix::event::poll(
            &mut [rustix::event::PollFd::new(&server.epoll, rustix::event::PollFlags::IN)],
            Some(&wait),
        )
        .unwrap();
        dispatch(&mut server, &mut machine);
    }
    assert!(rest(silent.last().unwrap()).contains("No request came"));
    assert_eq!(
        rustix::time::timerfd_gettime(&server.timer).unwrap().it_value.tv_nsec,
        0,
        "nothing left to wake up for"
    );
}

#[test]
fn those_who_watch_are_counted_apart() {
    let (_directory, path, mut server) = server();
    let mut machine = Machine::new(Policy::default());
    let ask = |request: &str| {
        let mut stream = UnixStream::connect(&path).unwrap();
        writeln!(stream, "{request}").unwrap();
        stream
    };
    let watchers: Vec<_> = (0..MAX_WATCHERS)
        .map(|_| {
            let stream = ask(r#"{"do":"watch"}"#);
            dispatch(&mut server, &mut machine);
            stream
        })
        .collect();
    let (more, other) = (ask(r#"{"do":"watch"}"#), ask(r#"{"do":"status"}"#));
    dispatch(&mut server, &mut machine);
    assert!(rest(&more).contains("Too many programs watch"));
    assert!(rest(&other).contains("no-device"));
    assert_eq!(server.connections.len(), watchers.len());
}

#[test]
fn what_is_carried_out_elsewhere_is_answered_when_it_is_done() {
    let (_directory, path, mut server) = server();
    let mut machine = Machine::new(Policy::default());
    let ask = || {
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.write_all(b"{\"do\":\"reload\"}\n").unwrap();
        stream
    };
    let streams = [ask(), ask()];
    let next = std::cell::Cell::new(0);
    server.dispatch(&mut machine, |_, _| Answer::Later(next.replace(next.get() + 1)), |machine, _| status(machine));
    assert_eq!(server.connections.len(), 2);
    server.finish(0, &Err(Refusal::CameraWentOff), |_| status(&machine));
    server.finish(1, &Ok(()), |_| status(&machine));
    assert!(rest(&streams[0]).contains("camera-went-off"));
    assert!(rest(&streams[1]).contains("no-device"));
    assert!(server.connections.is_empty());
}

#[test]
fn who_turns_the_camera_off_hears_when_it_is_off_or_that_it_is_not_yet() {
    let (_directory, path, mut server) = server();
    let ask = |request: &str| {
        let mut stream = UnixStream::connect(&path).unwrap();
        writeln!(stream, "{request}").unwrap();
        stream
    };
    let waiting = |server: &mut Server, stream: UnixStream| {
        let requests = server.take_requests();
        let [(asker, Request::Pause { .. })] = requests[..] else { panic!("{requests:?}") };
        server.await_off(asker);
        stream
    };
    let with = |live: bool| {
        let status = lenscap_words::status::published(&Machine::new(Policy::default()).status());
        lenscap_api::Status { live, ..status }
    };
    let first = ask(r#"{"do":"pause"}"#);
    let first = waiting(&mut server, first);
    server.publish(&with(true));
    assert_eq!(server.connections.len(), 1, "it is still on");
    server.publish(&with(false));
    assert!(rest(&first).contains(r#""live":false"#));
    assert!(server.connections.is_empty());
    // It takes its time.
    let second = ask(r#"{"do":"pause"}"#);
    let second = waiting(&mut server, second);
    let requests = loop {
        let mut fds = [rustix::event::PollFd::new(&server.epoll, rustix::event::PollFlags::IN)];
        let wait = Timespec { tv_sec: 10, tv_nsec: 0 };
        assert_eq!(rustix::event::poll(&mut fds, Some(&wait)), Ok(1), "it waits without end");
        let requests = server.take_requests();
        if !requests.is_empty() {
            break requests;
        }
    };
    let [(asker, Request::Status)] = requests[..] else { panic!("{requests:?}") };
    server.answer(asker, false, Answer::Now(Ok(())), || Reply::status(with(true)));
    assert!(rest(&second).contains(r#""live":true"#));
    assert!(server.connections.is_empty());
}

#[test]
fn a_directory_that_others_can_write_to_is_not_used() {
    let directory = tempfile::tempdir().unwrap();
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let path = directory.path().join("lenscap/control");
    mode(directory.path(), 0o777);
    assert!(matches!(Server::at(&path), Err(ListenTrouble::WritableByOthers { .. })));
    mode(directory.path(), 0o1777);
    drop(Server::at(&path).unwrap());
    mode(directory.path(), 0o755);
    mode(path.parent().unwrap(), 0o777);
    drop(Server::at(&path).unwrap());
    assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().mode() & 0o777, 0o700, "ours is put right");
    fs::remove_dir(path.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("/tmp", path.parent().unwrap()).unwrap();
    assert!(matches!(Server::at(&path), Err(ListenTrouble::WritableByOthers { .. })));
}
