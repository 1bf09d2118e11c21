//! The names of programs that use a camera.

use lenscap_core::presence::{Client, UNSEEN, Use};

use crate::{listed, tr, trn};

/// Most programs named in one line.
const MAX_NAMES: usize = 3;

/// The program's name; something for one that cannot be seen.
pub fn program(client: &Client) -> String {
    if client.pid.is_none() && client.name == UNSEEN { unseen() } else { client.name.clone() }
}

/// The name of a program that cannot be seen.
pub(crate) fn unseen() -> String {
    // TRANSLATORS: the name of a program that cannot be seen, as in "an application is using the camera"
    tr("an application")
}

/// The programs that stream, or may be streaming; each once.
pub fn programs(clients: &[Client]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for client in clients.iter().filter(|client| client.usage != Use::Open) {
        let name = program(client);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// [`programs`] in one line, as many as it has room for.
pub fn names(clients: &[Client]) -> Option<String> {
    in_one_line(&programs(clients))
}

/// These names in one line, as many as it has room for; something for a program that cannot be seen.
pub fn in_one_line(names: &[String]) -> Option<String> {
    let seen = |name: &String| if name == UNSEEN { unseen() } else { name.clone() };
    let shown = listed(names.iter().take(MAX_NAMES).map(seen));
    match names.len() {
        0 => None,
        many if many > MAX_NAMES => {
            let more = (many - MAX_NAMES) as u64;
            Some(trn!("{names} and {n} more", "{names} and {n} more", more, names = shown))
        }
        _ => Some(shown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(name: &str, usage: Use) -> Client {
        Client::new(Some(7), name, usage)
    }

    #[test]
    fn every_program_is_named_once_and_many_are_counted() {
        let clients = ["a", "b", "a", "c", "d", "e"].map(|name| client(name, Use::Streaming));
        assert_eq!(names(&clients).as_deref(), Some("a, b, c and 2 more"));
        assert_eq!(names(&clients[..3]).as_deref(), Some("a, b"));
        assert_eq!(names(&[client("a", Use::Open)]), None);
    }
}
