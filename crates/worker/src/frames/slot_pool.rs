//! The buffers offered to whatever element comes before the sink: the slots themselves, so that its output is
//! written where the client reads it.
//!
//! A buffer is a slot when one is free to be filled, else ordinary memory of the same shape. Only one buffer of this
//! pool may be out while a slot is lent: an element that works ahead (a queue) would otherwise fill slots in one order
//! and deliver in another.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use glib::subclass::prelude::*;
use gst::subclass::prelude::*;

use crate::frames::delivery::Delivery;
use lenscap_picture::format::{PixelFormat, VideoFormat};

/// Where the planes of a packed picture lie: offsets and strides, as V4L2 has them. GStreamer's own would round the
/// strides up to 4.
pub(crate) fn packed_planes(format: &VideoFormat) -> (Vec<usize>, Vec<i32>) {
    let (width, height) = (format.width as usize, format.height as usize);
    let stride = format.bytes_per_line().cast_signed();
    match format.pixel_format {
        PixelFormat::Yuy2 => (vec![0], vec![stride]),
        PixelFormat::Nv12 => (vec![0, width * height], vec![stride, stride]),
        PixelFormat::I420 => {
            let chroma = width * height;
            (vec![0, chroma, chroma + chroma / 4], vec![stride, stride / 2, stride / 2])
        }
    }
}

/// GStreamer's name of a pixel format.
pub(crate) fn video_format(format: PixelFormat) -> gst_video::VideoFormat {
    match format {
        PixelFormat::Yuy2 => gst_video::VideoFormat::Yuy2,
        PixelFormat::Nv12 => gst_video::VideoFormat::Nv12,
        PixelFormat::I420 => gst_video::VideoFormat::I420,
    }
}

/// Gives a buffer the shape of its picture.
fn describe(buffer: &mut gst::BufferRef, format: &VideoFormat) -> Result<(), glib::BoolError> {
    let (offsets, strides) = packed_planes(format);
    gst_video::VideoMeta::add_full(
        buffer,
        gst_video::VideoFrameFlags::empty(),
        video_format(format.pixel_format),
        format.width,
        format.height,
        &offsets,
        &strides,
    )?;
    Ok(())
}

mod imp {
    use super::*;

    #[derive(Debug, Default)]
    pub struct SlotPool {
        pub(crate) delivery: OnceLock<(Arc<Delivery>, VideoFormat)>,
        /// Buffers of ordinary memory that are out.
        pub(crate) ordinary: AtomicU32,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for SlotPool {
        const NAME: &'static str = "LenscapSlotPool";
        type Type = super::SlotPool;
        type ParentType = gst::BufferPool;
    }

    impl ObjectImpl for SlotPool {}
    impl GstObjectImpl for SlotPool {}

    impl BufferPoolImpl for SlotPool {
        fn options() -> &'static [&'static str] {
            &["GstBufferPoolOptionVideoMeta"]
        }

        fn acquire_buffer(&self, params: Option<&gst::BufferPoolAcquireParams>) -> Result<gst::Buffer, gst::FlowError> {
            let (delivery, format) = self.delivery.get().ok_or(gst::FlowError::NotSupported)?;
            if self.ordinary.load(Ordering::Acquire) == 0
                && let Some(lent) = delivery.lend()
            {
                let mut buffer = gst::Buffer::from_mut_slice(lent);
                if let Some(buffer) = buffer.get_mut() {
                    describe(buffer, format).map_err(|_| gst::FlowError::Error)?;
                }
                return Ok(buffer);
            }
            let buffer = self.parent_acquire_buffer(params)?;
            self.ordinary.fetch_add(1, Ordering::AcqRel);
            Ok(buffer)
        }

        fn alloc_buffer(&self, _params: Option<&gst::BufferPoolAcquireParams>) -> Result<gst::Buffer, gst::FlowError> {
            let (_, format) = self.delivery.get().ok_or(gst::FlowError::NotSupported)?;
            let mut buffer = gst::Buffer::with_size(format.size_image() as usize).map_err(|_| gst::FlowError::Error)?;
            if let Some(buffer) = buffer.get_mut() {
                // The pool itself sees to it that this stays with the buffer when it comes back.
                describe(buffer, format).map_err(|_| gst::FlowError::Error)?;
            }
            Ok(buffer)
        }

        fn release_buffer(&self, buffer: gst::Buffer) {
            let slot = self.delivery.get().and_then(|(delivery, _)| slot_of(&buffer, delivery));
            match slot {
                // The slot goes home with the buffer's memory.
                Some(_) => drop(buffer),
                None => {
                    self.ordinary.fetch_sub(1, Ordering::AcqRel);
                    self.parent_release_buffer(buffer);
                }
            }
        }
    }
}

glib::wrapper! {
    /// The pool.
    pub struct SlotPool(ObjectSubclass<imp::SlotPool>) @extends gst::BufferPool, gst::Object;
}

impl SlotPool {
    /// A pool, ready to be configured by whoever uses it.
    pub(crate) fn new(delivery: Arc<Delivery>, format: VideoFormat) -> Self {
        let pool: Self = glib::Object::new();
        let _ = pool.imp().delivery.set((delivery, format));
        pool
    }
}

/// The slot this buffer's picture lies in.
pub(crate) fn slot_of(buffer: &gst::BufferRef, delivery: &Delivery) -> Option<u32> {
    if buffer.n_memory() != 1 {
        return None;
    }
    let memory = buffer.peek_memory(0);
    // Somebody else's, which would be mapped page by page for this look alone.
    if ["dmabuf", "fd"].into_iter().any(|kind| memory.is_type(kind)) {
        return None;
    }
    let map = memory.map_readable().ok()?;
    delivery.slot_at(map.as_slice().as_ptr())
}
