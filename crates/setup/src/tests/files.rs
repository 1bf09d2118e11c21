//! What is installed for polkit, the system bus and systemd agrees with the verbs.

use lenscap_api::{SETUP_NAME, SetupVerb};

const POLICY: &str = include_str!("../../../../data/io.github.lenscap.setup.policy");
const INTERFACE: &str = include_str!("../../../../data/io.github.lenscap.Setup1.xml");
const BUS: &str = include_str!("../../../../data/io.github.lenscap.Setup1.conf");
const SERVICE: &str = include_str!("../../../../data/io.github.lenscap.Setup1.service.in");
const UNIT: &str = include_str!("../../../../data/lenscap-setup.service.in");

fn has_line(text: &str, line: &str) -> bool {
    text.lines().any(|it| it.trim() == line)
}

#[test]
fn each_verb_is_an_action_that_only_who_sits_there_gets_by_an_administrator_s_password() {
    let actions: Vec<(&str, &str)> = POLICY
        .split("<action id=\"")
        .skip(1)
        .filter_map(|action| action.split_once("</action>")?.0.split_once("\">"))
        .collect();
    let ids: Vec<String> = actions.iter().map(|(id, _)| (*id).to_owned()).collect();
    assert_eq!(ids, SetupVerb::ALL.map(SetupVerb::action));
    for (id, action) in actions {
        let defaults = action.split_once("<defaults>").unwrap().1.split_once("</defaults>").unwrap().0;
        let defaults: Vec<&str> = defaults.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let expected = [
            "<allow_any>no</allow_any>",
            "<allow_inactive>no</allow_inactive>",
            "<allow_active>auth_admin_keep</allow_active>",
        ];
        assert_eq!(defaults, expected, "{id}");
        // An annotation could imply another action, or let a program be run by this one.
        assert!(action.contains("<message>") && !action.contains("<annotate"), "{id}");
    }
}

#[test]
fn each_verb_is_a_method_that_takes_nothing_and_there_is_nothing_else() {
    let node = gio::DBusNodeInfo::for_xml(INTERFACE).unwrap();
    let interface = node.lookup_interface(SETUP_NAME).unwrap();
    for verb in SetupVerb::ALL {
        assert!(interface.lookup_method(verb.method()).is_some(), "{verb:?}");
    }
    let count = |element: &str| INTERFACE.matches(element).count();
    assert_eq!((count("<method "), count("<interface ")), (SetupVerb::ALL.len(), 1));
    assert_eq!(count("<arg name=\"report\" type=\"s\" direction=\"out\"/>"), count("<arg "));
    assert_eq!((count("<property"), count("<signal")), (0, 0));
}

#[test]
fn the_bus_gives_the_name_to_root_alone() {
    let (root, others) = BUS.split_once("</policy>").unwrap();
    assert!(root.contains("<policy user=\"root\">") && root.contains(&format!("<allow own=\"{SETUP_NAME}\"/>")));
    assert!(others.contains("<policy context=\"default\">") && !others.contains("own"));
    for line in others.lines().filter(|line| line.contains("<allow")) {
        assert!(line.contains(&format!("send_destination=\"{SETUP_NAME}\" send_interface=")), "{line}");
    }
    assert!(has_line(SERVICE, &format!("Name={SETUP_NAME}")) && has_line(SERVICE, "User=root"));
    assert!(has_line(SERVICE, "SystemdService=lenscap-setup.service"));
    assert!(has_line(UNIT, &format!("BusName={SETUP_NAME}")));
}

#[test]
fn the_helper_on_the_bus_has_no_capability_and_sees_what_it_plans_by() {
    for line in ["CapabilityBoundingSet=", "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateDevices=yes"] {
        assert!(has_line(UNIT, line), "{line}");
    }
    assert!(has_line(UNIT, "ReadWritePaths=/etc /var/lib") && has_line(UNIT, "SystemCallFilter=@system-service"));
    // The first hides /lib/modules, the others /sys and /proc/sys, or parts of them (systemd.exec(5)).
    for hides in
        ["ProtectKernelModules=", "ProcSubset=", "InaccessiblePaths=", "TemporaryFileSystem=", "RootDirectory="]
    {
        assert!(!UNIT.lines().any(|line| line.starts_with(hides)), "{hides}");
    }
}
