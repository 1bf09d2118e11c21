//! What the session manager lists, whoever comes first at login.

use super::*;

/// As measured, so that [`table::pipewiresrc`], which asks for one, is known to be able to fail.
#[test]
#[ignore = "kernel tier: runs in tests/vm"]
fn without_the_rule_it_is_listed_twice_where_the_relay_comes_first() {
    let Some(session) = Session::new("without_the_rule") else { return };
    let mut desk = Desk::server_first(session);
    let manager_first = desk.listed();
    assert_eq!(manager_first, [NAME], "WirePlumber passes over a node that is still an output");
    desk.restart_server();
    desk.session.until("the loopback's node is listed as well", |objects| listed(objects).len() == 2);
    println!("REPORT without the rule: {manager_first:?}; with the relay first: {:?}", desk.listed());
    desk.relay.quit();
}
