#!/bin/bash
# limit: 1500
# The tests of tests/wire.rs: the relay on USB cameras that write down what they are asked on the wire. In two cells: what
# matters is the kernel's USB side, not the loopback's version.
# shellcheck source=tests/vm/guest.sh
. "$LENSCAP_GUEST"

only_when "$EXCLUSIVE_CAPS" = 1
module_at_least 0.15 || exit 78
[ -x "${LENSCAP_TEST_WIRE:-}" ] || { echo "tests/wire.rs was not built"; exit 77; }
export LENSCAP_MODULE=$LENSCAP_LOOPBACK LENSCAP_EXCLUSIVE_CAPS=$EXCLUSIVE_CAPS LENSCAP_PROGRAM=$BIN/lenscap LENSCAP_UVCAM=$BIN/uvcam
export RUST_BACKTRACE=0 # a backtrace takes the emulated machine seconds; the message names the line
modules() {
  load_uvcam && load_loopback 1 8 Lenscap || return
  case $name in *vivid*) load_vivid ;; esac
}
mapfile -t names < <(rust_tests_of "$LENSCAP_TEST_WIRE")
[ ${#names[@]} -gt 0 ] || die "no test is asked for"
for name in "${names[@]}"; do rust_test "$name" "$LENSCAP_TEST_WIRE" modules; done
done_testing
