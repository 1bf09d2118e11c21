//! Crops, turns and mirrors the picture. The elements are put in when they are first needed, also while
//! the camera runs; then they stay, and hand through what needs nothing.
//!
//! The part is only a description (see [`crate::pipeline::crop`]); turning and mirroring is a pass over the pixels, which is done
//! where they are fewer: before the conversion of a picture that is smaller than the promised one, else behind it.

use gst::prelude::*;

use crate::camera;
use crate::pipeline::crop::Crop;
use lenscap_core::source::{Orientation, Rotation};
use lenscap_wire::protocol::Configure;

/// The elements that crop, turn and mirror the picture, and where they belong.
#[derive(Debug)]
pub(crate) struct OrientationStage {
    pipeline: gst::Pipeline,
    /// Where the camera's picture comes out, decoded.
    picture: gst::Pad,
    /// Where the converted one does.
    converted: gst::Pad,
    /// Whether it is turned before the conversion.
    turns_first: bool,
    promised: (u32, u32),
    elements: Option<(Crop, gst::Element)>,
}

impl OrientationStage {
    /// Nothing is put in yet. `is_small`: the camera's picture is no larger than the promised one.
    pub(crate) fn new(
        pipeline: &gst::Pipeline,
        picture: &gst::Pad,
        convert: &gst::Element,
        is_small: bool,
        configure: &Configure,
    ) -> Self {
        // videoflip does not take every format that the converter does.
        let takes = |caps: &gst::Caps| {
            gst::ElementFactory::find("videoflip").is_some_and(|factory| factory.can_sink_all_caps(caps))
        };
        Self {
            pipeline: pipeline.clone(),
            picture: picture.clone(),
            converted: convert.static_pad("src").unwrap_or_else(|| picture.clone()),
            turns_first: is_small && takes(&picture.query_caps(None)),
            promised: (configure.format.width, configure.format.height),
            elements: None,
        }
    }

    /// From the next picture on.
    pub(crate) fn set(&mut self, orientation: Orientation) {
        if self.elements.is_none() && orientation != Orientation::default() {
            self.elements = self.put_in(orientation);
        }
        if let Some((crop, flip)) = &self.elements {
            crop.set_orientation(orientation);
            flip.set_property("video-direction", direction(orientation));
        }
    }

    fn put_in(&self, orientation: Orientation) -> Option<(Crop, gst::Element)> {
        let flip = match camera::make("videoflip") {
            Ok(flip) => flip,
            Err(reason) => {
                tracing::warn!(?reason, "the picture stays as it is");
                return None;
            }
        };
        flip.set_property("video-direction", direction(orientation));
        let crop = Crop::new(self.promised, orientation);
        insert(&self.pipeline, if self.turns_first { &self.picture } else { &self.converted }, &flip);
        insert(&self.pipeline, &self.picture, crop.upcast_ref());
        Some((crop, flip))
    }
}

/// Puts an element of one input and one output behind a pad; while pictures flow between two of them.
fn insert(pipeline: &gst::Pipeline, pad: &gst::Pad, element: &gst::Element) {
    let (pipeline, element) = (pipeline.downgrade(), element.clone());
    pad.add_probe(gst::PadProbeType::IDLE, move |pad, _| {
        let put = || -> Option<()> {
            let pipeline = pipeline.upgrade()?;
            let (next, sink, src) = (pad.peer()?, element.static_pad("sink")?, element.static_pad("src")?);
            pipeline.add(&element).ok()?;
            element.sync_state_with_parent().ok()?;
            pad.unlink(&next).ok()?;
            pad.link(&sink).ok()?;
            src.link(&next).ok().map(drop)
        };
        if put().is_none() {
            tracing::error!("the picture cannot be turned, mirrored or cropped");
        }
        gst::PadProbeReturn::Remove
    });
}

/// What videoflip calls it.
fn direction(orientation: Orientation) -> gst_video::VideoOrientationMethod {
    use gst_video::VideoOrientationMethod as Method;
    match (orientation.rotation, orientation.mirror) {
        (Rotation::None | Rotation::Automatic, false) => Method::Identity,
        (Rotation::Quarter, false) => Method::_90r,
        (Rotation::Half, false) => Method::_180,
        (Rotation::ThreeQuarters, false) => Method::_90l,
        (Rotation::None | Rotation::Automatic, true) => Method::Horiz,
        (Rotation::Half, true) => Method::Vert,
        // A quarter clockwise and then left for right is the other diagonal.
        (Rotation::Quarter, true) => Method::UlLr,
        (Rotation::ThreeQuarters, true) => Method::UrLl,
    }
}
