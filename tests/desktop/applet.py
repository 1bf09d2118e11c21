#!/usr/bin/python3
"""The applet as a desktop and a stranger on the bus see it. Run by tests/desktop/run.sh."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from gi.repository import Gio, GLib  # noqa: E402
from rig import APP_ID, APP_PATH, LENSCAP, PROPERTIES, ROOT, Applet, Cameras, Desktop, eventually  # noqa: E402

PREFERENCES = os.path.join(os.path.dirname(LENSCAP), "lenscap-preferences")


def children(pid, name):
    """The children of a process that run this program."""
    listed = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if name in line and "defunct" not in line]


class Case(unittest.TestCase):
    """A desktop of its own for each test."""

    def setUp(self):
        self.desktop = Desktop()
        self.addCleanup(self.desktop.close)

    def applet(self, *options, **environment):
        applet = Applet(self.desktop, *options, **environment)
        applet.is_named()
        return applet


class Tray(Case):
    """Icon and menu in a real panel."""

    def shows(self, applet, shape, title, first=None):
        eventually(f"the shape {shape}", lambda: applet.shape() == shape)
        self.assertEqual(applet.icon("Title"), title)
        self.assertEqual(applet.icon("ToolTip")[2], title)
        line = applet.labels()[0]
        self.assertTrue(line.startswith(first or title), line)

    def test_every_state_has_its_shape_and_words(self):
        self.desktop.panel()
        applet = self.applet("--source", "test", "--width", "640", "--height", "480", "--cooldown-ms", "4000")
        applet.item()
        self.shows(applet, "capped", "Camera is off")
        applet.stream("Zoom")
        self.shows(applet, "live", "Camera is on", "Camera is on: Zoom, just now")
        self.assertIn("Zoom, since ", applet.icon("ToolTip")[3])
        self.assertIn("Turn off now", applet.labels())
        self.assertIn("Quit (Zoom will lose the camera)", applet.labels())
        applet.stream()
        self.shows(applet, "cooldown", "Camera is still on")
        applet.wait_for("idle")
        self.shows(applet, "capped", "Camera is off")
        applet.call("Toggle")
        self.shows(applet, "paused", "Camera is paused")
        applet.call("Resume")
        applet.stream("Zoom")
        applet.wait_for("live")
        applet.click("Turn off now")
        self.shows(applet, "blocked", "Camera is blocked")

    def test_starting_and_failing_are_shown(self):
        self.desktop.panel()
        applet = self.applet("--source", "pipeline:videotestsrc is-live=true ! valve drop=true")
        applet.stream("Zoom")
        self.shows(applet, "starting", "Camera is starting")
        self.assertTrue(applet.property("CameraLive"))
        applet.process.stop()
        applet = self.applet("--source", "v4l2:/dev/video99")
        applet.stream("Zoom")
        self.shows(applet, "attention", "The camera does not work")
        self.assertEqual(applet.icon("Status"), "NeedsAttention")
        self.assertIn("Try again", applet.labels())
        self.assertIn("/dev/video99", applet.labels()[1])

    def test_without_a_node_it_stays_and_says_so(self):
        self.desktop.panel()
        applet = self.applet("--device", "/dev/video98", memory=False)
        applet.wait_for("no-device")
        self.shows(applet, "attention", "No camera device")
        self.assertIn("v4l2loopback", " ".join(applet.labels()))

    def test_the_menu_acts(self):
        self.desktop.write("# mine\nversion = 1\n[camera]\nsource = \"test\"  # moving\nwidth = 640\nheight = 480\n")
        applet = self.applet("--cooldown-ms", "0")
        self.desktop.panel()
        applet.item()
        applet.click("Camera allowed")
        applet.wait_for("paused")
        self.assertEqual(applet.property("PausedUntil"), -1)
        applet.click("Camera allowed")
        applet.wait_for("idle")
        before = time.time()
        applet.click("15 minutes")
        applet.wait_for("paused")
        self.assertAlmostEqual(applet.property("PausedUntil"), before + 900, delta=20)
        applet.click("Camera allowed")
        applet.wait_for("idle")
        applet.click("1280 × 720")

        def text():
            with open(self.desktop.config, encoding="utf-8") as file:
                return file.read()

        eventually("the size is written", lambda: "width = 1280\nheight = 720" in text())
        self.assertTrue(text().startswith("# mine\n") and "# moving" in text(), text())
        applet.click("Automatic")
        eventually("the source is written", lambda: 'source = "auto"' in text())
        applet.click("Quit")
        self.assertEqual(applet.process.child.wait(15), 0, applet.process.text())

    def test_changes_in_quick_succession_end_in_the_right_icon(self):
        self.desktop.panel()
        applet = self.applet()
        applet.item()
        bus, over = self.desktop.session.connection, threading.Event()

        def message(method, arguments=None):
            message = Gio.DBusMessage.new_method_call(APP_ID, APP_PATH, APP_ID, method)
            message.set_body(arguments or GLib.Variant("()", ()))
            return message

        def read():
            """A host that asks for the menu all the while, from a connection of its own."""
            item, menu = f"org.kde.StatusNotifierItem-{applet.pid}-1", "com.canonical.dbusmenu"
            connection = self.desktop.session.connect()
            while not over.is_set():
                for method, arguments in (("AboutToShow", "(0,)"), ("GetLayout", "(0, -1, @as [])")):
                    arguments = GLib.Variant.parse(None, arguments, None, None)
                    connection.call_sync(item, "/MenuBar", menu, method, arguments, None, 0, 5000, None)

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        try:
            for number in range(150):
                pause, resume = ("Pause", GLib.Variant("(u)", (0,))), ("Resume",)
                last, shape = (pause, "paused") if number % 2 else (resume, "capped")
                for method, *arguments in (pause, resume, pause, last):
                    # Without waiting for an answer: they are to reach it together.
                    bus.send_message(message(method, *arguments), Gio.DBusSendMessageFlags.NONE)
                eventually(f"the shape {shape}, not {applet.shape()}", lambda: applet.shape() == shape)
        finally:
            over.set()
            for reader in readers:
                reader.join()

    def test_the_panel_may_die_and_come_back(self):
        panel = self.desktop.panel()
        applet = self.applet()
        applet.item()
        panel.stop(signal.SIGKILL)
        eventually("the watcher is gone", lambda: not self.desktop.session.has("org.kde.StatusNotifierWatcher"))
        applet.stream("Zoom")
        applet.wait_for("live")
        self.desktop.panel()
        applet.item()
        eventually("it is live", lambda: applet.shape() == "live")

    @unittest.skipUnless(shutil.which("lxqt-panel"), "lxqt-panel is not installed")
    def test_another_panel_shows_it_too(self):
        self.desktop.lxqt_panel()
        applet = self.applet()
        applet.item()
        applet.stream("Zoom")
        eventually("it is live", lambda: applet.shape() == "live")
        applet.click("Turn off now")
        applet.wait_for("blocked")

    def test_nonsense_in_the_settings_is_shown_and_changes_nothing(self):
        self.desktop.panel()
        self.desktop.write("[camera]\nsource = \"test\"\nwidth = 640\nheight = 480\n")
        applet = self.applet("--cooldown-ms", "0")
        applet.item()
        self.desktop.write("[camera]\nwidth = \"wide\"\n")
        eventually("attention", lambda: applet.shape() == "attention")
        self.assertIn("line 2", " ".join(applet.labels()))
        applet.stream("Zoom")
        applet.wait_for("live")
        self.assertEqual(applet.shape(), "live", "the indicator comes first")
        applet.stream()
        self.desktop.write("[camera]\nsource = \"test\"\n")
        eventually("all is well", lambda: applet.shape() == "capped")


class OtherCameras(Case):
    """Programs that use a USB camera past the relay."""

    def setUp(self):
        super().setUp()
        self.cameras = Cameras(self.desktop)
        self.cameras.plug(0, "Foo")

    def watching(self, *options):
        return self.applet(*options, LENSCAP_ROOT=self.cameras.root)

    def test_icon_tooltip_menu_and_notification_name_camera_and_program(self):
        self.desktop.panel()
        self.desktop.notifications()
        applet = self.watching()
        applet.item()
        self.assertEqual(applet.shape(), "capped")
        program = self.cameras.use(0)
        eventually("it is lit", lambda: applet.shape() == "live")
        self.assertEqual(applet.icon("Title"), "Camera Foo is on")
        self.assertEqual(applet.icon("ToolTip")[2], "Camera Foo is on")
        self.assertIn("Camera Foo is on: tail", applet.icon("ToolTip")[3])
        labels = applet.labels()
        self.assertEqual(labels[0], "Camera Foo is on: tail")
        self.assertTrue(labels[1].startswith("Lenscap cannot switch that camera off"), labels)
        self.assertNotIn("Turn off now", labels)
        told = lambda: [c[1] for c in self.desktop.notified() if c[0] == "Notify" and "Foo" in str(c)]  # noqa: E731
        self.assertEqual(eventually("it is told", told)[0][3], "Camera Foo is on: tail")
        other = applet.property("OtherCameras")[0]
        node = os.path.join(self.cameras.root, "dev/video0")
        self.assertEqual((other["camera"], other["node"], other["programs"]), ("Foo", node, ["tail"]))
        self.assertFalse(applet.property("CameraLive"), "that is the relay's own")
        words = self.desktop.lenscap("status")[1]
        self.assertEqual(words.strip(), "Camera Foo is on: tail. Lenscap's camera is off (idle)")
        # Paused, it is still on, and the menu says both.
        applet.call("Toggle")
        applet.wait_for("paused")
        self.assertEqual(applet.shape(), "live")
        eventually("both are said", lambda: "Camera is paused" in applet.labels())
        self.assertEqual(applet.labels()[0], "Camera Foo is on: tail")
        applet.call("Toggle")
        applet.wait_for("idle")
        self.cameras.leave(0, program)
        eventually("it is dark", lambda: applet.shape() == "capped")
        self.assertEqual(applet.property("OtherCameras"), [])
        eventually("the notification is taken away", lambda: "CloseNotification" in dict(self.desktop.notified()))

    def test_switched_off_it_stays_dark_and_switched_on_it_is_seen(self):
        self.desktop.write("[privacy]\nwatch_other_cameras = false\n")
        applet = self.watching()
        program = self.cameras.use(0)
        self.assertEqual(applet.property("OtherCameras"), [])
        self.desktop.write("[privacy]\nwatch_other_cameras = true\n")
        eventually("it is seen", lambda: applet.property("OtherCameras"))
        self.desktop.write("[privacy]\nwatch_other_cameras = false\n")
        eventually("it is dark", lambda: not applet.property("OtherCameras"))
        self.cameras.leave(0, program)

    def test_only_a_demonstration_believes_another_root(self):
        self.desktop.write("[privacy]\nstart_paused = true\n")
        applet = self.applet("--device", "/dev/video98", memory=False, LENSCAP_ROOT=self.cameras.root)
        program = self.cameras.use(0)
        applet.wait_for("no-device")
        self.assertEqual(applet.property("OtherCameras"), [])
        self.cameras.leave(0, program)


class Notifications(Case):
    """What is told, to a mock that records it."""

    def heard(self, signal, number, text):
        """What the service would say of a notification."""
        service, path = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
        words = GLib.Variant("(sssav)", (service, signal, "us", [GLib.Variant("u", number), GLib.Variant("s", text)]))
        self.desktop.session.call(service, path, "org.freedesktop.DBus.Mock", "EmitSignal", words)

    def test_who_uses_the_camera_and_the_button_turns_it_off(self):
        self.desktop.notifications()
        applet = self.applet()
        applet.stream("Zoom")
        applet.wait_for("live")
        _, arguments = eventually("a notification", lambda: [c for c in self.desktop.notified() if c[0] == "Notify"])[0]
        self.assertEqual(arguments[0], "Lenscap")
        self.assertEqual(arguments[3], "Zoom is using the camera")
        actions = dict(zip(arguments[5][::2], arguments[5][1::2]))
        self.assertEqual([actions["0"], actions["1"]], ["Turn Off", "Settings"])
        applet.stream("Zoom", "Cheese")
        _, again = eventually("another", lambda: [c for c in self.desktop.notified() if c[0] == "Notify"][1:])[0]
        self.assertEqual(again[3], "Zoom, Cheese are using the camera")
        self.assertEqual(again[1], 1, "the first one is replaced")
        self.heard("ActionInvoked", 1, "0")
        applet.wait_for("blocked")
        eventually("it is taken away", lambda: ("CloseNotification", [1]) in
                   [(method, list(arguments)) for method, arguments in self.desktop.notified()])

    def test_a_click_brings_its_token_to_the_window(self):
        self.desktop.notifications()
        applet = self.applet()
        applet.stream("Zoom")
        eventually("a notification", lambda: [c for c in self.desktop.notified() if c[0] == "Notify"])
        self.heard("ActivationToken", 7, "of another program")
        self.heard("ActivationToken", 1, "let-me-in")
        self.heard("ActionInvoked", 1, "1")
        window = eventually("the window's process", lambda: children(applet.pid, "lenscap-preferences"))[0]
        with open(f"/proc/{window}/environ", encoding="utf-8") as file:
            self.assertIn("XDG_ACTIVATION_TOKEN=let-me-in", file.read().split("\0"))

    def test_a_failure_is_told_once_with_its_reason(self):
        self.desktop.notifications()
        applet = self.applet("--source", "v4l2:/dev/video99")
        applet.stream("Zoom")
        applet.wait_for("failed")
        calls = eventually("a notification", lambda: [c for c in self.desktop.notified() if "does not work" in str(c)])
        self.assertIn("/dev/video99", calls[0][1][4])
        eventually("the next try", lambda: applet.process.text().count("starting, camera on") > 1)
        applet.wait_for("failed")
        calls = [c for c in self.desktop.notified() if "does not work" in str(c)]
        self.assertEqual(len(calls), 1, calls)

    def test_each_kind_has_its_setting(self):
        self.desktop.notifications()
        self.desktop.write("[notifications]\nactivation = false\n")
        applet = self.applet()
        applet.stream("Zoom")
        applet.wait_for("live")
        applet.stream()
        applet.wait_for("idle")
        self.assertEqual(self.desktop.notified(), [])

    def test_without_a_service_nothing_is_lost(self):
        applet = self.applet()
        applet.stream("Zoom")
        applet.wait_for("live")
        eventually("it is noted", lambda: "no notification" in applet.process.text())
        applet.stream()
        applet.wait_for("idle")

    def test_without_a_tray_it_says_once_how_to_get_one(self):
        self.desktop.notifications()
        applet = self.applet()
        told = lambda: [c for c in self.desktop.notified() if "no place for its icon" in str(c)]  # noqa: E731
        eventually("it is told", told)
        applet.process.stop()
        applet = self.applet()
        eventually("it looked", lambda: applet.process.text().count("no tray: Error") > 1)
        self.assertEqual(len(told()), 1)


class Bus(Case):
    """The D-Bus interface, as a stranger uses it."""

    def test_properties_and_methods(self):
        applet = self.applet()
        with open(os.path.join(ROOT, f"data/{APP_ID}.xml"), encoding="utf-8") as file:
            described = file.read()
        for name in applet.properties():
            self.assertIn(f'name="{name}"', described)
        seen = []
        self.desktop.session.connection.signal_subscribe(
            None, PROPERTIES, "PropertiesChanged", APP_PATH, None, 0, lambda *event: seen.append(event[5].unpack()[1]))
        applet.stream("Zoom")
        context = GLib.MainContext.default()

        def live():
            while context.iteration(False):
                pass
            return any(changes.get("State") == "live" for changes in seen)

        eventually("the change is told", live)
        first = next(changes for changes in seen if "CameraLive" in changes)
        self.assertTrue(first["CameraLive"])
        self.assertEqual(first["State"], "starting", "lit before the sensor gives anything")
        self.assertEqual(applet.property("Clients")[0]["name"], "Zoom")
        self.assertAlmostEqual(applet.property("LiveSince"), time.time(), delta=30)
        applet.call("Pause", GLib.Variant("(u)", (60,)))
        applet.wait_for("paused")
        self.assertFalse(applet.property("CameraLive"))
        applet.call("Resume")
        applet.wait_for("live")
        applet.call("TurnOff")
        applet.wait_for("blocked")

    def test_unknown_words_are_refused(self):
        applet = self.applet()
        for method, arguments in [("Pause", GLib.Variant("(s)", ("abc",))), ("Pause", None), ("Sing", None)]:
            with self.assertRaises(GLib.Error):
                applet.call(method, arguments)
        with self.assertRaises(GLib.Error) as caught:
            self.desktop.session.call(
                APP_ID, APP_PATH, "org.freedesktop.Application", "ActivateAction",
                GLib.Variant("(sava{sv})", ("sing", [], {})))
        self.assertIn("There is no action", str(caught.exception))
        applet.wait_for("idle")

    def test_ten_toggles_at_once(self):
        applet = self.applet()
        threads = [threading.Thread(target=self.desktop.lenscap, args=("toggle",)) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        applet.wait_for("idle")
        self.assertEqual(self.desktop.lenscap("toggle")[0], 0)
        applet.wait_for("paused")

    def test_the_bus_starts_it(self):
        with open(os.path.join(self.desktop.services, f"{APP_ID}.service"), "w", encoding="utf-8") as file:
            file.write(f"[D-BUS Service]\nName={APP_ID}\n"
                       f"Exec=/usr/bin/env LENSCAP_OUTPUT=memory {LENSCAP} --gapplication-service\n")
        self.desktop.session.call("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "ReloadConfig")
        state = self.desktop.session.call(
            APP_ID, APP_PATH, PROPERTIES, "Get", GLib.Variant("(ss)", (APP_ID, "State")), timeout=20000)[0]
        self.assertEqual(state, "idle")
        self.desktop.session.call(APP_ID, APP_PATH, APP_ID, "Quit")

    def test_the_bus_may_die_and_come_back(self):
        applet = self.applet()
        applet.stream("Zoom")
        applet.wait_for("live")
        self.desktop.session.process.stop(signal.SIGKILL)
        eventually("it noticed", lambda: "the session bus went away" in applet.process.text())
        self.assertTrue(applet.ask({"do": "status"})["live"])
        self.desktop.session.start(self.desktop.environment)
        applet.is_named()
        self.assertEqual(applet.property("State"), "live")

    def test_without_a_bus_the_camera_works(self):
        applet = Applet(self.desktop, DBUS_SESSION_BUS_ADDRESS="")
        self.assertTrue(applet.stream("Zoom")["live"])
        status, out, _, _ = self.desktop.lenscap("status")
        self.assertEqual(status, 0)
        self.assertIn("Zoom", out)


class Starting(Case):
    """One instance, and what a second start does."""

    def test_a_second_start_shows_the_preferences(self):
        applet = self.applet()
        status, out, error, _ = self.desktop.lenscap()
        self.assertEqual((status, out, error), (0, "", ""))
        eventually("the window's process", lambda: children(applet.pid, "lenscap-preferences"))

    def test_diagnose_opens_its_window(self):
        self.desktop.panel()
        applet = self.applet()
        applet.item()
        applet.click("Diagnose…")
        eventually("the window's process", lambda: children(applet.pid, "lenscap-preferences"))

    def test_a_hung_first_one_is_reported_soon(self):
        applet = self.applet()
        os.kill(applet.pid, signal.SIGSTOP)
        try:
            status, _, error, seconds = self.desktop.lenscap()
        finally:
            os.kill(applet.pid, signal.SIGCONT)
        self.assertEqual(status, 1)
        self.assertIn("does not answer", error)
        self.assertLess(seconds, 10, "the 25 s of D-Bus are not waited for")

    def test_a_broken_file_at_the_start_means_paused_and_told(self):
        self.desktop.write("[camera]\nwidth = \n")
        applet = self.applet("--source", "test")
        applet.wait_for("paused")
        eventually("attention", lambda: applet.shape() == "attention")
        applet.stream("Zoom")
        self.assertFalse(applet.property("CameraLive"))
        with self.assertRaises(GLib.Error) as caught:
            applet.call("Reload")
        self.assertIn("line 2", str(caught.exception))
        self.desktop.write("[camera]\nwidth = 640\nheight = 480\n")
        applet.wait_for("live")

    def test_directories_that_cannot_be_written_stop_nothing(self):
        directories = {name: "/proc/nothing" for name in
                       ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")}
        process = self.desktop.run(
            [LENSCAP, "--source", "test"], "bare", LENSCAP_OUTPUT="memory", **directories)
        state = eventually("it is on the bus", lambda: self.desktop.session.get(APP_ID, APP_PATH, APP_ID, "State"))
        self.assertEqual(state, "idle", process.text())
        self.desktop.session.call(APP_ID, APP_PATH, APP_ID, "Toggle")
        eventually("it obeys", lambda: self.desktop.session.get(APP_ID, APP_PATH, APP_ID, "State") == "paused")
        self.assertEqual(process.stop(), 0)

    def test_sigterm_switches_the_camera_off_first(self):
        applet = self.applet()
        applet.stream("Zoom")
        applet.wait_for("live")
        self.assertTrue(children(applet.pid, "lenscap-worker"))
        self.assertEqual(applet.process.stop(), 0)
        self.assertIn("camera off first", applet.process.text())


class Session(Case):
    """Sleep and lock, from a mock of logind."""

    def setUp(self):
        super().setUp()
        self.path = self.desktop.logind()

    def emit(self, name, signature, *values):
        arguments = GLib.Variant("(sssav)", ("org.freedesktop.login1.Manager", name, signature, list(values)))
        mock = "org.freedesktop.DBus.Mock"
        self.desktop.system.call("org.freedesktop.login1", "/org/freedesktop/login1", mock, "EmitSignal", arguments)

    def lock(self, locked):
        arguments = GLib.Variant("(sa{sv})", ("org.freedesktop.login1.Session", {"LockedHint": GLib.Variant("b", locked)}))
        mock = "org.freedesktop.DBus.Mock"
        self.desktop.system.call("org.freedesktop.login1", self.path, mock, "UpdateProperties", arguments)

    def test_the_camera_is_off_before_sleep_and_right_after_it(self):
        applet = self.applet(XDG_SESSION_ID="c1")
        applet.stream("Zoom")
        applet.wait_for("live")
        self.emit("PrepareForSleep", "b", GLib.Variant("b", True))
        applet.wait_for("paused")
        self.assertFalse(applet.property("CameraLive"))
        self.emit("PrepareForSleep", "b", GLib.Variant("b", False))
        applet.wait_for("live")

    def test_a_locked_session_has_no_camera_unless_the_user_wants_it(self):
        applet = self.applet(XDG_SESSION_ID="c1")
        applet.stream("Zoom")
        applet.wait_for("live")
        self.lock(True)
        applet.wait_for("paused")
        self.assertIn("locked", applet.property("Reason"))
        self.desktop.write("[camera]\nsource = \"test\"\n[privacy]\npause_while_locked = false\n")
        applet.wait_for("live")
        self.desktop.write("[camera]\nsource = \"test\"\n")
        applet.wait_for("paused")
        self.lock(False)
        applet.wait_for("live")


    def sleeps(self, relay, asleep=True):
        """Until it is seen: the relay may just be on its way to the bus."""
        def seen():
            self.emit("PrepareForSleep", "b", GLib.Variant("b", asleep))
            time.sleep(0.2)
            return (relay.ask({"do": "status"})["state"] == "paused") == asleep
        eventually(f"sleep is {asleep}", seen)

    def test_a_bus_that_comes_back_is_heard_again(self):
        applet = self.applet(XDG_SESSION_ID="c1")
        applet.stream("Zoom")
        applet.wait_for("live")
        self.sleeps(applet)
        self.desktop.system.process.stop(signal.SIGKILL)
        eventually("it noticed", lambda: "the system bus went away" in applet.process.text())
        self.assertEqual(applet.property("State"), "paused", "as before while nothing is known")
        # Awake when the bus is back: that is read, nobody tells it again.
        self.path = self.desktop.logind()
        applet.wait_for("live")
        self.sleeps(applet)
        self.sleeps(applet, False)
        self.lock(True)
        applet.wait_for("paused")

    def test_resuming_by_hand_wins_over_a_sleep_whose_end_nobody_told(self):
        applet = self.applet(XDG_SESSION_ID="c1")
        applet.stream("Zoom")
        self.sleeps(applet)
        self.desktop.system.process.stop(signal.SIGKILL)
        eventually("it noticed", lambda: "the system bus went away" in applet.process.text())
        applet.call("Resume")
        applet.wait_for("live")

    def test_a_relay_without_a_desktop_sees_sleep_and_lock_too(self):
        relay = Applet(self.desktop, "run", "--headless", *Applet.OPTIONS, XDG_SESSION_ID="c1")
        relay.stream("Zoom")
        state = lambda: relay.ask({"do": "status"})["state"]  # noqa: E731
        eventually("it is live", lambda: state() == "live")
        self.sleeps(relay)
        self.sleeps(relay, False)
        self.lock(True)
        eventually("it is paused", lambda: state() == "paused")
        self.lock(False)
        eventually("it is live again", lambda: state() == "live")
        relay.stream()
        eventually("it is idle", lambda: state() == "idle")

        def quiet():
            before = relay.switches()
            time.sleep(5)  # the measurement itself
            return relay.switches() == before

        # The worker is still on its way out at first.
        eventually("listening costs nothing", quiet, 60)


class Costs(Case):
    """Counts, not times."""

    def test_idle_costs_nothing(self):
        self.desktop.panel()
        applet = self.applet()
        applet.item()
        applet.stream("Zoom")
        applet.wait_for("live")
        applet.stream()
        applet.wait_for("idle")

        def quiet():
            before = applet.switches()
            time.sleep(20)  # the measurement itself
            return applet.switches() == before

        # GLib's helper threads end 15 s after their last work, once: whoever wakes up regularly never gets there.
        eventually("20 s without a wake-up", quiet, 90)
        # The loop, the log's, the settings', and what GLib and zbus keep.
        self.assertLessEqual(applet.status_of("Threads"), 7)
        # What of it is no file: 1.4 MB in a release build, whose whole RSS is in `make bench`.
        self.assertLessEqual(applet.status_of("RssAnon"), 6 * 1024)

    def test_two_hundred_toggles_leave_nothing_behind(self):
        self.desktop.panel()
        applet = self.applet()
        applet.item()
        for _ in range(10):
            applet.call("Toggle")
        before = applet.descriptors()
        for _ in range(200):
            applet.call("Toggle")
        applet.wait_for("idle")
        self.assertEqual(applet.descriptors(), before)

    def test_it_links_neither_gtk_nor_gstreamer(self):
        linked = subprocess.run(["ldd", LENSCAP + "-applet"], capture_output=True, text=True, check=True).stdout
        self.assertNotRegex(linked, "gtk|adwaita|gst|GL")


def main():
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromModule(sys.modules["__main__"])
    if len(sys.argv) > 1:
        suite = loader.loadTestsFromNames(sys.argv[1:], sys.modules["__main__"])
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite)
    failed = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    passed = result.testsRun - failed - skipped
    print(f"desktop tier: {passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
