//! Zoom and pan: lets the next conversion read only a part of the picture. Nothing is copied: the buffer gets another
//! description, and the conversion that is needed anyway enlarges what it describes.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use glib::subclass::prelude::*;
use gst::prelude::*;
use gst::subclass::prelude::*;

use lenscap_core::source::{Orientation, Rotation};

/// A rectangle of a picture, on even pixels: no pixel's colour is then torn from its brightness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

impl Part {
    /// What of a picture of this size fills the promised one. Where the shapes differ the borders shrink first.
    pub(crate) fn new((width, height): (u32, u32), promised: (u32, u32), orientation: Orientation) -> Self {
        let framing = orientation.framing;
        if framing.is_whole() || width < 2 || height < 2 {
            return Self { x: 0, y: 0, width, height };
        }
        let (across, down) = if orientation.is_upright() { promised } else { (promised.1, promised.0) };
        let scale = (f64::from(across) / f64::from(width)).min(f64::from(down) / f64::from(height));
        let scale = scale * f64::from(framing.zoom) / 100.0;
        let side = |full: u32, shown: u32| ((f64::from(shown) / scale) as u32).clamp(2, full) & !1;
        let (part_width, part_height) = (side(width, across), side(height, down));
        let (pan_x, pan_y) = pan(orientation);
        let start = |room: u32, pan: i32| {
            let percent = u64::from((pan.clamp(-100, 100) + 100).unsigned_abs());
            u32::try_from(u64::from(room) * percent / 200).unwrap_or(0) & !1
        };
        Self {
            x: start(width - part_width, pan_x),
            y: start(height - part_height, pan_y),
            width: part_width,
            height: part_height,
        }
    }
}

/// The direction to look into as the camera sees it; the settings have it as people see it, turned and mirrored.
fn pan(orientation: Orientation) -> (i32, i32) {
    let (x, y) = (orientation.framing.pan_x, orientation.framing.pan_y);
    let x = if orientation.mirror { -x } else { x };
    match orientation.rotation {
        Rotation::None | Rotation::Automatic => (x, y),
        Rotation::Quarter => (y, -x),
        Rotation::Half => (-x, -y),
        Rotation::ThreeQuarters => (-y, x),
    }
}

/// The input and what is taken of it.
struct Current {
    caps: gst::Caps,
    info: gst_video::VideoInfo,
    part: Part,
}

#[derive(Default)]
struct CropState {
    promised: (u32, u32),
    orientation: Orientation,
    current: Option<Current>,
}

mod imp {
    use super::*;

    pub struct Crop {
        sink: gst::Pad,
        src: gst::Pad,
        state: Mutex<CropState>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Crop {
        const NAME: &'static str = "LenscapCrop";
        type Type = super::Crop;
        type ParentType = gst::Element;

        fn with_class(class: &Self::Class) -> Self {
            let pad = |name: &str| match class.pad_template(name) {
                Some(template) => gst::Pad::builder_from_template(&template),
                // Both templates are made below.
                None => unreachable!("there is a template of the pad {name}"),
            };
            let sink = pad("sink")
                .chain_function(|_, parent, buffer| {
                    Self::catch_panic_pad_function(parent, || Err(gst::FlowError::Error), |crop| crop.chain(buffer))
                })
                .event_function(|pad, parent, event| {
                    Self::catch_panic_pad_function(parent, || false, |crop| crop.event(pad, event))
                })
                .query_function(|pad, parent, query| {
                    Self::catch_panic_pad_function(parent, || false, |crop| crop.query(pad, query))
                })
                .build();
            Self { sink, src: pad("src").build(), state: Mutex::default() }
        }
    }

    impl ObjectImpl for Crop {
        fn constructed(&self) {
            self.parent_constructed();
            for pad in [&self.sink, &self.src] {
                if self.obj().add_pad(pad).is_err() {
                    tracing::error!("an element of ours takes no pad");
                }
            }
        }
    }

    impl GstObjectImpl for Crop {}

