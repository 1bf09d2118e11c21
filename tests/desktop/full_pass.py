#!/usr/bin/python3
"""The whole way on a real node, in the VM: a client streams, the tray turns live, the notification comes, "Turn off now"
takes the picture away from the client, "Try again" and the toggle bring it back. Run by tests/vm/guest/desktop.sh.
    full_pass.py CAMERA NODE"""

import hashlib
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
from prefs_window import INSIDE, Window, kinds  # noqa: E402
from rig import LENSCAP, Applet, Desktop, eventually  # noqa: E402

WIDTH, HEIGHT = 320, 240
FRAME = WIDTH * HEIGHT * 2


class Client:
    """v4l2-ctl, streaming without end, and what it got."""

    def __init__(self, desktop, node):
        self.path = os.path.join(desktop.home, "frames")
        self.process = desktop.run(
            ["v4l2-ctl", "-d", node, "--stream-mmap", "--stream-count=0", f"--stream-to={self.path}"], "client"
        )

    def count(self):
        return os.path.getsize(self.path) // FRAME if os.path.exists(self.path) else 0

    def moves(self, frames=4):
        """Whether the next frames differ from each other."""
        first = self.count()
        eventually(f"{frames} more frames", lambda: self.count() >= first + frames + 1)
        with open(self.path, "rb") as file:
            file.seek((first + 1) * FRAME)
            seen = {hashlib.md5(file.read(FRAME)).digest() for _ in range(frames)}
        return len(seen) == frames


def preferences(desktop):
    """The window, as a screen reader sees it."""
    import gi

    gi.require_version("Atspi", "2.0")
    from gi.repository import Atspi

    os.environ |= {name: desktop.environment[name] for name in desktop.environment}
    os.environ |= {INSIDE: desktop.home, "XDG_CONFIG_HOME": desktop.environment["XDG_CONFIG_HOME"]}
    # This bus starts no services by itself.
    desktop.run(["/usr/libexec/at-spi-bus-launcher", "--launch-immediately"], "at-spi")
    eventually("the accessibility bus", lambda: desktop.session.has("org.a11y.Bus"))
    Atspi.init()
    # In an emulated machine a preview is drawn for longer than the 0.8 s after which a call fails.
    Atspi.set_timeout(20_000, 60_000)
    desktop.run(["openbox"], "openbox")
    return Window(os.path.join(os.path.dirname(LENSCAP), "lenscap-preferences"))


def step(what):
    print(f"# {what}", flush=True)


def main():
    camera, node = sys.argv[1:]
    desktop = Desktop()
    try:
        desktop.panel()
        desktop.notifications()
        options = ("--source", f"v4l2:{camera}", "--device", node, "--cooldown-ms", "500", "--framerate", "15")
        applet = Applet(desktop, *options, "--width", str(WIDTH), "--height", str(HEIGHT), memory=False)
        applet.is_named()
        applet.wait_for("idle")
        applet.item()
        eventually("the icon is capped", lambda: applet.shape() == "capped")
        assert applet.property("Node") == node

        step("a client streams")
        client = Client(desktop, node)
        eventually("the icon is live", lambda: applet.shape() == "live")
        eventually("the picture moves", client.moves)
        told = eventually("the notification", lambda: [c for c in desktop.notified() if c[0] == "Notify"])
        assert "v4l2-ctl is using the camera" in [c[1][3] for c in told], told

        step("turned off for the client")
        applet.click("Turn Off for v4l2-ctl")
        eventually("the icon is blocked", lambda: applet.shape() == "blocked")
        eventually("the picture stands still", lambda: not client.moves())
        assert not applet.property("CameraLive")

        step("and allowed again")
        applet.click("Allow v4l2-ctl Again")
        eventually("the icon is live again", lambda: applet.shape() == "live")
        eventually("the picture moves again", client.moves)

        step("a pause, and its end")
        applet.click("Until I Resume")
        eventually("the icon is paused", lambda: applet.shape() == "paused")
        applet.click("Resume Camera")
        eventually("the icon is live again", lambda: applet.shape() == "live")
        eventually("the picture moves again", client.moves)

        step("the client ends")
        client.process.stop()
        eventually("the icon is capped", lambda: applet.shape() == "capped")

        step("the preview in the preferences: an application like any other")
        window = preferences(desktop)
        show = window.find("Show what apps see", kinds()["switch"])
        assert applet.property("State") == "idle", "the window alone touches nothing"
        show.do_action(0)
        eventually("the icon is live for the preview", lambda: applet.shape() == "live", 60)
        names = [client["name"] for client in applet.property("Clients")]
        assert names == ["Lenscap"], names
        show.do_action(0)
        eventually("the icon is capped after the preview", lambda: applet.shape() == "capped", 60)
        window.process.terminate()
        window.process.wait(20)
        assert applet.process.stop() == 0
    except BaseException:
        for process in desktop.processes:
            print(f"--- {process.log}\n{process.text()}", flush=True)
        raise
    finally:
        desktop.close()


if __name__ == "__main__":
    try:
        main()
    except (AssertionError, subprocess.SubprocessError) as error:
        sys.exit(f"full_pass: {error}")
