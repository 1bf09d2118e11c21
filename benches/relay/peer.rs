//! What stands beside us: the same frames through one GStreamer pipeline, as a process or in this one.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use gst::prelude::*;
use lenscap_test_support::client::Client;
use lenscap_test_support::process::Reaped;

use crate::{Mode, node};

/// How long a pipeline may take to its first frame.
const LIMIT: Duration = Duration::from_secs(30);

/// `gst-launch-1.0 DESCRIPTION`, ended with the value.
pub fn launch(description: &str) -> Reaped {
    let child = Command::new("gst-launch-1.0")
        .arg("-q")
        .args(description.split_whitespace())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("gst-launch-1.0 is installed");
    Reaped(child)
}

/// A client that streams from the node, as soon as somebody writes this mode to it.
pub fn client(mode: &Mode) -> Client {
    let end = Instant::now() + LIMIT;
    loop {
        if let Ok(mut client) = Client::open(node())
            && (client.format.width, client.format.height) == (mode.width, mode.height)
            && client.stream(4).is_ok()
        {
            return client;
        }
        assert!(Instant::now() < end, "nobody writes {mode} to the node");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A pipeline in this process, off when dropped.
pub struct Pipeline(gst::Pipeline);

impl Pipeline {
    /// Parsed and not started.
    pub fn new(description: &str) -> Self {
        gst::init().expect("GStreamer");
        let element = gst::parse::launch(description).expect("a pipeline");
        let pipeline = element.downcast::<gst::Pipeline>().expect("a whole pipeline");
        // The clock of V4L2's timestamps.
        pipeline.use_clock(Some(&gst::SystemClock::obtain()));
        Self(pipeline)
    }

    /// Starts it.
    pub fn play(&self) {
        self.0.set_state(gst::State::Playing).expect("it starts");
    }

    /// How many frames have reached the element with this name.
    pub fn count(&self, sink: &str) -> impl Fn() -> u64 + use<> {
        let count = Arc::new(AtomicU64::new(0));
        let counted = count.clone();
        let pad = self.0.by_name(sink).and_then(|sink| sink.static_pad("sink")).expect("a sink");
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            counted.fetch_add(1, Ordering::Relaxed);
            gst::PadProbeReturn::Ok
        });
        move || count.load(Ordering::Relaxed)
    }

    /// Calls this with everything that reaches the element with this name.
    pub fn each(&self, sink: &str, mut take: impl FnMut(&gst::Buffer) + Send + 'static) {
        let pad = self.0.by_name(sink).and_then(|sink| sink.static_pad("sink")).expect("a sink");
        let take = std::sync::Mutex::new(move |buffer: &gst::Buffer| take(buffer));
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, info| {
            if let (Some(buffer), Ok(mut take)) = (info.buffer(), take.lock()) {
                take(buffer);
            }
            gst::PadProbeReturn::Ok
        });
    }

    /// Runs it to its end.
    pub fn run(&self) {
        self.play();
        let bus = self.0.bus().expect("a bus");
        let end = bus.timed_pop_filtered(
            gst::ClockTime::try_from(LIMIT).ok(),
            &[gst::MessageType::Eos, gst::MessageType::Error],
        );
        assert!(end.is_some_and(|end| end.type_() == gst::MessageType::Eos), "the pipeline failed");
    }

    /// Starts it; how long until a first frame reaches the element with this name.
    pub fn time_to_first_frame(&self, sink: &str) -> Duration {
        let (sender, receiver) = channel();
        let pad = self.0.by_name(sink).and_then(|sink| sink.static_pad("sink")).expect("a sink");
        pad.add_probe(gst::PadProbeType::BUFFER, move |_, _| {
            let _ = sender.send(Instant::now());
            gst::PadProbeReturn::Remove
        });
        let began = Instant::now();
        self.play();
        receiver.recv_timeout(LIMIT).expect("a first frame").duration_since(began)
    }

    /// What the clock showed when its running time began.
    pub fn base_time(&self) -> Duration {
        Duration::from_nanos(self.0.base_time().map_or(0, gst::ClockTime::nseconds))
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        let _ = self.0.set_state(gst::State::Null);
    }
}
