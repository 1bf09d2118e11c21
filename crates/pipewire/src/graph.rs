//! Who reads: links from our node, the nodes they lead to, and the clients whose nodes these are.
//!
//! The order in which a server tells these is its own; a reader is reported once all three are known, its link's state too.
//! Who streams without being known yet is seen by the node's state alone.

use std::collections::BTreeMap;

use lenscap_libpipewire::{Kind, LinkState, Properties, RegistryEvent};
use lenscap_text::Text;
use lenscap_wire::pipewire::{MAX_READERS, Reader};

const LINK_OUTPUT: &str = "link.output.node";
const LINK_INPUT: &str = "link.input.node";
const NODE_CLIENT: &str = "client.id";
const NAME: &str = "application.name";
const PID: &str = "pipewire.sec.pid";
const ACCESS: &str = "pipewire.access";
const PORTAL_APP: &str = "pipewire.access.portal.app_id";

/// The properties that are read of the graph's objects.
pub(crate) const NAMES: &[&str] = &[LINK_OUTPUT, LINK_INPUT, NODE_CLIENT, NAME, PID, ACCESS, PORTAL_APP];

/// Objects of one kind that are remembered: anybody in the session can make any number of them.
const MAX_OBJECTS: usize = 4096;

/// What is known of the graph.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// The client of each node.
    nodes: BTreeMap<u32, u32>,
    links: BTreeMap<u32, Link>,
    clients: BTreeMap<u32, Client>,
}

#[derive(Debug)]
struct Link {
    output: u32,
    input: u32,
    /// Once it has said so.
    state: Option<LinkState>,
}

#[derive(Debug)]
struct Client {
    properties: Properties,
    /// Whether it has said all: until then it is not known whether it came through the portal.
    is_whole: bool,
}

impl Graph {
    /// Takes in what happened.
    pub(crate) fn apply(&mut self, event: RegistryEvent) {
        match event {
            RegistryEvent::Added { id, kind: Kind::Node, properties } => {
                if let Some(client) = properties.number(NODE_CLIENT) {
                    insert(&mut self.nodes, id, client);
                }
            }
            RegistryEvent::Added { id, kind: Kind::Link, properties } => {
                if let (Some(output), Some(input)) = (properties.number(LINK_OUTPUT), properties.number(LINK_INPUT)) {
                    insert(&mut self.links, id, Link { output, input, state: None });
                }
            }
            RegistryEvent::Added { id, kind: Kind::Client, properties } => {
                insert(&mut self.clients, id, Client { properties, is_whole: false });
            }
            RegistryEvent::Removed { id } => {
                self.nodes.remove(&id);
                self.links.remove(&id);
                self.clients.remove(&id);
            }
            RegistryEvent::Link { id, state } => {
                if let Some(link) = self.links.get_mut(&id) {
                    link.state = Some(state);
                }
            }
            RegistryEvent::Client { id, properties } => {
                if let Some(client) = self.clients.get_mut(&id) {
                    client.properties.update(properties);
                    client.is_whole = true;
                }
            }
            // Those of cameras; none is followed here.
            RegistryEvent::Node { .. } | RegistryEvent::Format { .. } => {}
        }
    }

    /// The links of this node and their clients: what is to be followed.
    pub(crate) fn of_interest(&self, node: u32) -> Vec<(u32, Kind)> {
        let mut objects = Vec::new();
        for (id, link) in self.links_of(node) {
            objects.push((id, Kind::Link));
            if let Some(client) = self.nodes.get(&link.input).filter(|client| self.clients.contains_key(client)) {
                objects.push((*client, Kind::Client));
            }
        }
        objects
    }

    /// Who is linked to this node.
    pub(crate) fn readers(&self, node: u32) -> Vec<Reader> {
        let reader = |link: &Link| {
            let client = self.clients.get(self.nodes.get(&link.input)?)?;
            let text = |name| client.properties.get(name).map(|text| Text::from(lenscap_text::name(text)));
            let is_portals = client.properties.get(ACCESS) == Some(b"portal");
            client.is_whole.then_some(Reader {
                name: text(NAME).unwrap_or_default(),
                pid: client.properties.number(PID),
                portal_app: is_portals.then(|| text(PORTAL_APP).unwrap_or_default()),
                is_streaming: link.state? == LinkState::Active,
            })
        };
        self.links_of(node).filter_map(|(_, link)| reader(link)).take(MAX_READERS).collect()
    }

