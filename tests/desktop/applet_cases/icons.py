"""The tray's icons, as hosts that colour them and hosts that do not draw them."""

import itertools
import unittest

from icon_looks import LOOKS, SIZES, STATES, as_it_is, coloured, difference, source, stands_out

ON = ("starting", "live", "cooldown")
GREYS = [("as it is", f"#{grey:02x}{grey:02x}{grey:02x}", as_it_is) for grey in range(0, 256, 17)]


class Icons(unittest.TestCase):
    """Icons need neither a display nor the applet."""

    def test_every_state_stands_out_on_every_ground(self):
        low = [
            (name, ground, state, size, found)
            for name, ground, look in LOOKS + GREYS for state in STATES for size in SIZES
            if (found := stands_out(look(source(state)), size, ground)) < 3
        ]
        self.assertEqual(low, [])

    def test_only_a_camera_that_is_on_and_a_failure_have_a_colour(self):
        for name, ground, look in LOOKS:
            part = {state: coloured(look(source(state)), 16, ground) for state in STATES}
            has = {state for state in STATES if part[state] >= 0.2}
            self.assertEqual(has, set() if "one colour" in name else {*ON, "attention"}, f"{name}: {part}")
            self.assertFalse(any(part[state] for state in set(STATES) - has), f"{name}: {part}")
            self.assertGreaterEqual(part["live"], 2 * max(part["starting"], part["cooldown"]), f"{name}: {part}")

    def test_no_two_states_look_alike(self):
        alike = []
        for name, ground, look in LOOKS + GREYS:
            for one, other in itertools.combinations(STATES, 2):
                # On and off from afar, and one "on" from the other; those that are off at a second glance.
                least = 1 / 4 if one in ON or other in ON else 1 / 16
                if (found := difference(look(source(one)), look(source(other)), 16, ground)) < least:
                    alike.append((name, ground, one, other, found))
        self.assertEqual(alike, [])
