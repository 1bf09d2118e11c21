"""The window "Set Up", with stand-ins for `lenscap doctor` and `lenscap setup`: run by prefs_a11y.py. With the real ones:
prefs_helper.py."""

import contextlib
import json
import os
import tempfile
from pathlib import Path

from prefs_window import INSIDE, Window, beside, children, is_locked, kinds, wait_for, walk

MISSING = "The kernel module v4l2loopback is not loaded."
RIVAL = "v4l2-relayd runs as well."


def finding(check, verdict, text, setup=None):
    return {"check": check, "verdict": verdict, "text": text, "remedy": None, "setup": setup}


FINDINGS = [
    finding("relay", "fine", "Lenscap runs."),
    finding("module", "problem", MISSING, "device"),
    finding("camera", "fine", "The camera Integrated Camera can be used."),
    finding("rivals", "problem", RIVAL, "stop-v4l2-relayd"),
]
PLANS = {"plans": [
    {"verb": "device", "steps": [
        {"step": "write", "path": "/etc/modprobe.d/zz-lenscap.conf", "text": "options v4l2loopback devices=1\n"},
        {"step": "run", "command": ["systemctl", "enable", "--now", "lenscap-device.service"]}]},
    {"verb": "stop-v4l2-relayd", "steps": [{"step": "run", "command": ["systemctl", "mask", "--now", "v4l2-relayd.service"]}]},
    {"verb": "camera-rules", "steps": [{"step": "run", "command": ["udevadm", "trigger"]}]},
]}
# What it is asked to do is written down; what came of it is another file's text.
STAND_IN = """cd "$(dirname "$0")"
case "$1 $2" in
"setup --yes") echo "$*" >>asked && cat report.json ;;
*) cat "$1.json" ;;
esac"""


class SetUp(Window):
    """The program beside a stand-in for `lenscap`, with its window "Set Up"."""

    def __init__(self, program, directory, findings):
        self.found = Path(directory, "doctor.json")
        self.find_these(findings)
        Path(directory, "setup.json").write_text(json.dumps(PLANS))
        super().__init__(beside(program, directory, STAND_IN), "--set-up")

    def come_up(self):
        self.frame = self.frame_of("Set Up")
        self.find(MISSING)

    def find_these(self, findings):
        self.found.write_text(json.dumps({"ok": False, "findings": findings}))

    def answer(self, **report):
        report = {"verb": "device", "done": []} | report
        self.found.with_name("report.json").write_text(json.dumps({"reports": [report]}))

    def asked(self):
        """The verbs that it was told to carry out."""
        asked = self.found.with_name("asked")
        words = [line.split() for line in asked.read_text().splitlines()] if asked.exists() else []
        assert all(line[:3] == ["setup", "--yes", "--json"] for line in words), words
        return [verb for line in words for verb in line[3:]]


@contextlib.contextmanager
def set_up(program, findings=FINDINGS):
    with tempfile.TemporaryDirectory(dir=os.environ[INSIDE]) as directory:
        window = SetUp(program, directory, findings)
        try:
            yield window
        finally:
            window.end()


def test_what_is_missing_is_shown_and_mended_by_one_button(program):
    roles = kinds()
    with set_up(program) as window:
        assert Path(os.environ["XDG_STATE_HOME"], "lenscap/welcomed").exists()
        window.find("The camera Integrated Camera can be used.")
        assert not window.says("Lenscap runs."), "nothing that a newcomer has no use for"
        assert len([node for node in walk(window.frame) if node.get_name() == "Set Up…"]) <= 2, "one button and its label"
        window.find("Set Up…", roles["button"]).do_action(0)
        welcome, window.frame = window.frame, window.frame_of("Set Up", 2)
        window.find("This will be changed")
        window.find("/etc/modprobe.d/zz-lenscap.conf")
        window.find("systemctl enable --now lenscap-device.service")
        window.find("systemctl mask --now v4l2-relayd.service")
        assert not window.says("udevadm"), "only what was asked for"
        assert window.asked() == [], "nothing before it is told to"
        window.answer(trouble="forbidden")
        window.find("Set Up", roles["button"]).do_action(0)
        wait_for("the refusal is said", lambda: window.says("It was not permitted, so nothing was done."))
        window.find("lenscap setup")
        assert window.asked() == ["device"], window.asked()
        window.answer(done=[{"step": "run", "command": ["true"]}])
        window.find_these([finding("module", "fine", "The module is loaded.")])
        window.find("Set Up", roles["button"]).do_action(0)
        wait_for("it is said", lambda: window.says("It is set up."))
        assert window.asked() == ["device", "device", "stop-v4l2-relayd"], window.asked()
        window.key("Escape")
        window.frame = welcome
        window.find("The module is loaded.")
        wait_for("nothing is left to be mended", lambda: not window.look_for("Set Up…"))


def test_settings_of_another_relay_are_taken_over(program):
    unit = Path(os.environ["XDG_CONFIG_HOME"], "systemd/user/ipu6-camera-daemon.service")
    unit.parent.mkdir(parents=True, exist_ok=True)
    unit.write_text("[Service]\nExecStart=%h/.local/bin/ipu6-camera-daemon -w 800 -f 12\n")
    try:
        with set_up(program) as window:
            before = window.text()
            window.find("ipu6-camera-daemon")
            wait_for("what it was set to", lambda: window.says("camera.width = 800"))
            assert window.text() == before, "shown before"
            window.find("Take Over", kinds()["button"]).do_action(0)
            window.until_written("width = 800")
            window.until_written("source = \"icamera\"")
            wait_for("it is said", lambda: window.says("They are in"))
    finally:
        unit.unlink()


def test_what_no_answer_comes_of_is_said(program):
    roles = kinds()
    with set_up(program) as window:
        window.find("Set Up…", roles["button"]).do_action(0)
        window.frame = window.frame_of("Set Up", 2)
        button = window.find("Set Up", roles["button"])
        for number, text in enumerate(("", "{", '{"reports":[]}', "x" * (1 << 20)), 1):
            window.found.with_name("report.json").write_text(text)
            wait_for("it can be pressed", lambda: not is_locked(button))
            button.do_action(0)
            wait_for("it is asked", lambda: len(window.asked()) == number)
            wait_for("it is said", lambda: window.says("did not finish"))
        window.find("lenscap setup")


def test_it_needs_no_pointer_and_no_eyes(program):
    from gi.repository import Atspi

    with set_up(program) as window:
        for name in ("Set Up…", "Start with the session", "Show what apps see"):
            window.tab_to(name)
        role = Atspi.Role
        wanted = {role.CHECK_BOX, role.TOGGLE_BUTTON, role.PUSH_BUTTON}
        nameless = [node.get_role_name() for node in window.settled()
                    if node.get_role() in wanted and (not node.get_name() or node.get_name().startswith(("Gtk", "Adw")))]
        assert not nameless, nameless
        window.key("space")
        window.find("What applications see")
        window.key("Escape")
        wait_for("it is closed", lambda: len(list(children(window.app))) == 1)
