"""Sleep and lock, from a mock of logind."""

import signal
import time

from gi.repository import GLib
from rig import Applet, eventually

from .case import Case


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
            is_so = lambda: (relay.ask({"do": "status"})["state"] == "paused") == asleep  # noqa: E731
            try:
                return eventually("it is heard", is_so, 1)
            except AssertionError:
                return False

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
