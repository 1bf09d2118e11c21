#!/bin/bash
# limit: 2400
# The tests of tests/kernel.rs, each with freshly loaded modules: vivid on /dev/video20, the loopback on /dev/video30.
# An emulated machine on a busy host can be too slow for a deadline: what fails is run once more, and a pass then says so.
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
names_of() { "$1" --ignored --list 2>/dev/null | sed -n 's/: test$//p' | grep -E "${LENSCAP_ONLY:-.}" | grep -E "$chosen" | grep -vE "$pairs"; }
mapfile -t names < <(names_of "$LENSCAP_TEST_KERNEL")
# The worker alone with the kernel's test camera: once, no loopback is involved.
if [ "$EXCLUSIVE_CAPS$LENSCAP_KERNEL" = 16.12 ] && [ -x "${LENSCAP_TEST_WORKER:-}" ]; then
  mapfile -t -O ${#names[@]} names < <(names_of "$LENSCAP_TEST_WORKER")
fi
[ ${#names[@]} -gt 0 ] || die "no test is asked for"

out=$WORK/out
# run NAME: with freshly loaded modules.
run() {
  load_vivid && load_loopback "$EXCLUSIVE_CAPS" 8 Lenscap || { echo "the modules do not load" >"$out"; return 1; }
  local program=$LENSCAP_TEST_KERNEL
  "$program" --ignored --list 2>/dev/null | grep -q "^$1: test" || program=$LENSCAP_TEST_WORKER
  timeout -k 5 150 "$program" --ignored --exact "$1" --test-threads=1 --nocapture >"$out" 2>&1
}
# The panic's message stands on the line after "panicked at".
why() { grep -A1 -m1 'panicked at' "$out" | tail -n1 | grep . || echo "not through after 150 s"; }

for name in "${names[@]}"; do
  began=$SECONDS first=
  if ! run "$name"; then
    first=" (at the second try; the first: $(why))"
    sed "s/^/# $name: /" "$out"
    run "$name" || { sed "s/^/# $name: /" "$out"; fail "$name: $(why)"; continue; }
  fi
  if grep -q '^SKIP ' "$out"; then skip "$(grep -m1 '^SKIP ' "$out" | cut -c6-)"; else pass "$name$first"; fi
  note "$name took $((SECONDS - began)) s"
done
done_testing
