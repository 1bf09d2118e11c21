"""Trays under Wayland, without a pointer: what can be pressed is pressed through the desktop's own interfaces."""

import http.server
import json
import os
import subprocess
import threading

from gi.repository import GLib
from host import WALLPAPER, Host
from rig import WATCHER, eventually

SHELL = "org.gnome.Shell"


class Sway(Host):
    """With waybar and mako, which draws no buttons."""

    NAME = "sway"
    NEEDS = ("sway", "waybar", "mako", "grim")
    AS_ROOT = False
    PANEL = (1280, 32, 0, 0)

    def start(self):
        config = os.path.join(self.desktop.home, "config")
        bar = "#2e3436" if self.dark else "#f6f5f4"
        style = f"* {{ min-height: 0 }} window#waybar {{ background: {bar} }}"
        for path, text in (
            ("sway/config", f"output HEADLESS-1 resolution 1280x800 position 0,0 bg {WALLPAPER[self.dark]} solid_color\n"
                            "xwayland disable\n"),
            ("waybar/config", json.dumps({"layer": "top", "position": "top", "height": 32, "modules-left": ["tray"]})),
            ("waybar/style.css", style),
        ):
            os.makedirs(os.path.dirname(os.path.join(config, path)), exist_ok=True)
            with open(os.path.join(config, path), "w", encoding="utf-8") as file:
                file.write(text)
        self.desktop.environment.pop("DISPLAY", None)
        self.desktop.run(["sway"], "sway", WLR_BACKENDS="headless", WLR_RENDERER="pixman", WLR_LIBINPUT_NO_DEVICES="1")
        display = os.path.join(self.desktop.home, "run/wayland-1")
        eventually("the compositor", lambda: os.path.exists(display))
        self.desktop.environment["WAYLAND_DISPLAY"] = "wayland-1"
        self.desktop.run(["mako"], "mako")
        eventually("the wallpaper", lambda: self.shoot(self.bare) or os.path.getsize(self.bare))
        self.desktop.run(["waybar"], "waybar")
        eventually("the bar", lambda: self.desktop.session.has(WATCHER), 60)
        self.settle()

    def shoot(self, path):
        subprocess.run(["grim", path], env=self.desktop.environment, check=True)

    def press(self, _label):
        subprocess.run(["makoctl", "invoke", "0"], env=self.desktop.environment, check=True)


class Gnome(Host):
    """With the AppIndicator extension, as Debian packages it."""

    NAME = "gnome"
    EXTENSION = "ubuntu-appindicators@ubuntu.com"
    NEEDS = ("gnome-shell", "gjs", f"/usr/share/gnome-shell/extensions/{EXTENSION}")
    LOOKS = (True,)
    EXTENSIONS = f"['{EXTENSION}']"
    ICON = "Object.keys(Main.panel.statusArea).find(key => key.startsWith('appindicator'))"

    def start(self):
        desktop = self.desktop
        desktop.logind()
        desktop.offer("ca.desrt.dconf")
        for words in (("org.gnome.shell", "enabled-extensions", self.EXTENSIONS),
                      ("org.gnome.shell", "welcome-dialog-last-shown-version", "99"),
                      ("org.gnome.desktop.background", "picture-options", "none"),
                      ("org.gnome.desktop.background", "primary-color", WALLPAPER[self.dark])):
            subprocess.run(["gsettings", "set", *words], env=desktop.environment, check=True)
        desktop.environment.pop("DISPLAY", None)
        desktop.environment["XDG_CURRENT_DESKTOP"] = "GNOME"
        words = ["gnome-shell", "--headless", "--wayland", "--no-x11", "--virtual-monitor", "1280x800", "--unsafe-mode"]
        desktop.run(words, "gnome-shell", LIBGL_ALWAYS_SOFTWARE="1")
        eventually("the shell", lambda: desktop.session.has(SHELL), 90)
        eventually("it draws", lambda: self.eval("Main.layoutManager._startingUp === false"), 60)
        # Else another service would be started for them.
        desktop.run(["gjs", "/usr/share/gnome-shell/org.gnome.Shell.Notifications"], "notifications")
        eventually("the service", lambda: desktop.session.has("org.freedesktop.Notifications"), 30)
        desktop.environment["WAYLAND_DISPLAY"] = "wayland-0"
        if self.TRAY:
            eventually("the extension", lambda: desktop.session.has(WATCHER), 30)
        self.eval("Main.overview.hide()")
        # What it says of a session like this one.
        eventually("nothing is notified", lambda: self.eval(
            "Main.messageTray.getSources().forEach(source => source.destroy()); Main.messageTray._notification === null"))

    def eval(self, script):
        arguments = GLib.Variant("(s)", (script,))
        done, value = self.desktop.session.call(SHELL, "/org/gnome/Shell", SHELL, "Eval", arguments)
        if not done:
            raise AssertionError(f"{script}: {value}")
        return json.loads(value) if value else None

    def shoot(self, path):
        interface = "org.gnome.Shell.Screenshot"
        arguments = GLib.Variant("(bbs)", (False, False, path))
        self.desktop.session.call(interface, "/org/gnome/Shell/Screenshot", interface, "Screenshot", arguments)

    def icon(self, what):
        return self.eval(f"{{ const icon = Main.panel.statusArea[{self.ICON}]; {what} }}")

    def find_icon(self):
        if not self.eval(f"{self.ICON} !== undefined"):
            return None
        box = self.icon("""const [x, y] = icon.get_transformed_position(), [w, h] = icon.get_transformed_size();
            icon.visible && icon._indicator.isReady && icon.mapped ? [w, h, x, y].map(Math.round) : null""")
        # Without numbers before its first layout.
        return box if box and None not in box and min(box[:2]) >= 8 else None

    def title(self):
        return self.icon("icon.accessible_name")

    def open_menu(self):
        self.icon("icon.menu.open(); null")

    def menu(self):
        return self.icon("icon.menu.isOpen && icon.menu.numMenuItems > 5")

    def close_menu(self):
        self.icon("icon.menu.close(); null")

    NOTIFICATIONS = "Main.messageTray.getSources().flatMap(source => source.notifications)"

    def notification(self):
        return self.eval(f"{self.NOTIFICATIONS}.length > 0")

    def press(self, label):
        self.eval(f"{self.NOTIFICATIONS}.flatMap(it => it.actions).find(it => it.label === {json.dumps(label)}).callback(); null")


class GnomeWithoutTray(Gnome):
    """As it comes; a stand-in answers for extensions.gnome.org."""

    NAME = "gnome-without-tray"
    NEEDS = ("gnome-shell", "gjs")
    EXTENSIONS = "[]"
    TRAY = False

    def start(self):
        super().start()
        site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
        threading.Thread(target=site.serve_forever, daemon=True).start()
        self.eval(f"imports.ui.extensionDownloader.REPOSITORY_URL_INFO = 'http://127.0.0.1:{site.server_port}/'; null")

    def point_at_notification(self):
        self.eval("Main.messageTray._expandBanner(false); null")

    def is_asked(self):
        return self.eval("Main.modalCount") > 0

    def answer(self):
        """No."""
        self.eval("Main.modalActorFocusStack[0].actor.close(); null")


class Site(http.server.BaseHTTPRequestHandler):
    """What the shell asks about an extension before it asks the user."""

    def do_GET(self):  # noqa: N802 (the name is the library's)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"name": "AppIndicator and KStatusNotifierItem Support", "uuid": Gnome.EXTENSION}).encode())

    def log_message(self, *_):
        pass
