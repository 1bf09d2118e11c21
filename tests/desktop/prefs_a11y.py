#!/usr/bin/python3
"""The preferences program as a screen reader and a keyboard meet it: AT-SPI, in an X server and a session bus of its own.

    prefs_a11y.py PROGRAM [--screenshots DIRECTORY | --tree | --only TEST,TEST...]

Prints a line for each test, and at the end "prefs_a11y: N passed, N failed, N skipped". Exit status: 0 unless one failed.
What is missing for it is said by name and counts as skipped.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

INSIDE = "LENSCAP_PREFS_A11Y_INSIDE"
APP_ID = "io.github.lenscap.Lenscap"
DEADLINE = 15
TOOLS = ["Xvfb", "dbus-run-session", "openbox", "xdotool"]


def skip(why):
    print(f"SKIP prefs_a11y: {why}")
    print("prefs_a11y: 0 passed, 0 failed, 1 skipped")
    sys.exit(0)


def outside():
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        skip(f"{', '.join(missing)}: not installed (scripts/deps.sh test)")
    try:
        import gi

        gi.require_version("Atspi", "2.0")
    except (ImportError, ValueError) as error:
        skip(f"AT-SPI cannot be used from Python ({error}; scripts/deps.sh test)")
    with tempfile.TemporaryDirectory(prefix="lenscap-a11y-") as home:
        runtime = Path(home, "runtime")
        runtime.mkdir(mode=0o700)
        keep = ("PATH", "LLVM_PROFILE_FILE", "GDK_SCALE", "ADW_DEBUG_COLOR_SCHEME", "ADW_DEBUG_HIGH_CONTRAST")
        # The mark of scripts/contain.sh goes on to the daemons of this session, so that they are ended with it.
        environment = {name: text for name, text in os.environ.items() if name in keep or name.startswith("LENSCAP_CONTAINED_")}
        environment |= {
            INSIDE: home,
            "HOME": home,
            "LANG": "C.UTF-8",
            "XDG_CONFIG_HOME": f"{home}/config",
            "XDG_RUNTIME_DIR": str(runtime),
            "GSETTINGS_BACKEND": "memory",
            "GIO_USE_VFS": "local",
            "LENSCAP_PREVIEW_SOURCE": "videotestsrc is-live=true pattern=smpte",
            # The applet that "Start" starts has no node.
            "LENSCAP_OUTPUT": "memory",
        }
        # The server finds a free number itself: several may start at once.
        server_command = ["Xvfb", "-noreset", "-displayfd", "1", "-screen", "0", "1600x1600x24", "-nolisten", "tcp"]
        server = subprocess.Popen(server_command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            environment["DISPLAY"] = f":{server.stdout.readline().strip()}"
            command = ["dbus-run-session", "--", sys.executable, __file__, *sys.argv[1:]]
            return subprocess.run(command, env=environment, timeout=300, check=False).returncode
        except subprocess.TimeoutExpired:
            print("prefs_a11y: 0 passed, 1 failed, 0 skipped (it did not end within 300 s)")
            return 1
        finally:
            server.terminate()
            server.wait(DEADLINE)


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
          <property name="Version" type="s" access="read"/></interface></node>"""
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        self.values = {}
        self.set("live", clients=["Zoom"])
        interface = Gio.DBusNodeInfo.new_for_xml(xml).interfaces[0]
        read = lambda _bus, _sender, _path, _interface, name: self.values[name]
        self.object = self.bus.register_object(f"/{APP_ID.replace('.', '/')}", interface, None, read, None)
        self.name = Gio.bus_own_name_on_connection(self.bus, APP_ID, Gio.BusNameOwnerFlags.NONE)

    def set(self, state, clients=(), reason="", paused_until=0):
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


