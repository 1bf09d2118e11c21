//! Whether what was observed keeps the promises. Pure: a [`Record`] comes in, findings come out. Every bound grows by what
//! the machine was measured to be late by in that time ([`Record::late`]); it may be emulated, and busy.

use std::time::Duration;

use super::record::{Record, Reign, Stream, Told};
use super::spans::{At, Span, Spans};

/// The promise that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The wire was on and the indicator dark.
    Dark,
    /// The indicator was lit for the relay's own camera, which was off.
    Lit,
    /// The indicator was lit for others' use of the camera, which was off.
    OthersLit,
    /// The camera was on though it was forbidden, or nobody streamed.
    Unwanted,
    /// The camera stayed on after its relay had been killed.
    Orphan,
    /// A client waited without a stated reason.
    Waits,
    /// A client whom a rule keeps out got a picture of the camera.
    Shown,
    /// A stamp went back, or stood still.
    Stamp,
    /// A client got no picture for too long.
    Gap,
    /// The relay ended, or complained of itself.
    Relay,
    /// Something was wrong at once.
    AtOnce,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Which promise.
    pub rule: Rule,
    /// When.
    pub span: Span,
    /// What.
    pub text: String,
}

/// The indicator leads the relay's own camera, and follows it: what is left is the wire's own way.
const DARK: Duration = Duration::from_millis(100);
/// A stream past the relay is seen by looking: isochronous every 100 ms once the opening was heard (detect/uvc/sampler.rs).
const OTHERS_DARK_ISOC: Duration = Duration::from_millis(500);
/// Bulk after growth in each of three windows of 300 ms, of which the first began before.
const OTHERS_DARK_BULK: Duration = Duration::from_millis(1700);
/// How long the indicator may be lit after the wire is off.
const LIT: Duration = Duration::from_secs(1);
/// Two windows without growth, and a look in between.
const OTHERS_LIT: Duration = Duration::from_millis(1500);
/// While it is being switched on the indicator is lit and the wire off; the machine's deadline ends it, and the worker's
/// last one.
const STARTING: Duration = Duration::from_secs(45);
/// From an order to stop until the wire is off: a worker that hangs is terminated after 2 s and killed after another
/// (camera_process/host.rs).
const STOP: Duration = Duration::from_secs(4);
/// After the relay's SIGKILL.
const ORPHAN: Duration = Duration::from_secs(1);
/// How long a streaming client may go unnoticed.
const NOTICE: Duration = Duration::from_secs(2);
/// How long an old worker's end may keep a client waiting: the machine's STOP_TIMEOUT, twice, and some.
const ENDING: Duration = Duration::from_secs(15);
/// How long a streaming client may get nothing: frames stop (3 s), and the worker that hangs is killed.
const GAP: Duration = Duration::from_secs(8);
/// From the start of a program to its stream in PipeWire: GStreamer starts, the session manager links.
const REACH: Duration = Duration::from_secs(10);
/// A relay that has just come takes the node and draws its cards.
const FRESH: Duration = Duration::from_secs(10);

/// All that is wrong, in order of time.
pub fn judge(record: &Record) -> Vec<Finding> {
    let mut findings = Vec::new();
    dark(record, &mut findings);
    lit(record, &mut findings);
    unwanted(record, &mut findings);
    orphans(record, &mut findings);
    for stream in &record.streams {
        waits(record, stream, &mut findings);
        frames(record, stream, &mut findings);
        shown(record, stream, &mut findings);
    }
    for reign in &record.reigns {
        let from = reign.told.first().map_or(record.end, |line| line.at);
        let span = (from, reign.until.unwrap_or(record.end));
        let texts = reign.complaints.iter().chain(&reign.ended).cloned();
        findings.extend(texts.map(|text| Finding { rule: Rule::Relay, span, text }));
    }
    findings.extend(record.wrong.iter().map(|note| Finding {
        rule: Rule::AtOnce,
        span: (note.at, note.at),
        text: note.text.clone(),
    }));
    findings.sort_by_key(|finding| finding.span);
    findings
}

