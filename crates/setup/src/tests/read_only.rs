//! A root whose /etc cannot be written, in a mount namespace of its own.

use std::path::Path;
use std::process::Command;

use lenscap_api::SetupVerb;
use lenscap_core::trouble::setup::SetupTrouble;

use super::{ENABLED, Rig};

/// Set for the process in the namespace: the root.
const ROOT: &str = "LENSCAP_TEST_READ_ONLY";

#[test]
fn a_file_system_that_is_read_only_is_said_and_what_there_is_to_be_done_stays_in_the_plan() {
    if let Some(root) = std::env::var_os(ROOT) {
        return in_namespace(Path::new(&root));
    }
    let rig = Rig::new();
    let namespace = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--map-root-user", "sh", "-ec", script, "sh"]);
        command.arg(rig.0.path().join("etc")).arg(std::env::current_exe().unwrap()).env(ROOT, rig.0.path());
        command
    };
    let mount = "mount --bind \"$1\" \"$1\"; mount -o remount,bind,ro \"$1\"";
    if !namespace(mount).output().is_ok_and(|output| output.status.success()) {
        println!("SKIP a read-only /etc: no mount namespace can be made here");
        return;
    }
    let name =
        "tests::read_only::a_file_system_that_is_read_only_is_said_and_what_there_is_to_be_done_stays_in_the_plan";
    let output = namespace(&format!("{mount}; exec \"$2\" --exact {name} --nocapture")).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn in_namespace(root: &Path) {
    let report = crate::carry_out(SetupVerb::Device, root, &mut super::Stage::new(root));
    let trouble = SetupTrouble::ReadOnly { path: format!("/{ENABLED}").as_str().into() };
    assert!(trouble.can_be_done_by_hand());
    assert_eq!((report.trouble, report.done.len()), (Some(trouble), 0));
    assert_eq!(crate::plan(SetupVerb::Device, root).steps.len(), 3);
    // Nothing is there that was to be taken back.
    let undone = crate::carry_out(SetupVerb::Undo, root, &mut super::Stage::new(root));
    assert_eq!((undone.trouble, undone.left), (None, Vec::new()));
}
