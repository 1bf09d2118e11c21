//! The devices with the camera's picture, by what each is for.

use super::OutputChoice;
use super::outlet::Outlet;
use lenscap_core::presence::Presences;
use lenscap_core::presence::Role;

/// The main one comes first and is always there, open or not.
#[derive(Debug)]
pub(super) struct Outlets(Vec<Outlet>);

impl Outlets {
    /// None of them open yet.
    pub(super) fn new(main: OutputChoice, second: Option<OutputChoice>, pipewire: Option<OutputChoice>) -> Self {
        let mut outlets = Self(vec![Outlet::new(Role::Main, main)]);
        outlets.set(Role::Second, second);
        outlets.set(Role::Pipewire, pipewire);
        outlets
    }

    /// Another one of this role, which is not the main one's; not yet open, or none.
    pub(super) fn set(&mut self, role: Role, choice: Option<OutputChoice>) {
        self.0.retain(|outlet| outlet.role() != role);
        self.0.extend(choice.map(|choice| Outlet::new(role, choice)));
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
