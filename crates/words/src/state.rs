//! The state of the relay's camera in a few words, from whichever form of the status: the same in tray, window and on the command
//! line.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use lenscap_core::offer::{Offer, Verb, is_going_off};
use lenscap_core::status::StateName;

use crate::programs::in_one_line;
use crate::{tr, trf};

/// What the words are made of.
pub(crate) struct State<'a> {
    pub name: StateName,
    pub is_live: bool,
    pub is_stuck: bool,
    pub offers: &'a [Offer],
    /// When a pause ends, by the user's clock.
    pub until: Option<String>,
}

impl State<'_> {
    pub(crate) fn title(&self) -> String {
        match self.name {
            StateName::Starting => tr("Camera is starting"),
            StateName::Cooldown if self.is_live => match is_going_off(self.name, self.is_stuck, self.offers) {
                true => tr("Camera is being switched off"),
                false => tr("Camera is still on"),
            },
            _ if self.is_live => tr("Camera is on"),
            StateName::NoDevice => tr("No camera device"),
            StateName::Paused => match &self.until {
                Some(time) => trf!("Camera is paused until {time}", time = time),
                None => tr("Camera is paused"),
            },
            StateName::Blocked => match self.names_in(Verb::Allow).or_else(|| self.names_in(Verb::AllowOnce)) {
                Some(names) => trf!("Camera is off for {names}", names = names),
                None => tr("Camera is off"),
            },
            StateName::Asking => match self.names_in(Verb::AllowOnce) {
                Some(names) => trf!("Camera is wanted by {names}", names = names),
                None => tr("Camera is off"),
            },
            StateName::Failed => tr("The camera does not work"),
            StateName::Idle | StateName::Pending | StateName::Live | StateName::Cooldown => tr("Camera is off"),
        }
    }

    /// The title, and who streams, or would, where the title does not say more than that.
    pub(crate) fn with_names(&self, names: Option<&str>) -> String {
        let names_them = matches!(self.name, StateName::Asking | StateName::Blocked);
        match names.filter(|_| !names_them && self.until.is_none()) {
            Some(names) => trf!("{state}: {names}", state = self.title(), names = names),
            None => self.title(),
        }
    }

    /// The programs about which this is offered.
    fn names_in(&self, verb: Verb) -> Option<String> {
        let offers = self.offers.iter().filter(|offer| offer.verb == verb);
        in_one_line(&offers.flat_map(Offer::names).collect::<Vec<_>>())
    }
}

/// Hours and minutes of a moment by the user's clock.
pub(crate) fn time_of_day(at: Instant) -> Option<String> {
    clock(unix_seconds(at))
}

/// Seconds since 1970 of a moment.
pub(crate) fn unix_seconds(at: Instant) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    // Rounded to the second, as the clocks beside it are.
    let from_now = match at.checked_duration_since(Instant::now()) {
        Some(left) => left.as_secs_f64(),
        None => -at.elapsed().as_secs_f64(),
    };
    (now + from_now).round() as i64
}

/// Hours and minutes of the local day; `None` for no time.
pub(crate) fn clock(unix_seconds: i64) -> Option<String> {
    (unix_seconds > 0).then_some(())?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let from_now = unix_seconds.checked_sub(i64::try_from(now.as_secs()).ok()?)?;
    lenscap_sys::clock::time_of_day(from_now).map(|(hours, minutes)| format!("{hours:02}:{minutes:02}"))
}
