//! Prints who uses a loopback node, one line a change: `cargo run --example detect -- /dev/video0`
//!
//! With `--write` it is the node's writer too, as the relay is: frames flow while somebody streams. `--lose FILE`: while FILE exists, usage events are lost, and until one is nothing is heard.
//! `--poll MS`: the interval where only polling shows who streams. `--name-patience SECONDS`: how long who streams may be kept
//! back until it is known who that is. `--json`: a line of JSON each. Ends with its input.

use std::error::Error;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lenscap::core::presence::Client;
use lenscap::detect::Detector;
use lenscap::sys::memfd::Mapping;
use lenscap::sys::v4l2::{self, BufType, PixFormat};
use lenscap_test_support::detect::Seen;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::time::{ClockId, clock_gettime};

fn main() -> Result<(), Box<dyn Error>> {
    let mut node = None;
    let mut write = false;
    let mut as_json = false;
    let mut lose = PathBuf::from("/nonexistent");
    let mut interval = Duration::from_millis(50);
    let mut name_patience = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--write" => write = true,
            "--json" => as_json = true,
            "--lose" => lose = arguments.next().ok_or("--lose needs a file")?.into(),
            "--poll" => interval = Duration::from_millis(arguments.next().ok_or("--poll needs a number")?.parse()?),
            "--name-patience" => {
                let seconds = arguments.next().ok_or("--name-patience needs a number")?.parse()?;
                name_patience = Some(Duration::from_secs(seconds));
            }
            path => node = Some(PathBuf::from(path)),
        }
    }
    let node = node.ok_or("which node?")?;
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let flow = Arc::new(Flow::default());
    let writer = write.then(|| Writer::open(&node)).transpose()?.map(|writer| {
        let flow = Arc::clone(&flow);
        std::thread::spawn(move || writer.run(&flow))
    });
    let mut detector = Detector::new(&node, interval, Instant::now())
        .map_err(|error| lenscap::i18n::output::sentence(&error.into()))?;
    if let Some(patience) = name_patience {
        detector.set_name_patience(patience);
    }
    let result = watch(detector, &lose, &flow, &|seen| {
        println!("{}", if as_json { serde_json::to_string(seen).expect("no map in it") } else { line(seen) });
    });
    flow.stop.store(true, Ordering::Relaxed);
    if let Some(writer) = writer {
        writer.join().map_err(|_| "the writer panicked")??;
    }
    result
}

/// What the writer is to do.
#[derive(Default)]
struct Flow {
    wanted: AtomicBool,
    stop: AtomicBool,
}

fn watch(mut detector: Detector, lose: &Path, flow: &Flow, report: &dyn Fn(&Seen)) -> Result<(), Box<dyn Error>> {
    report(&Seen::Watching { events: detector.knows_streaming() });
    let mut has_lost = false;
    loop {
        let loses = lose.exists();
        if let Some(events) = detector.fds().get(1).filter(|_| loses) {
            while v4l2::dequeue_event(events)?.is_some() {
                report(&Seen::LostEvent);
                has_lost = true;
            }
        }
        has_lost &= loses;
        // Until one is lost the detector hears of nothing: it would take the event itself where that comes just now.
        let is_deaf = loses && !has_lost && detector.knows_streaming();
        if !is_deaf && let Some(presence) = detector.dispatch(Instant::now()) {
            flow.wanted.store(presence.any_maybe_streaming(), Ordering::Relaxed);
            report(&Seen::Clients(presence.clients));
        }
        if detector.gone() {
            report(&Seen::Gone);
            return Ok(());
        }
        let wait = match is_deaf {
            true => Some(Duration::from_millis(20)),
            false => detector.deadline().map(|until| until.saturating_duration_since(Instant::now())),
        };
        let wait = wait.map(Timespec::try_from).transpose()?;
        let fds = detector.fds();
        let input = std::io::stdin();
        let mut polled: Vec<PollFd<'_>> = vec![PollFd::new(&input, PollFlags::IN)];
        polled.extend(
            fds.iter()
                .enumerate()
                // The first stays ready while nobody hears.
                .filter(|(i, _)| !is_deaf || *i > 0)
                .map(|(i, fd)| PollFd::from_borrowed_fd(*fd, if i == 0 { PollFlags::IN } else { PollFlags::PRI })),
        );
        poll(&mut polled, wait.as_ref())?;
        let ended = !polled[0].revents().is_empty();
        if ended && input.lock().read(&mut [0; 64])? == 0 {
            return Ok(());
        }
    }
}

fn line(seen: &Seen) -> String {
    let clients = match seen {
        Seen::Watching { events } => return format!("watching events={events}"),
        Seen::LostEvent => return "lost an event".into(),
        Seen::Gone => return "gone".into(),
        Seen::Clients(clients) => clients,
    };
    let show = |client: &Client| {
        let pid = client.pid.map_or("?".to_owned(), |pid| pid.to_string());
        format!(" {:?}/{}/{pid}", client.usage, client.name.replace(' ', "_"))
    };
    let clients: String = clients.iter().map(show).collect();
    format!("clients:{}", if clients.is_empty() { " none" } else { &clients })
}

/// Queues a moving grey, 30 times a second.
struct Writer {
    fd: std::fs::File,
    buffers: Vec<Mapping>,
}

const FRAME: u32 = 320 * 240 * 2;

impl Writer {
    fn open(node: &Path) -> Result<Self, Box<dyn Error>> {
        let fd = std::fs::OpenOptions::new().read(true).write(true).open(node)?;
        let fourcc = u32::from_le_bytes(*b"YUYV");
        let wanted = PixFormat { width: 320, height: 240, fourcc, bytes_per_line: 640, size_image: FRAME };
        v4l2::set_format(&fd, BufType::Output, &wanted)?;
        let count = v4l2::request_buffers(&fd, BufType::Output, 4)?;
        let buffers = (0..count)
            .map(|index| {
                let place = v4l2::query_buffer(&fd, BufType::Output, index)?;
                Mapping::new(&fd, place.offset, place.length as usize)
            })
            .collect::<Result<_, _>>()?;
        v4l2::stream_on(&fd, BufType::Output)?;
        Ok(Self { fd, buffers })
    }

    fn run(mut self, flow: &Flow) -> std::io::Result<()> {
        for frame in (0..=u8::MAX).cycle() {
            let index = usize::from(frame) % self.buffers.len();
            self.buffers[index].as_mut_slice().fill(frame);
            let now = clock_gettime(ClockId::Monotonic);
            let now = Duration::new(now.tv_sec.cast_unsigned(), u32::try_from(now.tv_nsec).unwrap_or(0));
            v4l2::queue_output(&self.fd, u32::try_from(index).unwrap_or(0), FRAME, now)?;
            // One frame is queued before anybody asks: a reader on a module without events blocks unseen until there is one.
            loop {
                std::thread::sleep(Duration::from_millis(33));
                if flow.stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
                if flow.wanted.load(Ordering::Relaxed) {
                    break;
                }
            }
        }
        Ok(())
    }
}
