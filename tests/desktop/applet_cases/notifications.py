"""What is notified, and when."""

import signal

from gi.repository import GLib
from rig import eventually

from .case import Case, children


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
        self.assertEqual(again[3], "Cheese, Zoom are using the camera")
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
