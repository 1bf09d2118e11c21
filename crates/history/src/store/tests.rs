use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use lenscap_core::history::Answer;

use super::*;

/// A relay that lives as long as this test.
fn own() -> HistorySession {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let pid = std::process::id();
    HistorySession { boot: boot.trim().into(), pid, start: lenscap_sys::process::start_time(pid).unwrap() }
}

/// One whose number has another process now.
fn gone() -> HistorySession {
    HistorySession { start: 1, ..own() }
}

fn order(session: HistorySession) -> HistoryOrder {
    HistoryOrder { session, days: 30 }
}

fn change(number: u64, from: Millis) -> HistoryChange {
    let entry = HistoryEntry {
        app: Some("org.example.Zoom".into()),
        name: "Zoom".into(),
        icon: None,
        guess: false,
        camera: "HD Webcam".into(),
        direct: false,
        from,
        until: None,
        ended: None,
        trouble: None,
        answer: Some(Answer::Allowed),
    };
    HistoryChange { number, entry }
}

fn ended(number: u64, from: Millis, until: Millis) -> HistoryChange {
    let mut change = change(number, from);
    (change.entry.until, change.entry.ended) = (Some(until), Some(Ended::Stopped));
    change
}

struct Rig {
    directory: tempfile::TempDir,
    place: Place,
}

impl Rig {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = Place::new(&directory.path().join("state/lenscap"));
        Self { directory, place }
    }

    fn record(&self, session: HistorySession, changes: &[HistoryChange], now: Millis) -> Option<HistoryTrouble> {
        Store::record(&self.place, &order(session), changes, now).unwrap()
    }

    fn list(&self, since: Millis, count: u64) -> Vec<HistoryEntry> {
        let mut all = Vec::new();
        if let Some(store) = Store::to_read(&self.place).unwrap() {
            store
                .each_since(since, count, |entry| {
                    all.push(entry);
                    true
                })
                .unwrap();
        }
        all
    }

    fn ends(&self) -> Vec<(Millis, Option<Ended>)> {
        self.list(Millis::MIN, u64::MAX).iter().map(|entry| (entry.from, entry.ended)).collect()
    }
}

#[test]
fn what_began_is_kept_at_once_and_ends_once() {
    let rig = Rig::new();
    assert_eq!(rig.list(0, 9), [], "there is none yet");
    assert_eq!(rig.record(own(), &[change(1, 1000)], 1000), None);
    assert_eq!(rig.list(0, 9), [change(1, 1000).entry]);
    rig.record(own(), &[ended(1, 1000, 2000), change(2, 3000)], 3000);
    rig.record(own(), &[change(1, 1500)], 3000);
    assert_eq!(rig.list(0, 9), [change(2, 3000).entry, ended(1, 1000, 2000).entry], "the newest first; the end stays");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let file = rig.place.file();
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "nothing beside it");
}

#[test]
fn of_two_relays_only_the_one_that_is_gone_is_ended() {
    let rig = Rig::new();
    rig.record(gone(), &[change(1, 1000), ended(2, 1000, 1500)], 1500);
    assert_eq!(rig.ends(), [(1000, Some(Ended::Stopped)), (1000, Some(Ended::Unknown))], "also before it is written");
    let other_boot = HistorySession { boot: "another".into(), ..own() };
    rig.record(other_boot, &[change(1, 2000)], 2000);
    let mut parent = own();
    parent.pid = rustix::process::getppid().unwrap().as_raw_pid().cast_unsigned();
    parent.start = lenscap_sys::process::start_time(parent.pid).unwrap();
    rig.record(parent, &[change(1, 3000)], 3000);
    rig.record(own(), &[change(1, 4000)], 4000);
    let open = |(_, ended): &(Millis, Option<Ended>)| ended.is_none();
    assert_eq!(rig.ends().into_iter().filter(open).map(|(from, _)| from).collect::<Vec<_>>(), [4000, 3000]);
    let raw = Connection::open(rig.place.file()).unwrap();
    let count: i64 = raw.query_row("SELECT count(*) FROM entry WHERE ended = 'unknown'", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 2, "and written");
}

