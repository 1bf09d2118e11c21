use super::*;

#[test]
fn every_source_reads_back_what_it_writes() {
    for source in [
        Source::Auto,
        Source::Test,
        Source::Icamera(None),
        Source::Icamera(Some("ov01a10-uf".into())),
        Source::Libcamera(None),
        Source::Libcamera(Some(r"\_SB_.PC00.LNK1".into())),
        Source::V4l2("/dev/v4l/by-id/usb-a:b".into()),
        Source::PipeWire(None),
        Source::PipeWire(Some("42".into())),
        Source::Pipeline("videotestsrc ! video/x-raw,format=RGB".into()),
    ] {
        assert_eq!(source.to_string().parse(), Ok(source));
    }
}

#[test]
fn nonsense_is_refused_with_what_to_write_instead() {
    let unknown = |text: &str| SourceTrouble::Unknown { text: text.into() };
    let ends = |word: &str| SourceTrouble::EndsInColon { text: format!("{word}:").into(), word: word.into() };
    for (text, trouble) in [
        ("", unknown("")),
        ("webcam", unknown("webcam")),
        ("auto:x", SourceTrouble::TakesNothing { word: "auto".into() }),
        ("test:", SourceTrouble::TakesNothing { word: "test".into() }),
        ("icamera:", ends("icamera")),
        ("v4l2", SourceTrouble::NeedsPath),
        ("v4l2:video0", SourceTrouble::NeedsPath),
        ("pipeline:  ", SourceTrouble::NeedsDescription),
    ] {
        assert_eq!(text.parse::<Source>(), Err(trouble));
    }
    assert!(format!("pipeline:{}", "x".repeat(MAX_LENGTH)).parse::<Source>().is_err());
}

#[test]
fn spaces_around_the_parts_do_not_matter() {
    assert_eq!(" v4l2: /dev/video0 ".parse(), Ok(Source::V4l2("/dev/video0".into())));
}
