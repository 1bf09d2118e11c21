//! Reports the camera to the parent: its name and its mode with the first frame, and what proves to be otherwise later.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use gst::prelude::*;

use super::choose_mode::{self, Shortfall, millihertz};
use lenscap_cameras::hidden;
use lenscap_core::event::Step;
use lenscap_core::mode::{FrameSize, Mode, ModeShortfall};
use lenscap_core::source::{Orientation, Source};
use lenscap_core::trouble::Trouble;
use lenscap_core::trouble::cameras::ChoiceReason;
use lenscap_text::Cause;
use lenscap_wire::channel::Channel;
use lenscap_wire::protocol::{Configure, FromChild};

/// The camera that was opened, as far as it is known.
#[derive(Debug, Default)]
pub(crate) struct OpenedCamera {
    /// Which source it is.
    pub(crate) origin: Source,
    /// What it is called when nothing better is known.
    pub(crate) name: String,
    /// Its element, once linked.
    pub(crate) source: Option<gst::Element>,
    /// Where its pictures come out as they are.
    pub(crate) pad: Option<gst::Pad>,
    /// The mode it was asked for, once linked.
    pub(crate) asked: Option<Mode>,
    /// What it gives less of than promised.
    pub(crate) shortfall: Option<Shortfall>,
    /// Buffers that it was asked for.
    pub(crate) asked_buffers: Option<u32>,
    /// Pieces of memory that each of its buffers has.
    pub(crate) planes: usize,
    /// The decoder's element.
    pub(crate) decoder: Option<String>,
    /// The mode that was reported last.
    pub(crate) mode: Mode,
    /// Why `auto` took it.
    pub(crate) why: Option<ChoiceReason>,
}

/// Sends the parent what is known about the camera; used by the main thread and by the streaming ones.
#[derive(Debug)]
pub(crate) struct ModeReport {
    channel: std::sync::Arc<Channel>,
    configure: Configure,
    /// Whether width and height of the camera's picture are those of the shown one.
    is_upright: AtomicBool,
    camera: Mutex<OpenedCamera>,
}

impl ModeReport {
    pub(crate) fn new(channel: std::sync::Arc<Channel>, configure: Configure) -> Self {
        let is_upright = AtomicBool::new(configure.orientation.is_upright());
        Self { channel, configure, is_upright, camera: Mutex::default() }
    }

    /// How the picture of the opened camera is laid.
    pub(crate) fn laid(&self, orientation: Orientation) {
        self.is_upright.store(orientation.is_upright(), Ordering::Relaxed);
    }

    /// What is known about the camera.
    pub(crate) fn camera(&self) -> MutexGuard<'_, OpenedCamera> {
        self.camera.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first frame is there.
    pub(crate) fn started(&self) {
        let mut camera = self.camera();
        let caps = camera.pad.as_ref().and_then(|pad| pad.current_caps());
        let mode = self.mode(&camera, caps.as_deref());
        camera.mode = mode.clone();
        let name = camera.source.as_ref().and_then(device_name).unwrap_or_else(|| camera.name.clone());
        let why = camera.why.clone().map(Box::new);
        let is_named = camera.origin.node().is_some();
        drop(camera);
        // Else the parent looks by itself.
        if !is_named && hidden::is_ours() {
            let nodes = lenscap_cameras::open_nodes(Path::new("/proc/self/fd"));
            self.send(&FromChild::Opening { nodes });
        }
        self.send(&FromChild::Mode(Box::new(mode)));
        let caps = caps.map(|caps| caps.to_string()).unwrap_or_default();
        self.send(&FromChild::Started { camera: name, caps, why });
    }

    /// The camera is about to be started, in this mode: where it then gives nothing, the parent knows what did that.
    pub(crate) fn trying(&self, mode: Mode) {
        self.send(&FromChild::Trying(Box::new(mode)));
    }

    /// The parent has to know what is opened: it sees to it that this goes off.
    ///
    /// # Errors
    /// When the parent does not listen.
    pub(crate) fn opening(&self, nodes: Vec<PathBuf>) -> Result<(), Trouble> {
        let sent = self.channel.send_message(&FromChild::Opening { nodes });
        sent.map_err(|error| Trouble::WorkerBroken { cause: Cause::other(error) })
    }

