//! What applications see: the loopback node, opened as an application does.
//!
//! A thread has the pipeline from start to stop; it ends when asked to, or when the pipeline does. Of the pictures the
//! newest is shown, the others are dropped.

use std::path::Path;
use std::sync::{Arc, Mutex};

use gst::prelude::*;
use lenscap_core::trouble::preferences::PreferencesTrouble;

use crate::elements;
use crate::error::WindowError;
use lenscap_text::Cause;

/// Environment variable with a description in place of `v4l2src`: lets the tests see a picture where no node is.
pub const SOURCE_VARIABLE: &str = "LENSCAP_PREVIEW_SOURCE";

/// Name of the message that ends the thread.
const STOP: &str = "lenscap-preview-stop";
/// The picture is drawn by the processor: no larger than the window shows it.
const CAPS: &str = "video/x-raw,format=BGRA,width=[1,640],height=[1,640],pixel-aspect-ratio=1/1";

/// What comes of a preview.
pub enum PreviewEvent {
    /// The newest picture.
    Picture(gtk::gdk::Texture),
    /// It ended: why.
    Ended(PreferencesTrouble),
}

/// A running preview; dropping it ends it.
pub struct Preview {
    bus: gst::Bus,
}

impl Preview {
    /// Starts to show what the node gives. `source`: a description in its place.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(
        node: &Path,
        source: Option<&str>,
        news: impl Fn(PreviewEvent) + 'static,
    ) -> Result<Self, WindowError> {
        for element in ["videoconvert", "videoscale", "appsink"] {
            elements::require(element)?;
        }
        let pipeline = gst::Pipeline::new();
        let failed = |error: &dyn std::fmt::Display| PreferencesTrouble::PreviewUnusable { cause: Cause::other(error) };
        let input = match source {
            Some(description) => {
                gst::parse::bin_from_description(description, true).map_err(|error| failed(&error.message()))?.upcast()
            }
            None => {
                elements::require("v4l2src")?;
                let input = gst::ElementFactory::make("v4l2src").build().map_err(|error| failed(&error))?;
                input.set_property("device", node.to_string_lossy().as_ref());
                input
            }
        };
        let rest = gst::parse::bin_from_description(
            &format!("queue max-size-buffers=2 leaky=downstream ! videoconvert ! videoscale ! {CAPS} ! appsink name=sink sync=false max-buffers=1 drop=true"),
            true,
        )
        .map_err(|error| failed(&error.message()))?;
        let sink = rest.by_name("sink").and_then(|sink| sink.downcast::<gst_app::AppSink>().ok());
        let (Some(sink), Some(bus)) = (sink, pipeline.bus()) else {
            return Err(failed(&"appsink").into());
        };
        pipeline.add_many([&input, rest.upcast_ref()]).map_err(|error| failed(&error))?;
        input.link(&rest).map_err(|error| failed(&error))?;

        let (sender, receiver) = async_channel::bounded::<Wake>(4);
        let newest: Arc<Mutex<Option<gst::Sample>>> = Arc::default();
        {
            let (newest, sender) = (Arc::clone(&newest), sender.clone());
            let take = move |sink: &gst_app::AppSink| {
                let sample = sink.pull_sample().map_err(|_| gst::FlowError::Eos)?;
                let old = newest.lock().map_err(|_| gst::FlowError::Error)?.replace(sample);
                // A wake-up is on its way while one lies there.
                if old.is_none() {
                    let _ = sender.try_send(Wake::Picture);
                }
                Ok(gst::FlowSuccess::Ok)
            };
            sink.set_callbacks(gst_app::AppSinkCallbacks::builder().new_sample(take).build());
        }
        glib::spawn_future_local(async move {
            while let Ok(wake) = receiver.recv().await {
                match wake {
                    Wake::Picture => {
                        let sample = newest.lock().ok().and_then(|mut newest| newest.take());
                        if let Some(texture) = sample.as_ref().and_then(texture) {
                            news(PreviewEvent::Picture(texture));
                        }
                    }
                    Wake::Ended(why) => {
                        news(PreviewEvent::Ended(why));
                        break;
                    }
                }
            }
        });
        let thread_bus = bus.clone();
        std::thread::Builder::new()
            .name("preview".into())
            .spawn(move || {
                let ended = run(&pipeline, &thread_bus);
                if let Some(why) = ended {
                    let _ = sender.send_blocking(Wake::Ended(why));
                }
            })
            .map_err(|error| failed(&error))?;
        Ok(Self { bus })
    }
}

impl Drop for Preview {
    fn drop(&mut self) {
        let _ = self.bus.post(gst::message::Application::new(gst::Structure::new_empty(STOP)));
    }
}

enum Wake {
    Picture,
    Ended(PreferencesTrouble),
}

/// Plays until asked to stop (`None`) or until it ends (why). The node is closed when this returns.
fn run(pipeline: &gst::Pipeline, bus: &gst::Bus) -> Option<PreferencesTrouble> {
    use gst::MessageView;
    // What fails is on the bus, too.
    let _ = pipeline.set_state(gst::State::Playing);
    let types = [gst::MessageType::Application, gst::MessageType::Error, gst::MessageType::Eos];
    let why = loop {
        let Some(message) = bus.timed_pop_filtered(gst::ClockTime::NONE, &types) else { break None };
        match message.view() {
            MessageView::Application(_) => break None,
            MessageView::Eos(_) => break Some(PreferencesTrouble::PreviewEnded),
            MessageView::Error(error) => {
                break Some(PreferencesTrouble::PreviewFailed { cause: Cause::other(error.error()) });
            }
            _ => {}
        }
    };
    let _ = pipeline.set_state(gst::State::Null);
    why
}

fn texture(sample: &gst::Sample) -> Option<gtk::gdk::Texture> {
    let structure = sample.caps()?.structure(0)?;
    let (width, height): (i32, i32) = (structure.get("width").ok()?, structure.get("height").ok()?);
    let map = sample.buffer()?.map_readable().ok()?;
    // Four bytes a pixel: no padding.
    let stride = usize::try_from(width).ok()? * 4;
    if width < 1 || height < 1 || map.size() < stride * usize::try_from(height).ok()? {
        return None;
    }
    let bytes = glib::Bytes::from(map.as_slice());
    let format = gtk::gdk::MemoryFormat::B8g8r8a8Premultiplied;
    Some(gtk::gdk::MemoryTexture::new(width, height, format, &bytes, stride).into())
}