#[test]
fn old_entries_go_and_what_goes_on_stays() {
    let rig = Rig::new();
    rig.record(own(), &[change(1, 0), ended(2, 0, DAY), ended(3, 10 * DAY, 10 * DAY), ended(4, 0, 11 * DAY)], 11 * DAY);
    rig.record(own(), &[], 40 * DAY);
    assert_eq!(rig.ends(), [(10 * DAY, Some(Ended::Stopped)), (0, Some(Ended::Stopped)), (0, None)]);
    // A clock that jumps back takes nothing away.
    rig.record(own(), &[ended(5, 2 * DAY, 2 * DAY)], 2 * DAY);
    assert_eq!(rig.ends().len(), 4);
}

#[test]
fn more_than_anybody_uses_a_camera_is_not_kept() {
    let rig = Rig::new();
    rig.record(own(), &[change(1, 1)], 1);
    let mut raw = Connection::open(rig.place.file()).unwrap();
    let fill = raw.transaction().unwrap();
    for number in 2..=MAX_ENTRIES + 10 {
        rows::put(&fill, 1, number.cast_unsigned(), &ended(0, number, number).entry).unwrap();
    }
    fill.commit().unwrap();
    rig.record(own(), &[], 1);
    let count: i64 = raw.query_row("SELECT count(*) FROM entry", [], |row| row.get(0)).unwrap();
    assert_eq!(count, MAX_ENTRIES);
    // Read in parts, each once, and to the end.
    let all = rig.list(Millis::MIN, u64::MAX);
    assert_eq!(all.len() as i64, MAX_ENTRIES);
    assert!(all.windows(2).all(|two| two[0].from > two[1].from));
    assert_eq!(rig.list(Millis::MIN, 300).len(), 300);
}

#[test]
fn a_list_since_a_time_has_what_went_on_then() {
    let rig = Rig::new();
    rig.record(own(), &[ended(1, 1000, 2000), ended(2, 1000, 5000), ended(3, 6000, 7000), change(4, 500)], 7000);
    let from = |since| rig.list(since, 9).iter().map(|entry| (entry.from, entry.until)).collect::<Vec<_>>();
    assert_eq!(from(3000), [(6000, Some(7000)), (1000, Some(5000)), (500, None)]);
    assert_eq!(from(8000), [(500, None)]);
}

#[test]
fn what_is_deleted_does_not_come_back() {
    let rig = Rig::new();
    assert_eq!(Store::delete(&rig.place), Ok(0));
    let secret = "Secret Application";
    let mut named = change(2, 2000);
    named.entry.name = secret.into();
    rig.record(own(), &[ended(1, 1000, 1500), named.clone()], 2000);
    let has_secret = || fs::read(rig.place.file()).unwrap().windows(secret.len()).any(|it| it == secret.as_bytes());
    assert!(has_secret());
    assert_eq!(Store::delete(&rig.place), Ok(2));
    assert!(!has_secret(), "not even in the file");
    named.entry.ended = Some(Ended::Stopped);
    rig.record(own(), &[named], 3000);
    assert_eq!(rig.ends(), []);
    rig.record(own(), &[change(3, 4000)], 4000);
    assert_eq!(rig.ends(), [(4000, None)]);
}

