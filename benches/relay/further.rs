//! What a further device costs for each picture while somebody reads there, on this machine: the relay's own CPU, beside that of
//! copying as many bytes, measured in turns. Devices are memory.

use std::time::{Duration, Instant};

use lenscap::core::presence::{Client, Presence, Use};
use lenscap::core::source::Source;
use lenscap::engine::{Further, OutputChoice, Role};
use lenscap::frame::format::{PixelFormat, VideoFormat};

use crate::cycles::{Rig, frames};
use crate::measure::{Spread, Usage};
use crate::table::{Row, Table, Target};
use crate::{Mode, runs};

const MODE: Mode = Mode { width: 1280, height: 720, framerate: 30 };
const WINDOW: Duration = Duration::from_secs(6);
const SETTLE: Duration = Duration::from_secs(1);
const SLOTS: usize = 8;
/// Copies of a picture in one measurement: as many as there are pictures in a window.
const COPIES: u32 = 180;
/// Of a copy of the picture, for each device.
const LIMIT: f64 = 1.25;

fn cpu_of(work: impl FnOnce()) -> f64 {
    let pids = [std::process::id()];
    let before = Usage::of(&pids);
    work();
    Usage::of(&pids).cpu_ms_since(&before)
}

/// CPU ms of one copy between pages that are there, as those of slots are: from one of some places to another, at the pace of
/// pictures. At one go it would be of what the processor has in its cache still, which nobody has after a picture's time.
fn copy_ms(bytes: usize) -> f64 {
    let from = vec![vec![1_u8; bytes]; SLOTS];
    let mut to = vec![vec![2_u8; bytes]; SLOTS];
    let mut paced = |copies: bool| {
        cpu_of(|| {
            for turn in 0..COPIES {
                let place = turn as usize % SLOTS;
                if copies {
                    to[place].copy_from_slice(&from[place]);
                    std::hint::black_box(&mut to);
                }
                std::thread::sleep(WINDOW / COPIES);
            }
        })
    };
    // Without what waking up costs, which the relay does anyway.
    (paced(true) - paced(false)) / f64::from(COPIES)
}

/// CPU ms of the relay for each picture, with readers at the main device and at this many further ones.
fn relay_ms(rig: &mut Rig, readers: usize) -> f64 {
    for (index, further) in Further::ALL.into_iter().enumerate() {
        let client = Client::new(Some(100 + further.number()), "bench", Use::Streaming);
        let clients = (index < readers).then_some(client).into_iter().collect();
        rig.engine.set_presence(Role::Further(further), Presence { clients });
    }
    turn_for(rig, SETTLE);
    let (pictures, copies) = (frames(&rig.engine), rig.engine.copies());
    let took = cpu_of(|| turn_for(rig, WINDOW));
    let pictures = frames(&rig.engine) - pictures;
    assert_eq!(rig.engine.copies() - copies, pictures * readers as u64, "one copy for each device with a reader");
    took / pictures as f64
}

fn turn_for(rig: &mut Rig, time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        rig.engine.turn(Some(end.saturating_duration_since(Instant::now()))).expect("turn");
    }
}

pub fn run(table: &mut Table) {
    let format = VideoFormat::new(PixelFormat::Yuy2, MODE.width, MODE.height, MODE.framerate).expect("a format");
    let mut rig = Rig::with_further(Source::Test, format, vec![OutputChoice::Memory(SLOTS as u32); Further::ALL.len()]);
    rig.presence(Some(Use::Streaming));
    rig.until("pictures", |engine| frames(engine) > 10);
    let mut ours = vec![Vec::new(); Further::ALL.len()];
    let mut copies = Vec::new();
    for _ in 0..runs() {
        copies.push(copy_ms(format.size_image() as usize));
        let alone = relay_ms(&mut rig, 0);
        for (index, ours) in ours.iter_mut().enumerate() {
            ours.push((relay_ms(&mut rig, index + 1) - alone) / (index + 1) as f64);
        }
    }
    for (index, ours) in ours.into_iter().enumerate() {
        table.row(&Row {
            what: format!(
                "{MODE} YUY2, this machine: CPU of the relay for each picture and further device, of {}",
                index + 1
            ),
            unit: "ms",
            ratio: Some(Spread::ratio(&ours, &copies)),
            ours: Spread::new(ours),
            peer: Some(("a copy of as many bytes".into(), Spread::new(copies.iter().copied()))),
            target: Target::AtMost(LIMIT),
            by_ratio: true,
        });
    }
    rig.engine.shut_down(Instant::now() + Duration::from_secs(10));
}
