"""Trays under X11."""

import os
import shutil
import subprocess

from gi.repository import GLib
from host import WALLPAPER, Host
from rig import WATCHER, eventually


class X11(Host):
    """On the display that tests/desktop/run.sh has started."""

    MANAGER = "openbox"
    # Where the first button of a notification is, as parts of its width and height.
    BUTTON = (0.5, 0.85)

    def start(self):
        self.point(640, 700)
        subprocess.run(["xsetroot", "-solid", WALLPAPER[self.dark]], check=False)
        self.desktop.environment["GTK_THEME"] = "Adwaita:dark" if self.dark else "Adwaita"
        self.desktop.run([self.MANAGER], "manager")
        self.notifier()
        self.shoot(self.bare)
        self.panel()
        self.settle()

    def notifier(self):
        """Starts the desktop's notification service."""

    def panel(self):
        """Starts the desktop's panel."""

    def shoot(self, path):
        subprocess.run(["import", "-window", "root", path], check=True)

    @staticmethod
    def point(x, y, button=None):
        words = ["xdotool", "mousemove", str(int(x)), str(int(y))]
        subprocess.run(words + (["click", str(button)] if button else []), check=True)

    def hover(self):
        width, height, x, y = self.box
        # Twice: a tooltip wants a pointer that moves.
        self.point(x + width / 2 - 1, y + height / 2)
        self.point(x + width / 2, y + height / 2)

    def click(self, button):
        width, height, x, y = self.box
        self.point(x + width / 2, y + height / 2, button)

    def open_menu(self):
        self.click(3)

    def close_menu(self):
        subprocess.run(["xdotool", "key", "Escape"], check=True)
        self.point(640, 700)
        eventually("the menu is closed", lambda: not self.below_panel())

    def press(self, _label):
        width, height, x, y = eventually("a notification", self.below_panel)
        self.point(x + width * self.BUTTON[0], y + height * self.BUTTON[1], 1)
        self.point(640, 700)


class Xfce(X11):
    NAME = "xfce"
    NEEDS = ("xfce4-panel", "/usr/lib/x86_64-linux-gnu/xfce4/notifyd/xfce4-notifyd")

    def notifier(self):
        self.desktop.run([self.NEEDS[1]], "notifyd")
        eventually("the service", lambda: self.desktop.session.has("org.freedesktop.Notifications"))

    def panel(self):
        self.desktop.panel(dark=self.dark, size=28)


class Mate(X11):
    NAME = "mate"
    BUTTON = (0.65, 0.7)
    NEEDS = ("mate-panel", "/usr/lib/mate-notification-daemon/mate-notification-daemon")

    def notifier(self):
        # The bus starts its notification service, which ends when it has shown nothing for a while.
        self.desktop.offer("ca.desrt.dconf", "org.mate.panel.applet.NotificationAreaAppletFactory",
                           "org.freedesktop.mate.Notifications")

    def panel(self):
        applet = "org.mate.panel.object:/org/mate/panel/objects/na/"
        for words in (("org.mate.panel", "toplevel-id-list", "['top']"), ("org.mate.panel", "object-id-list", "['na']"),
                      (applet, "object-type", "applet"), (applet, "toplevel-id", "top"),
                      (applet, "applet-iid", "NotificationAreaAppletFactory::NotificationArea")):
            subprocess.run(["gsettings", "set", *words], env=self.desktop.environment, check=True)
        self.desktop.run(["mate-panel"], "mate-panel", XDG_CURRENT_DESKTOP="MATE")
        eventually("the panel offers a tray", lambda: self.desktop.session.has(WATCHER), 60)


class Lxqt(X11):
    NAME = "lxqt"
    BUTTON = (0.3, 0.7)
    NEEDS = ("lxqt-panel", "lxqt-notificationd")

    def notifier(self):
        directory = os.path.join(self.desktop.home, "config/lxqt")
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, "lxqt.conf"), "w", encoding="utf-8") as file:
            file.write(f"[General]\ntheme={'dark' if self.dark else 'light'}\nicon_theme=Adwaita\n")
        self.desktop.run(["lxqt-notificationd"], "notifyd", XDG_CURRENT_DESKTOP="LXQt")
        eventually("the service", lambda: self.desktop.session.has("org.freedesktop.Notifications"))

    def panel(self):
        self.desktop.lxqt_panel()


class Plasma(X11):
    NAME = "plasma"
    NEEDS = ("plasmashell", "kwin_x11", "kded5")
    MANAGER = "kwin_x11"
    AS_ROOT = False
    PANEL = (1280, 36, 0, 0)
    STILL = 5
    LAYOUT = """panels().forEach(panel => panel.remove());
var panel = new Panel; panel.location = 'top'; panel.height = 32; panel.addWidget('org.kde.plasma.systemtray');
desktops().forEach(desktop => { desktop.wallpaperPlugin = 'org.kde.color';
desktop.currentConfigGroup = ['Wallpaper', 'org.kde.color', 'General']; desktop.writeConfig('Color', '%s'); });"""

    def find_icon(self):
        """Other icons move aside for it, slowly, and then stand behind it."""
        found = super().find_icon()
        again = found and super().find_icon()
        return (min(found[0], self.PANEL[1]), *found[1:]) if found and found == again else None

    def forget_icon(self):
        """What moved aside for it is drawn otherwise from then on; where it stays, the next one is not seen."""
        self.settle()

    def notifier(self):
        self.desktop.environment.update(
            XDG_CURRENT_DESKTOP="KDE", KDE_FULL_SESSION="true", KDE_SESSION_VERSION="5", QT_QUICK_BACKEND="software",
            QT_XCB_GL_INTEGRATION="none")
        self.desktop.system.start(self.desktop.environment)
        with open(os.path.join(self.desktop.home, "config/plasmarc"), "w", encoding="utf-8") as file:
            file.write(f"[Theme]\nname={'breeze-dark' if self.dark else 'breeze-light'}\n")
        # Icons have their colours from here.
        scheme = f"/usr/share/color-schemes/Breeze{'Dark' if self.dark else 'Light'}.colors"
        shutil.copy(scheme, os.path.join(self.desktop.home, "config/kdeglobals"))
        self.desktop.offer("org.kde.ActivityManager", "org.kde.kglobalaccel")
        self.desktop.run(["kded5"], "kded5")

    def panel(self):
        session = self.desktop.session
        self.desktop.run(["plasmashell", "--no-respawn"], "plasmashell")
        eventually("the shell", lambda: session.has("org.kde.plasmashell") and session.has(WATCHER), 90)

        def evaluate(script):
            arguments = GLib.Variant("(s)", (script,))
            return session.call("org.kde.plasmashell", "/PlasmaShell", "org.kde.PlasmaShell", "evaluateScript", arguments)[0]

        # Before it has one of its own, that one comes on top of ours.
        eventually("it has a layout", lambda: evaluate("print(desktops().length * panels().length)").strip() not in ("", "0"), 60)
        evaluate(self.LAYOUT % WALLPAPER[self.dark])
