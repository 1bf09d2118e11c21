"""What is done at every host, and what was seen there: "yes", "NO", or nothing where the host has no such thing."""

import os
import subprocess
import time

from gi.repository import GLib
from applet_cases.case import children
from rig import LENSCAP, ROOT, Desktop, eventually
from states import started, walk

# What hosts that take a text for markup would swallow.
PROGRAM = "A&B <x>"
COLUMNS = ("icon", "each state", "name told", "menu", "left click", "middle click", "tooltip", "notification", "button", "quit")


class Visit:
    """One host in one look."""

    def __init__(self, kind, dark, prefix):
        self.desktop = Desktop()
        # As if installed: services look for the icons of notifications there alone.
        os.symlink(os.path.join(ROOT, "icons"), os.path.join(self.desktop.home, "data/icons"))
        self.host = kind(self.desktop, dark)
        self.prefix = prefix
        self.seen = {}

    def note(self, column, what, condition):
        """Whether it comes true; once wrong it stays so."""
        try:
            eventually(what, condition, 20)
            self.seen.setdefault(column, "yes")
        except AssertionError as error:
            print(f"  {error}", flush=True)
            self.seen[column] = "NO"

    def shoot(self, name):
        # Hosts draw up to a second after they were told.
        time.sleep(1.5)
        self.host.shoot(f"{self.prefix}-{name}.png")

    def run(self):
        try:
            self.host.start()
            if self.host.TRAY:
                self.with_tray()
            else:
                self.without_tray()
        except (AssertionError, GLib.Error) as error:
            print(f"  the visit ends: {error}", flush=True)
            self.seen["icon"] = "NO"
        finally:
            self.host.report(f"{self.prefix}.log")
            self.desktop.close()
        return self.seen

    def with_tray(self):
        for state, applet in walk(self.desktop, PROGRAM):
            # A new applet.
            if state in ("idle", "starting", "failed"):
                self.note("icon", "the icon is drawn", lambda: self.host.has_icon(applet))
            if state == "live":
                # At once: services take their notifications away after some seconds.
                self.turn_off(applet)
            self.shoot(state)
            self.note("each state", f"an icon for {state}", self.host.draws_anew)
            if self.host.title is not None:
                self.note("name told", "what a screen reader says", lambda: self.host.title() == applet.icon("Title"))
            if state == "idle":
                self.click(applet)
            if state == "blocked" and self.host.hover is not None:
                # Its text names the program.
                eventually("nothing is in its way", lambda: not self.host.tooltip())
                self.host.hover()
                self.note("tooltip", "it is drawn", self.host.tooltip)
                self.shoot("tooltip")
            elif state in ("blocked", "starting", "failed"):
                # Its last state.
                applet.click(applet.labels()[-1])
                self.note("quit", "the menu's last item ends it", lambda: applet.process.child.poll() == 0)
                self.host.forget_icon()

    def click(self, applet):
        host = self.host
        self.note("menu", "a menu with labels", lambda: len(applet.labels()) > 5)
        if host.open_menu is not None:
            # Before anything changes in it: XFCE shows its panel's own menu for the moment in which it reads ours anew.
            host.open_menu()
            self.note("menu", "it is drawn", host.menu)
            self.shoot("menu")
            host.close_menu()
        if host.click is not None:
            host.click(1)
            self.note("left click", "the window opens", lambda: children(applet.pid, "lenscap-preferences"))
            for window in children(applet.pid, "lenscap-preferences"):
                os.kill(window, 15)
            host.click(2)
            self.note("middle click", "the camera is paused", lambda: applet.property("State") == "paused")
            applet.call("Resume")
            applet.wait_for("idle")

    def turn_off(self, applet):
        self.note("notification", "it is shown", self.host.notification)
        self.host.shoot(f"{self.prefix}-notification.png")
        self.host.press("Turn Off")
        self.note("button", "the camera is off", lambda: applet.property("State") == "blocked")
        applet.call("Resume")
        applet.stream(PROGRAM)
        applet.wait_for("live")

    def without_tray(self):
        applet = started(self.desktop, "--source", "test")
        eventually("it looked for a tray", lambda: "no tray shows the icon" in applet.process.text(), 60)
        self.note("notification", "it is shown", self.host.notification)
        self.shoot("notification")
        self.host.point_at_notification()
        self.shoot("notification-pointed-at")
        self.host.press("Get Extension")
        self.note("button", "the shell asks whether to install it", self.host.is_asked)
        self.shoot("extension")
        self.host.answer()
        # As the desktop's menu does it.
        subprocess.run([LENSCAP, "--window"], env=self.desktop.environment, check=True, timeout=20)
        self.note("left click", "the window opens", lambda: children(applet.pid, "lenscap-preferences"))
        self.shoot("window")
