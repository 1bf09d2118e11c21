//! A worker that fails on order: `LENSCAP_FAKE_WORKER` names how. An example, so that it is built for the tests and
//! never installed.

use std::io::Write;
use std::time::Duration;

use lenscap::core::event::Step;
use lenscap::core::mode::Mode;
use lenscap::core::trouble::Trouble;
use lenscap::frame::slots::Control;
use lenscap::sys::clock::monotonic_now;
use lenscap::sys::process;
use lenscap::wire::channel::{self, Channel, Received};
use lenscap::wire::protocol::{self, Configure, Frame, FromChild, Stats, ToChild};
use rustix::event::{PollFd, PollFlags, poll};

/// Longer than any test lives.
const FOREVER: Duration = Duration::from_secs(3600);

struct Fake {
    channel: Channel,
    mode: String,
    configure: Option<(Configure, Control, std::os::fd::OwnedFd)>,
}

fn main() {
    lenscap::wire::keeper::split();
    let number = std::env::args().nth(1).expect("a socket").parse().expect("a number");
    let channel = Channel::new(process::inherited_socket(number).expect("a socket"));
    let mode = std::env::var("LENSCAP_FAKE_WORKER").unwrap_or_else(|_| "behave".into());
    let mut fake = Fake { channel, mode, configure: None };
    fake.greet();
    while let Some(message) = fake.next() {
        if !fake.obey(message) {
            return;
        }
    }
}

impl Fake {
    fn is(&self, mode: &str) -> bool {
        self.mode == mode
    }

    fn tell(&self, message: &FromChild) {
        self.raw(&protocol::encode(message).expect("small"));
    }

    /// Sends without waiting; a parent that has closed its end is none of our business.
    fn raw(&self, bytes: &[u8]) {
        let _ = self.channel.send(bytes);
    }

    fn greet(&self) {
        match self.mode.as_str() {
            "exit-early" => std::process::exit(3),
            "panic" => panic!("ordered to panic"),
            "abort" => {
                eprintln!("vendor library: assertion failed");
                std::process::abort();
            }
            "hang-before-hello" => std::thread::sleep(FOREVER),
            "wrong-version" => return self.tell(&FromChild::Hello { version: "0.0.0-\u{1b}[31mother".into() }),
            "garbage" => return self.raw(&[0xff; 100]),
            "garbage-later" => self.tell(&FromChild::Hello { version: lenscap::VERSION.into() }),
            "oversized" => return self.raw(&vec![0; protocol::MAX_MESSAGE + 1]),
            "warm-before-hello" => return self.tell(&FromChild::Step(Step::Loaded)),
            "stderr-flood" => {
                let line = "x".repeat(1000);
                let mut stderr = std::io::stderr().lock();
                for number in 0..5000 {
                    let _ = writeln!(stderr, "{number} {line}");
                }
                let _ = writeln!(stderr, "the last word");
                std::process::exit(4);
            }
            _ => {}
        }
        self.tell(&FromChild::Hello { version: lenscap::VERSION.into() });
    }

    fn next(&self) -> Option<(ToChild, Vec<std::os::fd::OwnedFd>)> {
        let mut buffer = channel::buffer();
        loop {
            rustix::io::retry_on_intr(|| poll(&mut [PollFd::new(&self.channel, PollFlags::IN)], None)).expect("poll");
            match self.channel.receive(&mut buffer).expect("receive") {
                Received::Packet(length, fds) => {
                    return Some((protocol::decode(&buffer[..length]).expect("a message"), fds));
                }
                Received::Nothing => {}
                Received::End if self.is("ignore-stop") => std::thread::sleep(FOREVER),
                Received::End | Received::TooLarge => return None,
            }
        }
    }

    /// `false`: that was the end.
    fn obey(&mut self, (message, mut fds): (ToChild, Vec<std::os::fd::OwnedFd>)) -> bool {
        match message {
            ToChild::Configure(configure) => {
                let control = Control::open(fds.pop().expect("the control page")).expect("a page");
                self.configure = Some((*configure, control, fds.swap_remove(0)));
                self.warm();
            }
            ToChild::Start => self.start(),
            ToChild::Granted => self.frames(),
            ToChild::Lay(_) | ToChild::Controls(_) | ToChild::SetControl { .. } => {}
            ToChild::Stop if self.is("ignore-stop") || self.is("ignore-sigterm") => {}
            ToChild::Stop if self.is("crash-in-stop") => std::process::abort(),
            ToChild::Stop if self.is("stop-and-hang") => {
                self.tell(&FromChild::Stopped);
                ignore_sigterm();
                std::thread::sleep(FOREVER);
            }
            ToChild::Stop => {
                self.tell(&FromChild::Stats(Stats::default()));
                self.tell(&FromChild::Stopped);
                return false;
            }
        }
        true
    }