class Window:
    """The program, started."""

    def __init__(self, program):
        from gi.repository import Atspi

        self.program = program
        self.config = Path(os.environ["XDG_CONFIG_HOME"], "lenscap/config.toml")
        self.log = Path(os.environ[INSIDE], "stderr.log")
        self.process = subprocess.Popen([program], stderr=self.log.open("wb"))
        # GTK starts in 17 s in an emulated machine beside one that builds (measured), in more beside two.
        self.app = wait_for("the program is on the accessibility bus", self.find_app, 60)
        # GTK does not announce everything that changes.
        self.app.set_cache_mask(Atspi.Cache.NONE)
        self.frame = wait_for("the window", lambda: next(iter(children(self.app)), None))
        self.xid = wait_for("the window is shown", self.find_window)[0]
        self.keys("windowactivate", "--sync", self.xid)
        self.find("Mirror")

    def find_app(self):
        from gi.repository import Atspi

        assert self.process.poll() is None, f"it ended: {self.log.read_text()}"
        desktop = Atspi.get_desktop(0)
        return next((app for app in children(desktop) if app.get_name() == APP_ID), None)

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

    def focused(self):
        from gi.repository import Atspi, GLib

        try:
            nodes = [node for node in walk(self.frame) if node.get_state_set().contains(Atspi.StateType.FOCUSED)]
            return nodes[-1] if nodes else None
        except GLib.Error:
            return None

    def tab_to(self, name, roles=None):
        """Presses Tab until this has the focus."""
        from gi.repository import Atspi

        seen = []
        for _ in range(80):
            self.key("Tab")
            try:
                node = wait_for("something has the focus", self.focused, 1)
            except AssertionError:
                # GTK 4.8 does not tell it of an entry's row; a page has one.
                if self.find(name).get_role() in (Atspi.Role.TEXT, Atspi.Role.ENTRY):
                    return
                raise
            seen.append(node.get_name())
            if node.get_name() == name and (roles is None or node.get_role() in roles):
                return
        raise AssertionError(f"Tab never reaches \"{name}\": {seen}")


def kinds():
    from gi.repository import Atspi

    role = Atspi.Role
    switch = {role.CHECK_BOX, role.TOGGLE_BUTTON} | ({role.SWITCH} if hasattr(role, "SWITCH") else set())
    return {"switch": switch, "number": {role.SPIN_BUTTON}, "button": {role.PUSH_BUTTON, role.TOGGLE_BUTTON}}


def test_state_without_applet(window, _):
    window.find("Lenscap is not running")
    window.find("Start")


def test_start_starts_the_applet(window, roles):
    # GTK 4.8 adds the name of the row.
    window.find("Start Lenscap is not running", roles["button"]).do_action(0)
    window.find("Camera is off")
    assert not window.says("Lenscap is not running")
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(os.path.join(os.environ["XDG_RUNTIME_DIR"], "lenscap/control"))
        control.sendall(b'{"do":"quit"}\n')
        control.recv(4096)
    window.find("Lenscap is not running")


def test_diagnosis_comes_from_its_row(window, _):
    window.page("General")
    window.tab_to("Diagnose")
    window.key("Return")

    def shown():
        return next((frame for frame in children(window.app) if frame.get_name() == "Diagnosis"), None)

    diagnosis = wait_for("the window of the diagnosis", shown)
    wait_for("what it found", lambda: any(node.get_name() == "Lenscap is not running." for node in walk(diagnosis)))
    window.key("Escape")
    wait_for("it is closed", lambda: shown() is None)
    window.page("Camera")


def test_state_of_the_running_applet(window, _):
    relay = Relay()
    window.find("Camera is on: Zoom")
    assert not window.says("Lenscap is not running")
    relay.set("paused", paused_until=-1)
    relay.tell()
    window.find("Camera is paused")
    relay.set("failed", reason="The camera is unplugged: plug it in.")
    relay.tell()
    window.find("The camera is unplugged: plug it in.")
    relay.leave()
    window.find("Lenscap is not running")


def test_switch_is_written(window, roles):
    window.find("Mirror", roles["switch"]).do_action(0)
    window.until_written("mirror = true")


def test_number_is_written(window, roles):
    window.find("Framerate", roles["number"]).get_value_iface().set_current_value(24)
    window.until_written("framerate = 24")


def test_choice_by_keyboard(window, _):
    window.tab_to("Rotation")
    closed = window.shown_count()
    window.key("space")
    wait_for("the list is open", lambda: window.shown_count() > closed)
    window.key("Down", "Return")
    window.until_written("rotation = 90")


def test_nonsense_is_refused_in_words(window, roles):
    before = window.text()
    window.tab_to("Framerate", roles["number"])
    window.key("ctrl+a")
    window.keys("type", "1000")
    window.key("Return")
    wait_for("the reason is said", lambda: window.says("Must be a whole number from 1 to 240, not 1000."))
    assert window.find("Framerate", roles["number"]).get_value_iface().get_current_value() == 24
    assert window.text() == before


def test_edit_by_hand_is_shown_and_comments_stay(window, roles):
    window.config.write_text("# by hand\n" + window.text().replace("framerate = 24", "framerate = 15 # slow"))
    number = window.find("Framerate", roles["number"])
    wait_for("the edit is shown", lambda: number.get_value_iface().get_current_value() == 15)
    window.find("Mirror", roles["switch"]).do_action(0)
    window.until_written("mirror = false")
    assert "# by hand" in window.text() and "framerate = 15 # slow" in window.text(), window.text()


