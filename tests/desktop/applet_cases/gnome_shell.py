"""GNOME's extension, but for what the Shell draws, with the real applet."""

import os
import shutil
import subprocess
import unittest

from rig import ROOT

from .case import Case


class GnomeShell(Case):
    """Its model over the bus."""

    @unittest.skipUnless(shutil.which("gjs"), "gjs is not installed")
    def test_the_tile_switches_the_camera(self):
        applet = self.applet()
        applet.stream("Zoom")
        applet.wait_for("live")
        words = ["gjs", "-m", os.path.join(ROOT, "tests/gnome-shell/applet.js")]
        done = subprocess.run(words, env=self.desktop.environment, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("1 passed, 0 failed", done.stdout)
