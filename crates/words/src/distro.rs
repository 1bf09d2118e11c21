//! Which distribution this is, so that a missing piece can be named as its package.

use std::fs;

use crate::trf;

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

    /// "install it with `…`", for the package's name on Debian, Fedora and Arch.
    pub fn install_hint(self, debian: &str, fedora: &str, arch: &str) -> String {
        // TRANSLATORS: these stand behind a comma or a colon, as in "the module is missing, install it with ..."
        match self {
            Family::Debian => trf!("install it with \"sudo apt install {package}\"", package = debian),
            Family::Fedora => trf!("install it with \"sudo dnf install {package}\"", package = fedora),
            Family::Arch => trf!("install it with \"sudo pacman -S {package}\"", package = arch),
            Family::Other => {
                trf!("install your distribution's package of it (Debian calls it {package})", package = debian)
            }
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
}
