"""What the hosts have in common: pictures, and where on them the icon is."""

import os
import re
import shutil
import subprocess
import time

from rig import eventually

WALLPAPER = {False: "#e8e8e8", True: "#202020"}


def difference(one, other, box=None):
    """Where two pictures differ: (width, height, x, y); None where they do not."""
    crop = ["-crop", "{}x{}+{}+{}".format(*box), "+repage"] if box else []
    words = ["convert", one, other, "-compose", "difference", "-composite", *crop, "-colorspace", "gray", "-threshold", "3%",
             # What is cut off is of the border's colour.
             "-bordercolor", "black", "-border", "1", "-format", "%[fx:maxima] %@", "info:"]
    found = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    if not (match := re.match(r"1 (\d+)x(\d+)\+(\d+)\+(\d+)", found)):
        return None
    width, height, x, y = map(int, match.groups())
    return width, height, x - 1 + (box[2] if box else 0), y - 1 + (box[3] if box else 0)


class Host:
    """One desktop's tray. What is None cannot be done there without hands or eyes."""

    NAME = ""
    NEEDS = ()
    LOOKS = (False, True)
    TRAY = True
    AS_ROOT = True
    PANEL = (1280, 40, 0, 0)
    # For how long nothing changes in a panel that is all there, in seconds.
    STILL = 1
    hover = click = press = title = open_menu = None

    def __init__(self, desktop, dark):
        self.desktop = desktop
        self.dark = dark
        self.bare = os.path.join(desktop.home, "bare.png")
        self.before = os.path.join(desktop.home, "before.png")
        self.now = os.path.join(desktop.home, "now.png")
        self.box = None
        self.drawn = set()

    @classmethod
    def lack(cls):
        missing = [program for program in cls.NEEDS if not shutil.which(program) and not os.path.exists(program)]
        if missing:
            return f"{', '.join(missing)} not installed"
        return None if cls.AS_ROOT or os.getuid() else "it does not run as root"

    def start(self):
        """Until the tray is there, without our icon."""
        raise NotImplementedError

    def shoot(self, path):
        """A picture of the whole screen."""
        raise NotImplementedError

    def settle(self):
        """Until the panel is drawn and stands still, which is then what there is without the icon."""
        def still():
            self.shoot(self.before)
            time.sleep(self.STILL)
            self.shoot(self.now)
            return difference(self.bare, self.now, self.PANEL) and not difference(self.before, self.now, self.PANEL)
        eventually("the panel stands still", still, 60)

    def find_icon(self):
        """Where the panel has changed."""
        self.shoot(self.now)
        found = difference(self.before, self.now, self.PANEL)
        return found if found and min(found[:2]) >= 8 else None

    def has_icon(self, _applet):
        self.box = self.find_icon()
        return self.box is not None

    def forget_icon(self):
        """Until it is gone."""
        if self.box:
            eventually("the icon is gone", lambda: not self.find_icon(), 20)

    def draws_anew(self):
        """Whether the icon looks as in no state before."""
        if not self.box:
            return False
        self.shoot(self.now)
        words = ["convert", self.now, "-crop", "{}x{}+{}+{}".format(*self.box), "-format", "%#", "info:"]
        picture = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        if picture in self.drawn:
            return False
        self.drawn.add(picture)
        return True

    def below_panel(self):
        """What is drawn beside the panel: a menu, a tooltip, a notification."""
        self.shoot(self.now)
        width, height, x, y = self.PANEL
        top = y + height if y == 0 else 0
        return difference(self.before, self.now, (width, 800 - height, x, top))

    notification = tooltip = menu = below_panel

    def report(self, path):
        """What the programs had to say, and what there was to be seen in the end."""
        if os.path.exists(self.now):
            shutil.copy(self.now, path.replace(".log", "-end.png"))
        with open(path, "w", encoding="utf-8") as file:
            for process in self.desktop.processes:
                file.write(f"== {process.child.args[0]}\n{process.text()}\n")
