//! The history in SQLite: its tables, what is written, what is read.
//!
//! 1. With a journal that is rolled back, not a write-ahead log: that leaves files beside it, and needs shared memory.
//! 2. Every write is on the disk when it is answered (`synchronous` FULL): there are two or three a call, and nobody waits.
//! 3. All text was cleaned before it came ([`HistoryEntry`]), and is cleaned once more when it is read: the file is the user's.

mod rows;
mod trouble;

use std::path::Path;

use lenscap_api::{HistoryChange, HistoryEntry, HistoryOrder, HistorySession, LastUse};
use lenscap_core::history::{Ended, Millis};
use lenscap_core::trouble::history::HistoryTrouble;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::place::{PATIENCE, Place};
use crate::session::is_alive;
use trouble::Wrong;

/// The version of the tables, in the file's `user_version`.
const VERSION: i64 = 1;
/// Says in the file that it is ours ("Lens").
const APPLICATION: i64 = 0x4c65_6e73;
/// Most entries that are kept, whatever their age: a program that starts and stops all day fills no disk.
const MAX_ENTRIES: i64 = 50_000;
/// So many are read at once; nothing is locked while they are printed.
const PART: u64 = 256;
const DAY: Millis = 24 * 3600 * 1000;

const TABLES: &str = "
    CREATE TABLE session (
        id INTEGER PRIMARY KEY,
        boot TEXT NOT NULL,
        pid INTEGER NOT NULL,
        start INTEGER NOT NULL,
        -- what it numbered up to here was deleted, and does not come back when it ends
        deleted INTEGER NOT NULL DEFAULT 0,
        UNIQUE (boot, pid, start)
    ) STRICT;
    CREATE TABLE entry (
        id INTEGER PRIMARY KEY,
        session INTEGER NOT NULL REFERENCES session (id),
        number INTEGER NOT NULL,
        app TEXT, name TEXT NOT NULL, icon TEXT, guess INTEGER NOT NULL,
        camera TEXT NOT NULL, direct INTEGER NOT NULL,
        -- milliseconds since 1970
        began INTEGER NOT NULL, until INTEGER,
        -- empty while it goes on
        ended TEXT,
        -- a code, as JSON
        trouble TEXT,
        answer TEXT,
        UNIQUE (session, number)
    ) STRICT;
    CREATE INDEX entry_by_time ON entry (began, id);
    CREATE INDEX entry_open ON entry (session) WHERE ended IS NULL;
";

/// The open file.
pub(crate) struct Store<'a> {
    place: &'a Place,
    db: Connection,
}

impl<'a> Store<'a> {
    /// Keeps these changes of a relay; what could not be read was moved away. Older entries than are to be kept are deleted,
    /// and those of relays that are gone are ended.
    pub(crate) fn record(
        place: &'a Place,
        order: &HistoryOrder,
        changes: &[HistoryChange],
        now: Millis,
    ) -> Result<Option<HistoryTrouble>, HistoryTrouble> {
        place.make()?;
        let _lock = place.lock()?;
        let keep = || Self::to_write(place)?.keep(order, changes, now);
        match keep() {
            Ok(()) => Ok(None),
            Err(Wrong::Broken) => {
                let moved = place.move_away()?;
                place.make()?;
                keep().map_err(|wrong| wrong.trouble(place))?;
                Ok(Some(moved))
            }
            Err(wrong) => Err(wrong.trouble(place)),
        }
    }

    /// Deletes all entries, and what was moved away; how many there were, as far as they could be counted.
    pub(crate) fn delete(place: &'a Place) -> Result<u64, HistoryTrouble> {
        if !place.check()? {
            return place.remove_broken().map(|()| 0);
        }
        let _lock = place.lock()?;
        let emptied = Self::to_write(place).and_then(|mut store| store.empty());
        match emptied {
            Ok(count) => place.remove_broken().map(|()| count),
            Err(wrong @ (Wrong::Newer | Wrong::Locked)) => Err(wrong.trouble(place)),
            // Where nothing more can be written, the file can still go.
            Err(_) => place.remove().map(|()| 0),
        }
    }

    /// To be read; `None`: there is none.
    pub(crate) fn to_read(place: &'a Place) -> Result<Option<Self>, HistoryTrouble> {
        if !place.check()? {
            return Ok(None);
        }
        let store = Self::open(place, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|wrong| wrong.trouble(place))?;
        // An empty one was made and not begun yet.
        let is_begun = store.version().map_err(|wrong| wrong.trouble(place))?;
        Ok(is_begun.then_some(store))
    }

