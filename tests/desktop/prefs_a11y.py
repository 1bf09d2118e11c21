#!/usr/bin/python3
"""The preferences program as a screen reader and a keyboard meet it: AT-SPI, in an X server and a session bus of its own.

    prefs_a11y.py PROGRAM [--screenshots DIRECTORY | --tree | --only TEST,TEST...]

Prints a line for each test, and at the end "prefs_a11y: N passed, N failed, N skipped". Exit status: 0 unless one failed.
What is missing for it is said by name and counts as skipped.
"""

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, os.path.dirname(__file__))
import prefs_diagnosis  # noqa: E402
import prefs_session  # noqa: E402
import prefs_setup  # noqa: E402
from prefs_window import APP_ID, DEADLINE, Relay, Window, children, is_locked, is_shown, kinds, wait_for, walk  # noqa: E402

def test_state_without_applet(window, _):
    window.find("Lenscap is not running")
    window.find("Start")


def test_start_starts_the_applet(window, roles):
    window.find("Start", roles["button"]).do_action(0)
    window.find("Camera is off")
    assert not window.says("Lenscap is not running")
    window.find("Camera allowed", roles["switch"]).do_action(0)
    window.find("Camera is paused")
    window.find("Camera allowed", roles["switch"]).do_action(0)
    window.find("Camera is off")
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(os.path.join(os.environ["XDG_RUNTIME_DIR"], "lenscap/control"))
        control.sendall(b'{"do":"quit"}\n')
        control.recv(4096)
    window.find("Lenscap is not running")


def test_diagnosis_comes_from_its_row(window, _):
    window.page("General")
    window.tab_to("Diagnose")
    window.key("Return")

    def shown():
        return next((frame for frame in children(window.app) if frame.get_name() == "Diagnosis"), None)

    diagnosis = wait_for("the window of the diagnosis", shown)
    wait_for("what it found", lambda: any(node.get_name() == "Lenscap is not running." for node in walk(diagnosis)))
    window.key("Escape")
    wait_for("it is closed", lambda: shown() is None)
    window.page("Camera")


def test_state_of_the_running_applet(window, _):
    relay = Relay()
    window.find("Camera is on: Zoom")
    assert not window.says("Lenscap is not running")
    relay.set("paused", paused_until=-1)
    relay.tell()
    window.find("Camera is paused")
    relay.set("failed", reason="The camera is unplugged: plug it in.")
    relay.tell()
    window.find("The camera is unplugged: plug it in.")
    relay.set("no-device", reason="There is no device.")
    relay.tell()
    window.find("Applications see no camera")
    window.find("Diagnose…")
    relay.leave()
    window.find("Lenscap is not running")


def test_what_can_be_done_has_buttons(window, roles):
    relay = Relay()
    relay.set("live", clients=["Zoom"], offers=[("turn-off", ["Zoom"]), ("pause", [])])
    relay.tell()
    window.find("Turn Off", roles["button"]).do_action(0)
    wait_for("it is asked for", lambda: relay.calls == [("TurnOff",)])
    relay.calls.clear()
    relay.set("paused", paused_until=int(time.time()) + 900, offers=[("resume", []), ("pause", [])])
    relay.tell()
    # With the choices that the tray's menu has.
    window.tab_to("Pause")
    window.key("space")
    assert all(window.find(choice) for choice in ("15 Minutes", "1 Hour", "Until I Resume"))
    window.find("1 Hour").do_action(0)
    wait_for("it is asked for", lambda: relay.calls == [("Pause", 3600)])
    relay.calls.clear()
    relay.set("blocked", clients=["Zoom"], offers=[("allow", ["Zoom"])])
    relay.tell()
    window.find("Allow Again", roles["button"]).do_action(0)
    wait_for("it is asked for", lambda: relay.calls == [("Allow", ["Zoom"])])
    assert not window.says("Turn Off")
    relay.leave()


def test_what_an_option_decides_is_said_and_locked(window, roles):
    relay = Relay()
    relay.set("idle", options={"camera.framerate": 24})
    relay.tell()
    window.find("Set by --framerate 24")
    assert is_locked(window.find("Framerate", roles["number"]))
    relay.leave()
    wait_for("it is free again", lambda: not is_locked(window.find("Framerate", roles["number"])))
    assert not window.says("Set by")


