//! What can happen: drawn from a seed, written down a line each, read again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Programs that use the loopback's nodes.
pub const CLIENTS: usize = 3;
/// Programs that read the camera through PipeWire.
pub const READERS: usize = 2;
/// Nodes that the relay serves.
pub const NODES: usize = 2;

/// What a rule may be; the words of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    Allow,
    Ask,
    AlwaysAsk,
    Block,
}

impl Rule {
    const ALL: [Self; 4] = [Self::Allow, Self::Ask, Self::AlwaysAsk, Self::Block];
}

/// One thing that happens. What makes no sense at the moment, as closing what is closed, does nothing: any part of a
/// sequence is a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Op {
    /// A client opens a node, and looks.
    Open { client: usize, node: usize },
    /// It streams.
    Stream { client: usize },
    /// STREAMOFF, with the node still open.
    Stop { client: usize },
    /// It closes the node.
    Close { client: usize },
    /// SIGKILL.
    Die { client: usize },
    /// A program reads the camera through PipeWire.
    ReaderStarts { reader: usize },
    /// It ends, of its own accord.
    ReaderEnds { reader: usize },
    /// SIGKILL.
    ReaderDies { reader: usize },
    /// SIGSTOP: it takes no picture any more.
    ReaderHangs { reader: usize },
    /// SIGCONT.
    ReaderGoesOn { reader: usize },
    /// SIGKILL to the relay's process for PipeWire.
    NodeDies,
    /// Another program streams from the camera, past the relay.
    Take,
    /// It lets go.
    GiveBack,
    /// SIGKILL.
    TakerDies,
    /// The user pauses.
    Pause,
    /// For so many seconds.
    PauseFor { seconds: u64 },
    /// The user resumes.
    Resume,
    /// Pauses or resumes.
    Toggle,
    /// The user turns it off for those who stream.
    TurnOff,
    /// And allows it again; whoever asks gets it, this once.
    Allow,
    /// The user says "always" to the clients' program.
    AllowAlways,
    /// And "never".
    Block,
    /// The settings file has another rule for the clients' program (`true`), or for all programs that it does not name.
    Rule { clients: bool, rule: Rule },
    /// The computer is about to sleep (`true`), or has woken up.
    Sleeps { on: bool },
    /// The session is locked, or unlocked.
    Locks { on: bool },
    /// SIGKILL to the worker.
    WorkerDies,
    /// SIGSTOP to the worker: it hangs.
    WorkerHangs,
    /// SIGCONT.
    WorkerGoesOn,
    /// The camera streams and gives no picture (`true`), or gives pictures again.
    Freeze { on: bool },
    /// The camera takes no COMMIT.
    StallCommit { on: bool },
    /// The camera takes no alternate setting.
    StallAlternate { on: bool },
    /// The cable is pulled.
    Unplug,
    /// And put in again.
    Replug,
    /// So many frames with the error bit.
    Bad { frames: u32 },
    /// So many frames of half the length.
    Short { frames: u32 },
    /// SIGKILL to the relay.
    RelayDies,
    /// It is started again.
    RelayStarts,
    /// A node is removed and made again; the module lets nobody do so while it is open.
    Remake { node: usize },
    /// The settings file is written anew.
    Settings { cooldown_ms: u64, large: bool, mirror: bool },
    /// The settings file has a mistake.
    BadSettings,
}

/// One operation, and how long to let it be before the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What happens.
    #[serde(flatten)]
    pub op: Op,
    /// In milliseconds.
    #[serde(rename = "then-ms")]
    pub wait: u64,
}

impl Step {
    /// How long to let it be.
    pub fn wait(&self) -> Duration {
        Duration::from_millis(self.wait)
    }
}

/// A line each.
pub fn write(steps: &[Step]) -> String {
    steps.iter().map(|step| serde_json::to_string(step).expect("numbers and words") + "\n").collect()
}

/// Lines that [`write`] wrote; empty ones and those that begin with `#` are left out.
pub fn read(text: &str) -> Result<Vec<Step>, String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| serde_json::from_str(line).map_err(|error| format!("{line}: {error}")))
        .collect()
}

/// Numbers from a seed: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (SplitMix64).
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 to `end` - 1.
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Doing {
    #[default]
    Nothing,
    Looks,
    Streams,
    Hangs,
}

