//! Processes in a stand-in for `/proc`, and our own in the real one.

use lenscap_apps::Roots;

use super::*;

fn place() -> MappedFile {
    MappedFile { device: (0, 6), inode: 417, path: b"/dev/video0".to_vec() }
}

#[test]
fn a_mapping_is_known_by_its_inode_or_its_path() {
    let by_inode = b"7f0c8e1d4000-7f0c8e26a000 rw-s 00000000 00:06 417                        /elsewhere\n";
    let by_path = b"7f0c8e1d4000-7f0c8e26a000 rw-s 00000000 00:1f 9 /dev/video0\n";
    let another = b"7f0c8e1d4000-7f0c8e26a000 rw-s 00000000 00:06 418 /dev/video01\n";
    let anonymous = b"7ffc4b3c6000-7ffc4b3e7000 rw-p 00000000 00:00 0                          [stack]\n";
    assert!(is_mapping_of(by_inode, &place()));
    assert!(is_mapping_of(by_path, &place()));
    assert!(!is_mapping_of(another, &place()));
    assert!(!is_mapping_of(anonymous, &place()));
    assert!(!is_mapping_of(b"garbage", &place()));
}

#[test]
fn only_device_like_links_are_examined() {
    let node = WatchedNode {
        path: "/tmp/node".into(),
        identity: NodeIdentity::Device((81, 0)),
        place: MappedFile { path: b"/tmp/node".to_vec(), ..place() },
    };
    for candidate in ["/tmp/node", "/dev/video0", "/dev/camera", "/video3", "/run/container/dev/video0"] {
        assert!(node.is_candidate(candidate.as_bytes()), "{candidate}");
    }
    for other in ["/dev/null", "/dev/pts/3", "socket:[123]", "anon_inode:[eventfd]", "/memfd:x (deleted)", "/tmp/other"]
    {
        assert!(!node.is_candidate(other.as_bytes()), "{other}");
    }
}

#[test]
fn an_unreadable_map_is_not_an_empty_one() {
    let own = Path::new("/proc/self");
    assert_eq!(is_mapped(own, &place(), &[]).unwrap(), Some(false));
    let exe = std::env::current_exe().unwrap();
    let node = WatchedNode::at(&exe).unwrap();
    assert_eq!(is_mapped(own, &node.place, &[]).unwrap(), Some(true), "a program maps its own file");
    assert_eq!(is_mapped(Path::new("/proc/0"), &place(), &[]).unwrap(), Some(false), "no such process");
    let garbled = tempfile::tempdir().unwrap();
    std::fs::create_dir(garbled.path().join("maps")).unwrap();
    assert!(is_mapped(garbled.path(), &place(), &[]).is_err(), "not to be read, and not empty");
}

#[test]
fn a_process_that_cannot_be_looked_at_has_what_it_had() {
    let proc = tempfile::tempdir().unwrap();
    let node = WatchedNode::at(&std::env::current_exe().unwrap()).unwrap();
    let guide = Guide::default();
    let apps = Apps::new(Roots { proc: proc.path().into(), ..Roots::default() });
    let loopbacks = BTreeSet::new();
    let question = HolderQuery { node: &node, loopbacks: &loopbacks, maps: true, apps: &apps, guide: &guide };
    for pid in ["41", "42"] {
        std::fs::create_dir_all(proc.path().join(pid).join("fd")).unwrap();
        std::os::unix::fs::symlink(&node.path, proc.path().join(pid).join("fd/3")).unwrap();
        std::fs::write(proc.path().join(pid).join("maps"), "").unwrap();
    }
    let scan = question.all(&[], &[]);
    assert_eq!(
        scan.found.iter().map(|found| (found.pid, found.mapped)).collect::<Vec<_>>(),
        [(41, Some(false)), (42, Some(false))]
    );
    let before = vec![HolderProcess { mapped: Some(true), ..scan.found[0].clone() }, scan.found[1].clone()];
    // Neither its descriptors nor its map can be read; the other is no more.
    std::fs::remove_dir_all(proc.path().join("41/fd")).unwrap();
    std::os::unix::fs::symlink("fd", proc.path().join("41/fd")).unwrap();
    std::fs::remove_dir_all(proc.path().join("42")).unwrap();
    let again = question.again(&before);
    assert_eq!((&again.found[..], again.some_unreadable), (&before[..1], false));
    let scan = question.all(&[], &before);
    assert_eq!((&scan.found[..], scan.some_unreadable), (&before[..1], true));
}

#[test]
fn of_five_thousand_processes_the_one_with_the_node_is_found_and_named() {
    let proc = tempfile::tempdir().unwrap();
    let node = WatchedNode::at(&std::env::current_exe().unwrap()).unwrap();
    for pid in 1..=5000 {
        let process = proc.path().join(pid.to_string());
        std::fs::create_dir_all(process.join("fd")).unwrap();
        if pid == 4321 {
            std::os::unix::fs::symlink(&node.path, process.join("fd/3")).unwrap();
            std::os::unix::fs::symlink("/opt/nothing-of-this-name", process.join("exe")).unwrap();
            std::fs::write(process.join("maps"), "").unwrap();
        }
    }
    let (guide, loopbacks) = (Guide::default(), BTreeSet::new());
    let apps = Apps::new(Roots { proc: proc.path().into(), ..Roots::default() });
    let scan = HolderQuery { node: &node, loopbacks: &loopbacks, maps: true, apps: &apps, guide: &guide }.all(&[], &[]);
    let found: Vec<_> = scan.found.iter().map(|found| (found.pid, found.identity.name.as_str())).collect();
    assert_eq!((&found[..], scan.some_unreadable), (&[(4321, "nothing-of-this-name")][..], false));
    // With hidepid those of others are not even listed, the first of all among them.
    std::fs::remove_dir_all(proc.path().join("1")).unwrap();
    let query = HolderQuery { node: &node, loopbacks: &loopbacks, maps: true, apps: &apps, guide: &guide };
    assert!(query.all(&[], &[]).some_unreadable);
}
