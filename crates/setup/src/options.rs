//! The options that others gave v4l2loopback, and ours beside them. For 0.12 alone, whose devices are all made when it is loaded.

use lenscap_rootfs::Root;
use lenscap_rootfs::modprobe::{self, Line, ModuleOption};

const MODULE: &str = "v4l2loopback";
/// Ours: behind the files of others.
pub(crate) const NAME: &str = "zz-lenscap.conf";
pub(crate) const PATH: &str = "/etc/modprobe.d/zz-lenscap.conf";
/// The module's `MAX_DEVICES`.
const MAX_DEVICES: usize = 8;
/// Longest line that we write, in bytes. Of one option the kernel takes 1024 (param_set_charp).
const MAX_LINE: usize = 4096;
/// What the module calls a device without a label.
const UNNAMED: &str = "Dummy video device";
const HEADING: &str = "# Written by \"lenscap setup\"; \"lenscap setup --undo\" takes it back.\n";

/// All that others ask for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Others {
    /// In whose lines, in the order in which they count.
    pub(crate) files: Vec<String>,
    options: Vec<ModuleOption>,
}

/// Our options cannot stand beside others'.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CannotMerge;

impl Others {
    pub(crate) fn of(root: &Root) -> Self {
        let mut lines = modprobe::lines(root, MODULE);
        lines.retain(|line| line.path != PATH);
        Self::in_lines(lines)
    }

    /// Of a file's text.
    pub(crate) fn in_text(path: &str, text: &str) -> Self {
        Self::in_lines(modprobe::parse(path, text, MODULE))
    }

    fn in_lines(mut lines: Vec<Line>) -> Self {
        lines.retain(|line| line.words[0] == "options");
        let mut files: Vec<_> = lines.iter().map(|line| line.path.clone()).collect();
        files.dedup();
        Self { files, options: modprobe::options(&lines) }
    }

    fn value(&self, key: &str) -> Option<&String> {
        self.options.iter().find(|option| option.name == key).map(|option| &option.value)
    }

    fn list(&self, key: &str) -> Vec<String> {
        self.value(key)
            .filter(|value| !value.is_empty())
            .map(|value| value.split(',').map(str::to_owned).collect())
            .unwrap_or_default()
    }

    fn number(&self, key: &str) -> Option<usize> {
        self.list(key).first()?.parse().ok()
    }

    /// Whether they ask for devices of all these names.
    pub(crate) fn have(&self, labels: &[String]) -> bool {
        self.lacking(labels).is_empty()
    }

    /// Those of these names for which they ask for no device.
    fn lacking<'a>(&self, labels: &'a [String]) -> Vec<&'a str> {
        let mut theirs = self.list("card_label");
        theirs.truncate(self.devices());
        labels.iter().filter(|label| !theirs.contains(label)).map(String::as_str).collect()
    }

    /// How many devices they make: as many as they say, else as they number, else one.
    fn devices(&self) -> usize {
        let numbered = || self.list("video_nr").iter().rposition(|number| !number.starts_with('-'));
        self.number("devices").or_else(|| numbered().map(|last| last + 1)).unwrap_or(1)
    }

    /// The text of our file: devices of these names alone, or all of theirs and those of these that they lack.
    ///
    /// # Errors
    /// Theirs are as many devices as the module makes, stand in a file that counts after ours, or are nothing that could be written
    /// once more and mean the same.
    pub(crate) fn merged(&self, labels: &[String]) -> Result<String, CannotMerge> {
        if self.files.is_empty() {
            return Ok(format!("{HEADING}{}\n", alone(labels)));
        }
        let (devices, ours) = (self.devices(), self.lacking(labels));
        let all = devices.saturating_add(ours.len());
        let is_behind = |path: &String| path.rsplit('/').next().is_some_and(|name| name > NAME);
        if all > MAX_DEVICES || self.files.iter().any(is_behind) {
            return Err(CannotMerge);
        }
        let lists = ["devices", "video_nr", "card_label", "exclusive_caps"];
        let mut line = String::from("options v4l2loopback");
        let is_single = |option: &&ModuleOption| !lists.contains(&option.name.as_str());
        for option in self.options.iter().filter(is_single) {
            line += &format!(" {}={}", option.name, quoted(&option.value));
        }
        line += &format!(" devices={all}");
        let numbers = self.list("video_nr");
        if !numbers.is_empty() {
            line += &format!(" video_nr={}", extended(numbers, devices, |_| "-1".into(), ours.iter().map(|_| "-1")));
        }
        let unnamed = |index| format!("{UNNAMED} (0x{index:04X})");
        line += &format!(
            " card_label={}",
            quoted(&extended(self.list("card_label"), devices, unnamed, ours.iter().copied()))
        );
        let caps = extended(self.list("exclusive_caps"), devices, |_| "0".into(), ours.iter().map(|_| "1"));
        line += &format!(" exclusive_caps={caps}");
        let again = Self::in_text(PATH, &line);
        let is_the_same = again.devices() == all
            && again.have(labels)
            && self.options.iter().filter(is_single).all(|option| again.value(&option.name) == Some(&option.value));
        if !is_the_same || line.len() > MAX_LINE || line.contains(char::is_control) {
            return Err(CannotMerge);
        }
        Ok(format!("{HEADING}{line}\n"))
    }
}

