//! What the tests and benches of all our packages share. Never installed.

pub mod browser;
pub mod catalogues;
pub mod client;
pub mod desktop;
pub mod detect;
pub mod fake_sysfs;
pub mod loopback;
pub mod pipewire;
pub mod portal;
pub mod process;
pub mod programs;
pub mod relay;
pub mod usb_camera;
pub mod vivid;
