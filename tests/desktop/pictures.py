#!/usr/bin/python3
"""The pictures in data/screenshots, from a real run: the relay with a camera that PipeWire has, a program that reads what it gives,
trays, the window. The camera is GStreamer's test picture with a drawing over it (call.svg); the program is gst-launch under
another name, and reads in PipeWire, since there is no loopback device here. Run by `make pictures`.
    pictures.py DIRECTORY"""

import json
import os
import shutil
import subprocess
import sys
import time

sys.path[:0] = [os.path.dirname(__file__), os.path.join(os.path.dirname(__file__), "hosts")]
import prefs_setup  # noqa: E402
from full_pass import preferences  # noqa: E402
from icon_looks import GdkPixbuf, sheet  # noqa: E402
from prefs_window import Window, kinds, wait_for  # noqa: E402
from rig import ROOT, Applet, Desktop, eventually  # noqa: E402
from x11 import Mate, Xfce  # noqa: E402

CALL = os.path.join(ROOT, "tests/desktop/call.svg")
WIDTH, HEIGHT = 1280, 720
FRAME = WIDTH * HEIGHT * 2
# Nodes in PipeWire, and the program that is in the call.
CAMERA, OUTPUT, PROGRAM = "Webcam", "lenscap", "Zoom"
GST = "/usr/bin/gst-launch-1.0"
# What WirePlumber's logind module does not start without.
LOGIND = [f"/run/systemd/{name}" for name in ("seats", "sessions", "users", "machines")]
SETTINGS = f"""[camera]
source = "pipewire:{CAMERA}"
width = {WIDTH}
height = {HEIGHT}
[output]
pipewire = "on"
[privacy]
cooldown_ms = 1000
"""


class Run:
    """A desktop of its own, with PipeWire, a camera, the relay, and a program that reads."""

    def __enter__(self):
        self.desktop = Desktop()
        self.desktop.write(SETTINGS)
        self.frames = self.path("frames")
        return self

    def __exit__(self, kind, *_):
        if kind:
            for process in self.desktop.processes:
                print(f"--- {process.log}\n{process.text()[-3000:]}", flush=True)
        self.desktop.close()

    def path(self, name):
        return os.path.join(self.desktop.home, name)

    def nodes(self):
        done = subprocess.run(["pw-dump"], env=self.desktop.environment, capture_output=True, text=True, check=False)
        properties = (item.get("info", {}).get("props", {}) for item in json.loads(done.stdout or "[]"))
        return {found["node.name"] for found in properties if "node.name" in found}

    def start(self):
        """Until the camera is there, and off."""
        for directory in LOGIND:
            os.makedirs(directory, exist_ok=True)
        self.desktop.run(["pipewire"], "pipewire")
        eventually("PipeWire answers", self.nodes)
        self.desktop.run(["wireplumber"], "wireplumber")
        scene = self.path("call.png")
        GdkPixbuf.Pixbuf.new_from_file(CALL).savev(scene, "png", [], [])
        properties = (f"props,media.class=(string)Video/Source,media.role=(string)Camera,node.name=(string){CAMERA},"
                      f"node.description=(string){CAMERA}")
        # What brings buffers of its own (imagefreeze, videoconvert) ends PipeWire 0.3's sink with a fault of memory.
        words = [GST, "-q", "videotestsrc", "is-live=true", "!", f"video/x-raw,format=YUY2,width={WIDTH},height={HEIGHT},framerate=15/1",
                 "!", "gdkpixbufoverlay", f"location={scene}", "!", "pipewiresink", "mode=provide", f"stream-properties={properties}"]
        self.desktop.run(words, "camera")
        eventually("the camera is there", lambda: CAMERA in self.nodes())
        self.applet = Applet(self.desktop, "run", LENSCAP_LOG="info")
        self.applet.is_named()
        self.applet.wait_for_cards()
        eventually("it is offered", lambda: OUTPUT in self.nodes())

    def stream(self, *sink):
        """A program that reads, once the camera is on for it."""
        program = self.path(PROGRAM)
        if not os.path.exists(program):
            shutil.copy(GST, program)
        words = [program, "-q", "pipewiresrc", f"target-object={OUTPUT}", "!", "video/x-raw", "!", *(sink or ("fakesink",))]
        client = self.desktop.run(words, "client")
        self.applet.wait_for("live")
        return client

    def record(self):
        return self.stream("filesink", "sync=false", "buffer-mode=unbuffered", f"location={self.frames}")

    def count(self):
        return os.path.getsize(self.frames) // FRAME if os.path.exists(self.frames) else 0

    def save(self, name, number):
        """A picture that the program got."""
        eventually("it has it", lambda: self.count() > number)
        with open(self.frames, "rb") as file:
            file.seek(number * FRAME)
            raw = file.read(FRAME)
        path = self.path(f"{name}.png")
        words = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pixel_format", "yuyv422", "-video_size", f"{WIDTH}x{HEIGHT}",
                 "-i", "-", "-frames:v", "1", path]
        subprocess.run(words, input=raw, check=True)
        return path


