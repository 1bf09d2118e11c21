//! Entries as rows, and back.

use std::collections::BTreeMap;

use lenscap_api::{Code, HistoryEntry, HistorySession, LastUse};
use lenscap_core::app::AppId;
use lenscap_core::history::{Answer, Ended, Millis};
use lenscap_text::Text;
use rusqlite::{Connection, Row, Transaction, params};

use super::trouble::Wrong;
use crate::session::is_alive;

/// An entry with its place in the list, and whose it is.
pub(super) struct Found {
    pub(super) id: i64,
    pub(super) entry: HistoryEntry,
    session: HistorySession,
}

/// Which relays live, each asked once.
#[derive(Default)]
pub(super) struct Lives(BTreeMap<HistorySession, bool>);

impl Lives {
    fn lives(&mut self, session: HistorySession) -> bool {
        *self.0.entry(session).or_insert_with_key(is_alive)
    }
}

impl Found {
    /// What a relay left open that is gone has ended, also where nothing was written since.
    pub(super) fn settled(self, lives: &mut Lives) -> HistoryEntry {
        let Self { mut entry, session, .. } = self;
        if entry.ended.is_none() && !lives.lives(session) {
            entry.ended = Some(Ended::Unknown);
        }
        entry
    }
}

/// Begins an entry, changes or ends it; one that has ended stays as it is.
pub(super) fn put(change: &Transaction<'_>, session: i64, number: u64, entry: &HistoryEntry) -> Result<(), Wrong> {
    let trouble = entry.trouble.as_ref().and_then(|trouble| serde_json::to_string(trouble).ok());
    change.execute(
        "INSERT INTO entry (session, number, app, name, icon, guess, camera, direct, began, until, ended, trouble, answer)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
        ON CONFLICT (session, number) DO UPDATE SET
            app = excluded.app, name = excluded.name, icon = excluded.icon, guess = excluded.guess,
            camera = excluded.camera, direct = excluded.direct, began = excluded.began, until = excluded.until,
            ended = excluded.ended, trouble = excluded.trouble, answer = excluded.answer
        WHERE ended IS NULL",
        params![
            session,
            number.cast_signed(),
            entry.app.as_ref().map(AppId::as_str),
            &*entry.name,
            entry.icon.as_deref(),
            entry.guess,
            &*entry.camera,
            entry.direct,
            entry.from,
            entry.until,
            entry.ended.map(Ended::as_str),
            trouble,
            entry.answer.map(Answer::as_str),
        ],
    )?;
    Ok(())
}

/// So many of those that went on after `since` and stand in the list behind this one, in its order: the newest first.
pub(super) fn part(
    db: &Connection,
    since: Millis,
    (began, id): (Millis, i64),
    count: u64,
) -> Result<Vec<Found>, Wrong> {
    let mut query = db.prepare(
        "SELECT entry.id, app, name, icon, guess, camera, direct, began, until, ended, trouble, answer, boot, pid, start
        FROM entry JOIN session ON session.id = entry.session
        WHERE (began, entry.id) < (?1, ?2) AND (began >= ?3 OR until >= ?3 OR ended IS NULL)
        ORDER BY began DESC, entry.id DESC LIMIT ?4",
    )?;
    let found = query.query_map(params![began, id, since, count.cast_signed()], found)?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn found(row: &Row<'_>) -> rusqlite::Result<Found> {
    let text = |index| row.get::<_, Option<String>>(index);
    let ended = text(9)?;
    let answer = text(11)?;
    let until: Option<Millis> = row.get(8)?;
    Ok(Found {
        id: row.get(0)?,
        entry: HistoryEntry {
            app: text(1)?.map(AppId::from),
            name: row.get::<_, String>(2)?.into(),
            icon: text(3)?.map(Text::from),
            guess: row.get(4)?,
            camera: row.get::<_, String>(5)?.into(),
            direct: row.get(6)?,
            from: row.get(7)?,
            until,
            // A word that is none of ours says at least that it has ended.
            ended: ended.map(|word| Ended::ALL.into_iter().find(|it| it.as_str() == word).unwrap_or(Ended::Unknown)),
            trouble: text(10)?.and_then(|json| serde_json::from_str::<Code>(&json).ok()),
            answer: answer.and_then(|word| Answer::ALL.into_iter().find(|it| it.as_str() == word)),
        },
        session: HistorySession {
            boot: row.get::<_, String>(12)?.into(),
            pid: row.get(13)?,
            start: row.get::<_, i64>(14)?.cast_unsigned(),
        },
    })
}

/// Each application that had a camera, with the end of its last use; the latest first.
pub(super) fn last_uses(db: &Connection, now: Millis) -> Result<Vec<LastUse>, Wrong> {
    // Of the columns beside max() SQLite takes the row that it found there.
    let mut query = db.prepare(
        "SELECT app, name, icon, ended, boot, pid, start, max(began), until
        FROM entry JOIN session ON session.id = entry.session
        WHERE app IS NOT NULL AND (answer IS NULL OR answer IN (?1, ?2))
        GROUP BY app",
    )?;
    let yes = [Answer::Allowed, Answer::AllowedByUser].map(Answer::as_str);
    let mut lives = Lives::default();
    let found = query.query_map(yes, |row| {
        let session = HistorySession {
            boot: row.get::<_, String>(4)?.into(),
            pid: row.get(5)?,
            start: row.get::<_, i64>(6)?.cast_unsigned(),
        };
        let goes_on = row.get::<_, Option<String>>(3)?.is_none() && lives.lives(session);
        let (began, until): (Millis, Option<Millis>) = (row.get(7)?, row.get(8)?);
        Ok(LastUse {
            app: row.get::<_, String>(0)?.into(),
            name: row.get::<_, String>(1)?.into(),
            icon: row.get::<_, Option<String>>(2)?.map(Text::from),
            last: if goes_on { now } else { until.unwrap_or(began) },
        })
    })?;
    let mut uses: Vec<LastUse> = found.collect::<Result<_, _>>()?;
    uses.sort_by_key(|used| std::cmp::Reverse(used.last));
    Ok(uses)
}
