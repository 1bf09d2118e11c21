#!/usr/bin/python3
"""Pictures of the tray in every state and of the menu, for looking at. Run by tests/desktop/run.sh --screenshots DIR.
Needs xdotool and ImageMagick besides what the tests need."""

import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
from rig import Desktop  # noqa: E402
from states import walk  # noqa: E402


def shoot(directory, name, geometry):
    # Hosts draw up to a second after they were told.
    time.sleep(1.5)
    path = os.path.join(directory, f"{name}.png")
    subprocess.run(["import", "-window", "root", "-crop", geometry, "+repage", path], check=True)


def point_at(x, y, button=None):
    subprocess.run(["xdotool", "mousemove", str(x), str(y)], check=True)
    if button:
        subprocess.run(["xdotool", "click", str(button)], check=True)


def states(directory, look, dark, size):
    desktop = Desktop()
    try:
        desktop.environment["GTK_THEME"] = "Adwaita:dark" if dark else "Adwaita"
        desktop.environment["GDK_SCALE"] = "2" if size > 40 else "1"
        desktop.panel(dark=dark, size=28)
        scale = 2 if size > 40 else 1
        strip = f"{200 * scale}x{32 * scale}+0+0"
        for state, applet in walk(desktop):
            applet.item()
            shoot(directory, f"{look}-{state}", strip)
            if state == "live":
                point_at(14 * scale, 14 * scale)
                time.sleep(1.5)
                shoot(directory, f"{look}-tooltip", f"{400 * scale}x{120 * scale}+0+0")
            if state in ("live", "failed"):
                point_at(14 * scale, 14 * scale, 3)
                shoot(directory, f"{look}-{state}-menu", f"{700 * scale}x{360 * scale}+0+0")
                subprocess.run(["xdotool", "key", "Escape"], check=True)
    finally:
        desktop.close()


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    for look, dark, size in [("light", False, 32), ("dark", True, 32), ("light-200", False, 64), ("dark-200", True, 64)]:
        states(sys.argv[1], look, dark, size)
