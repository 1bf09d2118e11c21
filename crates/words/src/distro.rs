//! Which distribution this is, so that a missing piece can be named as its package.

use std::fs;

use crate::remedy::Remedy;
use crate::{tr, trf};

/// A family of distributions with the same package names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Debian, Ubuntu and what follows them.
    Debian,
    /// Fedora and what follows it.
    Fedora,
    /// Arch Linux and what follows it.
    Arch,
    /// Anything else.
    Other,
}

impl Family {
    /// The family of the running system, from os-release(5).
    pub fn here() -> Self {
        ["/etc/os-release", "/usr/lib/os-release"]
            .iter()
            .find_map(|path| fs::read_to_string(path).ok())
            .map_or(Family::Other, |text| Self::from_os_release(&text))
    }

    /// The family that `ID` and `ID_LIKE` of an os-release file name.
    pub fn from_os_release(text: &str) -> Self {
        let mut words = Vec::new();
        for key in ["ID=", "ID_LIKE="] {
            if let Some(value) = text.lines().find_map(|line| line.strip_prefix(key)) {
                words.extend(value.trim_matches(['"', '\'']).split_whitespace());
            }
        }
        words
            .into_iter()
            .find_map(|word| match word {
                "debian" | "ubuntu" => Some(Family::Debian),
                "fedora" | "rhel" => Some(Family::Fedora),
                "arch" => Some(Family::Arch),
                _ => None,
            })
            .unwrap_or(Family::Other)
    }

    /// How to install a package: its name on Debian, Fedora and Arch.
    pub fn install(self, debian: &str, fedora: &str, arch: &str) -> Remedy {
        // TRANSLATORS: these stand behind a colon, as in "GStreamer's element ... is missing: install its package"
        match self {
            Family::Debian => Remedy::new(tr("install its package"), [format!("sudo apt install {debian}")]),
            Family::Fedora => Remedy::new(tr("install its package"), [format!("sudo dnf install {fedora}")]),
            Family::Arch => Remedy::new(tr("install its package"), [format!("sudo pacman -S {arch}")]),
            Family::Other => {
                trf!("install your distribution's package of it (Debian calls it {package})", package = debian).into()
            }
        }
    }
}

/// The packages that have the headers of a kernel, by family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers {
    /// The kernel's own and those of the ones that will follow it.
    pub debian: String,
    /// Of this kernel alone, as there is no other package.
    pub fedora: String,
    /// Of this kind of kernel.
    pub arch: String,
}

impl Headers {
    /// Of the kernel with this release, as uname(1) has it: "6.12.117+deb13-amd64", "6.8.0-45-generic", "6.12.1-zen1-1-zen".
    pub fn of(release: &str) -> Self {
        let starts_with_digit = |part: &&str| part.starts_with(|letter: char| letter.is_ascii_digit());
        let flavour = release.split('-').skip_while(starts_with_digit).collect::<Vec<_>>().join("-");
        let kind =
            ["lts", "zen", "hardened", "rt"].into_iter().find(|kind| release.split('-').any(|part| part == *kind));
        Self {
            debian: if flavour.is_empty() {
                format!("linux-headers-{release}")
            } else {
                format!("linux-headers-{release} linux-headers-{flavour}")
            },
            fedora: format!("kernel-devel-{release}"),
            arch: kind.map_or_else(|| "linux-headers".into(), |kind| format!("linux-{kind}-headers")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_known_by_id_or_likeness() {
        assert_eq!(Family::from_os_release("NAME=x\nID=debian\n"), Family::Debian);
        assert_eq!(Family::from_os_release("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"), Family::Debian);
        assert_eq!(Family::from_os_release("ID=nobara\nID_LIKE='rhel centos fedora'\n"), Family::Fedora);
        assert_eq!(Family::from_os_release("ID=manjaro\nID_LIKE=arch\n"), Family::Arch);
        assert_eq!(Family::from_os_release("ID=nixos\n"), Family::Other);
        assert_eq!(Family::from_os_release(""), Family::Other);
    }

    #[test]
    fn headers_are_those_of_the_kernel_and_of_its_kind() {
        for (release, debian) in [
            ("6.12.117+deb13-amd64", "linux-headers-6.12.117+deb13-amd64 linux-headers-amd64"),
            ("6.1.0-56-cloud-amd64", "linux-headers-6.1.0-56-cloud-amd64 linux-headers-cloud-amd64"),
            ("6.8.0-45-generic", "linux-headers-6.8.0-45-generic linux-headers-generic"),
            ("6.12.1", "linux-headers-6.12.1"),
        ] {
            assert_eq!(Headers::of(release).debian, debian);
        }
        assert_eq!(Headers::of("6.12.8-200.fc41.x86_64").fedora, "kernel-devel-6.12.8-200.fc41.x86_64");
        for (release, arch) in [
            ("6.12.1-arch1-1", "linux-headers"),
            ("6.6.63-1-lts", "linux-lts-headers"),
            ("6.12.1-zen1-1-zen", "linux-zen-headers"),
        ] {
            assert_eq!(Headers::of(release).arch, arch);
        }
    }
}
