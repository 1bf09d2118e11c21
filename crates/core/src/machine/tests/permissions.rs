//! Whom the user is asked about, and who sees what meanwhile.

use super::*;

fn bench(rule: Rule) -> Bench {
    let mut bench = Bench::ready();
    bench.send(Event::Policy(Policy { rules: vec![(app(1), rule), (app(9), Rule::Block)], ..Policy::default() }));
    bench
}

fn allow(pid: u32) -> Event {
    Event::Command(Command::Allow { apps: vec![app(pid)] })
}

fn at_both(main: &[Client], pipewire: &[Client]) -> Event {
    Event::Presence([(Role::Main, at(main)), (Role::Pipewire, at(pipewire))].into_iter().collect())
}

#[test]
fn who_is_asked_about_waits_with_a_card_and_gets_the_camera_at_the_answer() {
    let mut bench = bench(Rule::Ask);
    let actions = bench.send(streaming());
    assert_eq!(bench.name(), StateName::Asking);
    assert!(actions.contains(&Action::ShowCard(Card::Waiting)) && actions.contains(&Action::Feed(true)), "{actions:?}");
    assert!(!bench.world.worker, "no camera, not even warm");
    let offers = bench.machine.status().offers;
    let answers = [Verb::AllowOnce, Verb::AllowAlways, Verb::Block].map(|verb| about(verb, 1));
    assert_eq!(offers[..3], answers);
    assert!(bench.send(allow(1)).contains(&Action::StartCamera));
    bench.started();
    assert_eq!(bench.name(), StateName::Live);
}

#[test]
fn no_answer_is_no_and_can_be_given_later() {
    let mut bench = bench(Rule::Ask);
    bench.send(streaming());
    bench.pass(ANSWER_LIMIT - Duration::from_millis(1));
    assert_eq!(bench.name(), StateName::Asking);
    let actions = bench.pass(Duration::from_millis(1));
    assert!(actions.contains(&Action::ShowCard(Card::Blocked)), "{actions:?}");
    let status = bench.machine.status();
    assert_eq!(status.reason, Some(Trouble::PermissionUnanswered { program: "app1".into() }));
    assert_eq!((status.clients[0].access, &status.offers[0]), (Access::Unanswered, &about(Verb::AllowOnce, 1)));
    bench.pass(Duration::from_secs(3600));
    assert!(bench.send(allow(1)).contains(&Action::StartCamera));
}

#[test]
fn a_short_break_is_the_same_use_and_a_long_one_asks_again_where_it_is_always_asked() {
    for (rule, pause, expected) in [
        (Rule::Ask, 9, StateName::Starting),
        (Rule::Ask, 3600, StateName::Starting),
        (Rule::AlwaysAsk, 9, StateName::Starting),
        (Rule::AlwaysAsk, 11, StateName::Asking),
    ] {
        let mut bench = bench(rule);
        bench.send(streaming());
        bench.send(allow(1));
        bench.send(nobody());
        bench.worker(WorkerEvent::Exited { reason: None });
        bench.pass(Duration::from_secs(pause));
        bench.send(streaming());
        assert_eq!(bench.name(), expected, "{rule:?} after {pause} s");
    }
    // Another process of the same program is asked about by itself.
    let mut bench = bench(Rule::Ask);
    bench.send(streaming());
    bench.send(allow(1));
    let other = Client::new(Some(7), "app1", Use::Streaming);
    bench.send(presence(&[other]));
    assert_eq!(bench.machine.status().clients[0].access, Access::Asking);
}

#[test]
fn a_break_wins_no_time() {
    let mut bench = bench(Rule::Ask);
    bench.send(streaming());
    bench.pass(ANSWER_LIMIT - Duration::from_secs(5));
    bench.send(nobody());
    assert_eq!(bench.name(), StateName::Idle);
    bench.pass(Duration::from_secs(9));
    bench.send(streaming());
    assert_eq!(bench.name(), StateName::Blocked);
}

#[test]
fn one_sees_the_camera_and_the_other_a_card() {
    let mut bench = bench(Rule::Ask);
    let allowed = client(2, Use::Streaming);
    let actions = bench.send(at_both(&[client(9, Use::Streaming)], std::slice::from_ref(&allowed)));
    assert!(actions.contains(&Action::StartCamera));
    assert_eq!(bench.world.kept_out, BTreeMap::from([(Role::Main, Card::Blocked)]));
    bench.started();
    assert_eq!(bench.machine.status().offer(Verb::TurnOff), Some(&about(Verb::TurnOff, 2)), "for who has it");
    assert_eq!(bench.machine.status().offer(Verb::Allow), Some(&about(Verb::Allow, 9)));
    // It leaves, and one comes about whom the user is asked.
    bench.send(at_both(&[client(1, Use::Streaming)], std::slice::from_ref(&allowed)));
    assert_eq!((bench.name(), bench.world.kept_out[&Role::Main]), (StateName::Live, Card::Waiting));
    bench.send(allow(1));
    assert!(bench.world.kept_out.is_empty());
    // At one device there is one picture for all.
    bench.send(at_both(&[client(2, Use::Streaming), client(9, Use::Streaming)], &[]));
    assert_eq!(bench.name(), StateName::Cooldown);
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(*bench.machine.state(), State::Blocked { client: "app9".into() });
}

