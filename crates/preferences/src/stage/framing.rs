//! Framing on the picture: what a pointer, a wheel or a key asks for. The numbers are those of the rows "Framing".

use lenscap_core::source::Framing;

/// Of the keys, in percent.
const PAN_STEP: i32 = 5;
const ZOOM_STEP: i32 = 10;
/// How much larger things are after one turn of a wheel.
const WHEEL: f64 = 1.1;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Gesture {
    /// The picture is drawn with the pointer, in parts of its width and height as it is shown.
    Drag(f64, f64),
    /// So many turns of a wheel towards oneself, at this place of the picture, of which (0, 0) is the upper left.
    Wheel(f64, (f64, f64)),
    /// So many steps towards the right and lower edge.
    Pan(i32, i32),
    /// So many steps closer.
    Zoom(i32),
    /// Everything.
    Whole,
}

/// The framing after that.
pub fn after(framing: Framing, gesture: Gesture) -> Framing {
    let Framing { zoom, pan_x, pan_y } = framing;
    match gesture {
        Gesture::Drag(x, y) => Framing { zoom, pan_x: drawn(zoom, pan_x, x), pan_y: drawn(zoom, pan_y, y) },
        Gesture::Wheel(turns, (x, y)) => {
            let closer = limited((f64::from(zoom) * WHEEL.powf(-turns)).round());
            Framing { zoom: closer, pan_x: kept(zoom, closer, pan_x, x), pan_y: kept(zoom, closer, pan_y, y) }
        }
        Gesture::Pan(x, y) => {
            let moved = |pan: i32, steps| pan.saturating_add(PAN_STEP.saturating_mul(steps)).clamp(-100, 100);
            Framing { zoom, pan_x: moved(pan_x, x), pan_y: moved(pan_y, y) }
        }
        Gesture::Zoom(steps) => {
            Framing { zoom: limited(f64::from(zoom) + f64::from(ZOOM_STEP.saturating_mul(steps))), pan_x, pan_y }
        }
        Gesture::Whole => Framing::default(),
    }
}

fn limited(zoom: f64) -> u32 {
    zoom.clamp(100.0, f64::from(Framing::MAX_ZOOM)) as u32
}

/// What a zoom leaves out of one side, in parts of what is shown.
fn room(zoom: u32) -> f64 {
    f64::from(zoom) / 100.0 - 1.0
}

/// The pan of one side after the picture was moved by this part of what is shown.
fn drawn(zoom: u32, pan: i32, by: f64) -> i32 {
    if room(zoom) <= 0.0 { pan } else { limited_pan(f64::from(pan) - 200.0 * by / room(zoom)) }
}

/// The pan with which the same thing stays at this place of the picture.
fn kept(before: u32, after: u32, pan: i32, place: f64) -> i32 {
    if room(after) <= 0.0 {
        return pan;
    }
    // From the edge of the whole, in its parts.
    let left_out = room(before) * f64::from(pan + 100) / 200.0;
    let at = (left_out + place) / (room(before) + 1.0);
    limited_pan((at * (room(after) + 1.0) - place) / room(after) * 200.0 - 100.0)
}

fn limited_pan(pan: f64) -> i32 {
    pan.round().clamp(-100.0, 100.0) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWICE: Framing = Framing { zoom: 200, pan_x: 0, pan_y: 0 };

    #[test]
    fn the_picture_goes_where_it_is_drawn() {
        let drawn = after(TWICE, Gesture::Drag(0.25, -0.5));
        assert_eq!(drawn, Framing { zoom: 200, pan_x: -50, pan_y: 100 });
        assert_eq!(after(TWICE, Gesture::Drag(9.0, -9.0)), Framing { zoom: 200, pan_x: -100, pan_y: 100 });
        assert_eq!(after(Framing::default(), Gesture::Drag(0.5, 0.5)), Framing::default(), "there is no room");
    }

    #[test]
    fn a_wheel_keeps_what_is_below_the_pointer() {
        let place_of = |framing: Framing, x: f64| {
            let left_out = room(framing.zoom) * f64::from(framing.pan_x + 100) / 200.0;
            (left_out + x) / (room(framing.zoom) + 1.0)
        };
        for x in [0.0, 0.2, 0.5, 1.0] {
            let closer = after(TWICE, Gesture::Wheel(-3.0, (x, 0.5)));
            assert_eq!((closer.zoom, closer.pan_y), (266, 0));
            assert!((place_of(TWICE, x) - place_of(closer, x)).abs() < 0.01, "{x}: {closer:?}");
        }
        assert_eq!(after(TWICE, Gesture::Wheel(100.0, (0.1, 0.9))).zoom, 100);
        assert_eq!(after(TWICE, Gesture::Wheel(-100.0, (0.1, 0.9))).zoom, Framing::MAX_ZOOM);
    }

    #[test]
    fn keys_go_in_steps_and_stop_at_the_edges() {
        assert_eq!(after(TWICE, Gesture::Pan(1, -1)), Framing { zoom: 200, pan_x: 5, pan_y: -5 });
        assert_eq!(after(TWICE, Gesture::Pan(99, 0)).pan_x, 100);
        assert_eq!((after(TWICE, Gesture::Zoom(1)).zoom, after(TWICE, Gesture::Zoom(-99)).zoom), (210, 100));
        assert_eq!(after(TWICE, Gesture::Whole), Framing::default());
    }
}
