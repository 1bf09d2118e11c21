"""What the applet costs while nothing happens, and after much has."""

import subprocess
import time

from rig import LENSCAP, eventually

from .case import Case


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
        # Until then there are the pipes of the process that draws them.
        applet.wait_for_cards()
        before = applet.descriptors()
        for _ in range(200):
            applet.call("Toggle")
        applet.wait_for("idle")
        self.assertEqual(applet.descriptors(), before)

    def test_it_links_neither_gtk_nor_gstreamer(self):
        linked = subprocess.run(["ldd", LENSCAP + "-applet"], capture_output=True, text=True, check=True).stdout
        self.assertNotRegex(linked, "gtk|adwaita|gst|GL")