def test_a_mistake_in_the_file_is_told_and_nothing_is_overwritten(window, roles):
    good = window.text()
    wrong = good.replace("framerate = 15", "framerate = \"fast\"")
    window.config.write_text(wrong)
    window.find("The settings file cannot be used")
    line = wrong.splitlines().index("framerate = \"fast\" # slow") + 1
    assert window.says(f"line {line}"), f"line {line}"
    mirror = window.find("Mirror", roles["switch"])
    wait_for("the rows are locked", lambda: is_locked(mirror))
    assert window.text() == wrong
    window.config.write_text(good)
    wait_for("the rows are free", lambda: not is_locked(mirror))
    assert not window.look_for("The settings file cannot be used")


def is_locked(node):
    """Whether it, or what it is in, cannot be used. (GTK 4.8 tells it of what was locked only.)"""
    from gi.repository import Atspi

    while node.get_role() != Atspi.Role.FRAME:
        if not node.get_state_set().contains(Atspi.StateType.SENSITIVE):
            return True
        node = node.get_parent()
    return False


def preview_threads(window):
    tasks = Path(f"/proc/{window.process.pid}/task")
    return sum(1 for task in tasks.iterdir() if (task / "comm").read_text().strip() == "preview")


def test_preview_runs_while_it_is_shown_only(window, roles):
    show = window.find("Show what apps see", roles["button"])
    show.do_action(0)
    window.find("What applications see")
    assert preview_threads(window) == 1
    window.page("Privacy")
    wait_for("the preview stops with its page", lambda: preview_threads(window) == 0)
    window.page("Camera")
    window.find("Show what apps see", roles["button"]).do_action(0)
    window.find("What applications see")
    window.find("Show what apps see", roles["button"]).do_action(0)
    wait_for("the preview stops with its button", lambda: preview_threads(window) == 0)


def test_everything_is_named(window, _):
    from gi.repository import Atspi

    role = Atspi.Role
    wanted = {role.CHECK_BOX, role.TOGGLE_BUTTON, role.PUSH_BUTTON, role.SPIN_BUTTON, role.TEXT, role.COMBO_BOX, role.ENTRY}
    nameless, seen = [], 0
    for page in ("Camera", "Controls", "Privacy", "Device", "General"):
        window.page(page)
        for node in window.settled():
            if node.get_role() in wanted and is_shown(node):
                seen += 1
                inside = node.get_parent()
                # The parts of a number's button and of a list's are the control's own.
                if inside.get_role() in (role.SPIN_BUTTON, role.COMBO_BOX, role.TEXT, role.ENTRY):
                    continue
                # What has no name is given that of its class.
                if not node.get_name() or re.match("(Gtk|Adw)[A-Z]", node.get_name()):
                    nameless.append(f"{page}: {node.get_role_name()} \"{node.get_name()}\" in {inside.get_role_name()}")
    assert seen > 25, seen
    assert not nameless, nameless


def test_controls_of_a_camera_are_moved_by_keyboard(window, _):
    from gi.repository import Atspi

    window.page("Camera")
    before = window.text()
    window.config.parent.mkdir(parents=True, exist_ok=True)
    window.config.write_text("[camera]\nsource = \"test\"\n")
    window.page("Controls")
    # The test picture has none of its own: these are in software.
    window.find("Brightness")
    # GTK 4.8 adds the name of the row.
    window.tab_to("Brightness Brightness", {Atspi.Role.SLIDER})
    window.key("Right", "Right", "Right")
    window.until_written("brightness = 3")
    window.tab_to("Reset to Defaults")
    window.key("Return")
    wait_for("the value is forgotten", lambda: "brightness" not in window.text())
    window.config.write_text(before)
    window.page("Camera")


def test_program_is_blocked_by_keyboard(window, _):
    window.page("Privacy")
    window.tab_to("Block a program")
    window.keys("type", "zoom")
    window.key("Return")
    window.until_written("blocked = [\"zoom\"]")
    window.find("Unblock zoom").do_action(0)
    window.until_written("blocked = []")


def test_reset_can_be_undone(window, roles):
    window.page("Camera")
    window.find("Reset to Defaults", roles["button"]).do_action(0)
    window.until_written("rotation = 0")
    window.find("Camera settings are reset")
    window.find("Undo", roles["button"]).do_action(0)
    window.until_written("rotation = 90")