    /// A step of the start is done.
    pub(crate) fn step(&self, step: Step) {
        self.send(&FromChild::Step(step));
    }

    /// The camera gives fewer frames a second than it promised.
    pub(crate) fn is_slow(&self, rate: f64) {
        let mut camera = self.camera();
        let promised = camera.mode.millihertz;
        camera.mode.millihertz = millihertz(rate);
        let Mode { width, height, .. } = camera.mode;
        camera.mode.shortfall = Some(ModeShortfall::BelowPromise {
            size: (width, height).into(),
            promised,
            millihertz: millihertz((rate * 10.0).round() / 10.0),
        });
        let mode = camera.mode.clone();
        drop(camera);
        self.send(&FromChild::Mode(Box::new(mode)));
    }

    fn mode(&self, camera: &OpenedCamera, caps: Option<&gst::CapsRef>) -> Mode {
        let format = &self.configure.format;
        let buffers = camera.origin.node().and_then(|node| buffers_of(node, camera.planes));
        let instead = camera.asked.as_ref().and_then(|asked| self.instead(asked));
        let shortfall = match (&camera.shortfall, buffers, camera.asked_buffers) {
            _ if instead.is_some() => instead,
            (Some(shortfall), _, _) => Some(self.lacks(shortfall)),
            (None, Some(buffers), Some(asked)) if buffers < asked => Some(ModeShortfall::FewBuffers { buffers, asked }),
            (None, ..) => None,
        };
        Mode {
            asked_width: format.width,
            asked_height: format.height,
            asked_rate: format.framerate,
            buffers,
            asked_buffers: camera.asked_buffers,
            decoder: camera.decoder.clone(),
            shortfall,
            ..caps.and_then(|caps| caps.structure(0)).map(choose_mode::mode).unwrap_or_default()
        }
    }

    /// What stands in for the mode that the camera refused, where it is less.
    fn instead(&self, asked: &Mode) -> Option<ModeShortfall> {
        let refused = self.configure.refused.first()?;
        let area = |mode: &Mode| u64::from(mode.width) * u64::from(mode.height);
        let is_rate_known = asked.millihertz > 0;
        let is_less = area(asked) < area(refused) || (is_rate_known && asked.millihertz < refused.millihertz);
        is_less.then(|| ModeShortfall::ModeRefused {
            refused: refused.to_string().into(),
            size: self.shown((asked.width, asked.height)),
            millihertz: asked.millihertz,
        })
    }

    /// A size as the settings have it.
    fn shown(&self, (width, height): (u32, u32)) -> FrameSize {
        if self.is_upright.load(Ordering::Relaxed) { (width, height).into() } else { (height, width).into() }
    }

    /// What is less than was asked for, and which settings it would reach.
    fn lacks(&self, shortfall: &Shortfall) -> ModeShortfall {
        let format = &self.configure.format;
        let (size, millihertz, asked_rate) = (self.shown(shortfall.size), millihertz(shortfall.rate), format.framerate);
        match shortfall.fast {
            _ if shortfall.is_small => {
                let asked_size = (format.width, format.height).into();
                ModeShortfall::TooSmall { size, millihertz, asked_size, asked_rate }
            }
            Some(fast) => ModeShortfall::SlowAtSize { size, millihertz, asked_rate, fast: self.shown(fast) },
            None => ModeShortfall::Slow { millihertz, asked_rate },
        }
    }

    fn send(&self, message: &FromChild) {
        if let Err(error) = self.channel.send_message(message) {
            tracing::warn!("the camera cannot be reported: {error}");
        }
    }
}

/// How many buffers of the node this process has: what the driver gave, whatever was asked for. They are mapped, or exported
/// as DMABUF descriptors by what a user's own pipeline has.
fn buffers_of(node: &Path, planes: usize) -> Option<u32> {
    let node = std::fs::canonicalize(node).ok()?;
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let exported = std::fs::read_dir("/proc/self/fd")
        .ok()?
        .flatten()
        .filter(|fd| {
            std::fs::read_link(fd.path()).is_ok_and(|to| to.as_os_str().as_encoded_bytes().starts_with(b"/dmabuf"))
        })
        .count();
    let count = exported.max(count_maps(&maps, node.to_str()?)) / planes.max(1);
    u32::try_from(count).ok().filter(|count| *count > 0)
}

