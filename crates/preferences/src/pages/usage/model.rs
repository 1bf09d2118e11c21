//! What is shown of the history: pure, in numbers and names.

use lenscap_api::HistoryEntry;
use lenscap_core::history::Millis;
use lenscap_words::history as words;

/// Most uses of today that are shown.
pub const MAX_TODAY: usize = 50;
/// Most rows of the last days.
pub const MAX_SHARES: usize = 100;

/// The days that are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Days {
    /// When each began, today first. In milliseconds since 1970.
    pub begins: Vec<Millis>,
    /// Now.
    pub now: Millis,
}

/// How long an application had a camera on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Which day: 0 is today.
    pub day: usize,
    /// A name for people.
    pub name: String,
    /// Its icon, as entries have it.
    pub icon: Option<String>,
    /// How long, in milliseconds.
    pub time: Millis,
}

/// All that is shown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Model {
    /// What went on today, the newest first.
    pub today: Vec<HistoryEntry>,
    /// How many more these were.
    pub more_today: usize,
    /// By day, today first; in a day the longest first.
    pub shares: Vec<Share>,
    /// How many more these were.
    pub more_shares: usize,
}

impl Model {
    /// Of these entries, which come with the newest first.
    pub fn new(entries: Vec<HistoryEntry>, days: &Days) -> Self {
        let mut shares = shares(&entries, days);
        let more_shares = shares.len().saturating_sub(MAX_SHARES);
        shares.truncate(MAX_SHARES);
        let begin = days.begins.first().copied().unwrap_or(days.now);
        let mut today: Vec<_> = entries.into_iter().filter(|entry| end(entry, days.now) >= begin).collect();
        let more_today = today.len().saturating_sub(MAX_TODAY);
        today.truncate(MAX_TODAY);
        Self { today, more_today, shares, more_shares }
    }

    /// The longest time of all, which has the longest bar.
    pub fn longest(&self) -> Millis {
        self.shares.iter().map(|share| share.time).max().unwrap_or_default()
    }
}

/// When it ended, or now; of what has no known end, its begin.
fn end(entry: &HistoryEntry, now: Millis) -> Millis {
    let end = entry.until.unwrap_or(if entry.ended.is_none() { now } else { entry.from });
    end.max(entry.from)
}

fn shares(entries: &[HistoryEntry], days: &Days) -> Vec<Share> {
    let mut shares: Vec<Share> = Vec::new();
    let mut day_end = days.now;
    for (day, begin) in days.begins.iter().copied().enumerate() {
        // With the oldest first, so that what overlaps counts once.
        let mut of_day: Vec<(&HistoryEntry, Share, Millis)> = Vec::new();
        for entry in entries.iter().rev().filter(|entry| entry.is_use()) {
            let (from, until) = (entry.from.max(begin), end(entry, days.now).min(day_end));
            if until <= from {
                continue;
            }
            let is_same = |other: &HistoryEntry| match (&entry.app, &other.app) {
                (Some(one), Some(other)) => one.is(other),
                (None, None) => entry.name == other.name,
                _ => false,
            };
            match of_day.iter_mut().find(|(other, ..)| is_same(other)) {
                Some((_, share, counted)) => {
                    share.time += (until - from.max(*counted)).max(0);
                    *counted = until.max(*counted);
                }
                None => {
                    let icon = entry.icon.as_deref().map(str::to_owned);
                    let share = Share { day, name: words::application(entry), icon, time: until - from };
                    of_day.push((entry, share, until));
                }
            }
        }
        let mut of_day: Vec<_> = of_day.into_iter().map(|(_, share, _)| share).collect();
        of_day.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.name.cmp(&b.name)));
        shares.extend(of_day);
        day_end = begin;
    }
    shares
}

#[cfg(test)]
mod tests {
    use lenscap_core::history::{Answer, Ended};

    use super::*;

    const HOUR: Millis = 3_600_000;
    const DAY: Millis = 24 * HOUR;

    fn days() -> Days {
        Days { begins: (0..7).map(|day| (20 - day) * DAY).collect(), now: 20 * DAY + 12 * HOUR }
    }

    fn entry(name: &str, from: Millis, until: Option<Millis>) -> HistoryEntry {
        HistoryEntry {
            app: Some(format!("org.example.{name}").as_str().into()),
            name: name.into(),
            icon: None,
            guess: false,
            camera: "Webcam".into(),
            direct: false,
            from,
            until,
            ended: until.map(|_| Ended::Stopped),
            trouble: None,
            answer: Some(Answer::Allowed),
        }
    }

    fn shown(model: &Model) -> Vec<(usize, &str, Millis)> {
        model.shares.iter().map(|share| (share.day, share.name.as_str(), share.time / HOUR)).collect()
    }

    #[test]
    fn a_use_over_midnight_counts_on_both_days_and_is_one_of_today_s() {
        let model = Model::new(vec![entry("A", 20 * DAY - 3 * HOUR, Some(20 * DAY + HOUR))], &days());
        assert_eq!(shown(&model), [(0, "A", 1), (1, "A", 3)]);
        assert_eq!((model.today.len(), model.longest()), (1, 3 * HOUR));
        let model = Model::new(vec![entry("A", 20 * DAY - 3 * HOUR, Some(20 * DAY - HOUR))], &days());
        assert_eq!((model.today.len(), shown(&model)), (0, vec![(1, "A", 2)]));
    }

    #[test]
    fn a_use_that_goes_on_counts_until_now_and_one_without_a_known_end_not() {
        let open = entry("A", 20 * DAY + 10 * HOUR, None);
        let unknown = HistoryEntry { ended: Some(Ended::Unknown), ..entry("B", 20 * DAY + HOUR, None) };
        let model = Model::new(vec![open, unknown], &days());
        assert_eq!(shown(&model), [(0, "A", 2)]);
        assert_eq!(model.today.len(), 2);
    }

    #[test]
    fn what_overlaps_counts_once_and_who_was_refused_not_at_all() {
        let at = |from, until| entry("A", 20 * DAY + from * HOUR, Some(20 * DAY + until * HOUR));
        let refused = HistoryEntry { answer: Some(Answer::Blocked), ..entry("B", 20 * DAY, Some(20 * DAY + HOUR)) };
        let model = Model::new(vec![at(6, 8), at(2, 4), at(1, 5), refused], &days());
        assert_eq!(shown(&model), [(0, "A", 6)]);
        assert_eq!(model.today.len(), 4);
    }

    #[test]
    fn the_clock_may_jump_back() {
        let model = Model::new(vec![entry("A", 20 * DAY + 11 * HOUR, Some(20 * DAY + 10 * HOUR))], &days());
        assert_eq!((shown(&model), model.today.len()), (vec![], 1));
        let model = Model::new(vec![entry("A", 21 * DAY, None)], &days());
        assert_eq!(shown(&model), []);
    }

    #[test]
    fn lists_end_and_say_how_many_more_there_are() {
        let many: Vec<_> =
            (0..130).rev().map(|n| entry(&format!("A{n}"), 20 * DAY + n, Some(20 * DAY + HOUR))).collect();
        let model = Model::new(many, &days());
        assert_eq!((model.today.len(), model.more_today), (50, 80));
        assert_eq!((model.shares.len(), model.more_shares), (100, 30));
        assert_eq!(&*model.today[0].name, "A129");
    }
}
