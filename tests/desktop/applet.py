#!/usr/bin/python3
"""The applet as a desktop and a stranger on the bus see it. Run by tests/desktop/run.sh; the cases are in applet_cases.
    applet.py [CASE[.TEST]...]"""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
from applet_cases.bus import Bus  # noqa: E402,F401
from applet_cases.costs import Costs  # noqa: E402,F401
from applet_cases.gnome_shell import GnomeShell  # noqa: E402,F401
from applet_cases.hosts import Hosts  # noqa: E402,F401
from applet_cases.icons import Icons  # noqa: E402,F401
from applet_cases.notifications import Notifications  # noqa: E402,F401
from applet_cases.other_cameras import OtherCameras  # noqa: E402,F401
from applet_cases.session import Session  # noqa: E402,F401
from applet_cases.shortcut import Notice, Shortcut  # noqa: E402,F401
from applet_cases.starting import Starting  # noqa: E402,F401
from applet_cases.tray import Tray  # noqa: E402,F401


def main():
    loader = unittest.TestLoader()
    suite = loader.loadTestsFromModule(sys.modules["__main__"])
    if len(sys.argv) > 1:
        suite = loader.loadTestsFromNames(sys.argv[1:], sys.modules["__main__"])
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(suite)
    failed = len(result.failures) + len(result.errors)
    skipped = len(result.skipped)
    passed = result.testsRun - failed - skipped
    print(f"desktop tier: {passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
