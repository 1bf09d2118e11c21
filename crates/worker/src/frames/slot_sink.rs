//! The pipeline's end: offers the slots as memory to render into, and sends what arrives.
//!
//! A picture that was rendered into its slot is sent as it is; any other is copied once, row by row, into the next
//! slot. The first one is held until the parent opens the gate.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use glib::subclass::prelude::*;
use gst::prelude::*;
use gst_base::prelude::*;
use gst_base::subclass::prelude::*;
use gst_video::prelude::*;

use crate::frames::delivery::Delivery;
use crate::frames::slot_pool::{SlotPool, packed_planes, slot_of, video_format};
use lenscap_picture::format::VideoFormat;

/// How long the first frame waits for the gate; a parent that needs longer has other worries.
const GRANT_LIMIT: Duration = Duration::from_secs(2);
/// A capture time further in the past than this is no capture time of this camera.
const OLDEST: Duration = Duration::from_secs(5);

/// Called with the first frame; reports that the camera is on.
type Announce = Box<dyn Fn() + Send + Sync>;

/// Caps of the promised picture: whatever its rate, with square pixels.
pub(crate) fn promised_caps(format: &VideoFormat) -> gst::Caps {
    gst::Caps::builder("video/x-raw")
        .field("format", format.pixel_format.gst_name())
        .field("width", format.width.cast_signed())
        .field("height", format.height.cast_signed())
        .field("pixel-aspect-ratio", gst::Fraction::new(1, 1))
        .build()
}

struct SinkSetup {
    delivery: Arc<Delivery>,
    format: VideoFormat,
    info: gst_video::VideoInfo,
    announce: Announce,
}

mod imp {
    use super::*;

    #[derive(Default)]
    pub struct SlotSink {
        pub(super) session: OnceLock<SinkSetup>,
        started: AtomicBool,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for SlotSink {
        const NAME: &'static str = "LenscapSlotSink";
        type Type = super::SlotSink;
        type ParentType = gst_base::BaseSink;
    }

    impl ObjectImpl for SlotSink {}
    impl GstObjectImpl for SlotSink {}

    impl ElementImpl for SlotSink {
        fn pad_templates() -> &'static [gst::PadTemplate] {
            static TEMPLATES: OnceLock<Vec<gst::PadTemplate>> = OnceLock::new();
            TEMPLATES.get_or_init(|| {
                let caps = gst::Caps::new_empty_simple("video/x-raw");
                gst::PadTemplate::new("sink", gst::PadDirection::Sink, gst::PadPresence::Always, &caps)
                    .into_iter()
                    .collect()
            })
        }
    }

    impl BaseSinkImpl for SlotSink {
        fn caps(&self, filter: Option<&gst::Caps>) -> Option<gst::Caps> {
            let caps = self.session.get().map(|session| promised_caps(&session.format))?;
            Some(match filter {
                Some(filter) => filter.intersect_with_mode(&caps, gst::CapsIntersectMode::First),
                None => caps,
            })
        }

        fn propose_allocation(&self, query: &mut gst::query::Allocation) -> Result<(), gst::LoggableError> {
            if let Some(session) = self.session.get() {
                let pool = SlotPool::new(session.delivery.clone(), session.format);
                query.add_allocation_pool(Some(&pool), session.format.size_image(), 0, 0);
            }
            query.add_allocation_meta::<gst_video::VideoMeta>(None);
            Ok(())
        }

        fn unlock(&self) -> Result<(), gst::ErrorMessage> {
            if let Some(session) = self.session.get() {
                session.delivery.cancel();
            }
            Ok(())
        }

        fn render(&self, buffer: &gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
            let Some(session) = self.session.get() else { return Err(gst::FlowError::NotNegotiated) };
            if buffer.flags().contains(gst::BufferFlags::CORRUPTED) {
                session.delivery.count_bad();
                return Ok(gst::FlowSuccess::Ok);
            }
            let timestamp = self.capture_time(buffer);
            if !self.started.swap(true, Ordering::AcqRel) {
                (session.announce)();
                session.delivery.wait_for_grant(GRANT_LIMIT);
            }
            let in_place =
                slot_of(buffer, &session.delivery).is_some_and(|slot| session.delivery.send(slot, timestamp));
            if !in_place && !session.send_copy(buffer, timestamp)? {
                session.delivery.count_dropped();
            }
            Ok(gst::FlowSuccess::Ok)
        }
    }

    impl SlotSink {
        /// Whether the first frame was seen.
        pub(crate) fn has_started(&self) -> bool {
            self.started.load(Ordering::Acquire)
        }

