//! Does this user sit at the computer? To who does, udev and logind give the cameras; groups are for who does not.

use super::Patient;
use crate::i18n::doctor::Seat;

/// Where logind says who sits where, a file a user; readable for all.
const USERS: &str = "/run/systemd/users";

pub(super) fn of(patient: &Patient) -> Seat {
    // Not everybody has logind.
    if !patient.at(USERS).exists() {
        return Seat::Unknown;
    }
    let user = patient.read(&format!("{USERS}/{}", rustix::process::getuid().as_raw())).unwrap_or_default();
    let seats = user.lines().find_map(|line| line.strip_prefix("ACTIVE_SEATS=")).unwrap_or_default();
    if seats.is_empty() { Seat::None } else { Seat::Here }
}
