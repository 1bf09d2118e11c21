//! `lenscap doctor --test`: the camera through the running relay, as an application gets it.
//!
//! The device is read like any application reads it, so the relay switches the camera on, names this program, and keeps to what
//! the user does not allow. Cards come before and instead of the camera's picture: what counts is what comes while the relay says
//! that the camera is on. The end of this process, by whatever, closes the device, and the relay switches the camera off.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use lenscap_api::{Status, client};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::OFlags;
use rustix::time::Timespec;

use crate::core::status::StateName;
use crate::i18n::camera_test::CameraTest;
use crate::i18n::status::summary;
use crate::sys::memfd::Mapping;
use crate::sys::v4l2::{self, BufType};

/// Longer than a camera process may take to its first picture, with one more try.
const START_LIMIT: Duration = Duration::from_secs(20);
/// Pictures are counted for so long.
const COUNTED: Duration = Duration::from_secs(3);
/// Between two looks at the relay's status.
const LOOK: Duration = Duration::from_millis(100);
/// What the module gives by our options.
const BUFFERS: u32 = 4;

/// Switches the camera on for some seconds. `status`: the running relay's.
pub(super) fn run(status: &Status) -> CameraTest {
    if matches!(status.state, StateName::NoDevice | StateName::Paused | StateName::Blocked) {
        return CameraTest::Off { summary: summary(status) };
    }
    // By the relay's word: settings may name another one than the relay found, or was started with.
    let Some(node) = &status.node else { return CameraTest::NoNode };
    match stream(Path::new(node)) {
        Ok(result) => result,
        Err(error) => CameraTest::Unreadable { cause: error.into() },
    }
}

fn stream(node: &Path) -> io::Result<CameraTest> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(node)?;
    let format = v4l2::get_format(&file, BufType::Capture)?;
    let count = v4l2::request_buffers(&file, BufType::Capture, BUFFERS)?;
    let mut buffers = Vec::new();
    for index in 0..count.min(32) {
        let place = v4l2::query_buffer(&file, BufType::Capture, index)?;
        // Older modules count a mapped buffer as one in use only.
        buffers.push(Mapping::new(&file, place.offset, place.length as usize)?);
        v4l2::queue_capture(&file, index)?;
    }
    let began = Instant::now();
    v4l2::stream_on(&file, BufType::Capture)?;
    let (mut on_since, mut frames, mut looked) = (None::<Instant>, 0_u32, None::<Instant>);
    loop {
        let wait = Timespec { tv_sec: 0, tv_nsec: i64::try_from(LOOK.as_nanos()).unwrap_or(0) };
        poll(&mut [PollFd::new(&file, PollFlags::IN)], Some(&wait))?;
        while let Some(buffer) = v4l2::dequeue_capture(&file)? {
            frames += u32::from(on_since.is_some());
            v4l2::queue_capture(&file, buffer.index)?;
        }
        if let Some(since) = on_since.filter(|since| since.elapsed() >= COUNTED) {
            let (first, counted) = (since - began, since.elapsed());
            return Ok(match frames {
                0 => CameraTest::NoPicture { seconds: COUNTED.as_secs() },
                _ => CameraTest::Works { width: format.width, height: format.height, frames, counted, first },
            });
        }
        if began.elapsed() >= START_LIMIT && on_since.is_none() {
            return Ok(CameraTest::NoPicture { seconds: START_LIMIT.as_secs() });
        }
        if looked.is_some_and(|at| at.elapsed() < LOOK) {
            continue;
        }
        looked = Some(Instant::now());
        match client::status() {
            Ok(line) => match line.status.state {
                StateName::Live if on_since.is_none() => on_since = Some(Instant::now()),
                StateName::Live | StateName::Pending | StateName::Starting => {}
                // As it was before it heard of this client.
                StateName::Idle | StateName::Cooldown if on_since.is_none() => {}
                StateName::Failed if on_since.is_none() && began.elapsed() < COUNTED => {}
                _ => return Ok(CameraTest::Off { summary: summary(&line.status) }),
            },
            Err(error) => return Ok(CameraTest::Lost { sentence: crate::i18n::ask::sentence(&error) }),
        }
    }
}
