"""A key of the desktop's that pauses the camera and resumes it, and the notice of what a key did."""

import os
import pty
import subprocess

from gi.repository import GLib
from portal import Plasma, Portal, StandIn
from rig import APP_ID, APP_PATH, LENSCAP, eventually

from .case import Case

ON = "[privacy]\nshortcut = true\n"


class Shortcut(Case):
    """The key, from the real xdg-desktop-portal where it is about one that works as the installed one does."""

    def portal(self, **how):
        if lack := Portal.lack():
            self.skipTest(lack)
        return Portal(self.desktop, **how)

    def wait_for(self, applet, code, **known):
        wanted = {"code": code, **known}
        eventually(f"the shortcut is {wanted}, not {applet.property('Shortcut')}",
                   lambda: wanted.items() <= applet.property("Shortcut").items())

    def doctor(self):
        return self.desktop.lenscap("doctor")[1]

    def test_the_key_pauses_and_resumes(self):
        portal = self.portal()
        self.desktop.write(ON)
        applet = self.applet()
        self.wait_for(applet, "given", trigger="Ctrl+Alt+C")
        [(name, wish)] = portal.asked()[0][2]
        self.assertEqual((name, wish), ("toggle", {
            "description": "Pause or Resume the Camera", "preferred_trigger": "CTRL+ALT+c"}))
        portal.press()
        applet.wait_for("paused")
        portal.press("another")
        portal.press()
        applet.wait_for("idle")
        portal.change("Meta+C")
        self.wait_for(applet, "given", trigger="Meta+C")
        portal.change("")
        self.wait_for(applet, "unassigned")
        self.assertIn("No key is chosen yet", self.doctor())
        self.assertEqual(len(portal.asked()), 1)

    def test_plasma_s_key_pauses_and_is_remembered(self):
        if lack := Plasma.lack():
            self.skipTest(lack)
        Plasma(self.desktop)
        self.desktop.write(ON)
        applet = self.applet()
        for state in ("paused", "idle"):
            self.wait_for(applet, "given", trigger="Ctrl+Alt+C")
            subprocess.run(["xdotool", "key", "ctrl+alt+c"], check=True, timeout=10)
            applet.wait_for(state)
        applet.process.stop()
        applet = self.applet()
        self.wait_for(applet, "given", trigger="Ctrl+Alt+C")

    def test_the_key_is_given_back_when_it_is_switched_off(self):
        portal = self.portal()
        self.desktop.write(ON)
        applet = self.applet()
        self.wait_for(applet, "given")
        self.desktop.write("")
        eventually("it is given back", portal.is_closed)
        eventually("nothing is said of it", lambda: applet.property("Shortcut") == {})
        self.assertNotIn("shortcut", applet.ask({"do": "status"}))

    def test_who_says_no_is_not_asked_again_until_it_is_switched_on_again(self):
        portal = self.portal(response=1)
        self.desktop.write(ON)
        applet = self.applet()
        self.wait_for(applet, "refused")

        def text():
            with open(self.desktop.config, encoding="utf-8") as file:
                return file.read()
        eventually("the setting is off", lambda: "shortcut = false" in text() or "shortcut" not in text())
        self.desktop.write("[privacy]\nstart_paused = true\n")
        applet.ask({"do": "reload"})
        self.wait_for(applet, "refused")
        self.assertEqual(len(portal.asked()), 1)
        portal.answer("Ctrl+Alt+C", 0)
        self.desktop.write(ON)
        self.wait_for(applet, "given")

    def test_a_no_that_cannot_be_kept_is_not_asked_again_either(self):
        broken = f"open({self.desktop.config!r}, 'w').write('[privacy')"
        portal = self.portal(response=1, first=broken)
        self.desktop.write(ON)
        applet = self.applet()
        self.wait_for(applet, "refused")
        portal.answer("Ctrl+Alt+C", 0)
        applet.stream("zoom")
        # Other settings change, and that one still asks for a key.
        for settings, state in ((ON + "blocked = [\"zoom\"]\n", "blocked"), ("", "live")):
            self.desktop.write(settings)
            applet.wait_for(state)
            self.wait_for(applet, "refused")
        self.desktop.write(ON)
        self.wait_for(applet, "given")
        self.assertEqual(len(portal.asked()), 2)

    def test_a_portal_that_comes_anew_is_asked_again(self):
        portal = self.portal()
        self.desktop.write(ON)
        applet = self.applet()
        self.wait_for(applet, "given")
        portal.process.stop()
        self.wait_for(applet, "failed")
        portal.start()
        self.wait_for(applet, "given")
        portal.press()
        applet.wait_for("paused")
        self.assertEqual(len(portal.asked()), 2)

    def test_a_session_that_the_desktop_ends_is_over(self):
        portal = self.portal()
        self.desktop.write(ON)
        applet = self.applet()
        self.wait_for(applet, "given")
        portal.close()
        self.wait_for(applet, "failed")
        for state in ("paused", "idle"):
            applet.call("Toggle")
            applet.wait_for(state)
        self.assertEqual(len(portal.asked()), 1, "it is not asked again and again")

    def test_a_desktop_without_shortcuts_is_no_error(self):
        self.portal(backend=False)
        self.desktop.write(ON)
        applet = self.applet()
        self.wait_for(applet, "no-portal")
        self.assertIn("note     Keyboard shortcut: This desktop gives no global shortcuts", self.doctor())
        # The log is written beside, and may come later than what D-Bus says.
        said = eventually("it is noted", lambda: applet.process.text().split("keyboard shortcut")[1])
        self.assertNotIn("WARN", said)

    def test_without_any_portal(self):
        self.desktop.write(ON)
        applet = self.applet()
        self.wait_for(applet, "no-portal")

    def test_nobody_is_asked_who_is_not_to_be(self):
        portal = self.portal()
        applet = self.applet()
        applet.stream("Zoom")
        applet.wait_for("live")
        self.assertEqual((applet.property("Shortcut"), portal.asked()), ({}, []))

    def test_a_portal_that_wants_to_know_who_asks_hears_it_first(self):
        portal = StandIn(self.desktop, "new")
        self.desktop.write(ON)
        applet = self.applet()
        self.wait_for(applet, "given", trigger="Ctrl+Alt+C")
        methods = [method for method, _ in portal.calls()]
        self.assertEqual(methods, ["Register", "CreateSession", "BindShortcuts"])

    def test_a_portal_that_does_not_know_us_gives_none(self):
        StandIn(self.desktop, "strict")
        self.desktop.write(ON)
        applet = self.applet()
        self.wait_for(applet, "failed")
        self.assertIn("An app id is required", str(applet.property("Shortcut")))
        self.assertIn("bind one to \"lenscap toggle\"", self.doctor())

    def test_a_portal_that_does_not_answer_holds_nothing_up(self):
        for kind in ("silent", "deaf"):
            with self.subTest(kind):
                portal = StandIn(self.desktop, kind)
                self.desktop.write(ON)
                applet = self.applet()
                self.wait_for(applet, "asked")
                applet.stream("Zoom")
                applet.wait_for("live")
                self.wait_for(applet, "failed")
                self.assertIn("silent", str(applet.property("Shortcut")))
                applet.process.stop()
                portal.process.stop()


