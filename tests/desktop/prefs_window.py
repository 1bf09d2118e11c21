"""The preferences' window as AT-SPI and a keyboard reach it, and a stand-in for the applet. Needs a display and a session bus."""

import os
import shutil
import subprocess
import time
from pathlib import Path

INSIDE = "LENSCAP_PREFS_A11Y_INSIDE"
APP_ID = "io.github.lenscap.Lenscap"
DEADLINE = 15


def wait_for(what, look, deadline=DEADLINE):
    """The first answer of `look` that is true."""
    end = time.monotonic() + deadline
    while True:
        turn()
        answer = look()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {deadline} s")
        time.sleep(0.03)


def turn():
    from gi.repository import GLib

    while GLib.MainContext.default().iteration(False):
        pass


def children(node):
    from gi.repository import GLib

    try:
        for index in range(node.get_child_count()):
            child = node.get_child_at_index(index)
            if child is not None:
                yield child
    except GLib.Error:
        pass  # went while we looked


def walk(node, depth=0):
    yield node
    if depth < 60:
        for child in children(node):
            yield from walk(child, depth + 1)


def is_shown(node):
    """Whether it is visible and has a place. (GTK 4.8 never sets the state SHOWING.)"""
    from gi.repository import Atspi

    if not node.get_state_set().contains(Atspi.StateType.VISIBLE):
        return False
    size = node.get_size() if node.get_component_iface() else None
    return size is None or (size.x > 0 and size.y > 0)


class Relay:
    """Stands in for the running applet on the bus."""

    def __init__(self):
        from gi.repository import Gio

        xml = f"""<node><interface name="{APP_ID}">
          <property name="State" type="s" access="read"/><property name="CameraLive" type="b" access="read"/>
          <property name="LiveSince" type="x" access="read"/><property name="Clients" type="aa{{sv}}" access="read"/>
          <property name="Camera" type="s" access="read"/><property name="Reason" type="s" access="read"/>
          <property name="PausedUntil" type="x" access="read"/><property name="Node" type="s" access="read"/>
          <property name="Options" type="a{{sv}}" access="read"/><property name="Programs" type="as" access="read"/>
          <property name="Offers" type="aa{{sv}}" access="read"/><property name="Version" type="s" access="read"/>
          <method name="TurnOff"/><method name="Pause"><arg type="u" direction="in"/></method><method name="Allow"><arg type="as" direction="in"/></method></interface></node>"""
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        self.values = {}
        self.calls = []
        self.set("live", clients=["Zoom"])
        interface = Gio.DBusNodeInfo.new_for_xml(xml).interfaces[0]
        read = lambda _bus, _sender, _path, _interface, name: self.values[name]

        def called(_bus, _sender, _path, _interface, method, arguments, invocation):
            self.calls.append((method, *arguments.unpack()))
            invocation.return_value(None)

        self.object = self.bus.register_object(f"/{APP_ID.replace('.', '/')}", interface, called, read, None)
        self.name = Gio.bus_own_name_on_connection(self.bus, APP_ID, Gio.BusNameOwnerFlags.NONE)

    def set(self, state, clients=(), reason="", paused_until=0, options={}, offers=()):
        from gi.repository import GLib

        on = state in ("starting", "live", "cooldown")
        clients = [{"pid": GLib.Variant("u", 42), "name": GLib.Variant("s", name)} for name in clients]
        self.values = {
            "State": GLib.Variant("s", state),
            "CameraLive": GLib.Variant("b", on),
            "LiveSince": GLib.Variant("x", int(time.time()) if on else 0),
            "Clients": GLib.Variant("aa{sv}", clients),
            "Camera": GLib.Variant("s", "Webcam"),
            "Reason": GLib.Variant("s", reason),
            "PausedUntil": GLib.Variant("x", paused_until),
            "Node": GLib.Variant("s", ""),
            "Options": GLib.Variant("a{sv}", {name: GLib.Variant("x", number) for name, number in options.items()}),
            "Programs": GLib.Variant("as", ["program:Zoom", "program:cheese"]),
            "Offers": GLib.Variant("aa{sv}", [
                {"verb": GLib.Variant("s", verb), "programs": GLib.Variant("aa{sv}", [
                    {"id": GLib.Variant("s", name), "name": GLib.Variant("s", name)} for name in programs])}
                for verb, programs in offers]),
            "Version": GLib.Variant("s", "0"),
        }

    def tell(self):
        from gi.repository import GLib

        changed = GLib.Variant("(sa{sv}as)", (APP_ID, self.values, []))
        properties = "org.freedesktop.DBus.Properties"
        self.bus.emit_signal(None, f"/{APP_ID.replace('.', '/')}", properties, "PropertiesChanged", changed)

    def leave(self):
        from gi.repository import Gio

        Gio.bus_unown_name(self.name)
        self.bus.unregister_object(self.object)


def beside(program, directory, does):
    """A copy of the program, beside a stand-in for `lenscap`: a shell's script."""
    stand_in = Path(directory, "lenscap")
    stand_in.write_text(f"#!/bin/sh\n{does}\n")
    stand_in.chmod(0o755)
    return shutil.copy(program, directory)


