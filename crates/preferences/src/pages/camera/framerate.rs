//! The row of frame rates.

use std::rc::Rc;

use lenscap_cameras::modes;
use lenscap_picture::format::VideoFormat;
use lenscap_settings::table::camera;
use lenscap_words::tr;

use super::resolution::served;
use crate::cameras::Cameras;
use crate::context::Context;
use crate::rows::{self, NumberOf, SpinRange};

pub fn row(context: &Context, cameras: &Rc<Cameras>) -> adw::ActionRow {
    let store = &context.store;
    let reached: Rc<dyn Fn() -> Vec<f64>> = {
        let (cameras, store) = (Rc::clone(cameras), Rc::downgrade(store));
        Rc::new(move || {
            let settings = store.upgrade().map(|store| store.settings()).unwrap_or_default();
            let formats = cameras.chosen(&settings).and_then(|camera| camera.formats).unwrap_or_default();
            served(&settings, &formats).map(|size| modes::rates(&formats, size)).unwrap_or_default()
        })
    };
    let number = NumberOf::whole(&camera::FRAMERATE, 5);
    let limits = {
        let reached = Rc::clone(&reached);
        Rc::new(move || {
            let allowed = number.range();
            SpinRange { max: fastest(&reached()).map_or(allowed.max, f64::from), ..allowed }
        })
    };
    rows::number_within(
        store,
        number,
        &tr("Framerate"),
        Rc::new(move || lenscap_words::preferences::framerate(&reached())),
        limits,
    )
}

/// The highest rate as a whole number: 29.97 is what people call 30.
fn fastest(rates: &[f64]) -> Option<u32> {
    let rate = rates.iter().copied().fold(0.0, f64::max);
    let whole = if rate / rate.round() >= 0.98 { rate.round() } else { rate.floor() };
    (whole >= 1.0).then_some((whole as u32).min(VideoFormat::MAX_FRAMERATE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_camera_gives_limits_the_row() {
        assert_eq!(fastest(&[29.97, 15.0]), Some(30));
        assert_eq!(fastest(&[12.5]), Some(12));
        assert_eq!((fastest(&[]), fastest(&[0.5])), (None, None));
    }
}
