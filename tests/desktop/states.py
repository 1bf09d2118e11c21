"""An applet, brought into each state that the icon shows."""

from rig import Applet

FRAMELESS = "pipeline:videotestsrc is-live=true ! valve drop=true"


def started(desktop, *options):
    applet = Applet(desktop, *options)
    applet.is_named()
    return applet


def walk(desktop, program="Zoom"):
    """Yields (state, applet), the state as on D-Bus; the applet of before has ended where another one comes. `program`: who
    uses the camera."""
    desktop.write("[camera]\nsource = \"test\"\nwidth = 1280\nheight = 720\n[privacy]\ncooldown_ms = 60000\n")
    applet = started(desktop, "--source", "test")
    yield "idle", applet
    applet.stream(program)
    applet.wait_for("live")
    yield "live", applet
    applet.stream()
    applet.wait_for("cooldown")
    yield "cooldown", applet
    applet.call("Toggle")
    applet.wait_for("paused")
    yield "paused", applet
    applet.call("Resume")
    applet.stream(program)
    applet.wait_for("live")
    applet.call("TurnOff")
    applet.wait_for("blocked")
    yield "blocked", applet
    applet.process.stop()
    for state, source in (("starting", FRAMELESS), ("failed", "v4l2:/dev/video99")):
        applet = started(desktop, "--source", source)
        applet.stream(program)
        applet.wait_for(state)
        yield state, applet
        applet.process.stop()