/// What will have happened, as far as the drawing goes: so that most of what is drawn makes sense.
#[derive(Default)]
struct Sketch {
    clients: [Doing; CLIENTS],
    readers: [Doing; READERS],
    taken: bool,
    paused: bool,
    hung: bool,
    frozen: bool,
    stalls_commit: bool,
    stalls_alternate: bool,
    unplugged: bool,
    relay_dead: bool,
    asleep: bool,
    locked: bool,
    bad_settings: bool,
    /// A rule asks or blocks.
    ruled: bool,
}

impl Sketch {
    /// What may come next, and how likely.
    fn choices(&self, random: &mut Random) -> Vec<(u64, Op)> {
        let mut all = Vec::new();
        for (client, doing) in self.clients.iter().enumerate() {
            match doing {
                Doing::Nothing => all.push((8, Op::Open { client, node: random.below(NODES as u64) as usize })),
                Doing::Looks => {
                    all.extend([(20, Op::Stream { client }), (2, Op::Close { client }), (1, Op::Die { client })])
                }
                Doing::Streams => {
                    all.extend([(2, Op::Stop { client }), (2, Op::Close { client }), (1, Op::Die { client })]);
                }
                Doing::Hangs => {}
            }
        }
        for (reader, doing) in self.readers.iter().enumerate() {
            match doing {
                Doing::Nothing | Doing::Looks => all.push((6, Op::ReaderStarts { reader })),
                Doing::Streams => all.extend([
                    (2, Op::ReaderEnds { reader }),
                    (2, Op::ReaderDies { reader }),
                    (2, Op::ReaderHangs { reader }),
                ]),
                Doing::Hangs => all.extend([(8, Op::ReaderGoesOn { reader }), (2, Op::ReaderDies { reader })]),
            }
        }
        all.push((1, Op::NodeDies));
        match self.taken {
            false => all.push((2, Op::Take)),
            true => all.extend([(10, Op::GiveBack), (4, Op::TakerDies)]),
        }
        match self.paused {
            false => all.extend([
                (1, Op::Pause),
                (1, Op::PauseFor { seconds: 1 + random.below(3) }),
                (1, Op::Toggle),
                (1, Op::TurnOff),
                (1, Op::Allow),
                (1, Op::Resume),
            ]),
            true => all.extend([(12, Op::Resume), (4, Op::Toggle), (1, Op::TurnOff), (1, Op::PauseFor { seconds: 1 })]),
        }
        all.push((if self.asleep { 10 } else { 1 }, Op::Sleeps { on: !self.asleep }));
        all.push((if self.locked { 10 } else { 1 }, Op::Locks { on: !self.locked }));
        all.push((1, Op::WorkerDies));
        all.push(if self.hung { (8, Op::WorkerGoesOn) } else { (1, Op::WorkerHangs) });
        match self.unplugged {
            false => all.push((1, Op::Unplug)),
            true => all.push((20, Op::Replug)),
        }
        all.push((if self.frozen { 8 } else { 1 }, Op::Freeze { on: !self.frozen }));
        all.push((if self.stalls_commit { 12 } else { 1 }, Op::StallCommit { on: !self.stalls_commit }));
        all.push((if self.stalls_alternate { 12 } else { 1 }, Op::StallAlternate { on: !self.stalls_alternate }));
        let frames = 1 + random.below(8) as u32;
        all.extend([(1, Op::Bad { frames }), (1, Op::Short { frames })]);
        match self.relay_dead {
            false => all.push((1, Op::RelayDies)),
            true => all.extend([(20, Op::RelayStarts), (6, Op::Remake { node: random.below(NODES as u64) as usize })]),
        }
        let settings =
            Op::Settings { cooldown_ms: random.one_of(&[0, 300, 1500]), large: random.coin(), mirror: random.coin() };
        all.push((if self.bad_settings { 8 } else { 2 }, settings));
        all.push((1, Op::BadSettings));
        let rule = Op::Rule { clients: random.coin(), rule: random.one_of(&Rule::ALL) };
        match self.ruled {
            false => all.extend([(2, rule), (1, Op::Block)]),
            true => all.extend([(2, rule), (4, Op::Allow), (4, Op::AllowAlways), (1, Op::Block)]),
        }
        all
    }