    fn to_write(place: &'a Place) -> Result<Self, Wrong> {
        let mut store = Self::open(place, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        if !store.version()? {
            store.begin()?;
        }
        Ok(store)
    }

    fn open(place: &'a Place, flags: OpenFlags) -> Result<Self, Wrong> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NOFOLLOW | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let path: &Path = &place.file();
        let db = Connection::open_with_flags(path, flags)?;
        db.busy_timeout(PATIENCE)?;
        db.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;")?;
        Ok(Self { place, db })
    }

    /// Whether its tables are there, and of this version.
    fn version(&self) -> Result<bool, Wrong> {
        let pragma = |name| self.db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        match (pragma("application_id")?, pragma("user_version")?) {
            (APPLICATION, VERSION) => Ok(true),
            (APPLICATION, newer) if newer > VERSION => Err(Wrong::Newer),
            (0, 0) if pragma("page_count")? == 0 => Ok(false),
            _ => Err(Wrong::Broken),
        }
    }

    fn begin(&mut self) -> Result<(), Wrong> {
        let change = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        change.execute_batch(TABLES)?;
        change.pragma_update(None, "application_id", APPLICATION)?;
        change.pragma_update(None, "user_version", VERSION)?;
        Ok(change.commit()?)
    }

    fn keep(&mut self, order: &HistoryOrder, changes: &[HistoryChange], now: Millis) -> Result<(), Wrong> {
        // What is deleted is overwritten.
        self.db.execute_batch("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;")?;
        let change = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let HistorySession { boot, pid, start } = &order.session;
        let key = params![&**boot, pid, start.cast_signed()];
        change.execute("INSERT INTO session (boot, pid, start) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING", key)?;
        let (session, deleted): (i64, i64) = change.query_row(
            "SELECT id, deleted FROM session WHERE boot = ?1 AND pid = ?2 AND start = ?3",
            key,
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        for HistoryChange { number, entry } in changes {
            if number.cast_signed() > deleted {
                rows::put(&change, session, *number, entry)?;
            }
        }
        end_abandoned(&change, session)?;
        prune(&change, now.saturating_sub(Millis::from(order.days).saturating_mul(DAY)))?;
        Ok(change.commit()?)
    }

    /// Deletes all entries; how many there were.
    fn empty(&mut self) -> Result<u64, Wrong> {
        self.db.execute_batch("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;")?;
        let change = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // One that goes on is not to come back when it ends.
        change.execute(
            "UPDATE session SET deleted = max(deleted, coalesce(
                (SELECT max(number) FROM entry WHERE entry.session = session.id), 0))",
            [],
        )?;
        let count = change.execute("DELETE FROM entry", [])?;
        for (id, session) in sessions(&change, "SELECT id, boot, pid, start FROM session")? {
            if !is_alive(&session) {
                change.execute("DELETE FROM session WHERE id = ?1", [id])?;
            }
        }
        change.commit()?;
        // Overwritten it is already; where there is no room to make it smaller it stays as large as it is.
        let _ = self.db.execute_batch("VACUUM");
        Ok(count as u64)
    }

    /// Calls `each` with entries until it wants no more, the newest first: those that went on after `since`, so many at most.
    pub(crate) fn each_since(
        &self,
        since: Millis,
        count: u64,
        mut each: impl FnMut(HistoryEntry) -> bool,
    ) -> Result<(), HistoryTrouble> {
        let mut left = count;
        let mut before = (Millis::MAX, i64::MAX);
        let mut lives = rows::Lives::default();
        while left > 0 {
            let part = left.min(PART);
            let found = rows::part(&self.db, since, before, part).map_err(|wrong| wrong.trouble(self.place))?;
            let Some(last) = found.last() else { break };
            before = (last.entry.from, last.id);
            left -= found.len() as u64;
            for row in found {
                if !each(row.settled(&mut lives)) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Each application with its last use; the latest first.
    pub(crate) fn last_uses(&self, now: Millis) -> Result<Vec<LastUse>, HistoryTrouble> {
        rows::last_uses(&self.db, now).map_err(|wrong| wrong.trouble(self.place))
    }
}

/// Ends what relays left open that are gone.
fn end_abandoned(change: &Transaction<'_>, own: i64) -> Result<(), Wrong> {
    let open = "SELECT id, boot, pid, start FROM session WHERE id IN (SELECT session FROM entry WHERE ended IS NULL)";
    for (id, session) in sessions(change, open)? {
        if id != own && !is_alive(&session) {
            let unknown = Ended::Unknown.as_str();
            change.execute("UPDATE entry SET ended = ?1 WHERE session = ?2 AND ended IS NULL", params![unknown, id])?;
        }
    }
    Ok(())
}

/// Deletes what is older than this, but for what goes on, and the oldest where there are too many.
fn prune(change: &Transaction<'_>, oldest: Millis) -> Result<(), Wrong> {
    let old = "DELETE FROM entry WHERE began < ?1 AND coalesce(until, began) < ?1 AND ended IS NOT NULL";
    let mut count = change.execute(old, [oldest])?;
    let newest: Option<i64> = change.query_row("SELECT max(id) FROM entry", [], |row| row.get(0)).optional()?.flatten();
    count += change.execute("DELETE FROM entry WHERE id <= ?1", [newest.unwrap_or(0).saturating_sub(MAX_ENTRIES)])?;
    if count > 0 {
        let unused = "SELECT id, boot, pid, start FROM session WHERE id NOT IN (SELECT session FROM entry)";
        for (id, session) in sessions(change, unused)? {
            if !is_alive(&session) {
                change.execute("DELETE FROM session WHERE id = ?1", [id])?;
            }
        }
    }
    Ok(())
}

/// What this finds, with its number.
fn sessions(db: &Connection, query: &str) -> Result<Vec<(i64, HistorySession)>, Wrong> {
    let mut query = db.prepare(query)?;
    let found = query.query_map([], |row| {
        let (boot, pid, start): (String, u32, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
        Ok((row.get(0)?, HistorySession { boot: boot.into(), pid, start: start.cast_unsigned() }))
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests;
