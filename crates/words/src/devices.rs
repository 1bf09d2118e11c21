//! The devices that programs open: why one is not there, and who seems to wait for one.

use lenscap_core::status::{Crowd, Device};
use lenscap_core::trouble::Trouble;
use lenscap_core::trouble::output::OutputTrouble;

use crate::notify::NoticeText;
use crate::programs::program;
use crate::trf;
use crate::trouble::sentence;

/// Why the device with this label is not served.
pub fn of_device(label: &str, trouble: &Trouble) -> String {
    match is_missing(trouble) {
        // It names the label itself.
        true => sentence(trouble),
        false => trf!("Device \"{label}\": {why}", label = label, why = sentence(trouble)),
    }
}

fn is_missing(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Output(OutputTrouble::NoFurtherNode { .. }))
}

/// Why further devices are not served. Of those that are not there the first is named: what helps helps for all.
pub fn troubles(devices: &[Device]) -> Vec<String> {
    let mut is_missing_said = false;
    let of = devices.iter().filter_map(|device| Some((device, device.trouble.as_ref()?)));
    let said = of.filter(|(_, trouble)| !(is_missing(trouble) && std::mem::replace(&mut is_missing_said, true)));
    said.map(|(device, trouble)| of_device(&device.label, trouble)).collect()
}

/// Who seems to wait, for a notification; nobody says that it was refused.
pub fn waits(crowd: &Crowd) -> NoticeText {
    NoticeText {
        summary: trf!("{name} may be waiting for the camera", name = program(&crowd.comer)),
        body: taken(crowd),
    }
}

/// The same in one line, without a full stop at its end.
pub fn waits_in_line(crowd: &Crowd) -> String {
    let NoticeText { summary, body } = waits(crowd);
    format!("{summary}: {}", body.trim_end_matches('.'))
}

/// Who has the device, and what there is to do.
fn taken(crowd: &Crowd) -> String {
    let (user, device) = (program(&crowd.user), &crowd.device);
    match &crowd.free {
        // TRANSLATORS: {free} is the name of another camera in an application's list
        Some(free) => trf!(
            "{user} has \"{device}\", which one application at a time can use. Choose \"{free}\" there.",
            user = user,
            device = device,
            free = free
        ),
        None if crowd.may_have_more => trf!(
            "{user} has \"{device}\", which one application at a time can use. Have more devices in the preferences.",
            user = user,
            device = device
        ),
        None => trf!(
            "{user} has \"{device}\", and the other devices are in use, too. Turn the camera off in one of the applications.",
            user = user,
            device = device
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lenscap_core::presence::{Client, Further, Role, Use};

    #[test]
    fn what_is_missing_is_said_once_and_the_rest_by_its_name() {
        let device = |further, label: &str, trouble| Device {
            role: Role::Further(further),
            label: label.into(),
            node: None,
            is_for_one: true,
            trouble,
        };
        let missing = |label: &str| {
            Some(Trouble::Output(OutputTrouble::NoFurtherNode { label: label.into(), count: 4, can_set_up: false }))
        };
        let said = troubles(&[
            device(Further::Second, "OBS", Some(Trouble::DeviceSought)),
            device(Further::Third, "Cam 3", missing("Cam 3")),
            device(Further::Fourth, "Cam 4", missing("Cam 4")),
        ]);
        assert_eq!(said.len(), 2, "{said:?}");
        assert_eq!(said[0], "Device \"OBS\": The camera device is being looked for.");
        assert!(said[1].starts_with("No camera device has the label \"Cam 3\"") && said[1].contains('4'), "{said:?}");
        assert!(troubles(&[device(Further::Second, "Cam 2", None)]).is_empty());
    }

    #[test]
    fn who_waits_is_told_where_there_is_room() {
        let crowd = |free: Option<&str>, may_have_more| Crowd {
            comer: Client::new(Some(1), "Zoom", Use::Open),
            user: Client::new(Some(2), "Firefox", Use::Streaming),
            device: "Lenscap".into(),
            free: free.map(str::to_owned),
            may_have_more,
        };
        let said = waits_in_line(&crowd(Some("Lenscap 2"), true));
        assert!(said.starts_with("Zoom may be waiting for the camera: Firefox has \"Lenscap\""), "{said}");
        assert!(said.ends_with("Choose \"Lenscap 2\" there"), "{said}");
        assert!(waits(&crowd(None, true)).body.contains("more devices in the preferences"));
        assert!(waits(&crowd(None, false)).body.contains("in use, too"));
    }
}
