#!/bin/bash
# limit: 1500
# The tests of tests/truth.rs: USB cameras that programs use past the relay, and the relay's own after a stop. On both kernels:
# what sysfs tells is the kernel's.
# shellcheck source=tests/vm/guest.sh
. "$LENSCAP_GUEST"

only_when "$EXCLUSIVE_CAPS" = 1
module_at_least 0.15 || exit 78
[ -x "${LENSCAP_TEST_TRUTH:-}" ] || { echo "tests/truth.rs was not built"; exit 77; }
export LENSCAP_MODULE=$LENSCAP_LOOPBACK LENSCAP_EXCLUSIVE_CAPS=$EXCLUSIVE_CAPS LENSCAP_PROGRAM=$BIN/lenscap
export RUST_BACKTRACE=0 # a backtrace takes the emulated machine seconds; the message names the line
modules() { load_uvcam && load_loopback 1 8 Lenscap; }
mapfile -t names < <(rust_tests_of "$LENSCAP_TEST_TRUTH")
[ ${#names[@]} -gt 0 ] || die "no test is asked for"
for name in "${names[@]}"; do
  case $name in
    random::*) # one kernel is enough
      [ "$LENSCAP_KERNEL" = 6.1 ] || continue
      RUST_TEST_LIMIT=400 rust_test "$name" "$LENSCAP_TEST_TRUTH" load_uvcam ;;
    *) rust_test "$name" "$LENSCAP_TEST_TRUTH" modules ;;
  esac
done
done_testing