#[test]
fn a_broken_file_is_moved_away_once_and_a_new_one_begun() {
    let garbage = |rig: &Rig| fs::write(rig.place.file(), "no database at all, but long enough to be one".repeat(100));
    let another = |rig: &Rig| {
        let raw = Connection::open(rig.place.file()).unwrap();
        raw.execute_batch("DROP TABLE entry; CREATE TABLE entry (id INTEGER);").map_err(std::io::Error::other)
    };
    let torn = |rig: &Rig| {
        let whole = fs::read(rig.place.file()).unwrap();
        // The header is whole, and nothing behind it.
        let torn: Vec<_> = whole[..100].iter().copied().chain(std::iter::repeat_n(0xa5, whole.len() - 100)).collect();
        fs::write(rig.place.file(), torn)
    };
    for (name, harm) in
        [("garbage", &garbage as &dyn Fn(&Rig) -> std::io::Result<()>), ("another", &another), ("torn", &torn)]
    {
        let rig = Rig::new();
        rig.record(own(), &[change(1, 1000)], 1000);
        harm(&rig).unwrap();
        let broken = fs::read(rig.place.file()).unwrap();
        let read = Store::to_read(&rig.place).and_then(|store| store.unwrap().each_since(0, 9, |_| true));
        assert!(matches!(read, Err(HistoryTrouble::HistoryBroken { .. })), "{name}: {read:?}");
        let moved = rig.record(own(), &[change(2, 2000)], 2000);
        assert!(matches!(moved, Some(HistoryTrouble::HistoryMoved { .. })), "{name}: {moved:?}");
        assert_eq!(rig.ends(), [(2000, None)], "{name}");
        let beside = rig.place.file().with_file_name("history.sqlite.broken");
        assert_eq!(fs::read(&beside).unwrap(), broken, "{name}");
        assert_eq!(rig.record(own(), &[], 2000), None, "{name}: said once");
        assert_eq!(Store::delete(&rig.place), Ok(1), "{name}");
        assert!(!beside.exists(), "{name}: it may be told from it who used the camera");
    }
}

#[test]
fn a_newer_lenscaps_file_stays_as_it_is() {
    let rig = Rig::new();
    rig.record(own(), &[change(1, 1000)], 1000);
    Connection::open(rig.place.file()).unwrap().pragma_update(None, "user_version", VERSION + 1).unwrap();
    let before = fs::read(rig.place.file()).unwrap();
    let newer = Err(HistoryTrouble::HistoryNewer { path: rig.place.detail() });
    assert_eq!(Store::record(&rig.place, &order(own()), &[change(2, 2000)], 2000).map(drop), newer);
    assert_eq!(Store::to_read(&rig.place).map(drop), newer);
    assert_eq!(Store::delete(&rig.place).map(drop), newer);
    assert_eq!(fs::read(rig.place.file()).unwrap(), before);
}

#[test]
fn what_is_no_file_of_ours_is_left_alone() {
    let rig = Rig::new();
    let file = rig.place.file();
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let victim = rig.directory.path().join("victim");
    fs::write(&victim, "mine").unwrap();
    symlink(&victim, &file).unwrap();
    let not_ours = Err(HistoryTrouble::HistoryNotOurs { path: rig.place.detail() });
    assert_eq!(Store::record(&rig.place, &order(own()), &[change(1, 1)], 1).map(drop), not_ours);
    assert_eq!(Store::to_read(&rig.place).map(drop), not_ours);
    assert_eq!(Store::delete(&rig.place).map(drop), not_ours);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert_eq!(Store::record(&rig.place, &order(own()), &[], 1).map(drop), not_ours);
}

#[test]
fn a_way_with_a_link_in_it_is_taken() {
    let rig = Rig::new();
    symlink(rig.directory.path(), rig.directory.path().join("home")).unwrap();
    let place = Place::new(&rig.directory.path().join("home/state/lenscap"));
    assert_eq!(Store::record(&place, &order(own()), &[change(1, 1000)], 1000), Ok(None));
    assert_eq!(rig.ends(), [(1000, None)]);
}

#[test]
fn the_last_use_is_that_of_a_camera_that_was_on() {
    let rig = Rig::new();
    let with = |change: HistoryChange, app: &str, answer| {
        let entry = HistoryEntry { app: Some(app.into()), answer, ..change.entry };
        HistoryChange { entry, ..change }
    };
    let changes = [
        with(ended(1, 1000, 2000), "a", Some(Answer::Allowed)),
        with(ended(2, 5000, 6000), "a", Some(Answer::Blocked)),
        with(ended(3, 3000, 4000), "b", None),
        with(change(4, 3500), "c", Some(Answer::AllowedByUser)),
        with(ended(5, 1, 2), "d", Some(Answer::Unanswered)),
    ];
    rig.record(own(), &changes, 7000);
    let store = Store::to_read(&rig.place).unwrap().unwrap();
    let uses = store.last_uses(9000).unwrap();
    let uses: Vec<_> = uses.iter().map(|used| (used.app.as_str(), used.last)).collect();
    assert_eq!(uses, [("c", 9000), ("b", 4000), ("a", 2000)]);
}
