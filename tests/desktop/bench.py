#!/usr/bin/python3
"""What the applet costs with a tray, as rows of the bench table. Run by `make bench` through tests/desktop/run.sh.
    bench.py FILE"""

import os
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from gi.repository import GLib  # noqa: E402
from rig import APP_ID, APP_PATH, LENSCAP, Applet, Desktop, eventually  # noqa: E402

RUNS = int(os.environ.get("LENSCAP_BENCH_RUNS", "3"))
CHANGES = 30
IDLE = 20.0


def spread(values):
    shown = [f"{value:.3g}" for value in (statistics.median(values), min(values), max(values))]
    return shown[0] if len(values) == 1 else f"{shown[0]} ({shown[1]}..{shown[2]})"


def row(what, unit, values, beside="-", target=None):
    met = "-" if target is None else ("yes" if statistics.median(values) <= target else "**no**")
    target = "-" if target is None else f"at most {target:g}"
    return f"| {what} | {unit} | {spread(values)} | {beside} | - | {target} | {met} |"


def pss(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) / 1024


def wait_for_signal(desktop, applet, act):
    """Milliseconds from `act` until the tray item says that it has a new icon."""
    context = GLib.MainContext.default()
    seen = []
    connection = desktop.session.connection
    number = connection.signal_subscribe(
        None, "org.kde.StatusNotifierItem", "NewIcon", "/StatusNotifierItem", None, 0,
        lambda *_: seen.append(time.monotonic()))
    desktop.session.call("org.freedesktop.DBus", "/", "org.freedesktop.DBus.Peer", "Ping")
    began = time.monotonic()
    act()
    end = began + 5
    while not seen and time.monotonic() < end:
        context.iteration(False)
    connection.signal_unsubscribe(number)
    return (seen[0] - began) * 1000 if seen else float("nan")


def start_to_icon(desktop):
    began = time.monotonic()
    applet = Applet(desktop, LENSCAP_LOG="info")
    eventually("the tray has the item", lambda: applet.icon("IconName"))
    return (time.monotonic() - began) * 1000, applet


def main():
    desktop = Desktop()
    try:
        desktop.panel()
        starts, switches, rss, shares, changes, floors, anon = [], [], [], [], [], [], []
        for _ in range(RUNS):
            took, applet = start_to_icon(desktop)
            starts.append(took)
            applet.is_named()
            applet.item()
            for state in range(CHANGES):
                words = ["Toggle", "Resume"][state % 2]
                changes.append(wait_for_signal(desktop, applet, lambda word=words: applet.call(word)))
                began = time.monotonic()
                desktop.session.call(APP_ID, APP_PATH, "org.freedesktop.DBus.Peer", "Ping")
                floors.append((time.monotonic() - began) * 1000)
            time.sleep(3)
            before = applet.switches()
            time.sleep(IDLE)
            after = applet.switches()
            # A thread that ended meanwhile takes its count with it.
            switches.append(sum(count - before.get(task, 0) for task, count in after.items()) / IDLE)
            rss.append(applet.status_of("VmRSS") / 1024)
            anon.append(applet.status_of("RssAnon") / 1024)
            shares.append(pss(applet.pid))
            applet.process.stop()
        rows = [
            row("resident with a tray: RSS", "MB", rss, f"{spread(anon)} (of it not shared with a file)", 14),
            row("resident with a tray: PSS", "MB", shares),
            row("resident with a tray, idle: context switches", "1/s", switches, target=0),
            row("resident: start to icon in the tray", "ms", starts),
            row("resident: request to new icon told to the tray", "ms", changes,
                f"{spread(floors)} (a D-Bus round trip)", 50),
        ]
        with open(sys.argv[1], "w", encoding="utf-8") as file:
            file.write("\n".join(rows) + "\n")
    finally:
        desktop.close()


if __name__ == "__main__":
    if not os.access(LENSCAP, os.X_OK):
        sys.exit(f"bench: {LENSCAP} is not built")
    subprocess.run([LENSCAP, "--version"], check=True, stdout=subprocess.DEVNULL)
    main()