class Notice(Case):
    """What is said for a moment of what a key did."""

    def setUp(self):
        super().setUp()
        self.desktop.notifications()

    def notices(self):
        words = ("Camera is paused", "Camera is allowed")
        return [c[1] for c in self.desktop.notified() if c[0] == "Notify" and c[1][3] in words]

    def test_it_passes_and_replaces_the_one_before(self):
        applet = self.applet()
        self.assertEqual(self.desktop.lenscap("toggle")[0], 0)
        paused = eventually("a notice", self.notices)[0]
        self.assertEqual((paused[3], paused[1], paused[7]), ("Camera is paused", 0, 3000))
        self.assertEqual((paused[6]["transient"], paused[6]["urgency"]), (True, 1))
        # As a key does that a desktop file's action has.
        self.desktop.session.call(
            APP_ID, APP_PATH, "org.freedesktop.Application", "ActivateAction",
            GLib.Variant("(sava{sv})", ("toggle", [], {})))
        allowed = eventually("another notice", lambda: self.notices()[1:])[0]
        self.assertEqual((allowed[3], allowed[1]), ("Camera is allowed", 1))
        applet.wait_for("idle")

    def test_ten_presses_leave_one_with_the_last_state(self):
        applet = self.applet()
        applet.stream("Zoom")
        applet.wait_for("live")
        presses = [subprocess.Popen([LENSCAP, "toggle"], env=self.desktop.environment, stdout=subprocess.DEVNULL)
                   for _ in range(10)]
        self.assertEqual([press.wait(30) for press in presses], [0] * 10)
        applet.wait_for("live")
        self.assertEqual(self.desktop.lenscap("toggle")[0], 0)
        eventually("the last one says so", lambda: self.notices()[-1][3] == "Camera is paused")
        self.assertEqual(applet.property("State"), "paused")
        first, *others = [notice[1] for notice in self.notices()]
        self.assertEqual((first, len(set(others))), (0, 1), "all are the same one")

    def test_it_waits_until_the_camera_is_off(self):
        applet = self.applet()
        applet.stream("Zoom")
        applet.wait_for("live")
        self.assertEqual(self.desktop.lenscap("toggle")[0], 0)
        eventually("a notice", self.notices)
        self.assertFalse(applet.property("CameraLive"))

    def test_who_reads_the_answer_gets_none(self):
        applet = self.applet()
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(LENSCAP, [LENSCAP, "toggle"], self.desktop.environment)
        with os.fdopen(terminal, "rb") as screen:
            try:
                said = screen.read()
            except OSError:  # the other end of a terminal is gone with its last program
                said = b""
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, said)
        applet.wait_for("paused")
        applet.call("Toggle")
        applet.wait_for("idle")
        # A desktop that was started from a terminal starts what a key runs in a session of its own (sway, Hyprland, i3).
        own, other = pty.openpty()
        done = subprocess.run([LENSCAP, "toggle"], env=self.desktop.environment, stdout=other, start_new_session=True,
                              timeout=30, check=False)
        self.assertEqual(done.returncode, 0)
        for terminal in (own, other):
            os.close(terminal)
        self.assertEqual([notice[3] for notice in eventually("a notice", self.notices)], ["Camera is paused"])

    def test_it_has_its_setting(self):
        self.desktop.write("[notifications]\ntoggle = false\n")
        applet = self.applet()
        for state in ("paused", "idle"):
            self.assertEqual(self.desktop.lenscap("toggle")[0], 0)
            applet.wait_for(state)
        applet.stream("Zoom")
        eventually("what comes later", lambda: "Zoom is using" in str(self.desktop.notified()))
        self.assertEqual(self.notices(), [])
