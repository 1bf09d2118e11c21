//! What stands right behind the camera: lets frames pass or not (see [`crate::frames::frame_filter`]), and asks the driver for buffers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gst::prelude::*;

use crate::frames::delivery::Delivery;
use crate::frames::frame_filter::{Arrival, FrameFilter, FrameVerdict};
use crate::frames::rate_limiter::RateLimiter;
use crate::frames::slot_sink::SlotSink;
use crate::pipeline::choose_mode;
use crate::pipeline::events::{PipelineEvent, PipelineEvents};
use crate::pipeline::mode_report::ModeReport;
use lenscap_core::event::Step;
use lenscap_core::mode::FrameRate;

/// Buffers that v4l2src adds to what is proposed to it: one that is filled and one that is queued.
const ADDED: u32 = 2;

/// Decides about each frame that the source gives.
pub(crate) struct SourceProbe {
    /// The promised rate.
    pub(crate) framerate: u32,
    /// Its interval.
    pub(crate) interval: Duration,
    /// Where frames are wanted and counted.
    pub(crate) delivery: Arc<Delivery>,
    /// The pipeline's end.
    pub(crate) sink: glib::WeakRef<SlotSink>,
    /// Hears about the camera.
    pub(crate) report: Arc<ModeReport>,
    /// Hears that there is no hope.
    pub(crate) events: Arc<PipelineEvents>,
    /// Set while a picture is in the decoder.
    pub(crate) decoded: Option<Arc<AtomicBool>>,
    /// Whether frames are JPEG pictures.
    pub(crate) is_jpeg: bool,
    /// Whether the source numbers its frames as the camera does; some count bytes.
    pub(crate) has_numbers: bool,
}

impl SourceProbe {
    /// Watches over this pad.
    pub(crate) fn put(self, pad: &gst::Pad) {
        let (report, is_told) = (self.report.clone(), AtomicBool::new(false));
        pad.add_probe(gst::PadProbeType::EVENT_DOWNSTREAM, move |_, info| {
            let has_caps = info.event().is_some_and(|event| event.type_() == gst::EventType::Caps);
            if has_caps && !is_told.swap(true, Ordering::AcqRel) {
                report.step(Step::Streaming);
            }
            gst::PadProbeReturn::Ok
        });
        // Known with the first frame.
        let filter: Mutex<Option<FrameFilter>> = Mutex::new(None);
        pad.add_probe(gst::PadProbeType::BUFFER, move |pad, info| {
            let Some(buffer) = info.buffer() else { return gst::PadProbeReturn::Ok };
            let mut filter = filter.lock().unwrap_or_else(PoisonError::into_inner);
            let filter = filter.get_or_insert_with(|| {
                self.report.camera().planes = buffer.n_memory();
                self.filter(pad)
            });
            if self.passes(filter, buffer) { gst::PadProbeReturn::Ok } else { gst::PadProbeReturn::Drop }
        });
        // The camera's caps are fixed: what is put in behind would only make it set up its buffers anew.
        pad.add_probe(gst::PadProbeType::EVENT_UPSTREAM, |pad, info| match info.event() {
            Some(event) if event.type_() == gst::EventType::Reconfigure && pad.has_current_caps() => {
                gst::PadProbeReturn::Drop
            }
            _ => gst::PadProbeReturn::Ok,
        });
    }

    fn filter(&self, pad: &gst::Pad) -> FrameFilter {
        let rate = pad.current_caps().and_then(|caps| caps.structure(0)?.get::<gst::Fraction>("framerate").ok());
        let exceeds = rate.is_none_or(|rate| choose_mode::exceeds(rate, self.framerate));
        let promised = rate.and_then(choose_mode::frame_rate).map(FrameRate::per_second);
        FrameFilter::new(exceeds.then(|| RateLimiter::new(self.interval)), promised)
    }

    fn passes(&self, filter: &mut FrameFilter, buffer: &gst::Buffer) -> bool {
        let now = || Duration::from_nanos(gst::SystemClock::obtain().time().nseconds());
        let map = if self.is_jpeg { buffer.map_readable().ok() } else { None };
        let arrival = Arrival {
            time: buffer.pts().map_or_else(now, |pts| Duration::from_nanos(pts.nseconds())),
            number: Some(buffer.offset()).filter(|number| self.has_numbers && *number != u64::MAX),
            is_marked: buffer.flags().contains(gst::BufferFlags::CORRUPTED),
            jpeg: map.as_ref().map(|map| map.as_slice()),
        };
        let verdict = filter.judge(&arrival);
        match filter.take_lost() {
            0 => {}
            lost => self.delivery.count_lost(lost),
        }
        if let Some(rate) = filter.measure(&arrival) {
            self.report.is_slow(rate);
        }
        let has_started = self.sink.upgrade().is_some_and(|sink| sink.has_started());
        match verdict {
            FrameVerdict::Bad => {
                self.count_bad(filter, now());
                return false;
            }
            FrameVerdict::Pass if !has_started || self.delivery.wants_frame() => {}
            FrameVerdict::Pass | FrameVerdict::Skip => {
                self.delivery.count_skipped();
                return false;
            }
        }
        let was_swallowed = self.decoded.as_ref().is_some_and(|pending| pending.swap(true, Ordering::AcqRel));
        if was_swallowed {
            self.count_bad(filter, now());
        } else {
            filter.is_sound();
        }
        true
    }

    fn count_bad(&self, filter: &mut FrameFilter, now: Duration) {
        self.delivery.count_bad();
        if filter.is_hopeless(now) {
            self.events.push(PipelineEvent::OnlyBad);
        }
    }
}

/// Makes v4l2src ask the driver for this many buffers: it takes what is proposed to it from behind, and a few. The driver
/// may give more; v4l2src needs two.
pub(crate) fn ask_for_buffers(pad: &gst::Pad, wanted: u32) {
    // After those behind have answered.
    pad.add_probe(gst::PadProbeType::QUERY_DOWNSTREAM | gst::PadProbeType::PULL, move |_, info| {
        if let Some(gst::QueryViewMut::Allocation(query)) = info.query_mut().map(gst::QueryRef::view_mut) {
            let least = wanted.saturating_sub(ADDED);
            let first = query
                .allocation_pools()
                .next()
                .map(|(pool, size, _, most)| (pool.map(|pool| pool.to_owned()), size, most));
            match first {
                Some((pool, size, most)) => {
                    let most = if most == 0 { 0 } else { most.max(least) };
                    query.set_nth_allocation_pool(0, pool.as_ref(), size, least, most);
                }
                None => {
                    let (caps, _) = query.get_owned();
                    let size = caps.and_then(|caps| gst_video::VideoInfo::from_caps(&caps).ok());
                    let size = size.map_or(1, |info| u32::try_from(info.size()).unwrap_or(1));
                    query.add_allocation_pool(None::<&gst::BufferPool>, size, least, 0);
                }
            }
        }
        gst::PadProbeReturn::Ok
    });
}
