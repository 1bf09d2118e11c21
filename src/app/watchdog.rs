//! systemd's watchdog, only while the camera is on: a loop that stands still then is killed, and the camera with it.
//!
//! systemd would want to hear of us for as long as the service runs, and every word is a wake-up. So the time that the
//! unit sets (`WatchdogSec=`) is taken back at the start, set anew before the sensor is touched, and taken back when it is
//! off (sd_notify(3), `WATCHDOG_USEC=`; zero means never).

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::net::{AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType};
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};

/// Who may set a shorter time than this: nobody's loop is that fast on a busy machine.
const SHORTEST: Duration = Duration::from_secs(1);

/// Where there is a watchdog.
#[derive(Debug)]
pub(super) struct Watchdog {
    socket: OwnedFd,
    /// How long the loop may stand still.
    limit: Duration,
    timer: OwnedFd,
    is_on: bool,
}

impl Watchdog {
    /// The one that whoever started us asks for; `None` where nobody does.
    pub(super) fn new() -> Option<Self> {
        let text = |name| std::env::var(name).ok().filter(|text| !text.is_empty());
        let is_ours = text("WATCHDOG_PID").is_none_or(|pid| pid == std::process::id().to_string());
        let limit = Duration::from_micros(text("WATCHDOG_USEC")?.parse().ok()?);
        let socket = text("NOTIFY_SOCKET").filter(|_| is_ours)?;
        match Self::at(&socket, limit) {
            Ok(watchdog) => Some(watchdog),
            Err(error) => {
                tracing::warn!("systemd's watchdog cannot be told that all is well ({error})");
                None
            }
        }
    }

    fn at(socket: &str, limit: Duration) -> io::Result<Self> {
        let address = match socket.strip_prefix('@') {
            Some(name) => SocketAddrUnix::new_abstract_name(name.as_bytes())?,
            None => SocketAddrUnix::new(socket)?,
        };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None)?;
        rustix::net::connect(&socket, &address)?;
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = rustix::time::timerfd_create(TimerfdClockId::Monotonic, flags)?;
        let watchdog = Self { socket, limit: limit.max(SHORTEST), timer, is_on: false };
        watchdog.notify("WATCHDOG_USEC=0");
        Ok(watchdog)
    }

    /// Readable when [`Self::turn`] is to be called.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.timer.as_fd()
    }

    /// The sensor may be on from now on, or is off.
    pub(super) fn watch(&mut self, is_on: bool) {
        if std::mem::replace(&mut self.is_on, is_on) == is_on {
            return;
        }
        let interval = match is_on {
            true => {
                self.notify(&format!("WATCHDOG_USEC={}\nWATCHDOG=1", self.limit.as_micros()));
                self.limit / 3
            }
            false => {
                self.notify("WATCHDOG_USEC=0");
                Duration::ZERO
            }
        };
        let interval = Timespec { tv_sec: interval.as_secs().cast_signed(), tv_nsec: interval.subsec_nanos().into() };
        let spec = Itimerspec { it_interval: interval, it_value: interval };
        if let Err(error) = rustix::time::timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &spec) {
            tracing::error!("cannot set the timer: {error}");
        }
    }

    /// The loop turns.
    pub(super) fn turn(&self) {
        let _ = rustix::io::read(&self.timer, &mut [0; 8]);
        if self.is_on {
            self.notify("WATCHDOG=1");
        }
    }

    /// Never waits: who does not take it will hear the next one.
    fn notify(&self, words: &str) {
        if let Err(error) = rustix::net::send(&self.socket, words.as_bytes(), SendFlags::DONTWAIT | SendFlags::NOSIGNAL)
        {
            tracing::debug!("systemd does not take \"{words}\": {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;

    use super::*;

    #[test]
    fn it_is_notified_only_while_the_camera_is_on() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let systemd = UnixDatagram::bind(&path).unwrap();
        systemd.set_nonblocking(true).unwrap();
        let heard = || {
            let mut buffer = [0; 256];
            systemd.recv(&mut buffer).ok().map(|count| String::from_utf8_lossy(&buffer[..count]).into_owned())
        };
        let interval = |watchdog: &Watchdog| rustix::time::timerfd_gettime(&watchdog.timer).unwrap().it_interval.tv_sec;
        let mut watchdog = Watchdog::at(path.to_str().unwrap(), Duration::from_secs(9)).unwrap();
        assert_eq!(heard().as_deref(), Some("WATCHDOG_USEC=0"));
        watchdog.turn();
        assert_eq!(heard(), None, "idle it says nothing");
        assert_eq!(interval(&watchdog), 0, "and does not wake up");
        watchdog.watch(true);
        watchdog.watch(true);
        assert_eq!(heard().as_deref(), Some("WATCHDOG_USEC=9000000\nWATCHDOG=1"));
        assert_eq!(interval(&watchdog), 3);
        watchdog.turn();
        assert_eq!(heard().as_deref(), Some("WATCHDOG=1"));
        watchdog.watch(false);
        assert_eq!(heard().as_deref(), Some("WATCHDOG_USEC=0"));
        assert_eq!((heard(), interval(&watchdog)), (None, 0));
        // Nobody takes it any more, and nobody waits.
        drop(systemd);
        watchdog.watch(true);
    }
}
