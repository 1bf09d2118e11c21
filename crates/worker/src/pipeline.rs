//! The one pipeline: `source ! capsfilter ! [queue] ! [jpegdec] ! [lay] ! videoconvertscale ! [lay] ! slots`.
//!
//! The converter letterboxes and hands identical pictures through. The rate is kept, and broken frames are left out, by a
//! probe before any work is spent on them. What lays the picture is there from the moment it is needed.

pub(crate) mod choose_mode;
mod crop;
pub(crate) mod gst_error;
mod jpeg_decoder;
pub(crate) mod mode_report;
mod orientation;
pub(crate) mod source_probe;

use std::collections::VecDeque;
use std::fmt::Display;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use gst::prelude::*;
use rustix::event::{EventfdFlags, PollFd, PollFlags};

use crate::camera::{self, Built, backend};
use crate::controls::Controls;
use crate::frames::delivery::Delivery;
use crate::frames::slot_sink::{SlotSink, promised_caps};
use choose_mode::{Choice, Media};
use mode_report::{ModeReport, OpenedCamera};
use orientation::OrientationStage;
use source_probe::{SourceProbe, ask_for_buffers};

use lenscap_cameras::choice::Decision;
use lenscap_cameras::modes;
use lenscap_cameras::signal::Moment;
use lenscap_core::controls::Saved;
use lenscap_core::event::Step;
use lenscap_core::mode::Mode;
use lenscap_core::source::{Orientation, Source};
use lenscap_core::trouble::{Trouble, TroubleKind};
use lenscap_picture::format::VideoFormat;
use lenscap_wire::channel::Channel;
use lenscap_wire::protocol::Configure;

/// How long the end of the stream may take to come through before the camera is switched off without it.
const EOS_LIMIT: Duration = Duration::from_millis(1000);
/// How long the test picture may take.
const EXERCISE_LIMIT: Duration = Duration::from_millis(500);
/// How long a camera may give no picture before its input is looked at, and then again.
const LOOK: Duration = Duration::from_secs(2);
/// Most bus messages kept; only the first error is ever reported.
const MAX_MESSAGES: usize = 16;

/// What the pipeline reported.
#[derive(Debug)]
pub(super) enum PipelineEvent {
    /// It failed.
    Error(glib::Error, String),
    /// The stream ended.
    Eos,
    /// Nothing but broken frames came for too long.
    OnlyBad,
}

/// PipelineEvents of the streaming threads, readable as a descriptor.
#[derive(Debug)]
pub(super) struct PipelineEvents {
    queue: Mutex<VecDeque<PipelineEvent>>,
    wake: OwnedFd,
}

/// The pipeline; its source is added when it starts.
pub(super) struct Pipeline {
    pipeline: gst::Pipeline,
    sink: SlotSink,
    convert: gst::Element,
    configure: Configure,
    delivery: Arc<Delivery>,
    events: Arc<PipelineEvents>,
    report: Arc<ModeReport>,
    orientation: Option<OrientationStage>,
    controls: Option<Controls>,
    /// When to look why no picture comes, once it is ordered to start.
    look_at: Option<Instant>,
}

