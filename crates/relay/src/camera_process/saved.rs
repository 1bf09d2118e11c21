//! Which saved values of controls a worker is given: those of its camera, in a message that is never too large.

use lenscap_cameras::ids::stable_id;
use lenscap_core::controls::Saved;
use lenscap_core::source::Source;

use lenscap_wire::protocol::{self, MAX_MESSAGE};

/// Room for them in a message that has other things in it.
const MAX_SAVED: usize = MAX_MESSAGE / 2;

/// What the camera of this source may need. Where the worker chooses the camera, these are the values of all; what is too
/// much for a message is left out, the largest first, and said.
pub(super) fn of_camera(source: &Source, saved: &Saved) -> Saved {
    let id = source.node().map(stable_id);
    let is_of = |key: &str| match &id {
        _ if *source == Source::Auto => true,
        Some(id) => key == id,
        None => key.split(':').next() == Some(source.word()),
    };
    let mut given: Saved =
        saved.iter().filter(|(key, _)| is_of(key)).map(|(key, values)| (key.clone(), values.clone())).collect();
    let size = |saved: &Saved| protocol::encode(saved).map_or(usize::MAX, |bytes| bytes.len());
    while size(&given) > MAX_SAVED {
        let sizes = given.iter().map(|(key, values)| (size(&[(key.clone(), values.clone())].into()), key));
        let Some(largest) = sizes.max().map(|(_, key)| key.clone()) else { break };
        tracing::warn!("the saved controls of {largest} are too many: they are left out");
        given.remove(&largest);
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenscap_core::controls::{Value, Values};

    fn values(count: usize) -> Values {
        (0..count).map(|number| (format!("control_{number}"), Value::Text("x".repeat(100)))).collect()
    }

    #[test]
    fn a_camera_gets_its_own_values_alone() {
        let saved: Saved = ["/dev/video-a", "/dev/video-b", "icamera:a", "libcamera:a", "test"]
            .map(|key| (key.to_owned(), values(1)))
            .into();
        let keys = |source: &str| of_camera(&source.parse().unwrap(), &saved).into_keys().collect::<Vec<_>>();
        assert_eq!(keys("v4l2:/dev/video-a"), ["/dev/video-a"]);
        assert_eq!(keys("icamera"), ["icamera:a"]);
        assert_eq!(keys("test"), ["test"]);
        assert_eq!(keys("auto").len(), 5);
    }

    #[test]
    fn what_does_not_fit_is_left_out_largest_first() {
        let saved: Saved = [("large", 1000), ("middle", 200), ("small", 10)]
            .map(|(key, count)| (key.to_owned(), values(count)))
            .into();
        let given = of_camera(&Source::Auto, &saved);
        assert_eq!(given.keys().collect::<Vec<_>>(), ["middle", "small"]);
        assert!(protocol::encode(&given).unwrap().len() <= MAX_SAVED);
    }
}
