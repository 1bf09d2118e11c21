"""Every tray there is, headless: the icon, menu, tooltip and notification in each state, on light and dark, with pictures.
Run by tests/desktop/run.sh --hosts DIRECTORY [HOST...]; a host that is not installed, or not for this user, is skipped by
name. Needs ImageMagick and xdotool. The last lines are a table of what was seen.
    hosts DIRECTORY [HOST...]     hosts --starts NUMBER HOST: how often the icon is not there after a start"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from rig import Desktop, eventually  # noqa: E402
from states import started  # noqa: E402
from wayland import Gnome, GnomeWithoutTray, Sway  # noqa: E402
from visit import COLUMNS, Visit  # noqa: E402
from x11 import Lxqt, Mate, Plasma, Xfce  # noqa: E402

HOSTS = (Xfce, Mate, Lxqt, Plasma, Sway, Gnome, GnomeWithoutTray)


def chosen(names):
    """The hosts that can be had here."""
    for kind in HOSTS:
        if names and kind.NAME not in names:
            continue
        if lack := kind.lack():
            print(f"SKIP {kind.NAME}: {lack}", flush=True)
        else:
            yield kind


def count_starts(number, kind):
    desktop = Desktop()
    missing = 0
    try:
        host = kind(desktop, dark=True)
        host.start()
        for _ in range(number):
            applet = started(desktop, "--source", "test")
            try:
                eventually("the icon", lambda: host.has_icon(applet))
            except AssertionError:
                missing += 1
            applet.process.stop()
            host.forget_icon()
    finally:
        desktop.close()
    print(f"{kind.NAME}: no icon in {missing} of {number} starts")
    return missing


def main():
    if sys.argv[1] == "--starts":
        return sum(count_starts(int(sys.argv[2]), kind) for kind in chosen(sys.argv[3:])) > 0
    directory, names = sys.argv[1], sys.argv[2:]
    os.makedirs(directory, exist_ok=True)
    rows = []
    for kind in chosen(names):
        for dark in kind.LOOKS:
            look = f"{kind.NAME}-{'dark' if dark else 'light'}"
            print(f"# {look}", flush=True)
            rows.append((look, Visit(kind, dark, os.path.join(directory, look)).run()))
    print(f"| host | {' | '.join(COLUMNS)} |\n{'|---' * (len(COLUMNS) + 1)}|")
    for look, seen in rows:
        print(f"| {look} | " + " | ".join(seen.get(column, "-") for column in COLUMNS) + " |")
    return any("NO" in seen.values() for _, seen in rows)


if __name__ == "__main__":
    sys.exit(main())