        /// When the picture was taken, in `CLOCK_MONOTONIC`: the pipeline runs on that clock.
        fn capture_time(&self, buffer: &gst::BufferRef) -> Duration {
            let now = gst::SystemClock::obtain().time();
            let sink = self.obj();
            let segment = sink.segment();
            let running = segment
                .downcast_ref::<gst::ClockTime>()
                .and_then(|segment| segment.to_running_time(buffer.pts()?))
                .and_then(|running| sink.base_time().map(|base| base + running));
            let oldest = now.saturating_sub(gst::ClockTime::try_from(OLDEST).unwrap_or(gst::ClockTime::ZERO));
            let time = running.filter(|time| *time <= now && *time >= oldest).unwrap_or(now);
            Duration::from_nanos(time.nseconds())
        }
    }
}

impl SinkSetup {
    /// Copies the picture into the next slot and sends it. `false`: there was no slot for it.
    fn send_copy(&self, buffer: &gst::BufferRef, timestamp: Duration) -> Result<bool, gst::FlowError> {
        let Some(mut lent) = self.delivery.lend() else { return Ok(false) };
        let frame = gst_video::VideoFrameRef::from_buffer_ref_readable(buffer, &self.info)
            .map_err(|_| gst::FlowError::NotNegotiated)?;
        let (offsets, strides) = packed_planes(&self.format);
        let rows = std::iter::once(self.format.height).chain(std::iter::repeat(match strides.len() {
            1 => self.format.height,
            _ => self.format.height / 2,
        }));
        let to = lent.as_mut();
        for (plane, ((offset, stride), rows)) in offsets.iter().zip(&strides).zip(rows).enumerate() {
            let index = u32::try_from(plane).unwrap_or(0);
            let from = frame.plane_data(index).map_err(|_| gst::FlowError::NotNegotiated)?;
            let from_stride = frame.plane_stride().get(plane).copied().unwrap_or(0).unsigned_abs() as usize;
            let to = to.get_mut(*offset..).unwrap_or_default();
            copy_rows(to, *stride as usize, from, from_stride, rows as usize);
        }
        let sent = self.delivery.send(lent.slot(), timestamp);
        if sent {
            self.delivery.count_copy();
        }
        Ok(sent)
    }
}

/// Copies `rows` rows between pictures of different strides, as far as both reach.
fn copy_rows(to: &mut [u8], to_stride: usize, from: &[u8], from_stride: usize, rows: usize) {
    if to_stride == from_stride {
        let length = (to_stride * rows).min(to.len()).min(from.len());
        to[..length].copy_from_slice(&from[..length]);
        return;
    }
    if to_stride == 0 || from_stride == 0 {
        return;
    }
    for (to, from) in to.chunks_mut(to_stride).zip(from.chunks(from_stride)).take(rows) {
        let length = to.len().min(from.len());
        to[..length].copy_from_slice(&from[..length]);
    }
}

glib::wrapper! {
    /// The sink.
    pub struct SlotSink(ObjectSubclass<imp::SlotSink>) @extends gst_base::BaseSink, gst::Element, gst::Object;
}

impl SlotSink {
    /// A sink that takes the promised format and nothing else.
    ///
    /// # Errors
    /// When GStreamer cannot describe the format.
    pub(crate) fn new(
        delivery: Arc<Delivery>,
        format: VideoFormat,
        announce: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, glib::BoolError> {
        // Buffers without a description of their own are in GStreamer's layout.
        let info =
            gst_video::VideoInfo::builder(video_format(format.pixel_format), format.width, format.height).build()?;
        let sink: Self = glib::Object::builder()
            .property("sync", false)
            // The last picture would keep its slot.
            .property("enable-last-sample", false)
            .build();
        let _ = sink.imp().session.set(SinkSetup { delivery, format, info, announce: Box::new(announce) });
        Ok(sink)
    }

    /// Whether the first frame was seen.
    pub(crate) fn has_started(&self) -> bool {
        self.imp().has_started()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_copied_between_strides() {
        let mut to = [0; 6];
        copy_rows(&mut to, 2, &[1, 2, 9, 9, 3, 4, 9, 9, 5, 6], 4, 3);
        assert_eq!(to, [1, 2, 3, 4, 5, 6]);
        let mut to = [0; 4];
        copy_rows(&mut to, 2, &[1, 2, 3, 4, 5, 6], 2, 3);
        assert_eq!(to, [1, 2, 3, 4]);
    }
}
