//! A first picture that nobody sees.

use std::time::Duration;

use gst::prelude::*;

use crate::camera;

/// How long the test picture may take.
const EXERCISE_LIMIT: Duration = Duration::from_millis(500);

/// Lets one test picture run through a pipeline like ours, for what happens once in a process (types, negotiation,
/// threads): the camera's first frame then comes sooner. Nothing depends on it.
pub(super) fn exercise(caps: &gst::Caps) {
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
