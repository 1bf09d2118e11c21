//! Each rule finds what it is there for, and nothing in a run that keeps the promises.

use super::super::record::Frame;
use super::*;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn told(at: u64, state: &str, live: bool) -> Told {
    Told { at: ms(at), state: state.into(), live, ..Told::default() }
}

fn frame(at: u64, stamp: u64) -> Frame {
    Frame { at: ms(at), stamp: Some(ms(stamp)), number: None }
}

/// A client streams from 10 s to 20 s; the camera is on from 11 s to 21 s, and the indicator a little longer.
fn good() -> Record {
    let told = vec![
        told(1000, "idle", false),
        told(10_100, "starting", true),
        told(11_200, "live", true),
        told(20_050, "cooldown", true),
        told(21_050, "idle", false),
    ];
    let frames = (101..200).map(|tenth| frame(tenth * 100 + 1, tenth * 100)).collect();
    Record {
        wire: [(ms(11_000), ms(21_000))].into_iter().collect(),
        reigns: vec![Reign { told, ..Reign::default() }],
        streams: vec![Stream {
            who: "client".into(),
            asked: ms(10_000),
            began: Some(ms(10_010)),
            leaving: Some(ms(20_000)),
            ended: Some(ms(20_010)),
            frames,
            ..Stream::default()
        }],
        cooldown: ms(1000),
        end: ms(60_000),
        ..Record::default()
    }
}

fn found(record: &Record) -> Vec<Rule> {
    judge(record).into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let findings = judge(&good());
    assert!(findings.is_empty(), "{findings:?}");
}

#[test]
fn darkness_is_found_and_excused_by_a_machine_that_stands_still() {
    let mut record = good();
    record.reigns[0].told[4].at = ms(20_850);
    assert_eq!(found(&record), [Rule::Dark]);
    record.late.push((ms(20_950), ms(90)));
    assert_eq!(found(&record), []);
    // Before a relay's first line there is no indicator.
    let mut record = good();
    record.reigns[0].told.drain(..2);
    record.reigns[0].told.insert(0, told(11_050, "live", true));
    assert_eq!(found(&record), []);
}

#[test]
fn others_use_may_be_seen_a_little_later() {
    let mut record = good();
    record.taken.push(Stream { asked: ms(29_900), ended: Some(ms(31_100)), ..Stream::default() });
    record.wire = record.wire.or(&[(ms(30_000), ms(31_000))].into_iter().collect());
    let others = |at, others| Told { others, ..told(at, "idle", false) };
    record.reigns[0].told.extend([others(30_400, true), others(31_100, false)]);
    assert_eq!(found(&record), []);
    record.reigns[0].told[5].at = ms(30_600);
    assert_eq!(found(&record), [Rule::Dark]);
    record.is_bulk = true;
    assert_eq!(found(&record), []);
    record.reigns[0].told[6].at = ms(33_000);
    assert_eq!(found(&record), [Rule::OthersLit]);

    // A bulk camera that sends nothing tells nobody that it is on.
    record.reigns[0].told.drain(5..);
    record.taken[0].ended = Some(ms(36_100));
    record.wire = record.wire.or(&[(ms(31_000), ms(36_000))].into_iter().collect());
    assert_eq!(found(&record), [Rule::Dark]);
    record.silent = [(ms(30_500), ms(35_000))].into_iter().collect();
    assert_eq!(found(&record), []);
    record.is_bulk = false;
    assert_eq!(found(&record), [Rule::Dark]);
}

#[test]
fn a_light_for_nothing_is_found() {
    let mut record = good();
    record.reigns[0].told[4].at = ms(22_200);
    assert_eq!(found(&record), [Rule::Lit]);
    // A start that is called off before the wire is on.
    let mut record = good();
    record.reigns[0].told.extend([
        told(30_000, "starting", true),
        told(31_000, "cooldown", true),
        told(38_000, "idle", false),
    ]);
    assert_eq!(found(&record), []);
    record.reigns[0].told[7].at = ms(78_000);
    record.end = ms(80_000);
    assert_eq!(found(&record), [Rule::Lit]);
}

