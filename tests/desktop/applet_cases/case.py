"""What every case of the applet stands on."""

import os
import subprocess
import unittest

from rig import LENSCAP, Applet, Desktop

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
