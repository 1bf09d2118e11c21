//! Sources of JPEG pictures, whole ones and broken ones.

use lenscap_core::trouble::{Trouble, TroubleKind};
use lenscap_picture::format::PixelFormat::Yuy2;
use lenscap_worker_rig::format;

use super::{luma, rig};
use crate::has;

/// A directory of numbered files with these bytes.
fn files(pictures: &[Vec<u8>]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (number, picture) in pictures.iter().enumerate() {
        std::fs::write(directory.path().join(format!("{number:04}.jpg")), picture).unwrap();
    }
    directory
}

/// These files again and again, as a camera's JPEG pictures of 64x48, a hundred a second.
fn camera_of(directory: &tempfile::TempDir) -> String {
    format!(
        "pipeline:multifilesrc location={}/%04d.jpg loop=true \
         caps=image/jpeg,width=64,height=48,framerate=100/1 ! identity sleep-time=10000",
        directory.path().display()
    )
}

/// A real picture, 64x48, white.
fn jpeg() -> Vec<u8> {
    let mut bytes = Vec::new();
    let picture = image::RgbImage::from_pixel(64, 48, image::Rgb([255; 3]));
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 80).encode_image(&picture).unwrap();
    bytes
}

#[test]
fn broken_jpeg_pictures_are_counted_and_not_shown() {
    if !has("broken_jpeg_pictures", &["multifilesrc", "jpegdec", "videoconvertscale"]) {
        return;
    }
    let whole = jpeg();
    let cut = whole[..whole.len() / 2].to_vec();
    // One that passes every look and that no decoder takes: of 16 bits a sample.
    let mut senseless = whole.clone();
    let frame = senseless.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    senseless[frame + 4] = 16;
    let sequence = [whole.clone(), cut, whole.clone(), b"garbage".to_vec(), whole.clone(), senseless, whole];
    let directory = files(&sequence);
    let format = format(Yuy2, 64, 48, 100);
    let mut rig = rig(&camera_of(&directory), format);
    rig.keep = true;
    rig.run(80);
    assert!(rig.frames.iter().all(|frame| luma(&frame.picture, &format, 32, 40) > 225));
    let stats = rig.stop();
    // Three of seven; where it ended is not known.
    let expected = (stats.frames + stats.dropped + stats.skipped) * 3 / 4;
    assert!(stats.bad + 4 >= expected && stats.bad <= expected + 4, "{stats:?}");
    assert_eq!(stats.lost, 0);
}

#[test]
fn nothing_but_broken_pictures_is_a_failure_that_says_so() {
    if !has("nothing_but_broken_pictures", &["multifilesrc", "jpegdec", "videoconvertscale"]) {
        return;
    }
    let directory = files(&[b"garbage".to_vec(), jpeg()[..100].to_vec()]);
    let mut rig = rig(&camera_of(&directory), format(Yuy2, 64, 48, 100));
    rig.host.start();
    rig.until("failure", |rig| rig.failed.is_some());
    let reason = rig.failed.clone().unwrap();
    assert_eq!(reason.kind(), TroubleKind::Hang);
    assert!(matches!(reason, Trouble::OnlyBrokenPictures { .. }), "{reason:?}");
    assert_eq!(rig.end(), None);
}

#[test]
fn garbled_jpeg_pictures_crash_nothing() {
    if !has("garbled_jpeg_pictures", &["multifilesrc", "jpegdec", "videoconvertscale"]) {
        return;
    }
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    let whole = jpeg();
    let length = whole.len();
    let garbled =
        (proptest::collection::vec((0..length, any::<u8>()), 0..12), 0..length * 4).prop_map(|(changes, cut)| {
            let mut picture = jpeg();
            changes.into_iter().for_each(|(at, byte)| picture[at] = byte);
            picture.truncate(cut);
            picture
        });
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut pictures: Vec<_> = (0..150).map(|_| garbled.new_tree(&mut runner).unwrap().current()).collect();
    pictures.push(whole);
    let directory = files(&pictures);
    let mut rig = rig(&camera_of(&directory), format(Yuy2, 64, 48, 100));
    // All of them, and the first ones again.
    rig.run(1);
    let last = rig.frames[0].timestamp + std::time::Duration::from_secs(2);
    rig.until("all pictures", |rig| rig.frames.last().is_some_and(|frame| frame.timestamp > last));
    let stats = rig.stop();
    assert!(stats.bad > 20 && stats.frames > 20, "{stats:?}");
}

#[test]
fn jpeg_is_decoded() {
    if !has("jpeg_is_decoded", &["videotestsrc", "jpegenc", "jpegdec", "videoconvertscale"]) {
        return;
    }
    let format = format(Yuy2, 640, 480, 30);
    let source = "pipeline:videotestsrc is-live=true pattern=white ! video/x-raw,width=320,height=240,framerate=30/1 \
                  ! jpegenc";
    let mut rig = rig(source, format);
    rig.keep = true;
    rig.run(10);
    assert!(luma(&rig.frames[5].picture, &format, 320, 240) > 225);
    assert!(rig.started.clone().unwrap().1.contains("image/jpeg"));
    assert!(rig.stop().copies <= 1);
}