#[test]
fn a_camera_that_nobody_wants_is_found() {
    let mut record = good();
    record.streams.clear();
    assert_eq!(found(&record), [Rule::Unwanted]);
    let mut record = good();
    record.forbidden = [(ms(14_000), ms(30_000))].into_iter().collect();
    assert_eq!(found(&record), [Rule::Unwanted], "paused");
    record.wire = [(ms(11_000), ms(14_500))].into_iter().collect();
    record.reigns[0].told[3] = told(14_600, "paused", false);
    assert_eq!(found(&record), []);
}

#[test]
fn a_camera_without_its_relay_is_found() {
    let mut record = good();
    record.reigns[0].until = Some(ms(15_000));
    assert_eq!(found(&record), [Rule::Orphan]);
    record.wire = [(ms(11_000), ms(15_500))].into_iter().collect();
    assert_eq!(found(&record), []);
}

#[test]
fn waiting_without_a_reason_is_found() {
    let mut record = good();
    record.wire = Spans::default();
    record.reigns[0].told.truncate(1);
    assert_eq!(found(&record), [Rule::Waits], "idle");
    record.reigns[0].told.push(told(10_200, "failed", false));
    assert_eq!(found(&record), [Rule::Waits], "failed");
    record.reigns[0].told[1].reason = "It is not there.".into();
    assert_eq!(found(&record), []);
}

#[test]
fn stamps_and_gaps_are_found() {
    let mut record = good();
    record.streams[0].frames[10].stamp = record.streams[0].frames[9].stamp;
    assert_eq!(found(&record), [Rule::Stamp]);
    let mut record = good();
    record.streams[0].frames[98].stamp = Some(ms(19_950));
    assert_eq!(found(&record), [Rule::Stamp], "of the future");
    let mut record = good();
    record.reigns[0].told[0].at = ms(0);
    record.streams[0].frames.truncate(5);
    assert_eq!(found(&record), [Rule::Gap]);
    record.streams[0].frames.clear();
    assert_eq!(found(&record), [Rule::Gap]);
}

#[test]
fn a_reader_in_pipewire_that_gets_nothing_is_found_unless_it_hangs() {
    let in_pipewire = |began: Option<u64>, frames: usize| {
        let mut record = good();
        record.reigns[0].told[0].at = ms(0);
        record.end = ms(80_000);
        let stream = &mut record.streams[0];
        stream.is_pipewire = true;
        stream.began = began.map(ms);
        (stream.leaving, stream.ended) = (Some(ms(60_000)), Some(ms(60_000)));
        stream.frames.truncate(frames);
        record.wire = Spans::default();
        record.reigns[0].told.truncate(1);
        record.reigns[0].told.push(Told { reason: "It is not there.".into(), ..told(10_100, "failed", false) });
        record
    };
    assert_eq!(found(&in_pipewire(None, 0)), [Rule::Gap], "never one");
    let mut record = in_pipewire(Some(10_100), 5);
    assert_eq!(found(&record), [Rule::Gap], "no more");
    record.streams[0].hung = [(ms(10_500), ms(59_000))].into_iter().collect();
    assert_eq!(found(&record), []);
}

#[test]
fn a_relay_that_ends_or_complains_is_found() {
    let mut record = good();
    record.reigns[0].complaints.push("ERROR".into());
    assert_eq!(found(&record), [Rule::Relay]);
}

#[test]
fn a_picture_of_the_camera_for_one_whom_a_rule_keeps_out_is_found() {
    let mut record = good();
    record.kept_out = [(ms(12_000), ms(30_000))].into_iter().collect();
    assert_eq!(found(&record), [], "cards");
    for frame in &mut record.streams[0].frames {
        frame.number = (frame.at < ms(12_000) + STOP).then_some(7);
    }
    assert_eq!(found(&record), [], "what was queued before");
    record.streams[0].frames[90].number = Some(7);
    assert_eq!(found(&record), [Rule::Shown]);
    record.streams[0].is_pipewire = true;
    assert_eq!(found(&record), [], "another program");
}
