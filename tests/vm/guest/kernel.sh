#!/bin/bash
# limit: 2400
# The tests of tests/kernel.rs, each with freshly loaded modules: vivid on /dev/video20, the loopback on /dev/video30.
# shellcheck source=tests/vm/guest.sh
. "$LENSCAP_GUEST"

[ -x "${LENSCAP_TEST_KERNEL:-}" ] || { echo "tests/kernel.rs was not built"; exit 77; }
export LENSCAP_MODULE=$LENSCAP_LOOPBACK LENSCAP_EXCLUSIVE_CAPS=$EXCLUSIVE_CAPS LENSCAP_PROGRAM=$BIN/lenscap
export RUST_BACKTRACE=0 # a backtrace takes the emulated machine seconds; the message names the line
# All of them with exclusive_caps=1, the setting that we install; with 0 those that have to do with it.
chosen=.
[ "$EXCLUSIVE_CAPS" = 1 ] ||
  chosen='main_job|a_reader_gets|a_second_reader|holds_the_node_at_start|another_writer|the_label|module_loaded|node_deleted|opening_and'
# Two nodes at once: where a second reader of one is refused, on the kernel that is tested most.
pairs='^$'
[ "$EXCLUSIVE_CAPS$LENSCAP_KERNEL" = 16.1 ] && module_at_least 0.13 || pairs='^second::'
asked=
run() { # run PROGRAM
  local name
  for name in $(rust_tests_of "$1" | grep -E "$chosen" | grep -vE "$pairs"); do
    asked=1
    rust_test "$name" "$1" load_both
  done
}
run "$LENSCAP_TEST_KERNEL"
# The worker alone with the kernel's test camera: once, no loopback is involved.
if [ "$EXCLUSIVE_CAPS$LENSCAP_KERNEL" = 16.12 ] && [ -x "${LENSCAP_TEST_V4L2:-}" ]; then run "$LENSCAP_TEST_V4L2"; fi
[ -n "$asked" ] || die "no test is asked for"
done_testing
