//! The list, for people and as JSON.

use super::*;
use crate::camera::modes::{Format, Rates, Size};
use crate::core::trouble::cameras::NodeTrouble;

fn size(width: u32, height: u32, rates: &[f64]) -> Size {
    Size::Fixed { width, height, rates: Rates::List(rates.to_vec()) }
}

fn format(fourcc: &str, sizes: Vec<Size>) -> Format {
    Format { fourcc: fourcc.into(), description: String::new(), compressed: false, emulated: false, sizes }
}

fn listing(source: &str) -> Listing {
    let source: Source = source.parse().unwrap();
    let camera = Camera {
        name: "HD Webcam".into(),
        present: true,
        node: Some("/dev/video0".into()),
        bus: Some("usb 1-5".into()),
        location: Some(Location::Front),
        rotation: Some(180),
        formats: Some(vec![
            format("YUYV", vec![size(640, 480, &[30.0, 15.0])]),
            format("UYVY", vec![size(640, 480, &[30.0, 15.0])]),
            format("MJPG", vec![size(1280, 720, &[29.97]), size(1920, 1080, &[])]),
        ]),
        ..choice::missing(&"v4l2:/dev/v4l/by-id/usb-HD-video-index0".parse().unwrap()).unwrap()
    };
    let cameras = vec![camera];
    let decision = Decision::new(&cameras, &source);
    let (chosen, why) = (decision.camera().map(|camera| camera.id.clone()), decision.reason());
    Listing { source, cameras, chosen, why, raw_nodes: 30, modes_read: true, notes: vec![] }
}

#[test]
fn the_list_is_compact_and_names_everything() {
    assert_eq!(
        listing("auto").in_words(),
        "* HD Webcam\n    \
         source  v4l2:/dev/v4l/by-id/usb-HD-video-index0\n    \
         node    /dev/video0\n    \
         place   usb 1-5, front, turned by 180°\n    \
         YUYV UYVY\n      \
         640x480  30 15 fps\n    \
         MJPG\n      \
         1280x720   29.97 fps\n      \
         1920x1080  (native)\n\
         \n\
         * is chosen automatically: it is the only camera (HD Webcam).\n\
         30 raw sensor nodes are not listed: they give nothing that can be shown; use icamera or libcamera.\n"
    );
}

#[test]
fn a_camera_that_may_not_be_opened_is_not_marked_and_the_reason_stands_below() {
    let mut listing = listing("auto");
    let problem = NodeTrouble::Busy { node: "/dev/video0".into() };
    listing.cameras[0].problem = Some(problem.into());
    let decision = Decision::new(&listing.cameras, &listing.source);
    (listing.chosen, listing.why) = (decision.camera().map(|camera| camera.id.clone()), decision.reason());
    let text = listing.in_words();
    assert!(text.starts_with("  HD Webcam\n"), "{text}");
    let why = "The camera video0 is in use by another program: close that program.";
    assert!(text.contains(&format!("\nNo camera can be used: {why}\n")), "{text}");
    let json = &listing.to_json()["cameras"][0];
    assert_eq!((&json["problem"], &json["trouble"]), (&json!(why), &json!({ "code": "busy", "node": "/dev/video0" })));
}

#[test]
fn no_name_of_a_camera_reaches_the_terminal_as_it_is() {
    let mut listing = listing("v4l2:/dev/v4l/by-id/usb-A\u{1b}[2J\u{202e}B-video-index0");
    let missing = choice::missing(&listing.source).unwrap();
    listing.chosen = Some(missing.id.clone());
    listing.cameras = vec![missing];
    let text = listing.in_words();
    assert!(text.contains("usb-A [2JB"), "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text:?}");
}

#[test]
fn json_has_everything_of_a_camera() {
    let json = listing("auto").to_json();
    assert_eq!(json["source"], "auto");
    assert_eq!(json["chosen"], "usb-HD");
    assert_eq!(json["raw_nodes"], 30);
    let camera = &json["cameras"][0];
    assert_eq!(camera["native"], json!({ "width": 1920, "height": 1080 }));
    assert_eq!(camera["formats"][0]["sizes"][0], json!({ "width": 640, "height": 480, "rates": [30.0, 15.0] }));
    assert_eq!(
        (&camera["chosen"], &camera["present"], &camera["location"]),
        (&json!(true), &json!(true), &json!("front"))
    );
}

#[test]
fn no_camera_is_one_sentence_and_an_empty_list() {
    let mut listing = listing("auto");
    listing.cameras.clear();
    (listing.chosen, listing.why, listing.raw_nodes) = (None, None, 0);
    assert!(
        listing.in_words().starts_with("There is no camera: plug one in") && listing.in_words().lines().count() == 1
    );
    assert_eq!(listing.to_json()["cameras"], json!([]));
}
