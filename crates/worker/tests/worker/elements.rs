//! Which elements are missing, as the worker's program says it.

use lenscap_cameras::elements::{ElementReport, Need, OPTION};
use lenscap_worker_rig::worker;

fn asked(folder: &std::path::Path) -> ElementReport {
    let registry = folder.join("lenscap/registry.bin");
    let listed = std::process::Command::new(worker())
        .arg(OPTION)
        .envs([("GST_PLUGIN_PATH", folder), ("GST_REGISTRY", &registry)])
        .output()
        .unwrap();
    assert!(listed.status.success(), "{listed:?}");
    assert!(!registry.exists(), "what is found without cameras is kept for nobody");
    serde_json::from_slice(&listed.stdout).unwrap()
}

#[test]
fn a_plugin_that_gstreamer_gave_up_is_named_by_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let of = |report: ElementReport| report.missing.into_iter().find(|missing| &*missing.element == "icamerasrc");
    let Some(missing) = of(asked(folder.path())) else {
        println!("SKIP a_plugin_that_gstreamer_gave_up: icamerasrc is installed");
        return;
    };
    assert_eq!((missing.need, missing.blacklisted), (Need::Source, None));
    let plugin = folder.path().join("libgsticamerasrc.so");
    std::fs::write(&plugin, "no library").unwrap();
    let missing = of(asked(folder.path())).expect("it cannot be there");
    assert_eq!(missing.blacklisted.as_deref(), plugin.to_str());
}
