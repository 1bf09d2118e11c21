"""A session of its own for tests of the preferences' window (an X server, a bus, a home), and how they are run in it: a line for
each test, and at the end "NAME: N passed, N failed, N skipped"; exit status 0 unless one failed. What is missing for it is said
by name and counts as skipped."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from prefs_window import DEADLINE, INSIDE

TOOLS = ["Xvfb", "dbus-run-session", "openbox", "xdotool", "xclip"]


def skip(name, why):
    print(f"SKIP {name}: {why}")
    print(f"{name}: 0 passed, 0 failed, 1 skipped")
    sys.exit(0)


def main(file, usage, inside, around=()):
    """`inside`, in a session. `around`: words that start what they are followed by."""
    if len(sys.argv) < 2:
        print(usage)
        return 2
    return inside() if INSIDE in os.environ else outside(file, around)


def outside(file, around):
    name = Path(file).stem
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        skip(name, f"{', '.join(missing)}: not installed (scripts/deps.sh test)")
    try:
        import gi

        gi.require_version("Atspi", "2.0")
    except (ImportError, ValueError) as error:
        skip(name, f"AT-SPI cannot be used from Python ({error}; scripts/deps.sh test)")
    with tempfile.TemporaryDirectory(prefix="lenscap-a11y-") as home:
        runtime = Path(home, "runtime")
        runtime.mkdir(mode=0o700)
        keep = ("PATH", "LLVM_PROFILE_FILE", "GDK_SCALE", "ADW_DEBUG_COLOR_SCHEME", "ADW_DEBUG_HIGH_CONTRAST")
        # The mark of scripts/contain.sh goes on to the daemons of this session, so that they are ended with it.
        environment = {name: text for name, text in os.environ.items() if name in keep or name.startswith("LENSCAP_CONTAINED_")}
        environment |= {
            INSIDE: home,
            "HOME": home,
            "LANG": "C.UTF-8",
            "XDG_CONFIG_HOME": f"{home}/config",
            "XDG_STATE_HOME": f"{home}/state",
            "XDG_RUNTIME_DIR": str(runtime),
            "GSETTINGS_BACKEND": "memory",
            "GIO_USE_VFS": "local",
            "LENSCAP_PREVIEW_SOURCE": "videotestsrc is-live=true pattern=smpte",
            # The applet that "Start" starts has no node.
            "LENSCAP_OUTPUT": "memory",
        }
        # The server finds a free number itself: several may start at once.
        server_command = ["Xvfb", "-noreset", "-displayfd", "1", "-screen", "0", "1600x1600x24", "-nolisten", "tcp"]
        server = subprocess.Popen(server_command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            environment["DISPLAY"] = f":{server.stdout.readline().strip()}"
            command = [*around, "dbus-run-session", "--", sys.executable, file, *sys.argv[1:]]
            return subprocess.run(command, env=environment, timeout=900, check=False).returncode
        except subprocess.TimeoutExpired:
            print(f"{name}: 0 passed, 1 failed, 0 skipped (it did not end within 900 s)")
            return 1
        finally:
            server.terminate()
            server.wait(DEADLINE)


def begin():
    """The program under test."""
    os.environ.pop("GDK_DEBUG", None)
    import gi

    gi.require_version("Atspi", "2.0")
    from gi.repository import Atspi

    Atspi.init()
    return str(Path(sys.argv[1]).resolve())


@contextlib.contextmanager
def desktop():
    wm = subprocess.Popen(["openbox"], stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        wm.terminate()
        wm.wait(DEADLINE)


def tests_of(names):
    return [(name.removeprefix("test_"), test) for name, test in names.items() if name.startswith("test_")]


def run(name, tests):
    """All, or those after `--only`; the exit status."""
    if "--only" in sys.argv:
        words = sys.argv[sys.argv.index("--only") + 1].split(",")
        tests = [(test, does) for test, does in tests if test in words]
    failed = 0
    for test, does in tests:
        began = time.monotonic()
        try:
            does()
            print(f"ok {test} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception as error:  # each is told; the next goes on
            failed += 1
            print(f"FAIL {test}: {type(error).__name__}: {error}", flush=True)
    print(f"{name}: {len(tests) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0
