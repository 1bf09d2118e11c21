//! The one pipeline: `source ! capsfilter ! [queue] ! [jpegdec] ! [lay] ! videoconvertscale ! [lay] ! slots`.
//!
//! The converter letterboxes and hands identical pictures through. The rate is kept, and broken frames are left out, by a
//! probe before any work is spent on them. What lays the picture is there from the moment it is needed.

pub(crate) mod choose_mode;
mod crop;
pub(crate) mod events;
mod exercise;
pub(crate) mod gst_error;
mod jpeg_decoder;
mod link;
pub(crate) mod mode_report;
mod open;
mod orientation;
pub(crate) mod source_probe;

use std::fmt::Display;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gst::prelude::*;
use rustix::event::{PollFd, PollFlags};

use crate::camera::{self, backend};
use crate::controls::OpenedControls;
use crate::frames::delivery::Delivery;
use crate::frames::slot_sink::{SlotSink, promised_caps};
use events::{PipelineEvent, PipelineEvents};
use mode_report::ModeReport;
use orientation::OrientationStage;

use lenscap_cameras::signal::Moment;
use lenscap_core::controls::{Saved, laying};
use lenscap_core::event::Step;
use lenscap_core::mode::Mode;
use lenscap_core::source::{Orientation, Rotation, Source};
use lenscap_core::trouble::{Trouble, TroubleKind};
use lenscap_text::Cause;
use lenscap_wire::channel::Channel;
use lenscap_wire::protocol::Configure;

/// How long the end of the stream may take to come through before the camera is switched off without it.
const EOS_LIMIT: Duration = Duration::from_millis(1000);
/// How long a camera may give no picture before its input is looked at, and then again.
const LOOK: Duration = Duration::from_secs(2);
/// How long a camera that another program holds may take in PipeWire: to have no picture is all that PipeWire says where
/// that program is none of its own (facts: pipewire, section 5).
const HELD_LIMIT: Duration = Duration::from_secs(3);

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
    controls: Option<OpenedControls>,
    /// The source element whose controls are not read yet.
    unread_controls: Option<gst::Element>,
    /// Until when what the first picture does not need waits for it.
    put_off_until: Option<Instant>,
    /// When to look why no picture comes, once it is ordered to start.
    look_at: Option<Instant>,
}

