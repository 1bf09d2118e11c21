//! What the kernel, udev, a driver and a vendor's library say of cameras; fed by `fuzz/`.

use std::path::Path;

use super::{System, controls, loopbacks, modes, sight, vendors};
use lenscap_core::controls::{Range, Value};

/// A system that lists its nodes in `class`.
pub fn system(class: &Path) {
    let system = System::of(class);
    let cameras = system.cameras();
    for (index, camera) in cameras.iter().enumerate() {
        assert!(!camera.id.is_empty(), "{camera:?}");
        assert!(
            cameras[..index].iter().all(|other| other.source != camera.source),
            "two cameras are {}",
            camera.source
        );
        let _ = (camera.label(), camera.sight());
        let _ = camera.node.as_deref().map(|node| system.is_shared(node));
    }
    for node in loopbacks(class) {
        let _ = node.label();
    }
}

/// The answer of the process that asks a vendor's library.
pub fn report(line: &[u8]) {
    let Ok(report) = vendors::parse(line) else { return };
    for camera in report.cameras {
        let shown = [&camera.id, &camera.name];
        assert!(shown.iter().all(|text| !text.contains(char::is_control)), "{camera:?}");
        shapes(&camera.formats);
    }
}

/// A node, whose driver is not trusted either.
pub fn node(path: &Path) {
    if let Ok(answer) = modes::ask(path) {
        shapes(&answer.formats);
    }
    let Ok(mut device) = controls::ControlDevice::open(path) else { return };
    device.subscribe();
    let mut keys: Vec<_> = device.controls().iter().map(|control| control.key.clone()).collect();
    for key in keys.iter().take(32) {
        for value in [Value::Integer(i64::MIN), Value::Integer(1), Value::Boolean(true), Value::Text("a".repeat(40))] {
            let _ = device.set(key, &value);
        }
    }
    let _ = device.dispatch();
    for control in device.controls() {
        if let Range::Whole { min, max, .. } = control.range {
            let _ = [min, max].map(|number| control.check(&Value::Integer(number)));
        }
    }
    keys.sort();
    let count = keys.len();
    keys.dedup();
    assert_eq!(keys.len(), count, "two controls have the same key");
}

/// What the preferences and the choice of a mode work out from a list.
fn shapes(formats: &[modes::Format]) {
    let _ = (modes::native(formats), sight::is_depth(formats), modes::serving(formats, (1280, 720)));
    let sizes = modes::sizes(formats);
    for size in sizes.iter().take(8) {
        let rates = modes::rates(formats, *size);
        assert!(rates.iter().all(|rate| rate.is_finite() && *rate >= 0.0), "{rates:?}");
    }
    let count: usize = formats.iter().map(|format| format.sizes.len()).sum();
    assert!(count < 100_000, "{count} sizes are remembered");
}
