"""The icon and the menu in a real panel."""

import shutil
import signal
import threading
import time
import unittest

from gi.repository import Gio, GLib
from rig import APP_ID, APP_PATH, eventually

from .case import Case


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
        applet.click("Turn Off for Zoom")
        self.shows(applet, "blocked", "Camera is off for Zoom")
        applet.click("Allow Zoom Again")
        self.shows(applet, "live", "Camera is on", "Camera is on: Zoom")

    def test_who_is_on_the_list_is_taken_off_it_by_a_click(self):
        self.desktop.panel()
        self.desktop.write("# mine\n[privacy]\nblocked = [\"cheese\", \"zoom\"]\n")
        applet = self.applet("--source", "test", "--width", "640", "--height", "480", "--cooldown-ms", "0")
        applet.item()
        applet.stream("Zoom")
        self.shows(applet, "blocked", "Camera is off for Zoom")
        self.assertIn("Zoom is on the list of blocked programs", applet.labels())
        about = {"id": "program:Zoom", "name": "Zoom"}
        self.assertEqual(applet.property("Offers")[0], {"verb": "allow", "programs": [about]})
        applet.click("Allow Zoom Again")
        self.shows(applet, "live", "Camera is on", "Camera is on: Zoom")
        with open(self.desktop.config, encoding="utf-8") as file:
            text = file.read()
        self.assertTrue(text.startswith("# mine\n"), text)
        self.assertIn('block = ["program:cheese"]', text)

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
        self.assertIn("Try Again", applet.labels())
        self.assertIn("The camera video99 is not there", applet.icon("ToolTip")[3])
        self.assertTrue(applet.labels()[1].endswith("Details…"), applet.labels())

    def test_without_a_node_it_stays_and_says_so(self):
        self.desktop.panel()
        applet = self.applet("--device", "/dev/video98", memory=False)
        applet.wait_for("no-device")
        self.shows(applet, "attention", "No camera device")
        self.assertIn("v4l2loopback", applet.icon("ToolTip")[3])

    def test_the_menu_acts(self):
        self.desktop.write("# mine\nversion = 1\n[camera]\nsource = \"test\"  # moving\nwidth = 640\nheight = 480\n")
        applet = self.applet("--cooldown-ms", "0")
        self.desktop.panel()
        applet.item()
        applet.click("Until I Resume")
        applet.wait_for("paused")
        self.assertEqual(applet.property("PausedUntil"), -1)
        before = time.time()
        # A pause can be changed.
        applet.click("15 Minutes")
        eventually("it has an end", lambda: applet.property("PausedUntil") > 0)
        self.assertAlmostEqual(applet.property("PausedUntil"), before + 900, delta=20)
        applet.click("Resume Camera")
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

    def test_wanted_only_while_a_camera_is_on_it_hides_and_comes_back(self):
        self.desktop.panel()
        self.desktop.write("[icon]\nonly_while_on = true\n[privacy]\ncooldown_ms = 0\n")
        applet = self.applet("--source", "test", "--width", "640", "--height", "480")
        applet.item()

        def has(status):
            eventually(f"it is {status}", lambda: applet.icon("Status") == status)

        has("Passive")
        applet.stream("Zoom")
        has("Active")
        applet.click("Turn Off for Zoom")
        applet.wait_for("blocked")
        has("Active")
        applet.stream()
        has("Passive")
        self.desktop.write("[icon]\nonly_while_on = \"always\"\n")
        has("Active")
        self.desktop.write("[icon]\nonly_while_on = false\n")
        eventually("all is well", lambda: applet.shape() == "capped")
        has("Active")

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
            item, menu = applet.owned_item(), "com.canonical.dbusmenu"
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
        applet.click("Turn Off for Zoom")
        applet.wait_for("blocked")
        applet.click("Allow Zoom Again")
        applet.wait_for("live")

    def test_nonsense_in_the_settings_is_shown_and_changes_nothing(self):
        self.desktop.panel()
        self.desktop.write("[camera]\nsource = \"test\"\nwidth = 640\nheight = 480\n")
        applet = self.applet("--cooldown-ms", "0")
        applet.item()
        self.desktop.write("[camera]\nwidth = \"wide\"\n")
        eventually("attention", lambda: applet.shape() == "attention")
        self.assertIn("The settings have a mistake – Details…", applet.labels())
        self.assertIn("line 2", applet.icon("ToolTip")[3])
        applet.stream("Zoom")
        applet.wait_for("live")
        self.assertEqual(applet.shape(), "live", "the indicator comes first")
        applet.stream()
        self.desktop.write("[camera]\nsource = \"test\"\n")
        eventually("all is well", lambda: applet.shape() == "capped")
