"""The window "Diagnosis", with the real `lenscap doctor` and with stand-ins for it: run by prefs_a11y.py."""

import contextlib
import os
import subprocess
import tempfile
from pathlib import Path

from prefs_window import DEADLINE, INSIDE, Window, beside, kinds, wait_for

TEST = "Test the Camera Now"
NO_ANSWER = "The diagnosis cannot be asked for (no answer)"
# Longer than the window waits for a doctor.
PATIENCE = 30
# The first answer is to be there before the rest hangs.
FINDINGS = '{"ok":true,"findings":[{"check":"relay","verdict":"fine","text":"All is well.","remedy":null}]}'


class Diagnosis(Window):
    def come_up(self):
        self.frame = self.frame_of("Diagnosis")

    def press(self, name):
        self.find(name, kinds()["button"]).do_action(0)

    def test_the_camera(self):
        focused = self.focused()
        if not focused or focused.get_name() != TEST:
            self.tab_to(TEST)
        self.key("Return")

    def until_said(self, text, deadline=DEADLINE):
        wait_for(f"\"{text}\" is said", lambda: self.says(text), deadline)


@contextlib.contextmanager
def diagnosis(program, stand_in=None):
    with tempfile.TemporaryDirectory(dir=os.environ[INSIDE]) as directory:
        window = Diagnosis(beside(program, directory, stand_in) if stand_in else program, "--diagnose")
        try:
            yield window
        finally:
            window.end()


@contextlib.contextmanager
def relay(program):
    """The real one, with a test picture and without a device."""
    words = [Path(program).with_name("lenscap"), "run", "--headless", "--source", "test"]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for("the relay answers", Path(os.environ["XDG_RUNTIME_DIR"], "lenscap/control").exists)
            yield
        finally:
            process.terminate()


def copied():
    words = ["xclip", "-selection", "clipboard", "-out"]
    return subprocess.run(words, capture_output=True, text=True, timeout=DEADLINE, check=True).stdout


def test_the_report_is_copied_and_has_nothing_private(program):
    with diagnosis(program) as window:
        window.press("Copy Report")
        window.until_said("Copied, without anything private")
        words = [Path(program).with_name("lenscap"), "doctor", "--report"]
        report = subprocess.run(words, capture_output=True, text=True, timeout=DEADLINE, check=True).stdout
        assert copied().split("\n")[0] == report.split("\n")[0], copied()
        assert "relay-absent" in copied() and os.environ["HOME"] not in copied(), copied()


def test_the_camera_is_tested_where_it_can_be(program):
    with diagnosis(program) as window:
        window.until_said("The camera is switched on for some seconds")
        window.test_the_camera()
        window.until_said("Lenscap is not running: start it.")
        # One without a device.
        with relay(program):
            window.test_the_camera()
            window.until_said("There is no device to test")


def test_what_came_of_the_test_is_said_in_its_row(program):
    works = "The camera works: 45 pictures of 1280×720 in 3.0 s, 15.0 per second; the first one after 0.4 s."
    with diagnosis(program, f"[ $2 = --test ] && echo '{works}' || echo '{FINDINGS}'") as window:
        window.find("All is well.")
        window.test_the_camera()
        window.until_said(works)
        # Who pressed it goes on from there.
        wait_for("it has the focus", lambda: window.focused() and window.focused().get_name() == TEST)


def test_a_doctor_that_hangs_is_said_and_ends_with_its_window(program):
    with diagnosis(program, f"[ $2 = --json ] && echo '{FINDINGS}' && exit; echo $$ >\"$0.$2\"; exec sleep 1000") as window:
        directory = Path(window.program).parent
        started = lambda how: Path(directory, f"lenscap.{how}")
        runs = lambda how: Path("/proc", started(how).read_text().strip()).exists()
        window.find("All is well.")
        window.press("Copy Report")
        window.test_the_camera()
        wait_for("both are asked", lambda: all(started(how).exists() and started(how).read_text() for how in ("--report", "--test")))
        window.until_said(NO_ANSWER, PATIENCE)
        wait_for("who did not answer is ended", lambda: not runs("--report"))
        assert runs("--test"), "a test has its time"
        # The first one is the toast's.
        window.key("Escape")
        wait_for("the toast is gone", lambda: not window.says(NO_ANSWER))
        window.key("Escape")
        wait_for("the test ends with its window", lambda: not runs("--test"))