    fn links_of(&self, node: u32) -> impl Iterator<Item = (u32, &Link)> {
        self.links.iter().filter(move |(_, link)| link.output == node).map(|(id, link)| (*id, link))
    }
}

fn insert<T>(objects: &mut BTreeMap<u32, T>, id: u32, object: T) {
    if objects.len() < MAX_OBJECTS {
        objects.insert(id, object);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: u32 = 40;

    fn properties(properties: &[(&'static str, &str)]) -> Properties {
        properties.iter().map(|(name, value)| (*name, value.as_bytes().to_vec())).collect()
    }

    fn added(id: u32, kind: Kind, of: &[(&'static str, &str)]) -> RegistryEvent {
        RegistryEvent::Added { id, kind, properties: properties(of) }
    }

    #[test]
    fn a_reader_is_there_once_all_of_it_is_known_in_whatever_order() {
        let events = [
            added(50, Kind::Link, &[(LINK_OUTPUT, "40"), (LINK_INPUT, "45")]),
            added(45, Kind::Node, &[(NODE_CLIENT, "33")]),
            added(33, Kind::Client, &[(NAME, "Cheese\u{1b}[2J"), (PID, "4711"), (ACCESS, "unrestricted")]),
        ];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut graph = Graph::default();
            order.iter().for_each(|index| graph.apply(events[*index].clone()));
            assert_eq!(graph.of_interest(OURS), [(50, Kind::Link), (33, Kind::Client)]);
            graph.apply(RegistryEvent::Link { id: 50, state: LinkState::Paused });
            assert_eq!(graph.readers(OURS), []);
            graph.apply(RegistryEvent::Client { id: 33, properties: properties(&[]) });
            let reader =
                |is_streaming| Reader { name: "Cheese [2J".into(), pid: Some(4711), portal_app: None, is_streaming };
            assert_eq!(graph.readers(OURS), [reader(false)]);
            graph.apply(RegistryEvent::Link { id: 50, state: LinkState::Active });
            assert_eq!(graph.readers(OURS), [reader(true)]);
            assert_eq!(graph.readers(41), [], "another node's");
            graph.apply(RegistryEvent::Removed { id: 50 });
            assert_eq!(graph.readers(OURS), []);
        }
    }

    #[test]
    fn who_comes_through_the_portal_has_its_application_id() {
        let mut graph = Graph::default();
        graph.apply(added(33, Kind::Client, &[(NAME, "xdg-desktop-portal"), (PID, "9"), (ACCESS, "portal")]));
        graph.apply(added(45, Kind::Node, &[(NODE_CLIENT, "33")]));
        graph.apply(added(50, Kind::Link, &[(LINK_OUTPUT, "40"), (LINK_INPUT, "45")]));
        graph.apply(RegistryEvent::Link { id: 50, state: LinkState::Active });
        graph.apply(RegistryEvent::Client { id: 33, properties: properties(&[(PORTAL_APP, "org.example.Cam")]) });
        assert_eq!(graph.readers(OURS)[0].portal_app, Some("org.example.Cam".into()));
        graph.apply(RegistryEvent::Client { id: 33, properties: properties(&[(PORTAL_APP, "")]) });
        assert_eq!(graph.readers(OURS)[0].portal_app, Some("".into()));
    }

    #[test]
    fn neither_objects_nor_readers_grow_without_end() {
        let mut graph = Graph::default();
        graph.apply(added(3, Kind::Client, &[]));
        graph.apply(RegistryEvent::Client { id: 3, properties: properties(&[]) });
        graph.apply(added(45, Kind::Node, &[(NODE_CLIENT, "3")]));
        for id in 100..10_000 {
            graph.apply(added(id, Kind::Link, &[(LINK_OUTPUT, "40"), (LINK_INPUT, "45")]));
            graph.apply(RegistryEvent::Link { id, state: LinkState::Active });
        }
        assert_eq!(graph.readers(OURS).len(), MAX_READERS);
        assert_eq!(graph.links.len(), MAX_OBJECTS);
    }
}