class Window:
    """The program, started."""

    def __init__(self, program, *arguments, **environment):
        from gi.repository import Atspi

        self.program = program
        self.config = Path(os.environ["XDG_CONFIG_HOME"], "lenscap/config.toml")
        self.log = Path(os.environ[INSIDE], "stderr.log")
        self.process = subprocess.Popen([program, *arguments], stderr=self.log.open("wb"), env=os.environ | environment)
        # GTK starts in 17 s in an emulated machine beside one that builds (measured), in more beside two.
        self.app = wait_for("the program is on the accessibility bus", self.find_app, 60)
        # GTK does not announce everything that changes.
        self.app.set_cache_mask(Atspi.Cache.NONE)
        self.announced = None
        self.listener = Atspi.EventListener.new(self.focus_moved)
        self.listener.register("object:state-changed:focused")
        self.come_up()

    def come_up(self):
        self.frame = wait_for("the window", lambda: next(iter(children(self.app)), None))
        self.xid = wait_for("the window is shown", self.find_window)[0]
        self.keys("windowactivate", "--sync", self.xid)
        self.find("Mirror")

    def frame_of(self, name, number=1):
        """The window of this name; of several the numberth."""
        def shown():
            frames = [frame for frame in children(self.app) if frame.get_name() == name]
            return frames[number - 1] if len(frames) >= number else None
        return wait_for(f"the window {name}", shown)

    def find_app(self):
        from gi.repository import Atspi

        assert self.process.poll() is None, f"it ended: {self.log.read_text()}"
        desktop = Atspi.get_desktop(0)
        return next((app for app in children(desktop) if app.get_name() == APP_ID), None)

    def end(self):
        """Ends the program, if it has not ended; the next one has its name then."""
        from gi.repository import Atspi

        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(DEADLINE)
        named = lambda: any(app.get_name() == APP_ID for app in children(Atspi.get_desktop(0)))
        wait_for("it is gone", lambda: not named())

    def find_window(self):
        found = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--class", APP_ID], capture_output=True, text=True, check=False
        )
        return found.stdout.split()

    @staticmethod
    def keys(*arguments):
        subprocess.run(["xdotool", *arguments], check=True, timeout=DEADLINE, stdout=subprocess.DEVNULL)

    def key(self, *names):
        self.keys("key", "--delay", "30", *names)

    def look_for(self, name, roles=None):
        """What has this name and one of these roles, and is shown; else None."""
        from gi.repository import GLib

        try:
            for node in walk(self.frame):
                # GTK 4.8 puts a button's label before the name of its row.
                is_named = name in (node.get_name(), node.get_description()) or (
                    roles and node.get_name().endswith(f" {name}")
                )
                if is_named and (roles is None or node.get_role() in roles) and is_shown(node):
                    return node
        except GLib.Error:
            pass  # went while we looked
        return None

    def find(self, name, roles=None):
        return wait_for(f"\"{name}\" is shown", lambda: self.look_for(name, roles))

    def says(self, text):
        from gi.repository import GLib

        try:
            return any(text in (node.get_name() or "") and is_shown(node) for node in walk(self.frame))
        except GLib.Error:
            return False

    def shown(self):
        """All that is shown now; nothing where it changes while we look."""
        from gi.repository import GLib

        try:
            return [node for node in walk(self.frame) if is_shown(node)]
        except GLib.Error:
            return []

    def shown_count(self):
        return len(self.shown())

    def settled(self):
        """All that is shown once that stands still: pages change with an animation."""
        last = []

        def look():
            nonlocal last
            before, last = last, self.shown()
            return last if len(before) == len(last) else None

        return wait_for("the page stands still", look)

    def page(self, name):
        from gi.repository import Atspi

        self.find(name, {Atspi.Role.PAGE_TAB}).do_action(0)

    def text(self):
        return self.config.read_text() if self.config.exists() else ""

    def until_written(self, line):
        wait_for(f"the settings file has \"{line}\"", lambda: line in self.text().splitlines())

    def focus_moved(self, event):
        if event.detail1:
            self.announced = event.source

    def focused(self):
        from gi.repository import Atspi, GLib

        try:
            # To look at all there is takes about a second.
            if self.announced and self.announced.get_state_set().contains(Atspi.StateType.FOCUSED):
                return self.announced
            nodes = [node for node in walk(self.frame) if node.get_state_set().contains(Atspi.StateType.FOCUSED)]
            return nodes[-1] if nodes else None
        except GLib.Error:
            return None

    def tab_to(self, name, roles=None):
        """Presses Tab until this has the focus."""
        from gi.repository import Atspi

        seen = []
        for _ in range(80):
            self.announced = None
            self.key("Tab")
            try:
                node = wait_for("something has the focus", self.focused, 1)
            except AssertionError:
                # GTK 4.8 does not tell it of an entry's row.
                if self.find(name).get_role() in (Atspi.Role.TEXT, Atspi.Role.ENTRY):
                    return
                continue
            seen.append(node.get_name())
            if node.get_name() == name and (roles is None or node.get_role() in roles):
                return
        raise AssertionError(f"Tab never reaches \"{name}\": {seen}")


def kinds():
    from gi.repository import Atspi

    role = Atspi.Role
    switch = {role.CHECK_BOX, role.TOGGLE_BUTTON} | ({role.SWITCH} if hasattr(role, "SWITCH") else set())
    return {"switch": switch, "number": {role.SPIN_BUTTON}, "button": {role.PUSH_BUTTON, role.TOGGLE_BUTTON}}


def is_locked(node):
    """Whether it, or what it is in, cannot be used. (GTK 4.8 tells it of what was locked only.)"""
    from gi.repository import Atspi

    while node.get_role() != Atspi.Role.FRAME:
        if not node.get_state_set().contains(Atspi.StateType.SENSITIVE):
            return True
        node = node.get_parent()
    return False
