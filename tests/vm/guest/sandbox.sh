#!/bin/bash
# The worker's sandbox on the kernel's own devices: the chosen camera is its own, the device that Lenscap serves is not, and its
# format cannot be changed (S_FMT). crates/worker/tests/worker/sandbox.rs tries the rest, on any machine.
# shellcheck source=tests/vm/guest.sh
. "$LENSCAP_GUEST"

[ -x "$BIN/examples/sandbox-probe" ] || { echo "crates/worker/examples/sandbox-probe.rs was not built"; exit 77; }
{ load_vivid 20 && load_loopback 1; } || die "the modules do not load"
# probe SOURCE: "NAME yes" and "NAME no", a line each.
probe() { "$BIN/examples/sandbox-probe" "$1" /root "$LOOPBACK" "$WORK/socket" 2>&1; }
# shellcheck disable=SC2317 # reached through check
said() { grep -qx "$1" <<<"$told" || { echo "not \"$1\": $(tr '\n' ' ' <<<"$told")"; return 1; }; }

told=$(probe "v4l2:$CAMERA")
grep -qE '"files":"(full|part)"' <<<"$told" || { skip "devices: this kernel has no Landlock"; done_testing; }
check the_camera_is_given said "open-camera yes"
check the_served_device_is_not said "open-served no"
check the_served_devices_format_stays said "set-served no"
check nobody_is_traced said "parents-trace no"
told=$(probe "pipeline:videotestsrc")
check an_own_pipeline_may_set_it said "set-served yes"
done_testing
