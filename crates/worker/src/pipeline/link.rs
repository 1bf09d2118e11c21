//! Puts what a camera needs between its source and the slots.

use gst::prelude::*;

use super::choose_mode::{self, Choice};
use super::orientation::OrientationStage;
use super::source_probe::{SourceProbe, ask_for_buffers};
use super::{Pipeline, jpeg_decoder};
use crate::camera::{self, Built};
use lenscap_core::trouble::Trouble;
use lenscap_picture::format::VideoFormat;

impl Pipeline {
    /// Links the opened camera; `balance`: what its controls need in between.
    ///
    /// # Errors
    /// When an element is missing, or the source gives no video after all.
    pub(super) fn link(
        &mut self,
        built: &Built,
        choice: Option<&Choice>,
        balance: Vec<gst::Element>,
    ) -> Result<(), Trouble> {
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
        self.lay_again();
        Ok(())
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
}
