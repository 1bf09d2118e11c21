"""Pictures of the preferences' window, for looking at: `prefs_a11y.py PROGRAM --screenshots DIRECTORY`.

The pauses give what is drawn its time: nothing says when an animation is over."""

import os
import subprocess
import time

from prefs_window import Relay, kinds


def screenshots(window, directory):
    from gi.repository import Atspi

    directory.mkdir(parents=True, exist_ok=True)
    relay = Relay()
    window.find("Camera is on: Zoom")
    wide, narrow = (720, 860), (360, 720)
    scale = int(os.environ.get("GDK_SCALE", "1"))
    window.find("Show what apps see", kinds()["switch"]).do_action(0)
    time.sleep(2)
    subprocess.run(["import", "-window", window.xid, directory / "preview.png"], check=True)
    window.find("Show what apps see", kinds()["switch"]).do_action(0)
    for name, (width, height) in (("wide", wide), ("narrow", narrow)):
        window.keys("windowsize", "--sync", window.xid, str(width * scale), str(height * scale))
        time.sleep(0.7)
        for page in ("Camera", "Privacy", "Device", "General"):
            window.page(page)
            window.keys("mousemove", "0", "0")
            time.sleep(0.7)
            subprocess.run(["import", "-window", window.xid, directory / f"{page.lower()}-{name}.png"], check=True)
    relay.leave()
    window.config.parent.mkdir(parents=True, exist_ok=True)
    window.config.write_text("[camera]\nsource = \"test\"\n")
    window.page("Controls")
    window.find("Brightness")
    time.sleep(0.7)
    for name, (width, height) in (("wide", wide), ("narrow", narrow)):
        window.keys("windowsize", "--sync", window.xid, str(width * scale), str(height * scale))
        time.sleep(0.7)
        subprocess.run(["import", "-window", window.xid, directory / f"controls-{name}.png"], check=True)
    window.page("Camera")
    window.tab_to("Camera", {Atspi.Role.COMBO_BOX})
    window.key("space")
    time.sleep(1)
    subprocess.run(["import", "-window", "root", directory / "choices.png"], check=True)