impl Pipeline {
    /// Builds what needs no camera.
    ///
    /// # Errors
    /// When an element is missing or descriptors are short.
    pub(super) fn new(configure: Configure, delivery: Arc<Delivery>, channel: Arc<Channel>) -> Result<Self, Trouble> {
        let internal = |error: &dyn Display| Trouble::WorkerWithoutPipeline { cause: Cause::other(error) };
        let events = Arc::new(PipelineEvents::new().map_err(|error| internal(&error))?);
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
            unread_controls: None,
            put_off_until: None,
            look_at: None,
        })
    }

    /// Loads what the camera may need and lets a first picture through that nobody sees. To be done while there is time: for
    /// whoever waits for the camera already it would only be a longer wait.
    pub(super) fn prepare(&self) {
        for name in backend(&self.configure.source).elements().into_iter().chain(["capsfilter", "jpegdec"]) {
            if let Some(factory) = gst::ElementFactory::find(name)
                && let Err(error) = factory.load()
            {
                tracing::warn!("cannot load the element {name}: {error}");
            }
        }
        exercise::exercise(&promised_caps(&self.configure.format));
    }

    /// Becomes readable when [`Self::next_report`] has something.
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.events.fd()
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

    /// What this failure is, of a camera that another program holds and that PipeWire was to give instead: that it is held.
    pub(super) fn or_held(&self, reason: Trouble) -> Trouble {
        match &self.configure.held {
            Some(held) if !self.sink.has_started() => {
                tracing::info!(?reason, "PipeWire does not give the camera");
                camera::busy(held)
            }
            _ => reason,
        }
    }

    /// The camera that another program holds, by this failure, where PipeWire may have it.
    pub(super) fn held(&self, reason: &Trouble) -> Option<Source> {
        let origin = self.report.camera().origin.clone();
        let may_be_there = matches!(origin, Source::Libcamera(_) | Source::V4l2(_));
        (may_be_there && reason.kind() == TroubleKind::Busy).then_some(origin)
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
        let first = if self.configure.held.is_some() { HELD_LIMIT } else { LOOK };
        self.look_at = Some(Instant::now() + first);
        self.put_off_until = self.look_at;
        Ok(())
    }

    /// Whether the first picture is still waited for, and with it all that it does not need; not for ever.
    pub(super) fn awaits_picture(&self, now: Instant) -> bool {
        self.put_off_until.is_some_and(|until| now < until) && !self.sink.has_started()
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
        if let Some(held) = &self.configure.held {
            return Some(camera::busy(held));
        }
        let camera = self.report.camera();
        backend(&camera.origin).no_signal(&camera.name, Moment::Silent)
    }

    /// Sets the saved values of the camera's controls; what the picture has to go through for them. Where none are saved, its
    /// controls are read later: of a USB camera each is several requests to it.
    fn open_controls(&mut self, element: &gst::Element) -> Vec<gst::Element> {
        let id = backend(&self.report.camera().origin).id(Some(element));
        let saved = self.configure.controls.get(&id);
        if saved.is_none_or(|saved| saved.keys().all(|key| laying::is_key(key))) {
            self.unread_controls = Some(element.clone());
            return Vec::new();
        }
        self.read_controls(element).elements()
    }

    fn read_controls(&mut self, element: &gst::Element) -> &mut OpenedControls {
        let origin = self.report.camera().origin.clone();
        let controls = self.controls.insert(OpenedControls::open(&origin, Some(element)));
        controls.apply(&self.configure.controls);
        controls.insert_before(&self.convert);
        controls
    }

    /// The camera's controls, once it is open.
    pub(super) fn controls(&mut self) -> Option<&mut OpenedControls> {
        if let Some(element) = self.unread_controls.take() {
            return Some(self.read_controls(&element));
        }
        self.controls.as_mut()
    }

    /// The same, to look at; `None` as well while they are not read.
    pub(super) fn opened_controls(&self) -> Option<&OpenedControls> {
        self.controls.as_ref()
    }

    /// Other saved values of controls.
    pub(super) fn set_controls(&mut self, saved: Saved) {
        if let Some(controls) = self.controls() {
            controls.apply(&saved);
        }
        self.configure.controls = saved;
        self.lay_again();
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
            let _ =
                rustix::event::poll(&mut [PollFd::from_borrowed_fd(self.events.fd(), PollFlags::IN)], Some(&timeout));
        }
    }

    /// Lays the picture like this from now on, where the camera has no values of its own; before [`Self::start`] it is only
    /// noted.
    pub(super) fn lay(&mut self, orientation: Orientation) {
        self.configure.orientation = orientation;
        self.lay_again();
    }

    fn lay_again(&mut self) {
        let element = self.report.camera().source.clone();
        let Some(orientation) = element.map(|element| self.orientation_of(&element)) else { return };
        self.report.laid(orientation);
        if let Some(stage) = &mut self.orientation {
            stage.set(orientation);
        }
    }

    /// How the picture of the opened camera is laid: by its own values, else as configured.
    fn orientation_of(&self, element: &gst::Element) -> Orientation {
        let origin = self.report.camera().origin.clone();
        let camera = backend(&origin);
        let default = self.configure.orientation;
        let saved = self.configure.controls.get(&camera.id(Some(element)));
        let laid = saved.map_or(default, |saved| laying::laid(default, saved).0);
        let sensor = if laid.rotation == Rotation::Automatic { camera.sensor_rotation() } else { None };
        Orientation { rotation: laid.rotation.settled(sensor), ..laid }
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