    impl ElementImpl for Crop {
        fn pad_templates() -> &'static [gst::PadTemplate] {
            static TEMPLATES: OnceLock<Vec<gst::PadTemplate>> = OnceLock::new();
            TEMPLATES.get_or_init(|| {
                let caps = gst::Caps::new_empty_simple("video/x-raw");
                [("sink", gst::PadDirection::Sink), ("src", gst::PadDirection::Src)]
                    .into_iter()
                    .filter_map(|(name, way)| gst::PadTemplate::new(name, way, gst::PadPresence::Always, &caps).ok())
                    .collect()
            })
        }
    }

    impl Crop {
        pub(super) fn state(&self) -> MutexGuard<'_, CropState> {
            self.state.lock().unwrap_or_else(PoisonError::into_inner)
        }

        fn chain(&self, buffer: gst::Buffer) -> Result<gst::FlowSuccess, gst::FlowError> {
            let (event, buffer) = {
                let mut state = self.state();
                let CropState { promised, orientation, current } = &mut *state;
                let current = current.as_mut().ok_or(gst::FlowError::NotNegotiated)?;
                let part = Part::new((current.info.width(), current.info.height()), *promised, *orientation);
                let event = (part != current.part).then(|| {
                    current.part = part;
                    gst::event::Caps::new(&current.caps())
                });
                (event, current.describe(buffer).ok_or(gst::FlowError::Error)?)
            };
            if event.is_some_and(|event| !self.src.push_event(event)) {
                return Err(gst::FlowError::NotNegotiated);
            }
            self.src.push(buffer)
        }

        fn event(&self, pad: &gst::Pad, event: gst::Event) -> bool {
            let caps = match event.view() {
                gst::EventView::Caps(caps) => caps.caps_owned(),
                _ => return gst::Pad::event_default(pad, Some(&*self.obj()), event),
            };
            let Ok(info) = gst_video::VideoInfo::from_caps(&caps) else { return false };
            let cropped = {
                let mut state = self.state();
                let part = Part::new((info.width(), info.height()), state.promised, state.orientation);
                state.current.insert(Current { caps, info, part }).caps()
            };
            self.src.push_event(gst::event::Caps::new(&cropped))
        }

        fn query(&self, pad: &gst::Pad, query: &mut gst::QueryRef) -> bool {
            match query.view_mut() {
                // What follows scales: it takes every size.
                gst::QueryViewMut::Caps(query) => {
                    let mut caps = self.src.peer_query_caps(None);
                    for structure in caps.make_mut().iter_mut() {
                        structure.remove_fields(["width", "height"]);
                    }
                    let caps = match query.filter() {
                        Some(filter) => filter.intersect_with_mode(&caps, gst::CapsIntersectMode::First),
                        None => caps,
                    };
                    query.set_result(&caps);
                    true
                }
                // The next one's memory is for another size.
                gst::QueryViewMut::Allocation(query) => {
                    query.add_allocation_meta::<gst_video::VideoMeta>(None);
                    true
                }
                _ => gst::Pad::query_default(pad, Some(&*self.obj()), query),
            }
        }
    }
}

impl Current {
    /// The caps of the part.
    fn caps(&self) -> gst::Caps {
        let mut caps = self.caps.clone();
        if (self.part.width, self.part.height) != (self.info.width(), self.info.height()) {
            let caps = caps.make_mut();
            caps.set("width", self.part.width.cast_signed());
            caps.set("height", self.part.height.cast_signed());
        }
        caps
    }

