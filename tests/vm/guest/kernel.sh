#!/bin/bash
# limit: 1500
# The tests of tests/kernel.rs, each with freshly loaded modules: vivid on /dev/video20, the loopback on /dev/video30.
# shellcheck source=tests/vm/guest.sh
. "$LENSCAP_GUEST"

[ -x "${LENSCAP_TEST_KERNEL:-}" ] || { echo "tests/kernel.rs was not built"; exit 77; }
export LENSCAP_MODULE=$LENSCAP_LOOPBACK LENSCAP_EXCLUSIVE_CAPS=$EXCLUSIVE_CAPS
export RUST_BACKTRACE=0 # a backtrace takes the emulated machine seconds; the message names the line
mapfile -t names < <("$LENSCAP_TEST_KERNEL" --ignored --list 2>/dev/null | sed -n 's/: test$//p')
[ ${#names[@]} -gt 0 ] || die "tests/kernel.rs lists no test"

load_vivid || die "vivid does not load"
for name in "${names[@]}"; do
  load_loopback "$EXCLUSIVE_CAPS" 8 Lenscap || { fail "$name: v4l2loopback does not load"; continue; }
  out=$WORK/out
  if timeout -k 5 120 "$LENSCAP_TEST_KERNEL" --ignored --exact "$name" --test-threads=1 --nocapture >"$out" 2>&1; then
    if grep -q '^SKIP ' "$out"; then skip "$(grep -m1 '^SKIP ' "$out" | cut -c6-)"; else pass "$name"; fi
  else
    cat "$out"
    # the panic's message stands on the line after "panicked at"
    fail "$name: $(grep -A1 -m1 'panicked at' "$out" | tail -n1 | grep . || echo "not through after 120 s")"
  fi
done
done_testing
