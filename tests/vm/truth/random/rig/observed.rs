//! All that was observed, for the judge.

use super::*;

impl Rig {
    pub(super) fn record(mut self) -> Record {
        let end = monotonic_now();
        self.close_forbidden(end);
        self.rules.end(end);
        if let Some(mut relay) = self.throne.present.take() {
            let status = relay.quit();
            if !status.success() {
                self.is_wrong(format!("told to end, the relay ended with {status}"));
            }
            self.bury(&relay, Some(end), None);
        }
        let late = self.pulse.end();
        let log = self.camera.log();
        self.notes.append(&mut self.throne.leftovers.lock().expect("no panic"));
        self.notes.extend(log.iter().map(|entry| Note { at: entry.at, text: format!("  wire {}", entry.text) }));
        let silent = silent(&log, end);
        let sessions = self.camera.sessions();
        let wire: Spans = sessions.into_iter().map(|(on, off)| (on, off.unwrap_or(end))).collect();
        let streams: Vec<Stream> = self
            .clients
            .iter()
            .flat_map(Actor::streams)
            .chain(self.readers.iter().flat_map(Reading::streams))
            .collect();
        // It holds until nobody streams; whether another came before the last one left, only a while of both tells.
        let seen = streams.iter().filter_map(|stream| stream.surely(end)).map(|(from, to)| (from + NOTICED, to));
        let streamed: Spans = seen.collect();
        let off = self.turn_offs.iter().filter_map(|(at, lifted)| {
            let (_, to) = streamed.iter().find(|(from, to)| from <= at && at < to)?;
            Some((*at, lifted.unwrap_or(end).min(to)))
        });
        let away = self.absences.iter().map(|(_, at, until)| (*at, until.unwrap_or(end)));
        let ruled = self.rules.forbidden.iter().copied();
        let forbidden = self.all_forbidden.iter().copied().chain(off).chain(away).chain(ruled).collect();
        Record {
            is_bulk: self.sending == Sending::Bulk,
            wire,
            silent,
            reigns: self.throne.past,
            streams,
            taken: self.taker.streams(),
            forbidden,
            kept_out: self.rules.kept_out.into_iter().collect(),
            cooldown: LONGEST_COOLDOWN,
            late,
            wrong: self.wrong,
            notes: self.notes,
            end,
        }
    }
}

/// From each order to freeze to the next to thaw.
fn silent(log: &[Entry], end: At) -> Spans {
    let orders = log.iter().filter_map(|entry| Some((entry.at, entry.text.strip_prefix("ORDER ")?)));
    let orders: Vec<_> = orders.filter(|(_, order)| matches!(*order, "freeze" | "thaw")).collect();
    let until = orders.iter().skip(1).map(|(at, _)| *at).chain([end]);
    orders.iter().zip(until).filter(|((_, order), _)| *order == "freeze").map(|((at, _), until)| (*at, until)).collect()
}
