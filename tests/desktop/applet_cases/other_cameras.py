"""Cameras that programs use past the relay."""

import os

from rig import Cameras, eventually

from .case import Case


class OtherCameras(Case):
    """Programs that use a USB camera past the relay."""

    def setUp(self):
        super().setUp()
        self.cameras = Cameras(self.desktop)
        self.cameras.plug(0, "Foo")

    def watching(self, *options):
        return self.applet(*options, LENSCAP_ROOT=self.cameras.root)

    def test_icon_tooltip_menu_and_notification_name_camera_and_program(self):
        self.desktop.panel()
        self.desktop.notifications()
        applet = self.watching()
        applet.item()
        self.assertEqual(applet.shape(), "capped")
        program = self.cameras.use(0)
        eventually("it is lit", lambda: applet.shape() == "live")
        self.assertEqual(applet.icon("Title"), "Camera Foo is on")
        self.assertEqual(applet.icon("ToolTip")[2], "Camera Foo is on")
        # Lit at once; who it is comes when all processes have been looked at, in another thread.
        eventually("it has a name", lambda: "Camera Foo is on: tail" in applet.icon("ToolTip")[3])
        labels = applet.labels()
        self.assertEqual(labels[0], "Camera Foo is on: tail")
        self.assertTrue(labels[1].startswith("Lenscap cannot switch that camera off"), labels)
        self.assertFalse([label for label in labels if label.startswith("Turn Off")], labels)
        summaries = lambda: [c[1][3] for c in self.desktop.notified() if c[0] == "Notify"]  # noqa: E731
        eventually("it is announced", lambda: summaries()[-1:] == ["Camera Foo is on: tail"])
        other = applet.property("OtherCameras")[0]
        node = os.path.join(self.cameras.root, "dev/video0")
        self.assertEqual((other["camera"], other["node"], other["programs"]), ("Foo", node, ["tail"]))
        self.assertFalse(applet.property("CameraLive"), "that is the relay's own")
        words = self.desktop.lenscap("status")[1]
        self.assertEqual(words.strip(), "Camera Foo is on: tail. Lenscap: Camera is off")
        # Paused, it is still on, and the menu says both.
        applet.call("Toggle")
        applet.wait_for("paused")
        self.assertEqual(applet.shape(), "live")
        eventually("both are said", lambda: "Camera is paused" in applet.labels())
        self.assertEqual(applet.labels()[0], "Camera Foo is on: tail")
        applet.call("Toggle")
        applet.wait_for("idle")
        self.cameras.leave(0, program)
        eventually("it is dark", lambda: applet.shape() == "capped")
        self.assertEqual(applet.property("OtherCameras"), [])
        eventually("the notification is taken away", lambda: "CloseNotification" in dict(self.desktop.notified()))

    def test_switched_off_it_stays_dark_and_switched_on_it_is_seen(self):
        self.desktop.write("[privacy]\nwatch_other_cameras = false\n")
        applet = self.watching()
        program = self.cameras.use(0)
        self.assertEqual(applet.property("OtherCameras"), [])
        self.desktop.write("[privacy]\nwatch_other_cameras = true\n")
        eventually("it is seen", lambda: applet.property("OtherCameras"))
        self.desktop.write("[privacy]\nwatch_other_cameras = false\n")
        eventually("it is dark", lambda: not applet.property("OtherCameras"))
        self.cameras.leave(0, program)

    def test_only_a_demonstration_believes_another_root(self):
        self.desktop.write("[privacy]\nstart_paused = true\n")
        applet = self.applet("--device", "/dev/video98", memory=False, LENSCAP_ROOT=self.cameras.root)
        program = self.cameras.use(0)
        applet.wait_for("no-device")
        self.assertEqual(applet.property("OtherCameras"), [])
        self.cameras.leave(0, program)