impl Pipeline {
    /// Builds what needs no camera and loads what the source will need.
    ///
    /// # Errors
    /// When an element is missing or descriptors are short.
    pub(super) fn new(configure: Configure, delivery: Arc<Delivery>, channel: Arc<Channel>) -> Result<Self, Trouble> {
        let internal = |error: &dyn Display| Trouble::WorkerWithoutPipeline { error: error.to_string().into() };
        let wake = rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|error| internal(&error))?;
        let events = Arc::new(PipelineEvents { queue: Mutex::default(), wake });
        let pipeline = gst::Pipeline::new();
        // The clock of V4L2 and of the slots' timestamps.
        pipeline.use_clock(Some(&gst::SystemClock::obtain()));
        let bus = pipeline.bus().ok_or_else(|| internal(&"no bus"))?;
        let to = events.clone();
        bus.set_sync_handler(move |_, message| {
            to.take(message);
            gst::BusSyncReply::Drop
        });
        let report = Arc::new(ModeReport::new(channel, configure.clone()));
        let reports = report.clone();
        let sink = SlotSink::new(delivery.clone(), configure.format, move || reports.started())
            .map_err(|error| internal(&error))?;
        let convert = camera::make("videoconvertscale")?;
        convert.set_property("add-borders", true);
        pipeline.add_many([&convert, sink.upcast_ref()]).map_err(|error| internal(&error))?;
        convert.link(&sink).map_err(|error| internal(&error))?;
        for name in backend(&configure.source).elements().iter().chain(&["capsfilter", "jpegdec"]) {
            if let Some(factory) = gst::ElementFactory::find(name)
                && let Err(error) = factory.load()
            {
                tracing::warn!("cannot load the element {name}: {error}");
            }
        }
        exercise(&promised_caps(&configure.format));
        Ok(Self {
            pipeline,
            sink,
            convert,
            configure,
            delivery,
            events,
            report,
            orientation: None,
            controls: None,
            look_at: None,
        })
    }

    /// Becomes readable when [`Self::next_report`] has something.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.events.wake.as_fd()
    }

    /// The next report.
    pub(super) fn next_report(&self) -> Option<PipelineEvent> {
        self.events.next()
    }

    /// What is wrong, as far as the pipeline's event says and the camera itself does.
    pub(super) fn trouble(&self, event: &PipelineEvent) -> Trouble {
        let camera = self.report.camera();
        let backend = backend(&camera.origin);
        if backend.has_gone() {
            return Trouble::CameraUnplugged { camera: (&camera.name).into() };
        }
        if let Some(trouble) = backend.no_signal(&camera.name, Moment::Silent) {
            return trouble;
        }
        match event {
            PipelineEvent::Error(error, debug) => gst_error::trouble(error, debug, &camera.name),
            PipelineEvent::OnlyBad => Trouble::OnlyBrokenPictures { camera: (&camera.name).into() },
            PipelineEvent::Eos => Trouble::CameraStreamEnded { camera: (&camera.name).into() },
        }
    }

    /// The mode that this failure may be about: the one asked for, where no frame came of it.
    pub(super) fn refused(&self, reason: &Trouble) -> Option<Mode> {
        let is_about_it = match reason.kind() {
            // The last one: nothing but broken frames.
            TroubleKind::Other | TroubleKind::Format | TroubleKind::Hang => true,
            TroubleKind::Busy
            | TroubleKind::Missing
            | TroubleKind::NoSignal
            | TroubleKind::Permission
            | TroubleKind::Setup
            | TroubleKind::Crash
            | TroubleKind::Device => false,
        };
        if is_about_it && !self.sink.has_started() { self.asked() } else { None }
    }

    /// The mode that the camera was asked for, where another one may do.
    fn asked(&self) -> Option<Mode> {
        let camera = self.report.camera();
        // A vendor's library that stumbles is no reason for another size.
        if camera.origin.node().is_some() { camera.asked.clone() } else { None }
    }

    /// Switches the camera on.
    ///
    /// # Errors
    /// Why it does not go on. [`Self::stop`] is still to be called.
    pub(super) fn start(&mut self) -> Result<(), Trouble> {
        let (built, choice) = self.open()?;
        self.report.step(Step::Opened);
        let balance = self.open_controls(&built.element);
        self.link(&built, choice.as_ref(), balance)?;
        if let Some(mode) = self.asked() {
            self.report.trying(mode);
        }
        let state = |state| self.pipeline.set_state(state).map_err(|_| self.failure(&built.name));
        // A source that is not live would run as fast as it can: the clock has to pace it.
        if state(gst::State::Paused)? != gst::StateChangeSuccess::NoPreroll {
            self.sink.set_property("sync", true);
        }
        state(gst::State::Playing)?;
        self.look_at = Some(Instant::now() + LOOK);
        Ok(())
    }

    /// When to look whether anything arrives at the camera's input; `None` once it gave a picture.
    pub(super) fn look_at(&self) -> Option<Instant> {
        self.look_at.filter(|_| !self.sink.has_started())
    }

    /// The camera gives no picture yet: why, if it is that nothing arrives at its input.
    pub(super) fn look(&mut self, now: Instant) -> Option<Trouble> {
        if self.look_at().is_none_or(|at| at > now) {
            return None;
        }
        self.look_at = Some(now + LOOK);
        let camera = self.report.camera();
        backend(&camera.origin).no_signal(&camera.name, Moment::Silent)
    }

    /// Sets the saved values of the camera's controls; what the picture has to go through for them.
    fn open_controls(&mut self, element: &gst::Element) -> Vec<gst::Element> {
        let origin = self.report.camera().origin.clone();
        let controls = self.controls.insert(Controls::open(&origin, Some(element)));
        controls.apply(&self.configure.controls);
        let balance = controls.elements();
        controls.insert_before(&self.convert);
        balance
    }

    /// The camera's controls, once it is open.
    pub(super) fn controls(&mut self) -> Option<&mut Controls> {
        self.controls.as_mut()
    }

    /// The same, to look at.
    pub(super) fn opened_controls(&self) -> Option<&Controls> {
        self.controls.as_ref()
    }

    /// Other saved values of controls.
    pub(super) fn set_controls(&mut self, saved: Saved) {
        if let Some(controls) = &mut self.controls {
            controls.apply(&saved);
        }
        self.configure.controls = saved;
    }

    /// Switches the camera off: end of stream first, as vendors' libraries like it, then NULL.
    pub(super) fn stop(&self) {
        self.delivery.cancel();
        if self.pipeline.current_state() == gst::State::Playing && self.pipeline.send_event(gst::event::Eos::new()) {
            self.wait_for_eos();
        }
        if self.pipeline.set_state(gst::State::Null).is_err() {
            tracing::warn!("the pipeline did not stop in order");
        }
    }

    fn wait_for_eos(&self) {
        let until = Instant::now() + EOS_LIMIT;
        loop {
            // Any report ends the wait: after an error no end of stream comes.
            if self.events.next().is_some() {
                return;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                tracing::debug!("no end of stream within {EOS_LIMIT:?}");
                return;
            }
            let timeout =
                rustix::time::Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
            let _ = rustix::event::poll(&mut [PollFd::new(&self.events.wake, PollFlags::IN)], Some(&timeout));
        }
    }

    /// Opens the camera, of several the first that can be opened, and chooses its caps.
    fn open(&self) -> Result<(Built, Option<Choice>), Trouble> {
        if self.configure.source != Source::Auto {
            return self.open_one(&self.configure.source.clone());
        }
        let cameras = camera::candidates(&self.configure.excluded)?;
        let mut decision = Decision::new(&cameras, &Source::Auto);
        let mut first: Option<Trouble> = None;
        while let Some(camera) = decision.camera() {
            let reason = match self.open_one(&camera::opened_as(camera)) {
                Ok(opened) => {
                    self.report.camera().why = decision.reason();
                    return Ok(opened);
                }
                Err(reason) => reason,
            };
            tracing::info!(?reason, "{} cannot be used", camera.source);
            match (camera.api.is_library(), reason.kind()) {
                (true, TroubleKind::Missing) => decision.leave_out(),
                _ => decision.pass_over(reason.clone()),
            }
            // Of several cameras a busy one explains more than those that are not there.
            if reason.kind() == TroubleKind::Busy || first.is_none() {
                first = Some(reason);
            }
        }
        if let Some(reason) = first {
            return Err(reason);
        }
        // None that could be used as it seemed: the first says why.
        match decision.hopeless().first() {
            Some(camera) => self.open_one(&camera::opened_as(camera)),
            None => Err(Trouble::NoCamera),
        }
    }

    fn open_one(&self, source: &Source) -> Result<(Built, Option<Choice>), Trouble> {
        if let Some(node) = source.node() {
            self.report.opening(vec![node.to_owned()])?;
        }
        let built = backend(source).build(&self.configure)?;
        *self.report.camera() = OpenedCamera {
            origin: source.clone(),
            name: built.name.clone(),
            asked_buffers: built.buffers,
            ..OpenedCamera::default()
        };
        if source.node().is_none() {
            self.report.opening(camera::nodes(&built.element))?;
        }
        self.pipeline.add(&built.element).map_err(|_| self.failure(&built.name))?;
        let opened = match built.element.set_state(gst::State::Ready) {
            Ok(_) => self.choose(&built),
            Err(_) => Err(self.failure(&built.name)),
        };
        match opened {
            Ok(choice) => Ok((built, choice)),
            Err(reason) => {
                let _ = built.element.set_state(gst::State::Null);
                let _ = self.pipeline.remove(&built.element);
                while self.events.next().is_some() {}
                Err(reason)
            }
        }
    }

    /// What to ask the camera for; `None`: whatever it gives, raw.
    fn choose(&self, built: &Built) -> Result<Option<Choice>, Trouble> {
        let pad = built.element.static_pad("src").ok_or_else(|| self.failure(&built.name))?;
        let offered = pad.query_caps(None);
        tracing::debug!("{} offers {offered}", built.name);
        let media = choose_mode::media(&offered);
        let is_jpeg = match &media {
            Media::Any => return Ok(None),
            Media::Raw => false,
            Media::Jpeg => true,
            Media::Other(_) if self.report.camera().origin.node().is_some() => {
                return Err(self.nothing_to_show(&built.name));
            }
            Media::Other(name) => {
                // "audio" of "audio/x-raw", else the whole.
                let media = name.strip_prefix("audio/").map_or(name.as_str(), |_| "audio");
                return Err(Trouble::SourceNotVideo { source: (&built.name).into(), media: media.into() });
            }
        };
        if built.own {
            let caps = choose_mode::with_wishes(&offered, self.configure.format.framerate);
            return Ok(is_jpeg.then_some(Choice { caps, is_jpeg, shortfall: None }));
        }
        let has_decoder = gst::ElementFactory::find("jpegdec").is_some();
        let mut wanted = self.configure.format;
        if !self.configure.orientation.is_upright() {
            (wanted.width, wanted.height) = (wanted.height, wanted.width);
        }
        let choice = choose_mode::choose(&offered, &wanted, built.native, has_decoder, &self.configure.refused);
        match choice {
            Some(choice) => Ok(Some(choice)),
            None if is_jpeg && !has_decoder => Err(Trouble::ElementMissing { element: "jpegdec".into() }),
            None => Err(Trouble::NoUsableFormat { camera: (&built.name).into() }),
        }
    }

    /// Why a camera whose formats GStreamer knows nothing of is of no use.
    fn nothing_to_show(&self, name: &str) -> Trouble {
        let camera = self.report.camera();
        let formats = camera.origin.node().and_then(|node| modes::ask(node).ok()).map(|answer| answer.formats);
        let formats = formats.unwrap_or_default();
        gst_error::nothing_to_show(name, &formats)
    }

    fn link(&mut self, built: &Built, choice: Option<&Choice>, balance: Vec<gst::Element>) -> Result<(), Trouble> {
        let filter = camera::make("capsfilter")?;
        match choice {
            Some(choice) => filter.set_property("caps", &choice.caps),
            None => {
                let any = gst::Caps::new_empty_simple("video/x-raw");
                filter.set_property("caps", choose_mode::with_wishes(&any, self.configure.format.framerate));
            }
        }
        let mut chain = vec![filter.clone()];
        if built.native {
            // The sensor's few buffers go back at once, whatever the conversion takes.
            let queue = camera::make("queue")?;
            queue.set_property("max-size-buffers", 3_u32);
            queue.set_property("max-size-bytes", 0_u32);
            queue.set_property("max-size-time", 0_u64);
            queue.set_property_from_str("leaky", "downstream");
            chain.push(queue);
        }
        let decoder = match choice.is_some_and(|choice| choice.is_jpeg) {
            true => Some(jpeg_decoder::make()?),
            false => None,
        };
        chain.extend(decoder.clone());
        chain.extend(balance);
        self.pipeline.add_many(&chain).map_err(|_| self.failure(&built.name))?;
        let all = std::iter::once(&built.element).chain(&chain).chain(std::iter::once(&self.convert));
        gst::Element::link_many(all).map_err(|_| Trouble::SourceWithoutVideo { source: (&built.name).into() })?;
        if let (Some(buffers), Some(_), Some(pad)) =
            (built.buffers, self.report.camera().origin.node(), built.element.static_pad("src"))
        {
            ask_for_buffers(&pad, buffers);
        }
        let last = chain.last().and_then(|last| last.static_pad("src"));
        if let (Some(pad), Some(last)) = (filter.static_pad("src"), last) {
            let probe = SourceProbe {
                framerate: self.configure.format.framerate,
                interval: self.configure.format.frame_interval(),
                delivery: self.delivery.clone(),
                sink: self.sink.downgrade(),
                report: self.report.clone(),
                events: self.events.clone(),
                decoded: decoder.as_ref().and_then(jpeg_decoder::outcome),
                is_jpeg: decoder.is_some(),
                has_numbers: self.report.camera().origin.node().is_some(),
            };
            probe.put(&pad);
            let is_small = choice.is_some_and(|choice| self.is_within_promise(choice));
            self.orientation =
                Some(OrientationStage::new(&self.pipeline, &last, &self.convert, is_small, &self.configure));
            let mut camera = self.report.camera();
            camera.source = Some(built.element.clone());
            camera.pad = Some(pad);
            camera.shortfall = choice.and_then(|choice| choice.shortfall);
            camera.asked = choice.map(Choice::mode);
            camera.decoder = decoder.and_then(|decoder| Some(decoder.factory()?.name().to_string()));
        }
        self.lay(self.configure.orientation);
        Ok(())
    }

    /// Lays the picture like this from now on; before [`Self::start`] it is only noted.
    pub(super) fn lay(&mut self, orientation: Orientation) {
        self.configure.orientation = orientation;
        if let Some(stage) = &mut self.orientation {
            stage.set(orientation);
        }
    }

    /// Whether the camera's picture is no larger than the promised one.
    fn is_within_promise(&self, choice: &Choice) -> bool {
        let side = |name: &str| choice.caps.structure(0)?.get::<i32>(name).ok();
        let area = |width: i32, height: i32| i64::from(width) * i64::from(height);
        let VideoFormat { width, height, .. } = self.configure.format;
        side("width")
            .zip(side("height"))
            .is_some_and(|(across, down)| area(across, down) <= area(width.cast_signed(), height.cast_signed()))
    }

    /// Why the last step failed: what the pipeline reported, else that it did.
    fn failure(&self, name: &str) -> Trouble {
        match self.events.next() {
            Some(PipelineEvent::Error(error, debug)) => gst_error::trouble(&error, &debug, name),
            Some(PipelineEvent::Eos | PipelineEvent::OnlyBad) | None => {
                Trouble::CameraRefusesStart { camera: name.into() }
            }
        }
    }
}

