//! What other programs may ask the running relay, and what they are answered: one vocabulary for the control socket, the
//! command line, the event lines and D-Bus. The types derive their forms; sentences are made by whoever fills them in.
//!
//! The socket is in the user's runtime directory, so that it works without a desktop. One request a connection, a line of
//! JSON each way: `{"do":"pause","seconds":1800}` is answered with the status, `{"do":"watch"}` with a status for every
//! change until the connection ends. Whoever reads too slowly is let go; the relay never waits for anybody.

mod applet;
pub mod client;
mod code;
pub mod controls;
mod doctor;
mod history;
mod reply;
mod request;
mod setup;
mod status;
mod tagged;

pub use applet::{
    AppletCamera, AppletClient, AppletClients, AppletCrowd, AppletCrowds, AppletDevice, AppletDevices, AppletState,
    AppletStatus, Offers, OtherCameras,
};
pub use client::AskError;
pub use code::Code;
pub use controls::Controls;
pub use doctor::{DoctorReport, Finding, Verdict};
pub use history::{HistoryChange, HistoryEntry, HistoryLine, HistoryOrder, HistorySession, LastUse};
pub use reply::{ControlsReply, EventLine, LostLines, Refused, Reply, line};
pub use request::Request;
pub use setup::{
    DEVICE_LABEL, DEVICE_UNIT, FURTHER_DEVICES_UNIT, SETUP_NAME, SETUP_PATH, SetupPlan, SetupPlans, SetupReport,
    SetupReports, SetupStep, SetupVerb,
};
pub use status::{AskedMode, PublishedCrowd, PublishedDevice, PublishedMode, Status};