/// Each span that is longer than allowed becomes a finding.
fn too_long(
    record: &Record,
    spans: &Spans,
    rule: Rule,
    text: &str,
    limit: impl Fn(Span) -> Duration,
    findings: &mut Vec<Finding>,
) {
    for span in spans.iter() {
        let length = span.1 - span.0;
        let (limit, late) = (limit(span), record.late(span));
        if length > limit + late {
            let text = format!("{text} for {length:.3?} (allowed: {limit:?}, and the machine was late by {late:?})");
            findings.push(Finding { rule, span, text });
        }
    }
}

fn dark(record: &Record, findings: &mut Vec<Finding>) {
    let lit = record.when(|line| line.is_lit());
    let mut dark = record.wire.and(&record.up()).minus(&lit);
    if record.is_bulk {
        // Known by its transfers alone: SECURITY.md says so.
        dark = dark.minus(&record.silent.grown(Duration::ZERO, OTHERS_DARK_BULK).and(&record.taken()));
    }
    // Others' use is known by looking only; so is what an old relay left behind for a moment.
    let orphans: Spans = record.reigns.iter().filter_map(|reign| reign.until).map(|at| (at, at + ORPHAN)).collect();
    let others = record.taken().or(&orphans);
    let limit = |span| match (others.touches(span), record.is_bulk) {
        (false, _) => DARK,
        (true, false) => OTHERS_DARK_ISOC,
        (true, true) => OTHERS_DARK_BULK,
    };
    too_long(record, &dark, Rule::Dark, "the camera was on and the indicator dark", limit, findings);
}

fn lit(record: &Record, findings: &mut Vec<Finding>) {
    let mut starting = Spans::default();
    for reign in &record.reigns {
        starting = starting.or(&being_switched_on(record, reign));
    }
    let live = record.when(|line| line.live);
    too_long(record, &starting, Rule::Lit, "the camera was being switched on", |_| STARTING, findings);
    let dead = live.minus(&record.wire).minus(&starting);
    too_long(record, &dead, Rule::Lit, "the indicator was lit and the camera off", |_| LIT, findings);
    let others = record.when(|line| line.others).minus(&record.wire);
    too_long(record, &others, Rule::OthersLit, "others were told of and the camera was off", |_| OTHERS_LIT, findings);
}

/// "starting", and what follows it until the wire is on or the indicator dark: a start that is called off.
fn being_switched_on(record: &Record, reign: &Reign) -> Spans {
    let live = reign.when(record.end, |line| line.live);
    let wire = record.wire.minus(&record.taken());
    let mut all = Vec::new();
    for (from, to) in reign.when(record.end, |line| line.state == "starting").iter() {
        all.push((from, to));
        let was_on = wire.touches((from, to));
        let lit_until = live.iter().find(|(begin, end)| *begin <= from && to <= *end).map_or(to, |(_, end)| end);
        if !was_on {
            let on = wire.iter().map(|(on, _)| on).find(|on| *on >= to);
            all.push((to, on.map_or(lit_until, |on| on.min(lit_until))));
        }
    }
    all.into_iter().collect::<Spans>().minus(&record.wire)
}

fn unwanted(record: &Record, findings: &mut Vec<Finding>) {
    let grace = STOP + record.cooldown;
    let streamed: Spans = record.streams.iter().map(|stream| stream.perhaps(record.end)).collect();
    // A relay that was killed forgets what it was told; what it leaves behind is another rule's.
    let forbidden: Spans = record.forbidden.iter().map(|(from, to)| (from + STOP, to)).collect();
    let wanted = streamed.grown(Duration::ZERO, grace).minus(&forbidden);
    let unwanted = record.wire.and(&record.up()).minus(&record.taken()).minus(&wanted);
    let text = "the camera was on, forbidden or with nobody who streams,";
    too_long(record, &unwanted, Rule::Unwanted, text, |_| DARK, findings);
}

fn orphans(record: &Record, findings: &mut Vec<Finding>) {
    let ends = record.reigns.iter().filter_map(|reign| reign.until);
    let down: Spans = ends
        .map(|at| {
            let next = record.reigns.iter().filter_map(|reign| reign.told.first()).map(|line| line.at);
            (at, next.filter(|next| *next > at).min().unwrap_or(record.end))
        })
        .collect();
    let on = record.wire.and(&down).minus(&record.taken());
    too_long(record, &on, Rule::Orphan, "the camera was on after its relay was killed", |_| ORPHAN, findings);
}

