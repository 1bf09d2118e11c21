//! What to do about something, and the commands that do it: each by itself, to be typed or copied.

use lenscap_api::SetupVerb;
use lenscap_core::presence::Further;

use crate::distro::{Family, Headers};
use crate::{tr, trf, trn};

/// A step for people, and its commands in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// A sentence; of the functions here, a clause that stands behind a colon.
    pub text: String,
    /// None where there is nothing to type.
    pub commands: Vec<String>,
}

impl Remedy {
    pub(crate) fn new(text: String, commands: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { text, commands: commands.into_iter().map(Into::into).collect() }
    }

    /// With its clause as a sentence.
    pub(crate) fn into_sentence(self) -> Self {
        let mut letters = self.text.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
        Self { text: format!("{first}{}.", letters.as_str()), ..self }
    }
}

impl From<String> for Remedy {
    fn from(text: String) -> Self {
        Self { text, commands: Vec::new() }
    }
}

/// The group whose members may use cameras, wherever a distribution has one.
pub(crate) const VIDEO: &str = "video";

/// Has the user in this group, from the next login on.
pub(crate) fn join_group(group: &str) -> String {
    format!("sudo usermod -aG {group} $USER")
}

/// The module with these options beside those that every device wants.
pub(crate) fn load_module(options: &str) -> String {
    format!("sudo modprobe v4l2loopback {options}")
}

/// Closes every device of the module's.
pub(crate) fn unload_module() -> String {
    "sudo modprobe -r v4l2loopback".into()
}

/// For one device that browsers list.
pub(crate) const OPTIONS: &str = "exclusive_caps=1 max_buffers=8 card_label=Lenscap";

/// When there is no device: install the module, load it, or update it for this kernel. `is_installed`: it is there for the
/// running kernel.
pub(crate) fn get_a_node(is_installed: bool) -> Remedy {
    // TRANSLATORS: stands behind a colon, as in "There is no camera device: load the kernel module v4l2loopback"
    let load = Remedy::new(tr("load the kernel module v4l2loopback"), [load_module(OPTIONS)]);
    if is_installed {
        return load;
    }
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let install = install_module(release.trim());
    let text = match Family::here() {
        Family::Fedora => {
            tr("install the kernel module v4l2loopback, which RPM Fusion has, restart the computer and load it")
        }
        _ => tr("install the kernel module v4l2loopback and load it"),
    };
    Remedy { text, commands: [install.commands, load.commands].concat() }
}

/// The module's package, and what it needs to be built for the kernel with this release: none of them is among its dependencies
/// everywhere (dkms of Debian 13 recommends neither headers nor openssl, without which the module is not signed).
pub(crate) fn install_module(release: &str) -> Remedy {
    let Headers { debian, fedora, arch } = Headers::of(release);
    Family::here().install(
        &format!("v4l2loopback-dkms {debian} openssl"),
        &format!("akmod-v4l2loopback {fedora}"),
        &format!("v4l2loopback-dkms {arch}"),
    )
}

/// When the module has fewer nodes than this many, which are wanted, and none with this label. `can_set_up`: `lenscap setup` makes it.
pub(crate) fn get_further_nodes(label: &str, count: u32, can_set_up: bool) -> Remedy {
    if can_set_up {
        let command = ["lenscap setup", SetupVerb::FurtherDevices.as_str()].join(" ");
        // TRANSLATORS: stands behind a colon, as in "No camera device has the label ...: run ..."
        let text = trf!(
            "run \"{command}\", which makes further devices now and at each start of the computer",
            command = command
        );
        return Remedy::new(text, [command]);
    }
    let first = label.rsplit_once(' ').map_or("Lenscap", |(first, _)| first);
    let further = Further::ALL.into_iter().filter(|it| it.number() <= count).map(|it| it.label(first));
    let labels: Vec<String> = std::iter::once(first.to_owned()).chain(further).collect();
    get_nodes(&labels)
}

/// The module is to have nodes with these labels.
pub(crate) fn get_nodes(labels: &[impl AsRef<str>]) -> Remedy {
    let labels: Vec<&str> = labels.iter().map(AsRef::as_ref).collect();
    let (count, caps) = (labels.len(), vec!["1"; labels.len()].join(","));
    let options = format!("devices={count} exclusive_caps={caps} max_buffers=8 card_label='{}'", labels.join(","));
    let text = trn!(
        // TRANSLATORS: stands behind a colon, as in "There is no second device: close all programs ..."
        "close all programs that use the kernel module v4l2loopback, and load it anew with {n} device",
        "close all programs that use the kernel module v4l2loopback, and load it anew with {n} devices",
        count as u64
    );
    Remedy::new(text, [unload_module(), load_module(&options)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_module_is_missing_it_is_installed_before_it_is_loaded() {
        let missing = get_a_node(false);
        assert_eq!(missing.commands.last(), get_a_node(true).commands.first());
        assert!(missing.text.starts_with("install"), "{missing:?}");
        assert!(missing.into_sentence().text.starts_with("Install"));
    }
}