    fn warm(&self) {
        match self.mode.as_str() {
            "garbage-later" => self.raw(b"\x07\xff\xff\xff\xff"),
            "fail" => {
                self.tell(&FromChild::Failed(Trouble::CameraBusy { camera: "Foo\nin use\u{1b}by a\ttest".into() }));
                std::process::exit(1);
            }
            "fail-and-hang" => {
                self.tell(&FromChild::Failed(Trouble::CameraUnplugged { camera: "Gone.".into() }));
                ignore_sigterm();
                std::thread::sleep(FOREVER);
            }
            "ignore-sigterm" => ignore_sigterm(),
            "leave-a-child" | "leave-a-daemon" => self.leave(),
            "started-unasked" => {
                self.tell(&FromChild::Step(Step::Loaded));
                return self.tell(&FromChild::Started { camera: String::new(), caps: String::new(), why: None });
            }
            _ => {}
        }
        self.tell(&FromChild::Step(Step::Loaded));
    }

    /// Starts what holds the slots and outlives this process; a daemon has a session of its own, and no parent.
    fn leave(&self) {
        let Some((_, _, slots)) = &self.configure else { return };
        rustix::io::fcntl_setfd(slots, rustix::io::FdFlags::empty()).expect("a descriptor");
        let script = match self.mode.as_str() {
            "leave-a-daemon" => "(setsid sh -c 'trap \"\" TERM HUP; sleep 3600; true' &) &",
            _ => "sleep 3600 & sleep 3600 &",
        };
        let status = std::process::Command::new("sh").args(["-c", script]).stderr(std::process::Stdio::null()).status();
        assert!(status.expect("sh").success());
    }

    fn start(&self) {
        match self.mode.as_str() {
            "hang-after-start" => std::thread::sleep(FOREVER),
            "silent-until-refused" if !self.has_refused() => {
                let mode = Mode { format: "YUY2".into(), width: 1280, ..Mode::default() };
                self.tell(&FromChild::Step(Step::Opened));
                self.tell(&FromChild::Trying(Box::new(mode)));
                self.tell(&FromChild::Step(Step::Streaming));
            }
            "flood" => loop {
                let bytes = protocol::encode(&FromChild::Started { camera: "x".into(), caps: "y".into(), why: None });
                if self.channel.send(&bytes.expect("small")).is_err() {
                    std::thread::sleep(FOREVER);
                }
            },
            "step-back" => self.tell(&FromChild::Step(Step::Up)),
            _ => self.tell(&FromChild::Started {
                camera: "Fake \u{7}camera".into(),
                caps: "video/fake".into(),
                why: None,
            }),
        }
    }

    /// Whether other modes are wanted.
    fn has_refused(&self) -> bool {
        self.configure.as_ref().is_some_and(|(configure, ..)| !configure.refused.is_empty())
    }

    fn frames(&self) {
        let Some((configure, control, slots)) = &self.configure else { return };
        let Some(grant) = control.granted() else { return };
        let taken =
            |timestamp_ns, slot: u32, epoch, sequence| FromChild::Frame(Frame { slot, epoch, timestamp_ns, sequence });
        let now = || u64::try_from(monotonic_now().as_nanos()).expect("not that late");
        let frame = |slot, epoch, sequence| taken(now(), slot, epoch, sequence);
        let next = grant.rotation.after(grant.first);
        match self.mode.as_str() {
            "bad-slot" => return self.tell(&frame(u32::MAX, grant.epoch, 0)),
            "ungranted-slot" => {
                let private = u32::try_from(configure.layout.offsets.len()).expect("few");
                return self.tell(&frame(private, grant.epoch, 0));
            }
            "wrong-first-slot" => return self.tell(&frame(next, grant.epoch, 0)),
            "same-slot" | "skipped-slot" => {
                self.tell(&frame(grant.first, grant.epoch, 0));
                let slot = if self.is("same-slot") { grant.first } else { grant.rotation.after(next) };
                return self.tell(&frame(slot, grant.epoch, 1));
            }
            "time-zero" => return self.tell(&taken(0, grant.first, grant.epoch, 0)),
            "time-end" => return self.tell(&taken(u64::MAX, grant.first, grant.epoch, 0)),
            "time-future" => return self.tell(&taken(now() + 1_000_000_000, grant.first, grant.epoch, 0)),
            "old-epoch" => return self.tell(&frame(0, grant.epoch.wrapping_sub(1), 0)),
            "frame-flood" => {
                let mut slot = grant.first;
                for sequence in 0_u64.. {
                    let bytes = protocol::encode(&frame(slot, grant.epoch, sequence)).expect("small");
                    slot = grant.rotation.after(slot);
                    if self.channel.send(&bytes).is_err() {
                        std::thread::sleep(FOREVER);
                    }
                }
            }
            _ => {}
        }
        let mut maps = configure.layout.map(slots).expect("slots");
        let mut slot = grant.first;
        for sequence in 0..3 {
            let bytes = maps[slot as usize].as_mut_slice();
            if self.is("die-in-slot") && sequence == 1 {
                let half = bytes.len() / 2;
                bytes[..half].fill(7);
                std::process::abort();
            }
            bytes.fill(7);
            self.tell(&frame(slot, grant.epoch, sequence));
            slot = grant.rotation.after(slot);
        }
    }
}

/// A handler that does nothing.
fn ignore_sigterm() {
    signal_hook::flag::register(signal_hook::consts::SIGTERM, std::sync::Arc::default()).expect("a handler");
}