def test_a_program_that_was_here_is_picked(window, roles):
    relay = Relay()
    window.page("Privacy")
    window.tab_to("cheese")
    for key, written in [("Down", "block = [\"program:cheese\"]"), ("Up", "block = []")]:
        choose(window, *[key] * 4)
        window.until_written(written)
    relay.leave()
    window.page("Camera")


def test_switch_is_written(window, roles):
    window.find("Mirror", roles["switch"]).do_action(0)
    window.until_written("mirror = true")


def test_number_is_written(window, roles):
    window.find("Framerate", roles["number"]).get_value_iface().set_current_value(24)
    window.until_written("framerate = 24")


def choose(window, *keys):
    """Opens the list of the row with the focus and goes to another choice."""
    closed = window.shown_count()
    window.key("space")
    wait_for("the list is open", lambda: window.shown_count() > closed)
    window.key(*keys, "Return")


def test_choice_by_keyboard(window, _):
    window.tab_to("Rotation")
    choose(window, "Down", "Down")
    window.until_written("rotation = 90")


def test_nonsense_is_refused_in_words(window, roles):
    before = window.text()
    window.tab_to("Framerate", roles["number"])
    window.key("ctrl+a")
    window.keys("type", "1000")
    window.key("Return")
    wait_for("the reason is said", lambda: window.says("Must be a whole number from 1 to 240, not 1000."))
    assert window.find("Framerate", roles["number"]).get_value_iface().get_current_value() == 24
    assert window.text() == before


def test_edit_by_hand_is_shown_and_comments_stay(window, roles):
    window.config.write_text("# by hand\n" + window.text().replace("framerate = 24", "framerate = 15 # slow"))
    number = window.find("Framerate", roles["number"])
    wait_for("the edit is shown", lambda: number.get_value_iface().get_current_value() == 15)
    window.find("Mirror", roles["switch"]).do_action(0)
    window.until_written("mirror = false")
    assert "# by hand" in window.text() and "framerate = 15 # slow" in window.text(), window.text()


def test_a_mistake_in_the_file_is_told_and_nothing_is_overwritten(window, roles):
    good = window.text()
    wrong = good.replace("framerate = 15", "framerate = \"fast\"")
    window.config.write_text(wrong)
    window.find("The settings file cannot be used")
    line = wrong.splitlines().index("framerate = \"fast\" # slow") + 1
    assert window.says(f"line {line}"), f"line {line}"
    mirror = window.find("Mirror", roles["switch"])
    wait_for("the rows are locked", lambda: is_locked(mirror))
    assert window.text() == wrong
    window.config.write_text(good)
    wait_for("the rows are free", lambda: not is_locked(mirror))
    assert not window.look_for("The settings file cannot be used")


def preview_threads(window):
    tasks = Path(f"/proc/{window.process.pid}/task")
    return sum(1 for task in tasks.iterdir() if (task / "comm").read_text().strip() == "preview")


def test_preview_runs_while_it_is_shown_only(window, roles):
    window.find("Show what apps see", roles["switch"]).do_action(0)
    window.find("What applications see")
    assert preview_threads(window) == 1
    window.page("Privacy")
    wait_for("the preview stops with its page", lambda: preview_threads(window) == 0)
    window.page("Camera")
    window.find("Show what apps see", roles["switch"]).do_action(0)
    window.find("What applications see")
    window.page("Controls")
    window.find("What applications see")
    assert preview_threads(window) == 1, "it goes along"
    window.find("Show what apps see", roles["switch"]).do_action(0)
    wait_for("the preview stops with its switch", lambda: preview_threads(window) == 0)
    window.page("Camera")


def test_the_picture_is_framed_by_keyboard(window, roles):
    window.key("ctrl+p")
    window.find("What applications see")
    window.tab_to("What applications see")
    window.key("plus", "plus", "Right", "Up")
    window.until_written("zoom = 120")
    window.until_written("pan_x = 5")
    window.until_written("pan_y = -5")
    number = window.find("Zoom", roles["number"])
    wait_for("the number goes along", lambda: number.get_value_iface().get_current_value() == 120)
    window.key("0")
    window.until_written("zoom = 100")
    window.key("ctrl+p")
    wait_for("the preview stops", lambda: preview_threads(window) == 0)


