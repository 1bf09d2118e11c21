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
        self.assertEqual([actions["0"], actions["1"]], ["Turn Off", "Preferences"])
        self.assertEqual(actions["default"], "", "else some services draw a button for it")
        self.assertEqual((arguments[4], arguments[6]["category"], arguments[6]["urgency"]), ("", "device", 1))
        applet.stream("Zoom", "Cheese")
        _, again = eventually("another", lambda: [c for c in self.desktop.notified() if c[0] == "Notify"][1:])[0]
        self.assertEqual(again[3], "Cheese, Zoom are using the camera")
        self.assertEqual(again[1], 1, "the first one is replaced")
        self.heard("ActionInvoked", 1, "0")
        applet.wait_for("blocked")
        eventually("it is taken away", lambda: ("CloseNotification", [1]) in
                   [(method, list(arguments)) for method, arguments in self.desktop.notified()])

    def test_a_service_that_does_not_say_what_it_can_is_asked_once(self):
        service, path = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
        self.desktop.mock(service, path)
        self.desktop.add_method(service, path, service, "GetCapabilities", "", "as", "raise ValueError")
        self.desktop.add_method(service, path, service, "Notify", "susssasa{sv}i", "u", "ret = 1")
        applet = self.applet()
        for names in (["Zoom"], ["Zoom", "Cheese"]):
            applet.stream(*names)
            eventually("it is told", lambda: len(self.desktop.calls(service, path, "Notify")) == len(names))
        self.assertEqual(len(self.desktop.calls(service, path, "GetCapabilities")), 1)

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
        hints = calls[0][1][6]
        self.assertEqual((hints["category"], hints["urgency"]), ("device.error", 1))
        self.assertIn("The camera video99 is not there", calls[0][1][4])
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

    def test_where_no_button_is_drawn_the_text_says_how_to_turn_the_camera_off(self):
        self.desktop.notifications("body")
        applet = self.applet()
        applet.stream("Zoom")
        told = eventually("a notification", lambda: [c for c in self.desktop.notified() if c[0] == "Notify"])[0][1]
        self.assertIn("To turn the camera off", told[4])

    def test_without_a_tray_it_says_once_how_to_get_one(self):
        self.desktop.notifications()
        applet = self.applet()
        told = lambda: [c for c in self.desktop.notified() if "icon is not shown" in str(c)]  # noqa: E731
        eventually("it is told", told, 60)
        self.assertIn("Add a tray to the panel", told()[0][1][4])
        applet.process.stop()
        applet = self.applet()
        eventually("it looked", lambda: applet.process.text().count("no tray shows the icon") > 1, 60)
        self.assertEqual(len(told()), 1)

    def test_gnome_without_a_tray_is_offered_the_extension(self):
        self.desktop.notifications()
        shell, portal = "org.gnome.Shell", "org.freedesktop.portal.Desktop"
        self.desktop.mock(shell, "/org/gnome/Shell")
        self.desktop.mock(portal, "/org/freedesktop/portal/desktop")
        open_uri = ("org.freedesktop.portal.OpenURI", "OpenURI", "ssa{sv}", "o", "ret = '/'")
        self.desktop.add_method(portal, "/org/freedesktop/portal/desktop", *open_uri)
        self.applet(XDG_CURRENT_DESKTOP="ubuntu:GNOME")
        told = lambda: [c for c in self.desktop.notified() if "icon is not shown" in str(c)]  # noqa: E731
        arguments = eventually("it is told", told, 60)[0][1]
        self.assertIn("extension", arguments[4])
        self.assertEqual(arguments[5][2:4], ["0", "Get Extension"])
        self.heard("ActivationToken", 1, "let-me-in")
        self.heard("ActionInvoked", 1, "0")
        opened = lambda: self.desktop.calls(portal, "/org/freedesktop/portal/desktop", "OpenURI")  # noqa: E731
        _, page, options = eventually("the page is opened where the shell installs nothing", opened)[0]
        self.assertTrue(page.startswith("https://extensions.gnome.org/"), page)
        self.assertEqual(options["activation_token"], "let-me-in")
        install = ("org.gnome.Shell.Extensions", "InstallRemoteExtension", "s", "s", "ret = 'successful'")
        self.desktop.add_method(shell, "/org/gnome/Shell", *install)
        self.heard("ActionInvoked", 1, "0")
        installed = lambda: self.desktop.calls(shell, "/org/gnome/Shell", "InstallRemoteExtension")  # noqa: E731
        self.assertIn("appindicator", eventually("the shell is asked", installed)[0][0])
        self.assertEqual(len(opened()), 1)
