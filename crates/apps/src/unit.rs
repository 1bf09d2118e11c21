//! Units of systemd's, as session managers name them
//! (<https://systemd.io/DESKTOP_ENVIRONMENTS>, "XDG standardization for applications").

/// Of what `/proc/PID/cgroup` says: the innermost unit.
pub(crate) fn of_cgroup(cgroup: &str) -> Option<String> {
    // "0::PATH" with one hierarchy, else systemd's own among others.
    let path = cgroup.lines().find_map(|line| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        ["", "name=systemd"].contains(&controllers).then_some(path)
    })?;
    let is_unit = |name: &&str| name.ends_with(".scope") || name.ends_with(".service");
    path.rsplit('/').find(is_unit).map(str::to_owned)
}

/// The ids of desktop files that this unit may be of, the likeliest first.
pub(crate) fn ids(unit: &str) -> Vec<String> {
    let of_parts = |parts: &[&str]| {
        let Some(last) = parts.last() else { return Vec::new() };
        // "app-ID", "app-LAUNCHER-ID"; some write the "-" of an id as it is.
        let mut ids = vec![unescape(last)];
        for joined in [parts.get(1..), Some(parts)].into_iter().flatten().filter(|joined| joined.len() > 1) {
            ids.push(unescape(&joined.join("-")));
        }
        ids
    };
    if let Some(scope) = unit.strip_prefix("app-").and_then(|unit| unit.strip_suffix(".scope")) {
        // Behind the last "-" stands a number.
        let parts: Vec<&str> = scope.split('-').collect();
        return of_parts(&parts[..parts.len() - 1]);
    }
    let Some(service) = unit.strip_suffix(".service") else { return Vec::new() };
    let service = service.split_once('@').map_or(service, |(template, _)| template);
    if let Some(service) = service.strip_prefix("app-") {
        return of_parts(&service.split('-').collect::<Vec<_>>());
    }
    // Started by its name on the bus, which is its id: "dbus-:1.2-NAME@0.service".
    match service.strip_prefix("dbus-:").and_then(|bus| bus.split_once('-')) {
        Some((_, name)) => vec![unescape(name)],
        None => Vec::new(),
    }
}

/// Undoes systemd-escape(1), but for paths: "\x2d" is "-".
pub(crate) fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let escaped = rest.strip_prefix(br"\x").and_then(|hex| hex.get(..2));
        let escaped = escaped.filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        let value = escaped.and_then(|hex| u8::from_str_radix(str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(value.unwrap_or(*first));
        rest = if value.is_some() { &rest[4..] } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_unit_counts() {
        let terminal = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal.slice/vte-spawn-1.scope\n";
        assert_eq!(of_cgroup(terminal).as_deref(), Some("vte-spawn-1.scope"));
        let old = "12:pids:/x.service\n1:name=systemd:/user.slice/app-a-1.scope/inner\n0::/user.slice/app-b-1.scope\n";
        assert_eq!(of_cgroup(old).as_deref(), Some("app-a-1.scope"));
        for none in ["", "0::/\n", "garbage", "0::/init.slice"] {
            assert_eq!(of_cgroup(none), None, "{none}");
        }
    }

    #[test]
    fn every_way_to_write_a_unit_gives_the_id() {
        for (unit, id) in [
            ("app-gnome-org.mozilla.firefox-1234.scope", "org.mozilla.firefox"),
            ("app-org.kde.konsole-1234.scope", "org.kde.konsole"),
            (r"app-gnome-google\x2dchrome-77.scope", "google-chrome"),
            ("app-gnome-google-chrome-77.scope", "google-chrome"),
            ("app-google-chrome-77.scope", "google-chrome"),
            ("app-org.kde.kamoso@4f1e.service", "org.kde.kamoso"),
            (r"app-KDE-org.kde.kamoso@4f1e.service", "org.kde.kamoso"),
            ("app-zoom@autostart.service", "zoom"),
            ("app-zoom.service", "zoom"),
            ("dbus-:1.2-org.gnome.Cheese@0.service", "org.gnome.Cheese"),
        ] {
            assert!(ids(unit).iter().any(|it| it == id), "{unit}: {:?}", ids(unit));
        }
        for unit in ["", "app-.scope", "app-x.scope", "session-2.scope", "pipewire.service", "app.slice"] {
            assert!(ids(unit).iter().all(String::is_empty), "{unit}: {:?}", ids(unit));
        }
    }

    #[test]
    fn what_is_no_escape_stays() {
        assert_eq!(unescape(r"a\x2db\x\xzz\x2"), r"a-b\x\xzz\x2");
    }
}