def test_pages_are_reached_by_keys(window, _):
    window.key("alt+3")
    window.find("Start paused")
    window.key("ctrl+Next")
    window.find("Nobody used a camera today.")
    window.key("ctrl+Prior")
    window.find("Start paused")
    window.key("alt+1")
    window.find("Mirror")


def test_the_history_is_deleted_after_a_question(window, roles):
    window.page("Use")
    window.find("Delete History…", roles["button"]).do_action(0)

    def delete():
        # libadwaita 1.2 says a response's label twice.
        dialogs = (frame for frame in children(window.app) if frame.get_name() == "Delete the history?")
        nodes = (node for dialog in dialogs for node in walk(dialog) if node.get_role() in roles["button"])
        return next((node for node in nodes if node.get_name().startswith("Delete")), None)

    wait_for("it is asked", delete).do_action(0)
    # The toast has a button too. It goes soon: no more than what is in it is looked at.
    toast = window.find("0 entries were deleted.").get_parent().get_parent()
    faults, seen = nameless(walk(toast))
    assert seen and not faults, faults
    # It goes by itself, and not while the next test looks at what is shown.
    wait_for("the toast is gone", lambda: not window.says("0 entries were deleted."))
    window.page("Camera")


def test_keys_are_listed(window, _):
    window.key("ctrl+question")

    def shown():
        return next((frame for frame in children(window.app) if frame.get_name() == "Keyboard Shortcuts"), None)

    keys = wait_for("the window of the keys", shown)
    wait_for("what they do", lambda: any(node.get_name() == "Next page" for node in walk(keys)))
    window.key("Escape")
    wait_for("it is closed", lambda: shown() is None)


def nameless(nodes):
    """Those of nodes that one works with and a screen reader has no name of, and how many have one."""
    from gi.repository import Atspi

    role = Atspi.Role
    wanted = {role.CHECK_BOX, role.TOGGLE_BUTTON, role.PUSH_BUTTON, role.SPIN_BUTTON, role.TEXT, role.COMBO_BOX, role.ENTRY}
    found, seen = [], 0
    for node in nodes:
        if node.get_role() in wanted and is_shown(node):
            inside = node.get_parent()
            # The parts of a number's button and of a list's are the control's own.
            if inside.get_role() in (role.SPIN_BUTTON, role.COMBO_BOX, role.TEXT, role.ENTRY):
                continue
            seen += 1
            # What has no name is given that of its class.
            if not node.get_name() or re.match("(Gtk|Adw)[A-Z]", node.get_name()):
                found.append(f"{node.get_role_name()} \"{node.get_name()}\" in {inside.get_role_name()}")
    return found, seen


def test_everything_is_named(window, _):
    faults, seen = [], 0
    for page in ("Camera", "Controls", "Privacy", "Use", "Device", "General"):
        window.page(page)
        found, named = nameless(window.settled())
        faults += [f"{page}: {fault}" for fault in found]
        seen += named
    assert seen > 25, seen
    assert not faults, faults


def test_controls_of_a_camera_are_moved_by_keyboard(window, _):
    from gi.repository import Atspi

    window.page("Camera")
    before = window.text()
    window.config.parent.mkdir(parents=True, exist_ok=True)
    window.config.write_text("[camera]\nsource = \"test\"\n")
    window.page("Controls")
    # The test picture has none of its own: these are in software.
    window.find("Brightness")
    window.tab_to("Brightness", {Atspi.Role.SLIDER})
    window.key("Right", "Right", "Right")
    window.until_written("brightness = 3")
    window.tab_to("Reset to Defaults")
    window.key("Return")
    wait_for("the value is forgotten", lambda: "brightness" not in window.text())
    window.config.write_text(before)
    window.page("Camera")


def test_program_is_blocked_by_keyboard(window, _):
    window.page("Privacy")
    # Past the page's other entry: GTK 4.8 does not tell which of them Tab has reached.
    window.tab_to("The camera does not work")
    window.tab_to("Block a program")
    window.keys("type", "zoom")
    window.key("Return")
    window.until_written("block = [\"program:zoom\"]")
    window.tab_to("zoom")
    choose(window, *["Up"] * 4)
    window.until_written("block = []")