def test_search_finds_rows_of_other_pages(window, _):
    window.key("ctrl+f")
    window.keys("type", "cooldown")
    reached = []
    # What is hidden keeps its place in GTK's tree; the keyboard does not go there.
    for _ in range(8):
        window.key("Tab")
        reached.append(wait_for("something has the focus", window.focused).get_name())
    assert "Cooldown" in reached and "Mirror" not in reached, reached
    window.tab_to("Search for a setting")
    window.key("Escape")
    window.tab_to("Mirror")


def test_second_start_presents_the_first(window, _):
    second = subprocess.run([window.program], timeout=DEADLINE, check=False)
    assert second.returncode == 0, second.returncode
    assert len(list(children(window.app))) == 1
    assert window.process.poll() is None


def test_autostart_is_switched(window, roles):
    window.page("General")
    entry = Path(os.environ["XDG_CONFIG_HOME"], f"autostart/{APP_ID}.desktop")
    switch = window.find("Start with the session", roles["switch"])
    switch.do_action(0)
    wait_for("the entry is written", entry.exists)
    assert "Exec=lenscap\n" in entry.read_text()
    switch.do_action(0)
    wait_for("the entry is removed", lambda: not entry.exists())


def test_no_graphics_driver_is_loaded(window, _):
    maps = Path(f"/proc/{window.process.pid}/maps").read_text()
    assert "libLLVM" not in maps and "swrast" not in maps, "GTK draws with OpenGL"
    resident = int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{window.process.pid}/status").read_text())[1])
    print(f"  resident: {resident} kB")
    assert resident < 120_000, resident


def test_closing_keeps_what_is_being_typed(window, _):
    window.page("Device")
    window.tab_to("Name in applications")
    window.key("ctrl+a")
    window.keys("type", "Desk")
    window.key("ctrl+w")
    assert window.process.wait(DEADLINE) == 0, window.process.returncode
    assert "label = \"Desk\"" in window.text().splitlines(), window.text()
    said = window.log.read_text()
    assert "CRITICAL" not in said and "panicked" not in said, said


def tree(node, depth=0):
    shown = "" if is_shown(node) else " (not shown)"
    print(f"{'  ' * depth}{node.get_role_name()} \"{node.get_name()}\"{shown}")
    for child in children(node):
        tree(child, depth + 1)


def screenshots(window, directory):
    from gi.repository import Atspi

    directory.mkdir(parents=True, exist_ok=True)
    relay = Relay()
    window.find("Camera is on: Zoom")
    wide, narrow = (720, 860), (360, 720)
    scale = int(os.environ.get("GDK_SCALE", "1"))
    window.find("Show what apps see", kinds()["button"]).do_action(0)
    time.sleep(2)
    subprocess.run(["import", "-window", window.xid, directory / "preview.png"], check=True)
    window.find("Show what apps see", kinds()["button"]).do_action(0)
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


def main():
    os.environ.pop("GDK_DEBUG", None)
    program = str(Path(sys.argv[1]).resolve())
    import gi

    gi.require_version("Atspi", "2.0")
    from gi.repository import Atspi

    Atspi.init()
    wm = subprocess.Popen(["openbox"], stderr=subprocess.DEVNULL)
    window = None
    passed = failed = 0
    try:
        window = Window(program)
        if "--tree" in sys.argv:
            tree(window.frame)
            return 0
        if "--screenshots" in sys.argv:
            screenshots(window, Path(sys.argv[sys.argv.index("--screenshots") + 1]))
            return 0
        roles = kinds()
        tests = [(name.removeprefix("test_"), test) for name, test in globals().items() if name.startswith("test_")]
        if "--only" in sys.argv:
            words = sys.argv[sys.argv.index("--only") + 1].split(",")
            tests = [(name, test) for name, test in tests if name in words]
        for name, test in tests:
            try:
                test(window, roles)
                passed += 1
                print(f"ok {name}", flush=True)
            except Exception as error:  # each is told; the next goes on
                failed += 1
                print(f"FAIL {name}: {type(error).__name__}: {error}", flush=True)
    except AssertionError as error:
        failed += 1
        print(f"FAIL start: {error}")
    finally:
        for process in (window and window.process, wm):
            if process and process.poll() is None:
                process.terminate()
                process.wait(DEADLINE)
    print(f"prefs_a11y: {passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print(__doc__)
        sys.exit(2)
    sys.exit(main() if INSIDE in os.environ else outside())
