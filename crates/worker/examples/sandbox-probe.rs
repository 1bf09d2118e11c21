//! Enters the worker's sandbox and tries what it is there to forbid, and what it has to leave: "NAME yes" or "NAME no", a
//! line each. Arguments: the source, a directory that is nobody's business, a device that is served, a listening socket.

use std::fs::{self, File};
use std::net::UdpSocket;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use lenscap_core::source::Source;
use lenscap_worker::sandbox;
use rustix::net::{AddressFamily, SocketType, netlink, socket};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [source, secret, served, listening] = &arguments[..] else { panic!("four arguments: {arguments:?}") };
    let parent = rustix::process::getppid().expect("a parent");
    let confined = sandbox::enter(&source.parse().expect("a source"), &[PathBuf::from(served)]);
    println!("{}", serde_json::to_string(&confined).expect("JSON"));
    let say = |name: &str, can: bool| println!("{name} {}", if can { "yes" } else { "no" });
    let run = |program: &str, arguments: &[&str]| {
        let status = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    let netlink_socket = |protocol| socket(AddressFamily::NETLINK, SocketType::RAW, protocol).is_ok();

    say("read-secret", fs::read_dir(secret).is_ok());
    say("write-secret", File::create(PathBuf::from(secret).join("new")).is_ok());
    say("child-reads-secret", run("ls", &[secret]));
    say("open-served", File::open(served).is_ok());
    say("set-served", run("v4l2-ctl", &["-d", served, "--set-fmt-video-out=width=320,height=240"]));
    say("network", UdpSocket::bind("127.0.0.1:0").is_ok());
    say("network-settings", netlink_socket(None)); // NETLINK_ROUTE is 0
    say("connect", UnixStream::connect(listening).is_ok());
    say("parents-memory", File::open(format!("/proc/{}/mem", parent.as_raw_pid())).is_ok());
    say("parents-signal", rustix::process::test_kill_process(parent).is_ok());
    // PTRACE_SEIZE, which stops nobody.
    let seize = "import ctypes, sys; sys.exit(ctypes.CDLL(None).ptrace(0x4206, int(sys.argv[1]), 0, 0) != 0)";
    say("parents-trace", run("python3", &["-c", seize, &parent.as_raw_pid().to_string()]));
    say("namespace", run("unshare", &["--user", "true"]));

    if let Ok(Source::V4l2(camera)) = source.parse() {
        say("open-camera", File::options().read(true).write(true).open(camera).is_ok());
    }
    say("read-settings", fs::read("/etc/passwd").is_ok());
    say("read-sys", fs::read_dir("/sys").is_ok());
    say("list-dev", fs::read_dir("/dev").is_ok());
    say("run-program", run("true", &[]));
    say("write-null", File::options().write(true).open("/dev/null").is_ok());
    say("device-events", netlink_socket(Some(netlink::KOBJECT_UEVENT)));
    say("thread", std::thread::spawn(|| {}).join().is_ok());
}
