//! Who seems to wait for a device that another program has.
//!
//! v4l2loopback from 0.13 on lets one program stream from a device, refuses every other with EBUSY, and tells nobody of it. What
//! can be seen is who has the device open and does not stream while another does. Programs that look which cameras there are do the
//! same, for a moment: whoever stays is taken for one that waits.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::Machine;
use crate::app::AppId;
use crate::presence::{Client, Further, Presence, Role, Use};
use crate::status::{Crowd, Device};

/// How long a program has to hold a device for that.
const HELD_FOR: Duration = Duration::from_secs(3);
/// What looks at every device that appears, and wants no picture.
const PROBES: [&str; 5] = ["v4l_id", "udevd", "systemd-udevd", "wireplumber", "pipewire"];

/// Who holds which device beside one that streams.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiting(BTreeMap<(Role, u32), Held>);

#[derive(Debug, Clone, Copy)]
struct Held {
    since: Instant,
    /// For so long that it is said.
    is_long: bool,
}

impl Waiting {
    /// When somebody else will have waited for long.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.values().filter(|held| !held.is_long).map(|held| held.since + HELD_FOR).min()
    }
}

impl Machine {
    /// Takes note of who waits.
    pub(super) fn look_who_waits(&mut self, now: Instant) {
        let there: Vec<_> = self.waiting_clients().filter_map(|(role, comer, _)| Some((role, comer.pid?))).collect();
        let held = &mut self.waiting.0;
        held.retain(|key, _| there.contains(key));
        for key in there {
            let held = held.entry(key).or_insert(Held { since: now, is_long: false });
            held.is_long |= now.saturating_duration_since(held.since) >= HELD_FOR;
        }
    }

    /// Who has a device open that is for one, where another streams: with that one.
    fn waiting_clients(&self) -> impl Iterator<Item = (Role, &Client, &Client)> {
        let devices = self.devices.iter().filter(|device| device.is_for_one && device.trouble.is_none());
        devices.filter_map(|device| Some((device.role, self.presences.at(device.role)?))).flat_map(
            move |(role, presence)| {
                let user = presence.streaming().next();
                let comers = presence.clients.iter().filter(move |comer| self.may_wait(comer, presence));
                user.into_iter().flat_map(move |user| comers.clone().map(move |comer| (role, comer, user)))
            },
        )
    }

    fn may_wait(&self, comer: &Client, at: &Presence) -> bool {
        let app = |client: &Client| -> AppId { client.app_ids()[0].clone() };
        // A program of many processes may hold it in more than one.
        let has_it = || at.streaming().any(|user| app(user) == app(comer) || user.name == comer.name);
        let has_another =
            || self.presence.clients.iter().any(|other| other.is_same_as(comer) && other.usage != Use::Open);
        comer.usage == Use::Open
            && comer.pid.is_some()
            && !PROBES.contains(&comer.program())
            && !has_it()
            && !has_another()
    }

    /// Those who have waited for long, and where there is room for them.
    pub(super) fn crowds(&self) -> Vec<Crowd> {
        let is_long = |role, comer: &Client| {
            comer.pid.and_then(|pid| self.waiting.0.get(&(role, pid))).is_some_and(|held| held.is_long)
        };
        let label = |role| self.devices.iter().find(|device| device.role == role).map(|device| device.label.clone());
        let is_free = |device: &&Device| {
            let is_served = device.trouble.is_none() && self.no_device.is_none();
            is_served && self.presences.at(device.role).is_none_or(|presence| !presence.any_maybe_streaming())
        };
        let free = self.devices.iter().find(is_free).map(|device| device.label.clone());
        let crowd = |(role, comer, user): (Role, &Client, &Client)| Crowd {
            comer: comer.clone(),
            user: user.clone(),
            device: label(role).unwrap_or_default(),
            free: free.clone(),
            may_have_more: self.devices.len() <= Further::ALL.len(),
        };
        self.waiting_clients().filter(|(role, comer, _)| is_long(*role, comer)).map(crowd).collect()
    }
}
