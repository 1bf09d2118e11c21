"""The D-Bus interface, and buses that die."""

import os
import signal
import threading
import time

from gi.repository import GLib
from rig import APP_ID, APP_PATH, LENSCAP, PROPERTIES, ROOT, Applet, eventually

from .case import Case


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
        self.assertEqual([offer["verb"] for offer in applet.property("Offers")], ["allow", "pause"])
        applet.call("Allow", GLib.Variant("(as)", ([],)))
        applet.wait_for("live")

    def test_each_event_is_told_once_and_in_order(self):
        self.desktop.write('[apps]\nunknown = "ask"\nallow = ["program:zoom"]\n')
        applet = self.applet()
        applet.wait_for("idle")
        seen = []
        self.desktop.session.connection.signal_subscribe(
            None, APP_ID, "CameraEvent", APP_PATH, None, 0, lambda *event: seen.append(event[5].unpack()))
        context = GLib.MainContext.default()

        def heard(expected):
            while context.iteration(False):
                pass
            return [event[0] for event in seen] == expected

        expected = []
        for act, event in [
            (lambda: applet.stream("zoom"), "live"),
            (lambda: applet.call("Pause", GLib.Variant("(u)", (60,))), "paused"),
            (lambda: applet.call("Resume"), "live"),
            (lambda: applet.stream(), "idle"),
            (lambda: applet.stream("<b>Foo</b>"), "asked"),
            (lambda: applet.call("AllowOnce", GLib.Variant("(as)", ([],))), "live"),
        ]:
            act()
            expected.append(event)
            eventually(f"{expected} is told, not {seen}", lambda: heard(expected))
        self.assertEqual(seen[0], ("live", "zoom", "", applet.property("Camera")))
        self.assertEqual([event[1] for event in seen], ["zoom", "zoom", "zoom", "", "<b>Foo</b>", "<b>Foo</b>"])

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
