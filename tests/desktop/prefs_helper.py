#!/usr/bin/python3
"""The window's one button and all that is behind it: the real `lenscap doctor`, `lenscap setup` and `lenscap-setup serve`, on a bus
that stands for the system's.

    prefs_helper.py PROGRAM [--only TEST,TEST...]

`lenscap-setup` has no option for another root, on purpose. Here all of it runs in a namespace of users and mounts where what it
looks at and writes is empty and the tests' own. Stand-ins: polkit (dbusmock's), systemctl and udevadm, which do in those
directories what systemd would; the real ones are in the VM (tests/system). Prints as prefs_a11y.py does.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, os.path.dirname(__file__))
import prefs_session  # noqa: E402
import prefs_setup  # noqa: E402
from prefs_window import INSIDE, Window, beside, kinds, wait_for  # noqa: E402

# Where a verb may write.
WRITABLE = ("/etc/modprobe.d", "/etc/modules-load.d", "/etc/systemd", "/etc/udev", "/etc/wireplumber", "/var/lib")
# What is empty in the namespace, or missing.
OURS = {
    *WRITABLE, "/run", "/sys", "/usr/sbin", "/usr/lib/modules", "/usr/lib/systemd", "/usr/lib/udev", "/usr/share/wireplumber", "/lib/modules", "/lib/systemd",
    "/.dockerenv", "/etc/NIXOS",
}
SEEN_ALONE = ("/etc", "/usr", "/var")
NAME = "io.github.lenscap.Setup1"
UNIT = "lenscap-device.service"
ENABLED = f"/etc/systemd/system/multi-user.target.wants/{UNIT}"
UNIT_FILE = f"/usr/lib/systemd/system/{UNIT}"
# Of the system's parts that it runs.
RAN, HOLD, USERS_UNIT = Path("/run/ran"), Path("/run/hold"), Path("/run/users-unit")
SYSTEMCTL = f"""#!/bin/sh
case "$*" in
"--user show "*) cat {USERS_UNIT} 2>/dev/null; exit 0 ;;
"--user mask "*) echo LoadState=masked >{USERS_UNIT} ;;
esac
echo "systemctl $*" >>{RAN}
while [ -e {HOLD} ]; do sleep 0.05; done
[ "$*" != "restart {UNIT}" ] || {{
  mkdir -p /sys/module/v4l2loopback /sys/class/misc/v4l2loopback /sys/class/video4linux/video9
  echo Lenscap >/sys/class/video4linux/video9/name
  echo 10 >/sys/class/video4linux/video9/max_openers
}}
[ "$*" != "stop {UNIT}" ] || rm -r /sys/class/video4linux/video9
"""


def mirror(path):
    """The words by which bubblewrap shows a directory as it is, but for what is ours."""
    for entry in sorted(os.scandir(path), key=lambda entry: entry.name):
        place = entry.path
        if place in OURS:
            continue
        if entry.is_symlink():
            yield from ("--symlink", os.readlink(place), place)
        elif any(our.startswith(f"{place}/") for our in OURS):
            yield from mirror(place)
        else:
            yield from ("--ro-bind" if place.startswith(SEEN_ALONE) else "--dev-bind", place, place)


def contained():
    """What starts a program in the namespace, as nobody who is root there."""
    if not shutil.which("bwrap"):
        prefs_session.skip("prefs_helper", "bubblewrap is not installed (scripts/deps.sh test)")
    words = ["bwrap", "--unshare-user", "--uid", "1000", "--gid", "1000", *mirror("/")]
    tried = subprocess.run([*words, "true"], stderr=subprocess.PIPE, text=True, check=False)
    if tried.returncode:
        prefs_session.skip("prefs_helper", f"no namespace of users can be made here ({tried.stderr.strip()})")
    return words


def empty(*paths):
    for path in map(Path, paths):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True, exist_ok=True)


def put(path, text, mode=0o644):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def written():
    """All that is there, with what is in it."""
    def content(path):
        if path.is_symlink():
            return os.readlink(path)
        return path.read_text() if path.is_file() else None
    return {str(path): content(path) for place in WRITABLE for path in Path(place).rglob("*")}


class Computer:
    """One with the package installed and the module there, and not set up."""

    def __init__(self, program, directory, has_helper):
        import rig

        self.program = Path(program)
        release = Path("/proc/sys/kernel/osrelease").read_text().strip()
        empty(*WRITABLE, "/run", "/run/systemd/system", "/sys", "/usr/sbin")
        put("/usr/sbin/systemctl", SYSTEMCTL, 0o755)
        put("/usr/sbin/udevadm", "#!/bin/sh\n", 0o755)
        put(f"/lib/modules/{release}/modules.dep", "updates/dkms/v4l2loopback.ko.xz: kernel/drivers/media/v4l2-core/videodev.ko\n")
        put(f"/lib/modules/{release}/modules.alias", "alias char-major-10-255 v4l2loopback\n")
        put(UNIT_FILE, "[Unit]\n")
        put("/usr/lib/udev/rules.d/70-lenscap.rules", "")
        services = Path(directory, "services")
        services.mkdir()
        if has_helper:
            helper = self.program.with_name("lenscap-setup")
            put(services / f"{NAME}.service", f"[D-BUS Service]\nName={NAME}\nExec={helper} serve\n")
        self.bus = rig.Bus(directory, "system", str(services))
        self.polkit = None
        self.environment = os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": self.bus.address, "PATH": "/usr/sbin:/usr/bin:/bin"}
        self.bus.start(self.environment)
        self.before = written()

    def start_polkit(self):
        import rig

        words = ["/usr/bin/python3", "-m", "dbusmock", "--system", "--template", "polkitd"]
        self.polkit = rig.Process(words, self.environment, f"{self.bus.path}-polkit.log")
        wait_for("the stand-in for polkit answers", lambda: self.bus.has("org.freedesktop.PolicyKit1"))

    def permit(self, is_permitted):
        from gi.repository import GLib

        path = "/org/freedesktop/PolicyKit1/Authority"
        arguments = GLib.Variant("(b)", (is_permitted,))
        self.bus.call("org.freedesktop.PolicyKit1", path, "org.freedesktop.DBus.Mock", "AllowUnknown", arguments)

    def helper(self):
        from gi.repository import GLib

        bus = "org.freedesktop.DBus"
        return self.bus.call(bus, "/", bus, "GetConnectionUnixProcessID", GLib.Variant("(s)", (NAME,)))[0]

    def undo(self):
        words = [self.program.with_name("lenscap"), "setup", "--undo", "--yes"]
        subprocess.run(words, env=self.environment, stdin=subprocess.DEVNULL, timeout=60, check=True)
        assert written() == self.before, written()

    def close(self):
        HOLD.unlink(missing_ok=True)
        for process in (self.polkit, self.bus.process):
            if process:
                process.stop()


class SetUp(Window):
    def come_up(self):
        self.frame = self.frame_of("Set Up")

    def offer(self):
        """Shows what would be done."""
        self.find("Set Up…", kinds()["button"]).do_action(0)
        self.frame = self.frame_of("Set Up", 2)
        self.find("This will be changed")

    def press(self):
        self.find("Set Up", kinds()["button"]).do_action(0)

    def until_said(self, text):
        wait_for(f"\"{text}\" is said", lambda: self.says(text))


@contextlib.contextmanager
def set_up(program, finding=None, has_helper=True):
    """`finding`: the only one, by a stand-in for `lenscap doctor`, where the real one would need another computer."""
    with tempfile.TemporaryDirectory(dir=os.environ[INSIDE]) as directory:
        computer = Computer(program, directory, has_helper)
        if finding:
            lenscap = Path(program).with_name("lenscap")
            put(Path(directory, "doctor"), json.dumps({"ok": False, "findings": [finding]}))
            program = beside(program, directory, f"[ $1 = doctor ] && cat {directory}/doctor || exec {lenscap} \"$@\"")
        window = None
        try:
            window = SetUp(program, "--set-up", **computer.environment)
            yield computer, window
        finally:
            if window:
                window.end()
            computer.close()


def test_with_polkit_s_yes_the_device_is_made_and_the_window_says_so(program):
    with set_up(program) as (computer, window):
        computer.start_polkit()
        computer.permit(True)
        window.find("The kernel module v4l2loopback is not loaded.")
        window.offer()
        for shown in (ENABLED, "systemctl daemon-reload", f"systemctl restart {UNIT}"):
            window.find(shown)
        assert written() == computer.before and not RAN.exists(), "shown, and nothing done"
        HOLD.touch()
        window.press()
        window.until_said("Waiting for the system")
        wait_for("a program is run for it", RAN.exists)
        HOLD.unlink()
        window.until_said("It is set up.")
        assert written()[ENABLED] == UNIT_FILE, written()
        assert RAN.read_text().splitlines() == ["systemctl daemon-reload", f"systemctl restart {UNIT}"], RAN.read_text()
        window.key("Escape")
        window.frame = window.frame_of("Set Up")
        wait_for("nothing is left to be mended", lambda: not window.look_for("Set Up…"))
        computer.undo()


def test_without_polkit_s_yes_nothing_is_done(program):
    with set_up(program) as (computer, window):
        window.offer()
        window.press()
        window.until_said("There is nobody who could ask for the password")
        window.find("lenscap setup")
        computer.start_polkit()
        window.press()
        window.until_said("It was not permitted, so nothing was done.")
        assert written() == computer.before and not RAN.exists(), written()
        # A no can become a yes.
        computer.permit(True)
        window.press()
        window.until_said("It is set up.")


def test_without_a_helper_the_terminal_s_way_is_said(program):
    with set_up(program, has_helper=False) as (computer, window):
        computer.start_polkit()
        window.offer()
        window.press()
        window.until_said("There is nobody who could ask for the password")
        window.find("lenscap setup")


def test_a_helper_that_dies_is_said_and_the_next_one_completes_it(program):
    with set_up(program) as (computer, window):
        computer.start_polkit()
        computer.permit(True)
        window.offer()
        HOLD.touch()
        window.press()
        wait_for("a program is run for it", RAN.exists)
        assert ENABLED in written(), "it is in its middle"
        os.kill(computer.helper(), signal.SIGKILL)
        window.until_said("Lenscap's helper for the system did not finish")
        HOLD.unlink()
        window.press()
        window.until_said("It is set up.")
        assert f"systemctl restart {UNIT}" in RAN.read_text(), RAN.read_text()
        computer.undo()


def test_a_unit_of_the_user_s_needs_no_helper(program):
    rival = prefs_setup.finding("rivals", "problem", "ipu6-camera-daemon runs as well.", "stop-ipu6-camera-daemon")
    with set_up(program, rival) as (computer, window):
        put(USERS_UNIT, "LoadState=loaded\nUnitFileState=enabled\nActiveState=active\nFragmentPath=/usr/lib/systemd/user/x\n")
        command = "systemctl --user mask --now ipu6-camera-daemon.service"
        window.offer()
        window.find(command)
        assert not RAN.exists(), "shown, and nothing done"
        window.press()
        window.until_said("It is set up.")
        assert RAN.read_text().splitlines() == [command], RAN.read_text()
        assert not computer.bus.has(NAME) and written() == computer.before


def main():
    program = prefs_session.begin()
    with prefs_session.desktop():
        tests = [(name, lambda test=test: test(program)) for name, test in prefs_session.tests_of(globals())]
        return prefs_session.run("prefs_helper", tests)


if __name__ == "__main__":
    sys.exit(prefs_session.main(__file__, __doc__, main, () if INSIDE in os.environ else contained()))