    fn apply(&mut self, op: Op) {
        match op {
            Op::Open { client, .. } | Op::Stop { client } => self.clients[client] = Doing::Looks,
            Op::Stream { client } => self.clients[client] = Doing::Streams,
            Op::Close { client } | Op::Die { client } => self.clients[client] = Doing::Nothing,
            Op::ReaderStarts { reader } | Op::ReaderGoesOn { reader } => self.readers[reader] = Doing::Streams,
            Op::ReaderEnds { reader } | Op::ReaderDies { reader } => self.readers[reader] = Doing::Nothing,
            Op::ReaderHangs { reader } => self.readers[reader] = Doing::Hangs,
            Op::Take => self.taken = true,
            Op::GiveBack | Op::TakerDies => self.taken = false,
            Op::Pause => self.paused = true,
            Op::Resume => self.paused = false,
            Op::Toggle => self.paused = !self.paused,
            Op::PauseFor { .. } | Op::TurnOff | Op::Allow => {}
            Op::AllowAlways => self.ruled = false,
            Op::Block => self.ruled = true,
            Op::Rule { rule, .. } => self.ruled = rule != Rule::Allow,
            Op::Sleeps { on } => self.asleep = on,
            Op::Locks { on } => self.locked = on,
            Op::WorkerHangs => self.hung = true,
            Op::WorkerDies | Op::WorkerGoesOn => self.hung = false,
            Op::Freeze { on } => self.frozen = on,
            Op::StallCommit { on } => self.stalls_commit = on,
            Op::StallAlternate { on } => self.stalls_alternate = on,
            Op::Unplug => (self.unplugged, self.taken) = (true, false),
            Op::Replug => self.unplugged = false,
            Op::RelayDies => (self.relay_dead, self.hung) = (true, false),
            Op::RelayStarts => (self.relay_dead, self.paused) = (false, false),
            Op::Settings { .. } => self.bad_settings = false,
            Op::BadSettings => self.bad_settings = true,
            Op::Bad { .. } | Op::Short { .. } | Op::Remake { .. } | Op::NodeDies => {}
        }
    }
}

/// So many operations.
pub fn draw(seed: u64, count: usize) -> Vec<Step> {
    let mut random = Random(seed);
    let mut sketch = Sketch::default();
    (0..count)
        .map(|_| {
            let choices = sketch.choices(&mut random);
            let mut left = random.below(choices.iter().map(|(weight, _)| weight).sum());
            let chosen = choices.iter().find(|(weight, _)| {
                let is_it = left < *weight;
                left = left.saturating_sub(*weight);
                is_it
            });
            let op = chosen.expect("one of them").1;
            sketch.apply(op);
            // Mostly in the middle of what the last one caused; now and then long enough for every deadline but one.
            let wait = if random.below(12) == 0 { 1000 + random.below(4000) } else { random.below(450) };
            Step { op, wait }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_sequence_which_survives_paper() {
        let steps = draw(7, 500);
        assert_eq!(steps, draw(7, 500));
        assert_ne!(steps, draw(8, 500));
        assert_eq!(draw(7, 20), steps[..20]);
        assert_eq!(read(&format!("# seed 7\n\n{}", write(&steps))), Ok(steps));
        assert!(read("{\"do\":1}").is_err());
    }

    #[test]
    fn everything_happens() {
        let mut missing: Vec<&str> = vec![
            "open",
            "stream",
            "stop",
            "close",
            "die",
            "reader-starts",
            "reader-ends",
            "reader-dies",
            "reader-hangs",
            "reader-goes-on",
            "node-dies",
            "take",
            "give-back",
            "taker-dies",
            "pause",
            "pause-for",
            "resume",
            "toggle",
            "turn-off",
            "allow",
            "allow-always",
            "block",
            "rule",
            "sleeps",
            "locks",
            "worker-dies",
            "worker-hangs",
            "worker-goes-on",
            "freeze",
            "stall-commit",
            "stall-alternate",
            "unplug",
            "replug",
            "bad",
            "short",
            "relay-dies",
            "relay-starts",
            "remake",
            "settings",
            "bad-settings",
        ];
        let text = write(&draw(1, 1000));
        missing.retain(|name| !text.contains(&format!("\"do\":\"{name}\"")));
        assert!(missing.is_empty(), "{missing:?} did not happen in 1000 operations");
    }
}
