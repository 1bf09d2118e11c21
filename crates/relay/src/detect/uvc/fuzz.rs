//! A tree of sysfs; fed by `fuzz/`.

use std::path::Path;
use std::time::Instant;

use super::sampler::{Held, Sampler, WINDOW};
use super::sysfs::{Readout, References, cameras};

/// Every camera below this root, read some times over.
pub(in crate::detect) fn look(root: &Path) {
    let mut now = Instant::now();
    for camera in cameras(root).cameras {
        assert!(!camera.nodes.is_empty() && camera.name.chars().count() <= 80, "{camera:?}");
        let mut sampler = Sampler::default();
        for held in [Held::Nobody, Held::No, Held::Perhaps, Held::Yes, Held::Yes] {
            sampler.stir(now);
            let Readout::Known(reading) = camera.read(held) else { break };
            sampler.take(now, reading);
            let _ = sampler.asks_for_maps();
            now += WINDOW;
        }
    }
    let _ = References::new(root).read();
}
