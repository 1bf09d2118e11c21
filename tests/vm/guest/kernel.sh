#!/bin/bash
# The tests of tests/kernel.rs, each reported by its own name.
# limit: 900
# shellcheck source=tests/vm/guest.sh
. "$LENSCAP_GUEST"

# The newest build of that test; it was built before the machine was booted.
program=$(find "$BIN/deps" -maxdepth 1 -name 'kernel-*' -type f -executable -printf '%T@ %p\n' | sort -n | tail -n1 | cut -d' ' -f2)
[ -x "$program" ] || { skip "kernel tests: not built (cargo test --no-run)"; done_testing; }

load_vivid || die "vivid does not load"
load_loopback || die "v4l2loopback does not load"
export LENSCAP_MODULE=$LENSCAP_LOOPBACK LENSCAP_EXCLUSIVE_CAPS=${EXCLUSIVE_CAPS:-0} LENSCAP_PROGRAM=$BIN/lenscap
cd "$REPO" || exit 1
"$program" --ignored --test-threads=1 ${KERNEL_TESTS:+$KERNEL_TESTS} >"$WORK/kernel.log" 2>&1
status=$?
while read -r name result; do
  case $result in
    ok) pass "$name" ;;
    ignored) skip "$name: ignored" ;;
    *) fail "$name: $(grep -A3 "^thread '$name'" "$WORK/kernel.log" | sed -n '2p')" ;;
  esac
done < <(sed -n 's/^test \([a-z0-9_]*\) .*\.\.\. *\(ok\|FAILED\|ignored\)$/\1 \2/p; s/^test \([a-z0-9_]*\) \.\.\. \(ok\|FAILED\|ignored\).*/\1 \2/p' "$WORK/kernel.log" | sort -u)
if [ "$status" -ne 0 ] || [ -n "${KERNEL_VERBOSE:-}" ]; then sed 's/^/# /' "$WORK/kernel.log"; fi
grep -q '^test result:' "$WORK/kernel.log" || fail "kernel tests: ended early with status $status"
done_testing
