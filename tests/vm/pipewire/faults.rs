//! What ends and comes again: server, session manager, our process.

use lenscap_test_support::process::within;

use super::*;
use crate::machine::kill;
use crate::pulse::Pulse;

/// Longest time between two pictures of a program that nothing disturbs, beside what the machine is late by: it is emulated, and
/// starts programs meanwhile.
const GAP: Duration = Duration::from_secs(1);

/// After which somebody starts a program again that shows nothing; the machine is emulated.
const AGAIN: Duration = Duration::from_secs(12);

/// What v4l2-ctl gets while something else ends and comes again.
struct Undisturbed {
    reader: Reader,
    from: usize,
    pulse: Pulse,
}

impl Undisturbed {
    /// From now on, with the camera on.
    fn begin() -> Self {
        let reader = readers::v4l2_ctl();
        reader.moves("v4l2-ctl");
        let from = reader.seen().len();
        Self { reader, from, pulse: Pulse::start() }
    }

    /// There was no card, it was never long without a picture, and the camera was on all the time. Ends it.
    fn assert(mut self, desk: &mut Desk) {
        let late = self.pulse.end();
        desk.relay.poll();
        let said = format!("{:#?}\n{}\n{:#?}", desk.relay.seen, desk.relay.stderr(), desk.camera.log());
        let seen = self.reader.seen().split_off(self.from);
        let card = seen.iter().find(|seen| seen.number.is_none());
        assert!(card.is_none(), "{card:?}\n{said}");
        let mut longest = Duration::ZERO;
        for pair in seen.windows(2) {
            let (from, to) = (pair[0].at, pair[1].at);
            let late = late.iter().filter(|(at, by)| *at > from && at.saturating_sub(*by) < to).map(|(_, by)| *by);
            let late: Duration = late.sum();
            longest = longest.max(to - from);
            assert!(to - from < GAP + late, "no picture for {:?}, and the machine late by {late:?}\n{said}", to - from);
        }
        println!("REPORT beside it v4l2-ctl waited {longest:.2?} at most, for {} pictures", seen.len());
        assert_eq!(desk.camera.sessions().len(), 1, "{said}");
    }
}

/// A program that is started now and gets pictures. On 0.3.65 the graph may stand still after the session manager's end, until our
/// process makes its node anew: whoever reads then is let go, and starts again.
fn served(desk: &Desk) -> Reader {
    for _ in 0..6 {
        let reader = desk.reader();
        // One that is let go may hang instead of ending.
        if within(AGAIN, || reader.has_moved_since(0)) {
            return reader;
        }
    }
    panic!("six were let go: {:#?}\n{}", desk.states(), desk.relay.stderr());
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn server_and_session_manager_started_anew_while_idle_leave_a_node_that_works() {
    let Some(mut desk) = Desk::new("server_and_session_manager_while_idle") else { return };
    desk.session.restart_wireplumber();
    until_devices_are_known(&desk.session);
    assert_eq!(desk.listed(), [NAME]);
    let reader = desk.reader();
    desk.relay.wait_for("live");
    reader.moves("one after the session manager's restart");
    drop(reader);
    desk.until_idle_and_off();
    desk.restart_server();
    let reader = desk.reader();
    desk.relay.wait_for("live");
    reader.moves("one after the server's restart");
    drop(reader);
    desk.until_idle_and_off();
    desk.relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn server_and_session_manager_started_anew_while_live_disturb_no_v4l2_client() {
    let Some(mut desk) = Desk::new("server_and_session_manager_while_live") else { return };
    let reader = desk.reader();
    reader.moves("the reader");
    let v4l2 = Undisturbed::begin();
    desk.session.restart_wireplumber();
    let before = reader.seen().len();
    let after = served(&desk);
    let is_served = reader.has_moved_since(before);
    println!("REPORT the program that read when WirePlumber ended gets more pictures: {is_served}");
    drop((reader, after));
    desk.session.kill_server();
    v4l2.reader.moves("v4l2-ctl without a server");
    desk.session.start_server();
    desk.until_listed();
    let reader = desk.reader();
    reader.moves("one after the server's restart");
    v4l2.assert(&mut desk);
    drop(reader);
    desk.camera.wait_until_off();
    desk.until_idle_and_off();
    desk.relay.quit();
}

#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn its_process_killed_while_both_stream_comes_back_and_disturbs_no_v4l2_client() {
    let Some(mut desk) = Desk::new("its_process_killed") else { return };
    let reader = desk.reader();
    reader.moves("the reader");
    let v4l2 = Undisturbed::begin();
    let process = desk.relay.node_process().expect("a process");
    kill(process);
    drop(reader);
    let has_another = within(DEADLINE, || desk.relay.node_process().is_some_and(|it| it != process));
    desk.relay.poll();
    assert!(has_another, "{:#?}\n{}", desk.relay.seen, desk.relay.stderr());
    desk.until_listed();
    let reader = desk.reader();
    reader.moves("the next one");
    v4l2.assert(&mut desk);
    drop(reader);
    desk.camera.wait_until_off();
    desk.until_idle_and_off();
    desk.relay.quit();
}
