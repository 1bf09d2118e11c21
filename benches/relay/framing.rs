//! What turning, mirroring and zooming cost, at one size, beside a picture that is left as it is.

use lenscap::core::source::{Framing, Orientation, Rotation};

use crate::measure::Spread;
use crate::table::{Row, Table, Target};
use crate::{Mode, native, runs};

const MODE: Mode = Mode { width: 1280, height: 720, framerate: 30 };

pub fn run(table: &mut Table) {
    let zoomed = Framing { zoom: 200, pan_x: 50, pan_y: -50 };
    let turned = |rotation, mirror, framing| Orientation { rotation, mirror, framing };
    let whole = Framing::default();
    let cases = [
        ("mirrored", turned(Rotation::None, true, whole)),
        ("turned by 90°", turned(Rotation::Quarter, false, whole)),
        ("turned by 180°", turned(Rotation::Half, false, whole)),
        ("zoomed to 200 %", turned(Rotation::None, false, zoomed)),
        ("mirrored and zoomed", turned(Rotation::None, true, zoomed)),
        ("turned by 90°, mirrored and zoomed", turned(Rotation::Quarter, true, zoomed)),
    ];
    for format in ["I420", "YUY2"] {
        let source = format!("videotestsrc is-live=true pattern=solid-color ! {}", MODE.caps(format));
        for (name, orientation) in &cases {
            let (mut laid, mut plain) = (Vec::new(), Vec::new());
            for _ in 0..runs() {
                laid.push(native::ours_laid(&MODE, &source, *orientation).all());
                plain.push(native::ours(&MODE, &source).all());
            }
            table.row(&Row {
                what: format!("live, {MODE}, {format} to YUY2, this machine, no node: {name}, CPU"),
                unit: "ms/frame",
                ratio: Some(Spread::ratio(&laid, &plain)),
                ours: Spread::new(laid),
                peer: Some(("the picture as it is".into(), Spread::new(plain))),
                target: Target::None,
                by_ratio: true,
            });
        }
    }
}
