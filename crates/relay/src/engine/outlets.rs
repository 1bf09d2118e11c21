//! The devices with the camera's picture, by what each is for.

use std::path::Path;

use super::outlet::Outlet;
use super::{EngineConfig, OutputChoice};
use crate::output::finder::Beside;
use lenscap_core::presence::{Further, Presences, Role};
use lenscap_core::status::Device;

/// The main one comes first and is always there, open or not.
#[derive(Debug)]
pub(super) struct Outlets(Vec<Outlet>);

impl Outlets {
    /// None of them open yet.
    pub(super) fn new(config: &EngineConfig) -> Self {
        let mut outlets = Self(vec![Outlet::new(Role::Main, config.output.clone())]);
        for further in Further::ALL {
            outlets.set(Role::Further(further), config.further(further).cloned());
        }
        outlets.set(Role::Pipewire, config.pipewire.clone());
        outlets
    }

    /// Another one of this role, which is not the main one's; not yet open, or none.
    pub(super) fn set(&mut self, role: Role, choice: Option<OutputChoice>) {
        if let Some(index) = self.0.iter().position(|outlet| outlet.role() == role) {
            let before = self.0.remove(index);
            match choice {
                // Where it moves, nobody is to miss what it had.
                Some(_) => drop(before),
                None => before.give_up(),
            }
        }
        self.0.extend(choice.map(|choice| Outlet::new(role, choice)));
        self.0.sort_by_key(Outlet::role);
    }

    /// The nodes of the others: that none is taken twice.
    pub(super) fn beside(&self, role: Role, count: u32) -> Beside {
        let others = self.iter().filter(|outlet| outlet.role() != role);
        // The main one comes first, whatever path the settings name for another.
        let named = |outlet: &'_ Outlet| outlet.named_node().filter(|_| role != Role::Main).map(Path::to_owned);
        let nodes = others.flat_map(|outlet| [outlet.node().map(Path::to_owned), named(outlet)]).flatten();
        Beside { is_further: role != Role::Main, count, nodes: nodes.collect() }
    }

    /// The devices with a number, for people.
    pub(super) fn devices(&self) -> Vec<Device> {
        self.iter().filter(|outlet| outlet.role().number().is_some()).map(Outlet::device).collect()
    }

    pub(super) fn main(&self) -> &Outlet {
        &self.0[0]
    }

    pub(super) fn main_mut(&mut self) -> &mut Outlet {
        &mut self.0[0]
    }

    pub(super) fn get(&self, role: Role) -> Option<&Outlet> {
        self.iter().find(|outlet| outlet.role() == role)
    }

    pub(super) fn get_mut(&mut self, role: Role) -> Option<&mut Outlet> {
        self.iter_mut().find(|outlet| outlet.role() == role)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Outlet> {
        self.0.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Outlet> {
        self.0.iter_mut()
    }

    /// Those with copies of the main one's pictures.
    pub(super) fn copies(&self) -> &[Outlet] {
        &self.0[1..]
    }

    /// The main one, and those with copies of its pictures.
    pub(super) fn split_mut(&mut self) -> (&mut Outlet, &mut [Outlet]) {
        let (main, copies) = self.0.split_at_mut(1);
        (&mut main[0], copies)
    }

    /// Who is at each of them.
    pub(super) fn presences(&self) -> Presences {
        self.iter().map(|outlet| (outlet.role(), outlet.presence().clone())).collect()
    }
}