/// Lines of /proc/PID/maps, see proc(5), that are of this file.
fn count_maps(maps: &str, path: &str) -> usize {
    maps.lines().filter(|line| line.splitn(6, ' ').last().is_some_and(|rest| rest.trim_start() == path)).count()
}

/// The camera's own name: v4l2src and icamerasrc know it once it is open, as text or as one of a list.
fn device_name(source: &gst::Element) -> Option<String> {
    source.find_property("device-name")?;
    let value = source.property_value("device-name");
    let name = match glib::EnumValue::from_value(&value) {
        Some((_, chosen)) => Some(chosen.name().to_owned()),
        None => value.get::<Option<String>>().ok().flatten(),
    };
    name.filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nodes_maps_are_counted() {
        let maps = "7f00-7f01 rw-s 00000000 00:05 120                        /dev/video2\n\
                    7f01-7f02 rw-s 00001000 00:05 120                        /dev/video2\n\
                    7f02-7f03 rw-s 00001000 00:05 121                        /dev/video20\n\
                    7f03-7f04 r--p 00000000 08:01 5\n\
                    7f03-7f04 r--p 00000000 08:01 5 /usr/lib/a /dev/video2\n";
        assert_eq!(count_maps(maps, "/dev/video2"), 2);
        assert_eq!(count_maps(maps, "/dev/video20"), 1);
        assert_eq!(count_maps(maps, "/dev/video"), 0);
    }

    #[test]
    fn what_is_less_is_said_with_what_to_choose() {
        use lenscap_core::source::{Orientation, Rotation};
        use lenscap_picture::format::{PixelFormat, VideoFormat};
        use lenscap_picture::slots::SlotLayout;
        let configure = Configure {
            source: Source::Test,
            format: VideoFormat::new(PixelFormat::Yuy2, 1280, 720, 30).unwrap(),
            orientation: Default::default(),
            layout: SlotLayout { offsets: vec![0], length: 4096 },
            private: SlotLayout { offsets: vec![0], length: 4096 },
            buffer_count: 7,
            excluded: Vec::new(),
            controls: Default::default(),
            refused: Vec::new(),
            sandbox: false,
            held: None,
        };
        let (channel, _theirs) = Channel::pair().unwrap();
        let channel = std::sync::Arc::new(channel);
        let report = |refused| ModeReport::new(channel.clone(), Configure { refused, ..configure.clone() });
        let slow = Shortfall { size: (1280, 720), rate: 10.0, is_small: false, is_slow: true, fast: Some((640, 480)) };
        let lacks = |shortfall: &Shortfall| report(Vec::new()).lacks(shortfall);
        let size = |width, height| FrameSize { width, height };
        let (hd_size, small_size) = (size(1280, 720), size(640, 360));
        let slow_at =
            ModeShortfall::SlowAtSize { size: hd_size, millihertz: 10_000, asked_rate: 30, fast: size(640, 480) };
        assert_eq!(lacks(&slow), slow_at);
        let slower = Shortfall { fast: None, rate: 12.5, ..slow };
        assert_eq!(lacks(&slower), ModeShortfall::Slow { millihertz: 12_500, asked_rate: 30 });
        let hd = Mode { format: "YUY2".into(), width: 1280, height: 720, millihertz: 30_000, ..Mode::default() };
        let instead = |mode| report(vec![hd.clone()]).instead(&mode);
        assert_eq!(instead(Mode { format: Mode::JPEG.into(), ..hd.clone() }), None);
        let refused =
            ModeShortfall::ModeRefused { refused: "YUY2 1280x720@30".into(), size: size(960, 720), millihertz: 30_000 };
        assert_eq!(instead(Mode { width: 960, ..hd.clone() }), Some(refused));
        for (rate, millihertz) in [(0.0, 0), (30.0, 30_000)] {
            let small = Shortfall { size: (640, 360), rate, is_small: true, is_slow: false, fast: None };
            let too_small =
                ModeShortfall::TooSmall { size: small_size, millihertz, asked_size: hd_size, asked_rate: 30 };
            assert_eq!(lacks(&small), too_small);
        }
        let orientation = Orientation { rotation: Rotation::Quarter, ..Orientation::default() };
        let turned = ModeReport::new(channel.clone(), Configure { orientation, ..configure.clone() });
        assert_eq!(turned.shown((640, 480)), size(480, 640));
    }
}
