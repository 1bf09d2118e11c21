"""Pictures of the preferences' windows, for looking at: `prefs_a11y.py PROGRAM --screenshots DIRECTORY`.

The pauses give what is drawn its time: nothing says when an animation is over."""

import os
import subprocess
import time

import prefs_setup
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
        for page in ("Camera", "Privacy", "Use", "Device", "General"):
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
    window.end()
    set_up(window.program, directory)


def set_up(program, directory):
    """The windows "Set Up", which are the newest of their kind."""

    def pictures(window, name):
        for width, size in (("wide", ("600", "860")), ("narrow", ("360", "720"))):
            newest = window.find_window()[-1]
            window.keys("windowsize", "--sync", newest, *size)
            time.sleep(0.7)
            subprocess.run(["import", "-window", newest, directory / f"{name}-{width}.png"], check=True)

    with prefs_setup.set_up(program) as window:
        pictures(window, "welcome")
        window.find("Show what apps see", kinds()["switch"]).do_action(0)
        time.sleep(1.5)
        pictures(window, "welcome-preview")
        window.find("Set Up…", kinds()["button"]).do_action(0)
        window.frame = window.frame_of("Set Up", 2)
        window.find("This will be changed")
        pictures(window, "set-up")
        window.find("Set Up", kinds()["button"]).do_action(0)
        time.sleep(1)
        pictures(window, "set-up-refused")
