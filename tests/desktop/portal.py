"""The portal for global shortcuts: xdg-desktop-portal itself with a stand-in for the desktop behind it, or a stand-in for all of it."""

import os
import shutil
import sys

from gi.repository import GLib
from rig import eventually

PROGRAM = next(filter(os.path.exists, ("/usr/libexec/xdg-desktop-portal", "/usr/lib/xdg-desktop-portal")), None)
NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
BACKEND = "org.freedesktop.impl.portal.desktop.lenscaptest"
SHORTCUTS = "org.freedesktop.impl.portal.GlobalShortcuts"
MOCK = "org.freedesktop.DBus.Mock"


class Portal:
    """xdg-desktop-portal, and in the desktop's place a mock that gives the key `trigger` for what it is asked for, or
    answers `response`, `first` done. Without `backend` a desktop that has no shortcuts to give."""

    def __init__(self, desktop, trigger="Ctrl+Alt+C", response=0, backend=True, first="pass"):
        self.desktop = desktop
        if backend:
            desktop.run(["/usr/bin/python3", "-m", "dbusmock", BACKEND, PATH, SHORTCUTS], "backend")
            eventually("the backend answers", lambda: desktop.session.has(BACKEND))
            self.answer(trigger, response, first)
        self.directory = os.path.join(desktop.home, "portals")
        os.makedirs(self.directory)
        self.write("lenscaptest.portal", f"[portal]\nDBusName={BACKEND}\nInterfaces={SHORTCUTS}\nUseIn=lenscaptest\n"
                   if backend else "[portal]\nDBusName=x.y\nInterfaces=x.y\nUseIn=lenscaptest\n")
        # From 1.17 on the desktop says which backends it wants.
        self.write("portals.conf", "[preferred]\ndefault=lenscaptest\n")
        self.start()

    @staticmethod
    def lack():
        return None if PROGRAM else "xdg-desktop-portal is not installed (scripts/deps.sh test)"

    def write(self, name, text):
        with open(os.path.join(self.directory, name), "w", encoding="utf-8") as file:
            file.write(text)

    def start(self):
        environment = {"XDG_DESKTOP_PORTAL_DIR": self.directory, "XDG_CURRENT_DESKTOP": "lenscaptest"}
        self.process = self.desktop.run([PROGRAM], "portal", **environment)
        eventually("the portal is there", lambda: self.desktop.session.has(NAME))

    def mock(self, method, signature, *words, path=PATH):
        return self.desktop.session.call(BACKEND, path, MOCK, method, GLib.Variant(signature, words))

    def answer(self, trigger, response, first="pass"):
        """To the next that asks for a key. `first`: what is done before the answer, in Python."""
        session = "self.AddObject(args[1], 'org.freedesktop.impl.portal.Session', {}, [('Close', '', '', '')])"
        given = f"dbus.Array([('toggle', {{'trigger_description': '{trigger}'}})], signature='(sa{{sv}})')"
        # 1.16 wants a list of the session, too.
        for method, takes, code in (
            ("CreateSession", "oosa{sv}",
             f"{session}\nret = (dbus.UInt32(0), {{'shortcuts': dbus.Array([], signature='(sa{{sv}})')}})"),
            ("BindShortcuts", "ooa(sa{sv})sa{sv}", f"{first}\nret = (dbus.UInt32({response}), {{'shortcuts': {given}}})"),
        ):
            self.mock("AddMethod", "(sssss)", SHORTCUTS, method, takes, "ua{sv}", code)

    def asked(self):
        """For what: [request, session, shortcuts, window, options] each time."""
        return [words for _, words in self.mock("GetMethodCalls", "(s)", "BindShortcuts")[0]]

    def session(self):
        return self.asked()[-1][1]

    def is_closed(self):
        return bool(self.mock("GetMethodCalls", "(s)", "Close", path=self.session())[0])

    def close(self):
        """The desktop ends the session."""
        interface = "org.freedesktop.impl.portal.Session"
        self.mock("EmitSignal", "(sssav)", interface, "Closed", "", [], path=self.session())

    def emit(self, signal, signature, *values):
        values = [GLib.Variant("o", self.session()), *values]
        self.mock("EmitSignal", "(sssav)", SHORTCUTS, signal, "o" + signature, values)

    def press(self, shortcut="toggle"):
        values = GLib.Variant("s", shortcut), GLib.Variant("t", 1), GLib.Variant("a{sv}", {})
        self.emit("Activated", "sta{sv}", *values)

    def change(self, trigger):
        """The user chooses another key."""
        said = [("toggle", {"trigger_description": GLib.Variant("s", trigger)})]
        self.emit("ShortcutsChanged", "a(sa{sv})", GLib.Variant("a(sa{sv})", said))


class Plasma:
    """The real portal of Plasma 5.27, with its keys, on X11."""

    ENVIRONMENT = {"XDG_CURRENT_DESKTOP": "KDE", "KDE_FULL_SESSION": "true", "KDE_SESSION_VERSION": "5",
                   "QT_QUICK_BACKEND": "software", "QT_XCB_GL_INTEGRATION": "none"}
    BACKENDS = ("/usr/lib/x86_64-linux-gnu/libexec/xdg-desktop-portal-kde", "/usr/libexec/xdg-desktop-portal-kde")

    def __init__(self, desktop):
        backend = next(filter(os.path.exists, self.BACKENDS))
        for program, name in (("kglobalaccel5", "org.kde.kglobalaccel"),
                              (backend, "org.freedesktop.impl.portal.desktop.kde"), (PROGRAM, NAME)):
            desktop.run([program], os.path.basename(program), **self.ENVIRONMENT)
            eventually(f"{name} is there", lambda name=name: desktop.session.has(name))

    @classmethod
    def lack(cls):
        if not any(map(os.path.exists, cls.BACKENDS)) or not all(map(shutil.which, ("kglobalaccel5", "xdotool"))):
            return "xdg-desktop-portal-kde of Plasma 5, kglobalaccel5 or xdotool is not installed"
        return Portal.lack()


class StandIn:
    """A stand-in for xdg-desktop-portal that is not of an age with the installed one, or ill: see portal_stand_in.py."""

    def __init__(self, desktop, kind):
        self.desktop = desktop
        program = os.path.join(os.path.dirname(__file__), "portal_stand_in.py")
        self.process = desktop.run([sys.executable, program, kind], "portal")
        eventually("the stand-in answers", lambda: desktop.session.has(NAME))

    def calls(self):
        """Which methods were called, in order, each with the connection that did."""
        return [tuple(line.split()) for line in self.process.text().splitlines()]
