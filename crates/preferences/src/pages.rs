//! The pages, one a file.

mod camera;
mod controls;
mod device;
pub mod general;
mod privacy;
mod usage;

use crate::context::Context;

/// Makes a page.
type Maker = fn(&Context) -> adw::PreferencesPage;

/// All of them, in their order.
pub const ALL: [Maker; 6] = [camera::page, controls::page, privacy::page, usage::page, device::page, general::page];
