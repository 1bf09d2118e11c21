//! The clients' side: this very program, started again as its test `client::client`, which obeys the commands on its input.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use lenscap::core::presence::{UNSEEN, Use};
use lenscap::core::trouble::output::WatchFailure;
use lenscap::detect::{DetectError, Detector};
use lenscap::sys::memfd::Mapping;

use super::{HANG, POLL, wait_until};

pub const ROLE: &str = "LENSCAP_TEST_ROLE";
pub const FILE: &str = "LENSCAP_TEST_FILE";
pub const DONE: &str = "@done";

/// Not a test: the process the others start. Does nothing when run as one.
#[test]
fn client() {
    match std::env::var(ROLE).as_deref() {
        Ok("client") => obey(),
        Ok("watcher") => watch_as_another_user(),
        _ => {}
    }
}

fn obey() {
    let path = PathBuf::from(std::env::var_os(FILE).unwrap());
    let mut file = None;
    let mut mapping = None;
    for line in std::io::stdin().lines() {
        match line.unwrap().as_str() {
            "open" => file = Some(OpenOptions::new().read(true).write(true).open(&path).unwrap()),
            "close" => file = None,
            "map" => mapping = Some(Mapping::new(file.as_ref().unwrap(), 0, 4096).unwrap()),
            "unmap" => mapping = None,
            "read" => {
                let file = file.as_mut().unwrap();
                file.rewind().unwrap();
                file.read_exact(&mut [0; 16]).unwrap();
            }
            "churn" => (0..200).for_each(|_| drop(File::open(&path).unwrap())),
            other => panic!("unknown command {other}"),
        }
        println!("{DONE}");
    }
    drop((file, mapping));
}

/// Watches as a user who may read the file and not its holders' descriptors: prints what is seen until the input ends.
fn watch_as_another_user() {
    let path = PathBuf::from(std::env::var_os(FILE).unwrap());
    let mut detector = Detector::new(&path, POLL, Instant::now()).unwrap();
    println!("@ready");
    let limit = Instant::now() + HANG;
    let mut steps = vec![vec![(None, UNSEEN.to_owned(), Use::Unknown)], vec![]];
    steps.reverse();
    while let Some(expected) = steps.pop() {
        wait_until(&mut detector, limit, |presence| {
            presence.clients.iter().map(|c| (c.pid, c.name.clone(), c.usage)).collect::<Vec<_>>() == expected
        });
        println!("@saw {}", expected.len());
    }
    let secret = path.with_extension("secret");
    assert!(matches!(
        Detector::new(&secret, POLL, Instant::now()),
        Err(DetectError { cause: WatchFailure::Forbidden, .. })
    ));
    println!("@refused");
}

pub struct Client {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Client {
    pub fn start(file: &Path) -> Self {
        Self::spawn(Command::new(std::env::current_exe().unwrap()).env(ROLE, "client").env(FILE, file))
    }

    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .args(["--exact", "client::client", "--nocapture", "--test-threads=1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn tell(&mut self, command: &str) {
        writeln!(self.input.as_mut().unwrap(), "{command}").unwrap();
    }

    pub fn wait_for(&mut self, text: &str) {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "the client ended instead of {text}");
        }
    }

    pub fn does(&mut self, command: &str) {
        self.tell(command);
        self.wait_for(DONE);
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