def session(path):
    """What a program gets before, during and after a call."""
    with Run() as run:
        run.start()
        client = run.record()
        before = run.save("before", 0)
        first = run.count()
        eventually("pictures of the camera", lambda: run.count() > first + 10)
        during = run.save("during", run.count() - 1)
        client.stop()
        run.applet.wait_for("idle")
        os.unlink(run.frames)
        again = run.record()
        after = run.save("after", 0)
        again.stop()
        words = ["-resize", "400x225", "-bordercolor", "none", "-border", "4x0", "+append"]
        subprocess.run(["convert", before, during, after, *words, path], check=True)


def apart(picture, space):
    """A picture with nothing before it."""
    return "(", picture, "-background", "none", "-splice", space, ")"


def icon_with_menu(kind, dark, path):
    """The icon with its menu, and beside them the icon with its tooltip."""
    with Run() as run:
        host = kind(run.desktop, dark)
        host.start()
        run.start()
        eventually("the icon", lambda: host.has_icon(run.applet))
        run.stream()
        eventually("the notification", host.notification)
        eventually("it is gone", lambda: not host.notification(), 60)

        def shoot(name, opened):
            # Menus fade in, and are drawn anew when what they show changes.
            time.sleep(2)
            width, height, left, top = eventually(name, opened)
            start = max(0, min(host.box[2], left) - 6)
            shot = run.path(f"{name}.png")
            host.shoot(shot)
            crop = f"{left + width + 6 - start}x{top + height + 6}+{start}+0"
            subprocess.run(["mogrify", "-crop", crop, "+repage", shot], check=True)
            return shot

        host.open_menu()
        menu = shoot("menu", host.menu)
        host.close_menu()
        host.hover()
        tooltip = shoot("tooltip", host.tooltip)
        subprocess.run(["convert", menu, *apart(tooltip, "16x0"), "+append", path], check=True)


def tray(path):
    shots = []
    for kind, dark in ((Xfce, True), (Mate, False)):
        shots.append(os.path.join(os.environ["LENSCAP_SCRATCH"], f"{kind.NAME}.png"))
        icon_with_menu(kind, dark, shots[-1])
    subprocess.run(["convert", shots[0], *apart(shots[1], "0x16"), "-append", path], check=True)


# Of a new computer: here is neither a module nor a kernel's camera.
NEW = [
    prefs_setup.finding("module", "problem", prefs_setup.MISSING, "device"),
    prefs_setup.finding("camera", "fine", "There is the camera Integrated Camera."),
]


def window(directory):
    """The page of the camera and that of its controls, with the preview, and the welcome, on light and on dark. What the welcome
    shows is what a stand-in for `lenscap doctor` finds."""
    with Run() as run:
        run.desktop.environment["LENSCAP_PREVIEW_SOURCE"] = f"pipewiresrc target-object={OUTPUT}"
        run.start()
        run.stream()
        shown = None
        for look in ("", "-dark"):
            os.environ["ADW_DEBUG_COLOR_SCHEME"] = f"prefer{look or '-light'}"
            shown = Window(shown.program) if shown else preferences(run.desktop)
            shown.find("Show what apps see", kinds()["switch"]).do_action(0)
            wait_for("the preview", lambda: len(run.applet.property("Clients")) == 2)
            # So high that no row is cut.
            for page, ready, height in (("Camera", "Resolution", "964"), ("Controls", "Brightness", "990")):
                shown.keys("windowsize", "--sync", shown.xid, "720", height)
                shown.page(page)
                shown.find(ready)
                shown.keys("mousemove", "0", "0")
                # The page changes with an animation, and the first pictures come.
                time.sleep(3)
                path = os.path.join(directory, f"preferences-{page.lower()}{look}.png")
                subprocess.run(["import", "-window", shown.xid, path], check=True)
            shown.end()
            with prefs_setup.set_up(shown.program, NEW) as welcome:
                number = welcome.find_window()[-1]
                welcome.keys("windowsize", "--sync", number, "600", "824")
                welcome.keys("mousemove", "0", "0")
                time.sleep(2)
                path = os.path.join(directory, f"welcome{look}.png")
                subprocess.run(["import", "-window", number, path], check=True)


def main():
    directory = sys.argv[1]
    if lack := Xfce.lack() or Mate.lack():
        sys.exit(f"two trays are needed: {lack}")
    sheet(os.path.join(directory, "icons.png"))
    session(os.path.join(directory, "session.png"))
    tray(os.path.join(directory, "tray.png"))
    window(directory)


if __name__ == "__main__":
    main()