impl PipelineEvents {
    fn take(&self, message: &gst::Message) {
        let report = match message.view() {
            gst::MessageView::Error(error) => {
                let details = error.debug().map(|details| details.to_string()).unwrap_or_default();
                tracing::debug!("{} ({details})", error.error());
                PipelineEvent::Error(error.error(), details)
            }
            gst::MessageView::Eos(_) => PipelineEvent::Eos,
            gst::MessageView::Warning(warning) => {
                tracing::info!("{} ({})", warning.error(), warning.debug().unwrap_or_default());
                return;
            }
            _ => return,
        };
        self.push(report);
    }

    /// One more report; the main thread is woken.
    pub(super) fn push(&self, report: PipelineEvent) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.len() < MAX_MESSAGES {
            queue.push_back(report);
            let _ = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
        }
    }

    fn next(&self) -> Option<PipelineEvent> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let report = queue.pop_front();
        if queue.is_empty() {
            let _ = rustix::io::read(&self.wake, &mut [0; 8]);
        }
        report
    }
}

/// Lets one test picture run through a pipeline like ours, for what happens once in a process (types, negotiation,
/// threads): the camera's first frame then comes sooner. Nothing depends on it.
fn exercise(caps: &gst::Caps) {
    let run = || -> Option<()> {
        let make = |name| camera::make(name).ok();
        let [source, filter, convert, sink] = ["videotestsrc", "capsfilter", "videoconvertscale", "fakesink"].map(make);
        let chain = [source?, filter?, convert?, sink?];
        chain[0].set_property("num-buffers", 1_i32);
        chain[1].set_property("caps", caps);
        let pipeline = gst::Pipeline::new();
        pipeline.add_many(&chain).ok()?;
        gst::Element::link_many(&chain).ok()?;
        let bus = pipeline.bus()?;
        if pipeline.set_state(gst::State::Playing).is_ok() {
            bus.timed_pop_filtered(
                gst::ClockTime::try_from(EXERCISE_LIMIT).ok(),
                &[gst::MessageType::Eos, gst::MessageType::Error],
            );
        }
        pipeline.set_state(gst::State::Null).ok().map(drop)
    };
    if run().is_none() {
        tracing::debug!("no test picture could be run");
    }
}