/// A client that streams sees Live or Starting, or a reason, or something that ends in time.
fn waits(record: &Record, stream: &Stream, findings: &mut Vec<Finding>) {
    let Some(span) = stream.surely(record.end) else { return };
    let while_it_streams: Spans = [span].into_iter().collect();
    let mut check = |rule_text: &str, limit: Duration, is_so: &dyn Fn(&str, bool) -> bool| {
        // That the second device is not served is a reason, too.
        let is_so = |line: &Told| line.second.is_empty() && is_so(&line.state, line.reason.is_empty());
        let when = record.when(is_so).and(&while_it_streams);
        let text = format!("{} streamed, and the status was {rule_text}", stream.who);
        too_long(record, &when, Rule::Waits, &text, |_| limit, findings);
    };
    check("\"idle\"", NOTICE, &|state, _| state == "idle");
    check("\"pending\" or \"cooldown\"", ENDING, &|state, _| matches!(state, "idle" | "pending" | "cooldown"));
    check("a refusal without a reason", DARK, &|state, silent| {
        matches!(state, "failed" | "asking" | "blocked" | "no-device") && silent
    });
}

/// Who is kept out gets cards, whatever others see. What was queued before comes out in the time that a stop takes.
fn shown(record: &Record, stream: &Stream, findings: &mut Vec<Finding>) {
    if stream.is_pipewire {
        return; // another program
    }
    for (from, to) in record.kept_out.iter() {
        let from = from + STOP + record.late((from, to));
        let seen = stream.frames.iter().filter(|frame| frame.number.is_some());
        if let Some(frame) = seen.into_iter().find(|frame| frame.at > from && frame.at < to) {
            let text = format!("{} got the camera's picture {:?}", stream.who, frame.number);
            findings.push(Finding { rule: Rule::Shown, span: (from, frame.at), text });
        }
    }
}

fn frames(record: &Record, stream: &Stream, findings: &mut Vec<Finding>) {
    let stamped: Vec<(At, Duration)> =
        stream.frames.iter().filter_map(|frame| Some((frame.at, frame.stamp?))).collect();
    for pair in stamped.windows(2) {
        let [(from, before), (to, after)] = [pair[0], pair[1]];
        if after <= before {
            let text = format!("{}: the stamp {after:?} came after {before:?}", stream.who);
            findings.push(Finding { rule: Rule::Stamp, span: (from, to), text });
        }
    }
    for (at, stamp) in stamped {
        if stamp > at {
            let text = format!("{}: the stamp {stamp:?} came at {at:?}, of the future", stream.who);
            findings.push(Finding { rule: Rule::Stamp, span: (at, at), text });
        }
    }
    let from = stream.began.or(stream.is_pipewire.then_some(stream.asked + REACH));
    let to = stream.leaving.or(stream.ended).unwrap_or(record.end);
    let Some(from) = from.filter(|from| *from < to) else { return };
    let arrivals: Vec<At> = [from]
        .into_iter()
        .chain(stream.frames.iter().map(|frame| frame.at))
        .chain([to])
        .filter(|at| *at <= to)
        .collect();
    let gaps: Spans = arrivals.windows(2).map(|pair| (pair[0], pair[1])).filter(|(a, b)| *b > *a + GAP).collect();
    // Only a relay that has been there for a while can give pictures.
    let serving: Spans = record
        .reigns
        .iter()
        .filter_map(|reign| Some((reign.told.first()?.at + FRESH, reign.until.unwrap_or(record.end))))
        .collect();
    // The second device is none of PipeWire's; what hung may take a moment to go on.
    let excused = match stream.is_pipewire {
        true => stream.hung.grown(Duration::ZERO, NOTICE),
        false => record.when(|line| !line.second.is_empty()),
    };
    let gaps = gaps.and(&serving).minus(&excused);
    let text = format!("{} streamed and got no picture", stream.who);
    too_long(record, &gaps, Rule::Gap, &text, |_| GAP, findings);
}

#[cfg(test)]
mod tests;
