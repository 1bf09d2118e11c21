#!/bin/bash
# limit: 1500
# The tests of tests/wire.rs: the relay on USB cameras that write down what they are asked on the wire. What matters is the
# kernel's USB side, not the loopback's version: all of them on one kernel, when it is on and when it is off on both.
# shellcheck source=tests/vm/guest.sh
. "$LENSCAP_GUEST"

only_when "$EXCLUSIVE_CAPS" = 1
module_at_least 0.15 || exit 78
[ -x "${LENSCAP_TEST_WIRE:-}" ] || { echo "tests/wire.rs was not built"; exit 77; }
export LENSCAP_MODULE=$LENSCAP_LOOPBACK LENSCAP_EXCLUSIVE_CAPS=$EXCLUSIVE_CAPS LENSCAP_PROGRAM=$BIN/lenscap
export RUST_BACKTRACE=0 # a backtrace takes the emulated machine seconds; the message names the line
modules() {
  load_uvcam && load_loopback 1 8 Lenscap || return
  case $name in *vivid*) load_vivid ;; esac
}
chosen=.
[ "$LENSCAP_KERNEL" = 6.1 ] || chosen='on_only_while|off_whoever'
mapfile -t names < <(rust_tests_of "$LENSCAP_TEST_WIRE" | grep -E "$chosen")
[ ${#names[@]} -gt 0 ] || die "no test is asked for"
for name in "${names[@]}"; do rust_test "$name" "$LENSCAP_TEST_WIRE" modules; done
done_testing
