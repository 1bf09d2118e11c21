"""Starts: the second, the hung first, wrong settings; and the end."""

import os
import signal

from gi.repository import GLib
from rig import APP_ID, APP_PATH, LENSCAP, Applet, eventually

from .case import Case, children


class Starting(Case):
    """One instance, and what a second start does."""

    def test_a_second_start_shows_the_preferences(self):
        applet = self.applet()
        status, out, error, _ = self.desktop.lenscap()
        self.assertEqual((status, out, error), (0, "", ""))
        eventually("the window's process", lambda: children(applet.pid, "lenscap-preferences"))

    def test_a_start_from_a_menu_shows_the_preferences(self):
        applet = self.applet("--window", *Applet.OPTIONS)
        eventually("the window's process", lambda: children(applet.pid, "lenscap-preferences"))

    def test_diagnose_opens_its_window(self):
        self.desktop.panel()
        applet = self.applet()
        applet.item()
        applet.click("Diagnose…")
        eventually("the window's process", lambda: children(applet.pid, "lenscap-preferences"))

    def test_the_first_start_with_something_missing_shows_how_to_set_it_up_once(self):
        os.remove(self.desktop.welcomed)
        # Nothing starts it with the session.
        applet = self.applet("--source", "test", memory=False)
        shown = eventually("the window's process", lambda: children(applet.pid, "lenscap-preferences --set-up"))
        self.assertEqual(len(shown), 1)
        self.assertIn("welcomed", os.listdir(os.path.dirname(self.desktop.welcomed)))
        applet.process.stop()
        again = self.applet("--window", "--source", "test", memory=False)
        eventually("the usual window", lambda: children(again.pid, "lenscap-preferences"))
        self.assertEqual(children(again.pid, "--set-up"), [], "never again unasked")
        again.ask({"do": "set-up"})
        eventually("found again", lambda: children(again.pid, "lenscap-preferences --set-up"))

    def test_a_start_with_the_session_opens_no_window_and_offers_it_by_a_button(self):
        os.remove(self.desktop.welcomed)
        self.desktop.notifications()
        applet = self.applet("--gapplication-service", "--source", "test", memory=False)

        def offered():
            notices = [arguments for method, arguments in self.desktop.notified() if method == "Notify"]
            return next((notice for notice in notices if notice[3] == "Lenscap is not set up yet"), None)

        notice = eventually("the notification", offered)
        self.assertEqual(notice[5][notice[5].index("Set Up…") - 1], "0")
        self.assertEqual(children(applet.pid, "lenscap-preferences"), [])
        path = "/org/freedesktop/Notifications"
        signal = GLib.Variant("(sssav)", (path[1:].replace("/", "."), "ActionInvoked", "us", [
            GLib.Variant("u", 1), GLib.Variant("s", "0")]))
        self.desktop.session.call(path[1:].replace("/", "."), path, "org.freedesktop.DBus.Mock", "EmitSignal", signal)
        eventually("the window's process", lambda: children(applet.pid, "lenscap-preferences --set-up"))

    def test_a_demonstration_has_nothing_to_set_up(self):
        os.remove(self.desktop.welcomed)
        applet = self.applet("--window", *Applet.OPTIONS)
        eventually("the usual window", lambda: children(applet.pid, "lenscap-preferences"))
        self.assertEqual(children(applet.pid, "--set-up"), [])
        self.assertFalse(os.path.exists(self.desktop.welcomed))

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