#[test]
fn who_is_blocked_while_it_has_the_camera_loses_it_at_once() {
    let mut bench = Bench::live();
    let actions = bench.send(Event::Command(Command::Block { apps: vec![app(1)] }));
    assert!(actions.contains(&Action::StopWorker) && actions.contains(&Action::ShowCard(Card::Blocked)), "{actions:?}");
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(bench.machine.status().clients[0].access, Access::Blocked);
    assert!(bench.send(allow(1)).contains(&Action::StartCamera));
}

#[test]
fn a_rule_that_is_changed_holds_whatever_was_answered_before() {
    let ruled = |rule| Event::Policy(Policy { rules: vec![(app(1), rule)], ..Policy::default() });
    let mut bench = bench(Rule::Ask);
    bench.send(streaming());
    bench.send(Event::Command(Command::Block { apps: vec![app(1)] }));
    assert_eq!(bench.machine.status().clients[0].access, Access::Blocked);
    bench.send(ruled(Rule::Block));
    assert!(bench.send(ruled(Rule::Allow)).contains(&Action::StartCamera), "as the user sees it in the settings");
    bench.started();
    bench.send(ruled(Rule::Ask));
    bench.worker(WorkerEvent::Exited { reason: None });
    assert_eq!(bench.name(), StateName::Asking, "nobody said yes");
    bench.send(allow(1));
    bench.started();
    bench.send(ruled(Rule::AlwaysAsk));
    assert_eq!(bench.name(), StateName::Live, "it was let in already");
    bench.send(ruled(Rule::Block));
    bench.worker(WorkerEvent::Exited { reason: None });
    bench.send(ruled(Rule::Ask));
    assert_eq!(bench.name(), StateName::Asking, "what was said before is said no more");
}

#[test]
fn nobody_is_asked_while_there_is_no_camera_for_anybody() {
    let mut bench = bench(Rule::Ask);
    bench.send(Event::Command(Command::Pause { duration: None }));
    bench.send(streaming());
    assert_eq!(bench.name(), StateName::Paused);
    bench.pass(ANSWER_LIMIT * 2);
    bench.send(Event::Command(Command::Resume));
    assert_eq!(bench.name(), StateName::Asking, "from now on");
    bench.pass(ANSWER_LIMIT / 2);
    bench.send(Event::Locked(true));
    bench.pass(ANSWER_LIMIT);
    bench.send(Event::Locked(false));
    assert_eq!(bench.name(), StateName::Asking);
}

#[test]
fn many_are_asked_about_at_once_and_each_gets_its_own_answer() {
    let mut bench = Bench::ready();
    bench.send(Event::Policy(Policy { unknown: Rule::Ask, ..Policy::default() }));
    let all: Vec<Client> = (1..=10).map(|pid| client(pid, Use::Streaming)).collect();
    bench.send(presence(&all));
    let asked = bench.machine.status().offers.into_iter().filter(|offer| offer.verb == Verb::AllowOnce).count();
    assert_eq!(asked, 10);
    for pid in 1..=9 {
        bench.send(allow(pid));
        assert_eq!(bench.name(), StateName::Asking, "one device, one picture: all of them have to be allowed");
    }
    assert!(bench.send(allow(10)).contains(&Action::StartCamera));
    for pid in 100..1100 {
        bench.send(presence(&[client(pid, Use::Streaming)]));
        bench.send(allow(pid));
    }
    assert!(bench.machine.permissions.len() <= 64);
}

#[test]
fn of_whom_nothing_is_known_nothing_is_kept() {
    let mut bench = Bench::ready();
    bench.send(Event::Policy(Policy { unknown: Rule::Ask, ..Policy::default() }));
    bench.send(presence(&[Client::new(None, crate::presence::UNSEEN, Use::Streaming)]));
    let verbs: Vec<Verb> = bench.machine.status().offers.iter().map(|offer| offer.verb).collect();
    assert_eq!(verbs, [Verb::AllowOnce, Verb::Pause]);
    assert!(bench.send(Event::Command(Command::Allow { apps: Vec::new() })).contains(&Action::StartCamera));
}

#[test]
fn a_pause_hides_the_camera_before_anybody_is_let_in() {
    let mut bench = bench(Rule::Ask);
    bench.send(at_both(&[client(9, Use::Streaming)], &[client(2, Use::Streaming)]));
    bench.started();
    let actions = bench.send(Event::Command(Command::Pause { duration: None }));
    let at = |action: &Action| actions.iter().position(|it| it == action).expect("it is ordered");
    assert!(at(&Action::ShowCard(Card::Paused)) < at(&Action::KeepOut(BTreeMap::new())), "{actions:?}");
}

#[test]
fn who_was_kept_out_of_a_second_device_is_not_for_ever() {
    let mut bench = bench(Rule::Ask);
    bench.send(at_both(&[], &[client(9, Use::Streaming)]));
    assert_eq!(bench.world.kept_out.len(), 1);
    bench.send(Event::DeviceGone(Trouble::Output(OutputTrouble::NodeGone { is_installed: false })));
    bench.send(Event::DeviceReady);
    assert!(bench.world.kept_out.is_empty(), "nobody is there");
}
