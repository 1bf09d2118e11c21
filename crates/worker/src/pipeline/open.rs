//! Opens the camera and chooses what it is asked for; nothing streams yet.

use gst::prelude::*;

use super::choose_mode::{self, Choice, Media};
use super::mode_report::OpenedCamera;
use super::{Pipeline, gst_error};
use crate::camera::{self, Built, backend};
use lenscap_cameras::choice::Decision;
use lenscap_cameras::modes;
use lenscap_core::source::Source;
use lenscap_core::trouble::{Trouble, TroubleKind};

impl Pipeline {
    /// Opens the camera, of several the first that can be opened, and chooses its caps.
    pub(super) fn open(&self) -> Result<(Built, Option<Choice>), Trouble> {
        if self.configure.source != Source::Auto {
            return self.open_one(&self.configure.source.clone());
        }
        let cameras = camera::candidates(&self.configure.excluded)?;
        let mut decision = Decision::new(&cameras, &Source::Auto);
        let mut first: Option<(Trouble, Source)> = None;
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
            let is_busy = |trouble: &Trouble| trouble.kind() == TroubleKind::Busy;
            if first.as_ref().is_none_or(|(first, _)| is_busy(&reason) && !is_busy(first)) {
                first = Some((reason, self.report.camera().origin.clone()));
            }
        }
        if let Some((reason, origin)) = first {
            self.report.camera().origin = origin;
            return Err(reason);
        }
        // None that could be used as it seemed: the first says why.
        match decision.hopeless().first() {
            Some(camera) => self.open_one(&camera::opened_as(camera)),
            None => Err(Trouble::NoCamera),
        }
    }

    fn open_one(&self, source: &Source) -> Result<(Built, Option<Choice>), Trouble> {
        self.report.camera().origin = source.clone();
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
        if !self.orientation_of(&built.element).is_upright() {
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
}
