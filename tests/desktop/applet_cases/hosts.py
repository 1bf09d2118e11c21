"""Trays that never ask for the icon, ask late, go and come back: stand-ins, where the test is the host."""

import json
import time

from gi.repository import GLib
from rig import PROPERTIES, eventually

from .case import Case

ITEM = "org.kde.StatusNotifierItem"


class Hosts(Case):
    """Who registers the icon is one program, who shows it may be another."""

    def ask(self, item, *names):
        """Reads these properties as a host does; none: all."""
        if names:
            return [self.desktop.session.get(item, "/StatusNotifierItem", ITEM, name) for name in names]
        arguments = GLib.Variant("(s)", (ITEM,))
        return self.desktop.session.call(item, "/StatusNotifierItem", PROPERTIES, "GetAll", arguments)

    def told(self):
        return [call for method, call in self.desktop.notified() if method == "Notify" and "icon is not shown" in call[3]]

    def is_shown(self, applet, times):
        eventually("it noticed", lambda: applet.process.text().count("a tray asked for the icon") == times)

    def test_a_host_that_never_asks_is_none(self):
        self.desktop.notifications()
        self.desktop.watcher()
        applet = self.applet()
        # Its own changes are no host's questions.
        applet.call("Toggle")
        applet.call("Toggle")
        eventually("it is told", self.told, 60)
        registered = self.desktop.registered()
        self.assertEqual(len(set(registered)), 3, registered)
        self.assertEqual([item[0] for item in registered], [":"] * 3, "unique names")
        self.assertEqual(applet.owned_item(), registered[-1], "the others are gone")

        def quiet():
            before = applet.switches()
            time.sleep(20)  # the measurement itself
            return applet.switches() == before

        eventually("nothing goes on afterwards", quiet, 90)
        self.assertEqual(self.desktop.registered(), registered)
        self.assertEqual(len(self.told()), 1)

    def test_a_host_that_asks_late_has_the_icon(self):
        self.desktop.notifications()
        watcher = self.desktop.watcher()
        applet = self.applet()
        second = eventually("it is raised again", lambda: self.desktop.registered()[1:], 60)[0]
        # As swaybar and LXQt's panel do: they do not read all.
        self.ask(second, "Status", "IconName", "IconThemePath")
        self.is_shown(applet, 1)
        self.assertEqual(len(self.desktop.registered()), 2)
        watcher.stop()
        eventually("it noticed", lambda: "the tray is gone" in applet.process.text())
        self.desktop.watcher()
        # Registered with the new one as it is, or raised again where that was too early.
        eventually("the next one has it", self.desktop.registered, 60)
        self.ask(applet.owned_item())
        self.is_shown(applet, 2)
        self.assertEqual(self.told(), [])

    def test_the_doctor_says_where_there_is_no_tray(self):
        def found():
            report = json.loads(self.desktop.lenscap("doctor", "--json", XDG_CURRENT_DESKTOP="XFCE")[1])
            return [finding["remedy"] for finding in report["findings"] if finding["check"] == "tray"]

        self.assertEqual(found(), ['Add "Status Tray Plugin" to the panel.'])
        self.desktop.panel()
        eventually("the panel's tray is seen", lambda: found() == [])
