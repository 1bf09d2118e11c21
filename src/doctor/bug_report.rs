//! `lenscap doctor --report`: what was found, as Markdown for a bug report. In English, and with codes in place of sentences:
//! who reads it may not have the user's language, and sentences name what is [`private`](super::private).

use std::fmt::Write;

use lenscap_api::DoctorReport;

use super::private::Private;
use super::{Patient, Verdict};
use crate::camera::{self, System};

/// Longest list of cameras.
const MAX_CAMERAS: usize = 32;

/// The whole text. `variable`: of the environment; `user`: this user's number.
pub(super) fn markdown(
    patient: &Patient,
    report: &DoctorReport,
    variable: &dyn Fn(&str) -> Option<String>,
    user: u32,
) -> String {
    let private = Private::of(patient, variable, user);
    let mut text = "### Computer\n\n".to_owned();
    for (name, value) in facts(patient, variable) {
        let value = value.map(|value| private.hide(&value)).filter(|value| !value.is_empty());
        let _ = writeln!(text, "- {name}: {}", value.map_or_else(|| "unknown".into(), |value| format!("`{value}`")));
    }
    text += "\n### Cameras\n\n";
    let cameras = cameras(patient);
    for (name, ids) in &cameras {
        let _ = writeln!(text, "- `{}` {ids}", private.hide(name));
    }
    if cameras.is_empty() {
        text += "none\n";
    }
    text += "\n### Findings\n\n";
    for finding in &report.findings {
        let verdict = match finding.verdict {
            Verdict::Fine => "ok",
            Verdict::Note => "note",
            Verdict::Problem => "**problem**",
        };
        let _ = write!(text, "- {verdict} {}", finding.check);
        if let Some(diagnosis) = &finding.diagnosis {
            let _ = write!(text, ": `{}`", diagnosis.code);
            let data: serde_json::Map<_, _> =
                diagnosis.data.iter().map(|(name, value)| (name.clone(), private.data(name, value))).collect();
            if !data.is_empty() {
                let _ = write!(text, " `{}`", serde_json::Value::Object(data));
            }
        }
        text.push('\n');
    }
    text
}

/// What is asked first of everybody who reports something.
fn facts(patient: &Patient, variable: &dyn Fn(&str) -> Option<String>) -> Vec<(&'static str, Option<String>)> {
    let os = ["/etc/os-release", "/usr/lib/os-release"].iter().find_map(|path| patient.read(path)).unwrap_or_default();
    let distribution = os.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let dmi = |name: &str| patient.read(&format!("/sys/class/dmi/id/{name}"));
    let model: Vec<_> = ["sys_vendor", "product_name", "product_version"].into_iter().filter_map(dmi).collect();
    let module = patient.read("/sys/module/v4l2loopback/version");
    let status = patient.relay.as_ref().ok().and_then(Option::as_ref);
    let state = status.and_then(|status| serde_json::to_value(status.state).ok()?.as_str().map(str::to_owned));
    let programs = patient.answers.programs.iter().filter(|it| it.is_there).map(|it| &it.program);
    let programs = programs.map(|it| format!("{} {}", it.program, it.version.as_deref().unwrap_or("?")));
    let gstreamer = patient.answers.gstreamer.as_ref().and_then(|answer| answer.as_ref().ok());
    // "Linked with libwireplumber 0.5.8"
    let linked = |said: &Option<String>| said.as_ref()?.split_whitespace().last().map(str::to_owned);
    vec![
        ("Lenscap", Some(env!("CARGO_PKG_VERSION").to_owned())),
        ("Programs", Some(programs.collect::<Vec<_>>().join(", "))),
        ("Relay", state.or_else(|| Some("not running".to_owned()).filter(|_| matches!(patient.relay, Ok(None))))),
        ("Distribution", distribution.map(|name| name.trim_matches('"').to_owned())),
        ("Kernel", patient.read("/proc/sys/kernel/osrelease")),
        ("v4l2loopback", module),
        ("GStreamer", gstreamer.map(|report| report.version.to_string())),
        ("PipeWire", linked(&patient.session.server)),
        ("WirePlumber", linked(&patient.session.version)),
        ("Desktop", variable("XDG_CURRENT_DESKTOP")),
        ("Session", variable("XDG_SESSION_TYPE")),
        ("Model", Some(model.join(" "))),
    ]
}

/// Each camera's product name, with the ids of its maker and product where it has such.
fn cameras(patient: &Patient) -> Vec<(String, String)> {
    let system = System::of(&patient.at(camera::CLASS));
    let cameras = system.cameras().into_iter().filter(|camera| !camera.is_raw).take(MAX_CAMERAS);
    cameras
        .map(|camera| {
            let node = camera.node.as_deref().and_then(std::path::Path::file_name).unwrap_or_default();
            let device = format!("{}/{}/device", camera::CLASS, node.to_string_lossy());
            // A USB interface's device is its parent; ".." of the link's target, not of the link.
            let ids = [("..", "idVendor", "idProduct"), (".", "vendor", "device")].iter().find_map(
                |(place, maker, product)| {
                    let id = |name| patient.read(&format!("{device}/{place}/{name}")).filter(|id| is_id(id));
                    Some(format!("{}:{}", id(maker)?, id(product)?))
                },
            );
            (camera.name, ids.unwrap_or_default())
        })
        .collect()
}

/// As sysfs writes ids of USB and of PCI.
fn is_id(said: &str) -> bool {
    let digits = said.strip_prefix("0x").unwrap_or(said);
    digits.len() == 4 && digits.chars().all(|digit| digit.is_ascii_hexdigit())
}