def test_reset_can_be_undone(window, roles):
    window.page("Camera")
    window.find("Reset to Defaults", roles["button"]).do_action(0)
    wait_for("the setting is taken out", lambda: "rotation" not in window.text())
    window.find("Camera settings are reset")
    window.find("Undo", roles["button"]).do_action(0)
    window.until_written("rotation = 90")


def test_search_leads_to_rows_of_other_pages(window, _):
    window.key("ctrl+f")
    window.keys("type", "cooldown")
    window.tab_to("Cooldown")
    window.key("Return")
    window.find("Start paused")
    window.page("Camera")


def test_search_finds_what_people_type_or_nothing(window, _):
    before = window.text()
    window.config.parent.mkdir(parents=True, exist_ok=True)
    # It has controls, in software, which no page has shown yet.
    window.config.write_text("[camera]\nsource = \"test\"\n")
    for text, title in (("quality", "Resolution"), ("notification", "The camera does not work"), ("brightness", "Brightness")):
        window.key("ctrl+f")
        window.keys("type", text)
        window.find(title)
        window.key("Escape")
    window.key("ctrl+f")
    window.keys("type", "blur")
    window.find("No Results")
    window.key("Escape")
    window.find("Mirror")
    window.config.write_text(before)


def test_second_start_presents_the_first(window, _):
    second = subprocess.run([window.program], timeout=DEADLINE, check=False)
    assert second.returncode == 0, second.returncode
    assert len(list(children(window.app))) == 1
    assert window.process.poll() is None


def test_autostart_is_switched(window, roles):
    window.page("General")
    entry = Path(os.environ["XDG_CONFIG_HOME"], f"autostart/{APP_ID}.desktop")
    switch = window.find("Start with the session", roles["switch"])
    switch.do_action(0)
    wait_for("the entry is written", entry.exists)
    assert re.search("^Exec=/.*/lenscap --gapplication-service$", entry.read_text(), re.MULTILINE), entry.read_text()
    switch.do_action(0)
    wait_for("the entry is removed", lambda: not entry.exists())


def test_no_graphics_driver_is_loaded(window, _):
    maps = Path(f"/proc/{window.process.pid}/maps").read_text()
    assert "libLLVM" not in maps and "swrast" not in maps, "GTK draws with OpenGL"
    resident = int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{window.process.pid}/status").read_text())[1])
    print(f"  resident: {resident} kB")
    assert resident < 120_000, resident


def test_closing_keeps_what_is_being_typed(window, _):
    window.page("Device")
    window.tab_to("Name in applications")
    window.key("ctrl+a")
    window.keys("type", "Desk")
    window.key("ctrl+w")
    assert window.process.wait(DEADLINE) == 0, window.process.returncode
    assert "label = \"Desk\"" in window.text().splitlines(), window.text()
    said = window.log.read_text()
    assert "CRITICAL" not in said and "panicked" not in said, said


def tree(node, depth=0):
    shown = "" if is_shown(node) else " (not shown)"
    print(f"{'  ' * depth}{node.get_role_name()} \"{node.get_name()}\"{shown}")
    for child in children(node):
        tree(child, depth + 1)


def main():
    program = prefs_session.begin()
    with prefs_session.desktop():
        window = Window(program)
        try:
            if "--tree" in sys.argv:
                tree(window.frame)
                return 0
            if "--screenshots" in sys.argv:
                from prefs_screenshots import screenshots

                screenshots(window, Path(sys.argv[sys.argv.index("--screenshots") + 1]))
                return 0
            roles = kinds()
            tests = [(name, lambda test=test: test(window, roles)) for name, test in prefs_session.tests_of(globals())]

            # These have windows of their own, one after the other.
            def alone(test):
                def run():
                    window.end()
                    test(program)
                return run

            for module in (prefs_setup, prefs_diagnosis):
                tests += [(name, alone(test)) for name, test in prefs_session.tests_of(vars(module))]
            return prefs_session.run("prefs_a11y", tests)
        finally:
            window.end()


if __name__ == "__main__":
    sys.exit(prefs_session.main(__file__, __doc__, main))
