//! Killed anywhere, between any two changes of files and before any program that is run.

use std::fs;

use lenscap_api::SetupVerb;
use proptest::prelude::*;

use super::{OPTIONS, Rig, Stage};
use crate::carry_out;

/// A computer on which every verb has something to do.
fn full() -> Rig {
    let rig = Rig::old();
    rig.put("usr/lib/modprobe.d/obs.conf", "options v4l2loopback card_label=OBS\n");
    rig.put("usr/lib/systemd/system/v4l2-relayd.service", "[Unit]\n");
    rig.put("etc/group", "lenscap-camera:x:990:\n");
    rig.put("usr/share/wireplumber/main.lua.d/50-v4l2-config.lua", "");
    fs::remove_file(rig.0.path().join("usr/lib/udev/rules.d/70-lenscap.rules")).unwrap();
    fs::create_dir_all(rig.0.path().join("sys/fs/cgroup/system.slice/v4l2-relayd.service")).unwrap();
    rig
}

const VERBS: [SetupVerb; 5] = [
    SetupVerb::MergedOptions,
    SetupVerb::CameraRules,
    SetupVerb::HideRawNodes,
    SetupVerb::StopV4l2Relayd,
    SetupVerb::Undo,
];

#[test]
fn killed_at_any_step_each_verb_is_completed_and_taken_back() {
    for verb in VERBS {
        for kill in 0.. {
            let rig = full();
            let before = rig.tree();
            if verb == SetupVerb::Undo {
                VERBS[..4].iter().for_each(|verb| drop(rig.good(*verb)));
            }
            let killed = carry_out(verb, rig.0.path(), &mut Stage { left: kill, ..rig.stage() });
            if killed.trouble.is_none() {
                assert!(kill > 2, "{verb:?}");
                break;
            }
            // Undone as it is, by a copy of what was left.
            rig.good(verb);
            assert!(rig.is_done(verb), "{verb:?} killed at {kill}");
            rig.good(SetupVerb::Undo);
            assert_eq!(rig.tree(), before, "{verb:?} killed at {kill}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_was_done_and_killed_undo_gives_back_what_was(calls in prop::collection::vec((0..VERBS.len(), 0..40usize), 0..8)) {
        let rig = full();
        let before = rig.tree();
        for (verb, kill) in calls {
            carry_out(VERBS[verb], rig.0.path(), &mut Stage { left: kill, ..rig.stage() });
        }
        rig.good(SetupVerb::Undo);
        prop_assert_eq!(rig.tree(), before);
    }
}

#[test]
fn what_was_never_made_by_us_is_not_called_changed() {
    for kill in 0.. {
        let rig = full();
        let killed = carry_out(SetupVerb::MergedOptions, rig.0.path(), &mut Stage { left: kill, ..rig.stage() });
        let is_ours = rig.read(OPTIONS).is_some();
        rig.put(OPTIONS, "# somebody else's\n");
        let left = rig.good(SetupVerb::Undo).left;
        // Killed after the file was made and before that was written down it cannot be known.
        assert!(is_ours || left.is_empty(), "killed at {kill}");
        assert_eq!(rig.read(OPTIONS).unwrap(), "# somebody else's\n");
        if killed.trouble.is_none() {
            assert_eq!(left, [format!("/{OPTIONS}").as_str().into()]);
            break;
        }
    }
}