    /// The same memory, described as the part.
    fn describe(&self, buffer: gst::Buffer) -> Option<gst::Buffer> {
        let Part { x, y, width, height } = self.part;
        if (width, height) == (self.info.width(), self.info.height()) {
            return Some(buffer);
        }
        let (mut offsets, strides) = match buffer.meta::<gst_video::VideoMeta>() {
            Some(meta) => (meta.offset().to_vec(), meta.stride().to_vec()),
            None => (self.info.offset().to_vec(), self.info.stride().to_vec()),
        };
        let format = self.info.format_info();
        let mut shifted = vec![false; offsets.len()];
        for component in 0..format.n_components() as usize {
            let plane = *format.plane().get(component)? as usize;
            // The components of one plane share its first byte.
            if std::mem::replace(shifted.get_mut(plane)?, true) {
                continue;
            }
            let right =
                (x >> format.w_sub()[component]) as usize * format.pixel_stride()[component].unsigned_abs() as usize;
            let down = (y >> format.h_sub()[component]) as usize * strides.get(plane)?.unsigned_abs() as usize;
            *offsets.get_mut(plane)? += right + down;
        }
        let mut part = gst::Buffer::new();
        let to = part.get_mut()?;
        let what = gst::BufferCopyFlags::FLAGS | gst::BufferCopyFlags::TIMESTAMPS | gst::BufferCopyFlags::MEMORY;
        buffer.copy_into(to, what, ..).ok()?;
        let flags = gst_video::VideoFrameFlags::empty();
        gst_video::VideoMeta::add_full(to, flags, self.info.format(), width, height, &offsets, &strides).ok()?;
        // The camera gets its buffer back when nobody reads the part any more.
        gst::ParentBufferMeta::add(to, &buffer);
        Some(part)
    }
}

glib::wrapper! {
    /// The element.
    pub struct Crop(ObjectSubclass<imp::Crop>) @extends gst::Element, gst::Object;
}

impl Crop {
    /// An element for pictures of the promised size.
    pub(crate) fn new(promised: (u32, u32), orientation: Orientation) -> Self {
        let crop: Self = glib::Object::new();
        *crop.imp().state() = CropState { promised, orientation, current: None };
        crop
    }

    /// From the next picture on.
    pub(crate) fn set_orientation(&self, orientation: Orientation) {
        self.imp().state().orientation = orientation;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenscap_core::source::Framing;

    fn part(size: (u32, u32), promised: (u32, u32), zoom: u32, pan_x: i32, pan_y: i32) -> [u32; 4] {
        let orientation = Orientation { framing: Framing { zoom, pan_x, pan_y }, ..Orientation::default() };
        let Part { x, y, width, height } = Part::new(size, promised, orientation);
        [x, y, width, height]
    }

    #[test]
    fn the_part_is_the_middle_unless_another_is_looked_at() {
        let hd = (1280, 720);
        assert_eq!(part(hd, hd, 100, 100, 100), [0, 0, 1280, 720]);
        assert_eq!(part(hd, hd, 200, 0, 0), [320, 180, 640, 360]);
        assert_eq!(part(hd, hd, 200, -100, 100), [0, 360, 640, 360]);
        assert_eq!(part(hd, hd, 400, 50, 0), [720, 270, 320, 180]);
        assert_eq!(part(hd, (1920, 1080), 200, 0, 0), [320, 180, 640, 360]);
    }

    #[test]
    fn borders_shrink_before_anything_is_lost_on_their_side() {
        // 4:3 in 16:9: the bars at the sides are gone at 133 %.
        assert_eq!(part((640, 480), (1280, 720), 120, 0, 0), [0, 40, 640, 400]);
        assert_eq!(part((640, 480), (1280, 720), 200, 0, 0), [106, 120, 426, 240]);
    }

    proptest::proptest! {
        #[test]
        fn a_part_is_even_and_within_the_picture(
            size in (2_u32..5000, 2_u32..5000),
            promised in (2_u32..5000, 2_u32..5000),
            zoom in 100_u32..=400,
            pan in (-200_i32..200, -200_i32..200),
            turned in (0_usize..4, proptest::bool::ANY),
        ) {
            let framing = Framing { zoom, pan_x: pan.0, pan_y: pan.1 };
            let orientation = Orientation { rotation: Rotation::ALL[turned.0], mirror: turned.1, framing };
            let part = Part::new(size, promised, orientation);
            proptest::prop_assert!(part.width > 0 && part.height > 0);
            proptest::prop_assert!(part.x + part.width <= size.0 && part.y + part.height <= size.1, "{part:?}");
            proptest::prop_assert!(part.x.is_multiple_of(2) && part.y.is_multiple_of(2));
        }
    }
}
