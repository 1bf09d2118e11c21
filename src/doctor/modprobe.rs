//! What modprobe's files, and the kernel's command line, say of v4l2loopback.

use lenscap_rootfs::modprobe;
pub(super) use lenscap_rootfs::modprobe::{Line, ModuleOption, options};

use super::Patient;
use crate::text;

const MODULE: &str = "v4l2loopback";
/// Shown at most.
const MAX_LINES: usize = 64;

/// The lines about the module, in the order in which they count.
pub(super) fn lines(patient: &Patient) -> Vec<Line> {
    modprobe::lines(&patient.root, MODULE)
}

/// For people: the file, the number, the line.
fn shown(line: &Line) -> String {
    text::clean(format!("{}:{}: {}", line.path, line.number, line.words.join(" ")), text::SENTENCE)
}

/// Those of `lines` that keep it from being loaded, and what the kernel's command line has of that. `is_asked_for`: whoever loads
/// it names it, which no "blacklist" stops.
pub(super) fn blocking(patient: &Patient, lines: &[Line], is_asked_for: bool) -> Vec<String> {
    let blocks = |line: &&Line| match line.words[0].as_str() {
        "alias" => true,
        "blacklist" => !is_asked_for,
        // One that calls modprobe loads it after all.
        "install" => !line.words.iter().any(|word| word.ends_with("modprobe")),
        _ => false,
    };
    let found = lines.iter().filter(blocks).map(shown).take(MAX_LINES);
    let boot = patient.read("/proc/cmdline").unwrap_or_default();
    let on_boot = boot.split_whitespace().filter(|word| {
        let of = |key| word.strip_prefix(key).is_some_and(|list: &str| list.split(',').any(|module| module == MODULE));
        of("module_blacklist=") || !is_asked_for && of("modprobe.blacklist=")
    });
    found.chain(on_boot.map(|word| text::clean(format!("/proc/cmdline: {word}"), text::SENTENCE))).collect()
}
