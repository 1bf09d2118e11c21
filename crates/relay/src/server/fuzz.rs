//! The control socket, with many clients; fed by `fuzz/`.

use std::cell::{Cell, RefCell};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use serde_json::Value;

use super::{Answer, Reply, Request, Server};
use lenscap_core::machine::Machine;
use lenscap_core::policy::Policy;

/// Connections at once; enough to be turned away.
const CLIENTS: usize = 20;

/// Bytes that clients send: one that says for whom and how many, then these. All are served, then all hang up.
pub fn serve(data: &[u8]) {
    thread_local! {
        static PLACE: RefCell<SocketPlace> = RefCell::new(SocketPlace::new());
    }
    PLACE.with_borrow_mut(|SocketPlace { server, path }| {
        let mut clients: Vec<UnixStream> = Vec::new();
        let obeyed = Cell::new(0_usize);
        let mut rest = data;
        let mut sent = 0_usize;
        while let [head, tail @ ..] = rest {
            let (who, count) = (usize::from(*head) % CLIENTS, (1 + usize::from(*head) / CLIENTS * 24).min(tail.len()));
            while clients.len() <= who {
                let client = UnixStream::connect(&*path).expect("a server that listens");
                client.set_nonblocking(true).expect("a socket");
                clients.push(client);
            }
            sent += tail[..count].iter().filter(|byte| **byte == b'\n').count();
            let _ = (&clients[who]).write(&tail[..count]);
            rest = &tail[count..];
            dispatch(server, &obeyed);
        }
        assert!(obeyed.get() <= sent, "{} requests of {sent} lines were obeyed", obeyed.get());
        server.publish(&lenscap_words::status::published(&Machine::new(Policy::default()).status()));
        for client in &mut clients {
            let mut answer = Vec::new();
            let _ = client.read_to_end(&mut answer);
            for line in answer.split_inclusive(|byte| *byte == b'\n') {
                assert!(serde_json::from_slice::<Value>(line).is_ok(), "{}", line.escape_ascii());
            }
        }
        drop(clients);
        dispatch(server, &obeyed);
        assert!(server.connections.is_empty(), "who hung up is remembered");
    });
}

/// A server in a directory of its own.
struct SocketPlace {
    server: Server,
    path: PathBuf,
}

impl SocketPlace {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("lenscap-fuzz-{}-ipc/control", std::process::id()));
        Self { server: Server::at(&path).expect("a socket"), path }
    }
}

impl Drop for SocketPlace {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.path.parent().expect("a directory"));
    }
}

fn dispatch(server: &mut Server, obeyed: &Cell<usize>) {
    server.dispatch(
        &mut Machine::new(Policy::default()),
        |_, request| {
            obeyed.set(obeyed.get() + 1);
            let _ = request.command();
            // What was understood can be said again.
            let words = serde_json::to_vec(&request).expect("a request");
            assert_eq!(serde_json::from_slice::<Request>(&words).ok(), Some(request));
            Answer::Now(Ok(()))
        },
        |machine, _| Reply::status(lenscap_words::status::published(&machine.status())),
    );
}