/// Devices of these names alone, as one line.
pub(crate) fn alone(labels: &[String]) -> String {
    let devices = if labels.len() == 1 { String::new() } else { format!("devices={} ", labels.len()) };
    let caps = vec!["1"; labels.len()].join(",");
    let label = quoted(&labels.join(","));
    format!("options v4l2loopback {devices}exclusive_caps={caps} max_buffers=8 card_label={label}")
}

/// As many of theirs as there are devices, and ours behind them.
fn extended<'a>(
    mut list: Vec<String>,
    devices: usize,
    missing: impl Fn(usize) -> String,
    ours: impl Iterator<Item = &'a str>,
) -> String {
    list.truncate(devices);
    list.extend((list.len()..devices).map(missing));
    list.extend(ours.map(str::to_owned));
    list.join(",")
}

fn quoted(value: &str) -> String {
    if value.contains([' ', '\t', '"']) { format!("\"{value}\"") } else { value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Devices;

    fn first() -> Vec<String> {
        Devices::First.labels()
    }

    fn others(text: &str) -> Others {
        Others::in_text("/etc/modprobe.d/obs.conf", text)
    }

    fn merged(text: &str) -> String {
        others(text).merged(&first()).unwrap().lines().last().unwrap().to_owned()
    }

    #[test]
    fn ours_stands_behind_theirs_whose_devices_stay_as_they_are() {
        let alone = "options v4l2loopback exclusive_caps=1 max_buffers=8 card_label=Lenscap";
        for nothing in
            ["", "# options v4l2loopback devices=2\n", "options uvcvideo quirks=1\n", "optionsv4l2loopback x=1"]
        {
            assert_eq!(merged(nothing), alone);
        }
        for (theirs, all) in [
            (
                "devices=2 video_nr=10,11 card_label=OBS,Droid exclusive_caps=1,0",
                "devices=3 video_nr=10,11,-1 card_label=OBS,Droid,Lenscap exclusive_caps=1,0,1",
            ),
            (
                "video_nr=10",
                "devices=2 video_nr=10,-1 card_label=\"Dummy video device (0x0000),Lenscap\" exclusive_caps=0,1",
            ),
            (
                "max_buffers=4 card_label=\"OBS Cam\" exclusive_caps=1",
                "max_buffers=4 devices=2 card_label=\"OBS Cam,Lenscap\" exclusive_caps=1,1",
            ),
            // Stray quotes are part of the names, and stay so.
            (
                "devices=2 card_label=\"OBS Cam\",\"Droid\"",
                "devices=3 card_label=\"OBS Cam\",\"Droid,Lenscap\" exclusive_caps=0,0,1",
            ),
            (
                "devices=1 \\\n exclusive_caps=1,1,1",
                "devices=2 card_label=\"Dummy video device (0x0000),Lenscap\" exclusive_caps=1,1",
            ),
        ] {
            assert_eq!(merged(&format!("options v4l2loopback {theirs}\n")), format!("options v4l2loopback {all}"));
            let again = others(&format!("options v4l2loopback {all}\n"));
            let before = others(&format!("options v4l2loopback {theirs}\n"));
            assert!(again.have(&first()) && !before.have(&first()), "{theirs}");
        }
        // Of a repeated option the last counts.
        let twice = "options v4l2loopback devices=1\noptions v4l2loopback devices=2 card_label=A,B\n";
        assert!(merged(twice).contains("devices=3 card_label=A,B,Lenscap"));
    }

    #[test]
    fn where_theirs_leave_no_room_nothing_is_merged() {
        assert_eq!(others("options v4l2loopback devices=8").merged(&first()), Err(CannotMerge));
        let mut behind = others("options v4l2loopback devices=1");
        behind.files.push("/usr/lib/modprobe.d/zzz.conf".into());
        assert_eq!(behind.merged(&first()), Err(CannotMerge));
    }

    #[test]
    fn several_of_ours_stand_in_one_line_and_those_that_are_there_only_once() {
        let all = [Devices::First.labels(), Devices::Further.labels()].concat();
        let merged = |text: &str| others(text).merged(&all).unwrap().lines().last().unwrap().to_owned();
        let ours =
            "devices=4 exclusive_caps=1,1,1,1 max_buffers=8 card_label=\"Lenscap,Lenscap 2,Lenscap 3,Lenscap 4\"";
        assert_eq!(merged(""), format!("options v4l2loopback {ours}"));
        let theirs = "options v4l2loopback devices=2 card_label=\"OBS,Lenscap 3\" exclusive_caps=1,0\n";
        let both = "devices=5 card_label=\"OBS,Lenscap 3,Lenscap,Lenscap 2,Lenscap 4\" exclusive_caps=1,0,1,1,1";
        assert_eq!(merged(theirs), format!("options v4l2loopback {both}"));
        assert!(others(&merged(theirs)).have(&all) && others(&merged("")).have(&all));
        assert_eq!(others("options v4l2loopback devices=5").merged(&all), Err(CannotMerge));
    }
}
