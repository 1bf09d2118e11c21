"""What the tests of the desktop tier stand on: buses, mocks, the applet and what a tray host sees of it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
LENSCAP = os.environ.get("LENSCAP_PROGRAM", os.path.join(ROOT, "target/debug/lenscap"))
APP_ID = "io.github.lenscap.Lenscap"
APP_PATH = "/io/github/lenscap/Lenscap"
PROPERTIES = "org.freedesktop.DBus.Properties"
WATCHER = "org.kde.StatusNotifierWatcher"
DEADLINE = 30.0


def eventually(what, condition, deadline=DEADLINE):
    """Waits until `condition` gives something true, and returns it."""
    end = time.monotonic() + deadline
    error = None
    while time.monotonic() < end:
        try:
            if value := condition():
                return value
            error = None
        except (GLib.Error, OSError, KeyError, IndexError, StopIteration) as caught:
            error = caught
        time.sleep(0.02)
    raise AssertionError(f"not within {deadline} s: {what}" + (f" ({error})" if error else ""))


class Process:
    """A child that does not outlive its test."""

    def __init__(self, words, environment, log):
        self.log = log
        with open(log, "ab") as output:
            self.child = subprocess.Popen(
                words, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=ROOT
            )
        self.pid = self.child.pid

    def stop(self, how=signal.SIGTERM):
        if self.child.poll() is None:
            self.child.send_signal(how)
            try:
                self.child.wait(15)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        return self.child.returncode

    def text(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()


class Bus:
    """A message bus of our own."""

    CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>{kind}</type><listen>unix:path={path}</listen>{services}
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>"""

    def __init__(self, directory, kind, services=None):
        self.path = os.path.join(directory, f"{kind}-bus")
        self.config = os.path.join(directory, f"{kind}.conf")
        with open(self.config, "w", encoding="utf-8") as file:
            services = f"<servicedir>{services}</servicedir>" if services else ""
            file.write(self.CONFIG.format(kind=kind, path=self.path, services=services))
        self.address = f"unix:path={self.path}"
        self.log = os.path.join(directory, f"{kind}-bus.log")
        self.environment = None
        self.process = None
        self.pids = {}

    def start(self, environment):
        self.environment = environment
        self.pids.clear()
        if os.path.exists(self.path):
            os.unlink(self.path)
        words = ["dbus-daemon", f"--config-file={self.config}", "--nofork"]
        self.process = Process(words, environment, self.log)
        eventually("the bus listens", lambda: os.path.exists(self.path))
        self.connection = self.connect()

    def connect(self):
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        return eventually(
            "the bus answers", lambda: Gio.DBusConnection.new_for_address_sync(self.address, flags, None, None)
        )

    def call(self, name, path, interface, method, arguments=None, timeout=5000):
        answer = self.connection.call_sync(
            name, path, interface, method, arguments, None, Gio.DBusCallFlags.NONE, timeout, None
        )
        return answer.unpack() if answer else None

    def has(self, name):
        return self.call("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "NameHasOwner", GLib.Variant("(s)", (name,)))[0]

    def connections_of(self, pid):
        """The unique names of this process's connections, the newest first."""
        bus, path = "org.freedesktop.DBus", "/org/freedesktop/DBus"
        names = [name for name in self.call(bus, path, bus, "ListNames")[0] if name.startswith(":")]
        for name in names:
            # No name is given twice.
            if name not in self.pids:
                try:
                    self.pids[name] = self.call(bus, path, bus, "GetConnectionUnixProcessID", GLib.Variant("(s)", (name,)))[0]
                except GLib.Error:
                    pass  # gone meanwhile
        return sorted((name for name in names if self.pids.get(name) == pid), key=lambda name: -int(name.split(".")[1]))

    def get(self, name, path, interface, prop):
        return self.call(name, path, PROPERTIES, "Get", GLib.Variant("(ss)", (interface, prop)))[0]


class Desktop:
    """A home, two buses, and what runs in them."""

    PANEL = """<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array"><value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="{dark}"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="{size}"/>
      <property name="icon-size" type="uint" value="{icon}"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/></property>
    </property>
  </property>
  <property name="plugins" type="empty"><property name="plugin-1" type="string" value="systray"/></property>
</channel>"""

    def __init__(self):
        self.home = tempfile.mkdtemp(dir=os.environ["LENSCAP_SCRATCH"])
        self.processes = []
        directories = {name: os.path.join(self.home, name) for name in ("config", "state", "cache", "data", "run")}
        for path in directories.values():
            os.mkdir(path, 0o700)
        self.environment = dict(
            os.environ,
            HOME=self.home,
            XDG_CONFIG_HOME=directories["config"],
            XDG_STATE_HOME=directories["state"],
            XDG_CACHE_HOME=directories["cache"],
            XDG_DATA_HOME=directories["data"],
            XDG_RUNTIME_DIR=directories["run"],
        )
        # The welcome was shown, but in its own tests.
        self.welcomed = os.path.join(directories["state"], "lenscap/welcomed")
        os.mkdir(os.path.dirname(self.welcomed))
        with open(self.welcomed, "w", encoding="utf-8"):
            pass
        services = os.path.join(directories["data"], "services")
        os.mkdir(services)
        self.services = services
        self.session = Bus(self.home, "session", services)
        self.system = Bus(self.home, "system")
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = self.session.address
        self.environment["DBUS_SYSTEM_BUS_ADDRESS"] = self.system.address
        self.session.start(self.environment)
        # xfce4-panel keeps its settings in xfconfd.
        self.offer("org.xfce.Xfconf")
        self.config = os.path.join(directories["config"], "lenscap/config.toml")

    def close(self):
        for process in reversed(self.processes):
            process.stop()
        for bus in (self.session, self.system):
            if bus.process:
                bus.process.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def offer(self, *services):
        """Lets the session bus start these services of the system's, where they are installed."""
        for service in services:
            source = os.path.join("/usr/share/dbus-1/services", f"{service}.service")
            if os.path.exists(source):
                shutil.copy(source, self.services)
        self.session.call("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "ReloadConfig")

    def run(self, words, name, **environment):
        process = Process(words, dict(self.environment, **environment), os.path.join(self.home, f"{name}.log"))
        self.processes.append(process)
        return process

    def panel(self, dark=False, size=32, icon=0):
        directory = os.path.join(self.home, "config/xfce4/xfconf/xfce-perchannel-xml")
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, "xfce4-panel.xml"), "w", encoding="utf-8") as file:
            file.write(self.PANEL.format(dark=str(dark).lower(), size=size, icon=icon))
        panel = self.run(["xfce4-panel", "--disable-wm-check"], "panel")
        eventually("the panel offers a tray", lambda: self.session.has(WATCHER))
        return panel

    def lxqt_panel(self):
        directory = os.path.join(self.home, "config/lxqt")
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, "panel.conf"), "w", encoding="utf-8") as file:
            file.write("[General]\npanels=panel1\n[panel1]\nplugins=statusnotifier\nposition=Top\n"
                       "[statusnotifier]\ntype=statusnotifier\n")
        panel = self.run(["lxqt-panel"], "lxqt-panel", XDG_CURRENT_DESKTOP="LXQt")
        eventually("the panel offers a tray", lambda: self.session.has(WATCHER))
        return panel

    def mock(self, name, path):
        """A stand-in for a service, without methods at first."""
        mock = self.run(["/usr/bin/python3", "-m", "dbusmock", "--session", name, path, name], name)
        eventually("the mock answers", lambda: self.session.has(name))
        return mock

    def add_method(self, name, path, *method):
        """To a mock: interface, method, types of its arguments, type of its answer, the code that sets `ret`."""
        self.session.call(name, path, "org.freedesktop.DBus.Mock", "AddMethod", GLib.Variant("(sssss)", method))

    def calls(self, name, path, method):
        """The arguments of each call of this method that the mock got."""
        calls = self.session.call(name, path, "org.freedesktop.DBus.Mock", "GetCalls")[0]
        return [arguments for _, called, arguments in calls if called == method]

    def watcher(self):
        """A stand-in for what tray items are registered with; who asks them for their properties is a host."""
        mock = self.mock(WATCHER, "/StatusNotifierWatcher")
        self.add_method(WATCHER, "/StatusNotifierWatcher", WATCHER, "RegisterStatusNotifierItem", "s", "", "")
        return mock

    def registered(self):
        """The items that the stand-in heard of, in order."""
        return [item for (item,) in self.calls(WATCHER, "/StatusNotifierWatcher", "RegisterStatusNotifierItem")]

    def notifications(self, capabilities="body body-markup actions"):
        parameters = json.dumps({"capabilities": capabilities})
        words = ["/usr/bin/python3", "-m", "dbusmock", "--template", "notification_daemon", "--parameters", parameters]
        mock = self.run(words, "notifications")
        eventually("the mock answers", lambda: self.session.has("org.freedesktop.Notifications"))
        return mock

    def notified(self):
        """The calls that the mock of the notification service got: [method, arguments]."""
        path = "/org/freedesktop/Notifications"
        calls = self.session.call("org.freedesktop.Notifications", path, "org.freedesktop.DBus.Mock", "GetCalls")[0]
        return [(method, arguments) for _, method, arguments in calls if method in ("Notify", "CloseNotification")]

    def logind(self):
        self.system.start(self.environment)
        self.run(["/usr/bin/python3", "-m", "dbusmock", "--system", "--template", "logind"], "logind")
        eventually("the mock answers", lambda: self.system.has("org.freedesktop.login1"))
        arguments = GLib.Variant("(ssusb)", ("c1", "seat0", os.getuid(), "me", True))
        mock = "org.freedesktop.DBus.Mock"
        path = self.system.call("org.freedesktop.login1", "/org/freedesktop/login1", mock, "AddSession", arguments)[0]
        return path

    def write(self, text):
        os.makedirs(os.path.dirname(self.config), exist_ok=True)
        with open(self.config + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(self.config + ".new", self.config)

    def lenscap(self, *words, **environment):
        """Runs a command to its end: status, stdout, stderr, seconds."""
        began = time.monotonic()
        done = subprocess.run(
            [LENSCAP, *words], env=dict(self.environment, **environment), capture_output=True, text=True, timeout=40,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr, time.monotonic() - began


class Cameras:
    """A stand-in for the kernel's signs of USB cameras: a tree like /sys and /dev, for an applet over memory (LENSCAP_ROOT)."""

    def __init__(self, desktop):
        self.desktop = desktop
        self.root = os.path.join(desktop.home, "kernel")
        for directory in ("sys/class/video4linux", "sys/module/uvcvideo", "dev"):
            os.makedirs(os.path.join(self.root, directory))
        self.put("sys/module/uvcvideo/refcnt", "0")

    def put(self, path, text):
        """In one write that leaves no moment without a text, as the kernel would; padded over an older one."""
        fd = os.open(os.path.join(self.root, path), os.O_WRONLY | os.O_CREAT, 0o644)
        os.write(fd, f"{text:<12}\n".encode())
        os.close(fd)

    def plug(self, number, name):
        """An isochronous camera at /dev/videoNUMBER."""
        device = f"sys/devices/usb1/1-{number}"
        control, stream = f"{device}/1-{number}:1.0", f"{device}/1-{number}:1.1"
        node = f"sys/class/video4linux/video{number}"
        for directory in (f"{control}/power", stream, node):
            os.makedirs(os.path.join(self.root, directory))
        self.put(f"{device}/product", name)
        for interface, subclass, which in ((control, "01", "00"), (stream, "02", "01")):
            self.put(f"{interface}/bInterfaceClass", "0e")
            self.put(f"{interface}/bInterfaceSubClass", subclass)
            self.put(f"{interface}/bInterfaceNumber", which)
            self.put(f"{interface}/bAlternateSetting", " 0")
        self.put(f"{control}/power/runtime_status", "suspended")
        self.put(f"{node}/name", name)
        self.put(f"{node}/index", "0")
        os.symlink(os.path.join(self.root, control), os.path.join(self.root, node, "device"))
        self.put(f"dev/video{number}", "")

    def use(self, number):
        """A program named "tail" streams from it until it is stopped by [`leave`]."""
        base = f"sys/devices/usb1/1-{number}/1-{number}"
        self.put("sys/module/uvcvideo/refcnt", "1")
        path = os.path.join(self.root, f"dev/video{number}")
        program = self.desktop.run(["/usr/bin/tail", "-f", path], "tail")
        eventually("it has the camera", lambda: path in [os.path.realpath(f"/proc/{program.pid}/fd/{fd}")
                                                         for fd in os.listdir(f"/proc/{program.pid}/fd")])
        # Only then: the kernel wakes a camera up for a program that has opened it.
        self.put(f"{base}:1.0/power/runtime_status", "active")
        self.put(f"{base}:1.1/bAlternateSetting", " 1")
        return program

    def leave(self, number, program):
        base = f"sys/devices/usb1/1-{number}/1-{number}"
        program.stop()
        self.put(f"{base}:1.1/bAlternateSetting", " 0")
        self.put(f"{base}:1.0/power/runtime_status", "suspended")
        self.put("sys/module/uvcvideo/refcnt", "0")


class Applet:
    """The running applet, over memory instead of a node unless told otherwise."""

    OPTIONS = ("--source", "test", "--width", "640", "--height", "480", "--cooldown-ms", "0")

    def __init__(self, desktop, *options, memory=True, **environment):
        self.desktop = desktop
        self.bus = desktop.session
        if memory:
            environment["LENSCAP_OUTPUT"] = "memory"
        environment.setdefault("LENSCAP_LOG", "debug")
        self.process = desktop.run([LENSCAP, *(options or self.OPTIONS)], "lenscap", **environment)
        self.pid = self.process.pid
        self.socket = os.path.join(desktop.environment["XDG_RUNTIME_DIR"], "lenscap/control")
        eventually("it answers", lambda: self.ask({"do": "status"}))

    def ask(self, request):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(self.socket)
            client.sendall(json.dumps(request).encode() + b"\n")
            answer = json.loads(client.makefile().readline())
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer

    def stream(self, *names):
        """These programs stream from now on."""
        return self.ask({"do": "pretend", "streaming": list(names)})

    def is_named(self):
        eventually("it has its name", lambda: self.bus.has(APP_ID))

    def property(self, name):
        return self.bus.get(APP_ID, APP_PATH, APP_ID, name)

    def properties(self):
        return self.bus.call(APP_ID, APP_PATH, PROPERTIES, "GetAll", GLib.Variant("(s)", (APP_ID,)))[0]

    def call(self, method, arguments=None):
        return self.bus.call(APP_ID, APP_PATH, APP_ID, method, arguments)

    def wait_for(self, state):
        eventually(f"state {state}, not {self.property('State')}", lambda: self.property("State") == state)

    def wait_for_cards(self):
        """Until they are as they stay: drawn by a process that has ended then, or without words."""
        eventually("the cards are drawn", lambda: re.search("the cards are drawn|without words", self.process.text()))

    # What a tray host sees.

    def item(self):
        """The name of its tray item, once a tray has it."""
        def registered():
            items = self.bus.get(WATCHER, "/StatusNotifierWatcher", WATCHER, "RegisteredStatusNotifierItems")
            item = self.owned_item()
            # "NAME/PATH"; "NAME@PATH" in GNOME.
            return item if item in [re.split("[/@]", registered)[0] for registered in items] else None
        return eventually("the tray has the item", registered)

    def owned_item(self):
        """The name on the bus of its newest tray item, which has a connection of its own."""
        def is_item(name):
            try:
                return self.bus.get(name, "/StatusNotifierItem", "org.kde.StatusNotifierItem", "Category")
            except GLib.Error:
                return False
        return next(name for name in self.bus.connections_of(self.pid) if is_item(name))

    def icon(self, name):
        return self.bus.get(self.owned_item(), "/StatusNotifierItem", "org.kde.StatusNotifierItem", name)

    def shape(self):
        name = self.icon("IconName")
        return re.fullmatch(re.escape(APP_ID) + r"-(\w+)-symbolic", name).group(1)

    def menu(self):
        """Every item with a label, in order: (label, id, properties, parent's label)."""
        return self.layout()[1]

    def layout(self):
        """The menu's revision, and its items as in `menu`."""
        item = self.owned_item()
        try:
            self.bus.call(item, "/MenuBar", "com.canonical.dbusmenu", "AboutToShow", GLib.Variant("(i)", (0,)))
        except GLib.Error:
            pass
        arguments = GLib.Variant("(iias)", (0, -1, []))
        revision, layout = self.bus.call(item, "/MenuBar", "com.canonical.dbusmenu", "GetLayout", arguments)
        found = []

        def walk(node, parent):
            number, properties, children = node
            label = properties.get("label", "")
            if label:
                found.append((label, number, properties, parent))
            for child in children:
                walk(child, label)

        walk(layout, "")
        return revision, found

    def labels(self):
        return [label for label, _, _, _ in self.menu()]

    def layout_with(self, label):
        """As `layout`, once it has this item; None while it has not."""
        revision, items = self.layout()
        return (revision, items) if any(known == label for known, _, _, _ in items) else None

    def click(self, label):
        item = self.owned_item()
        before = None
        while True:
            # A state is heard of before the menu is laid out for it.
            revision, items = eventually(f"the menu has {label}", lambda: self.layout_with(label))
            number = next(number for known, number, _, _ in items if known == label)
            arguments = GLib.Variant("(isvu)", (number, "clicked", GLib.Variant("s", ""), 0))
            try:
                return self.bus.call(item, "/MenuBar", "com.canonical.dbusmenu", "Event", arguments)
            except GLib.Error as error:
                # A menu that is laid out anew has new numbers: a host asks for them, and clicks there.
                is_unknown = error.matches(Gio.dbus_error_quark(), Gio.DBusError.INVALID_ARGS)
                if not is_unknown or revision == before:
                    raise
                before = revision

    # What it uses.

    def switches(self):
        """Context switches so far, by thread."""
        counts = {}
        for task in os.listdir(f"/proc/{self.pid}/task"):
            try:
                with open(f"/proc/{self.pid}/task/{task}/status", encoding="utf-8") as file:
                    counts[task] = sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)
            except FileNotFoundError:
                pass  # ended meanwhile
        return counts

    def status_of(self, key):
        with open(f"/proc/{self.pid}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(key + ":"))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))
