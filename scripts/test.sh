#!/bin/bash
# `make test`: the set-up, then the three tiers. The last lines are one per tier and, alone, the sum:
#   N passed, N failed, N skipped
# A tier that cannot run here says so by name and counts as one skipped. Fails when anything failed.
# TIERS="anywhere desktop kernel" (the default) chooses.
set -uo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
# Sentences are compared in English, whatever language this machine speaks.
export LANGUAGE=en

tiers=${TIERS:-anywhere desktop kernel}
logs=target/test-logs
mkdir -p $logs
summary=()

# Each test binary of cargo ends with "test result: ok. 12 passed; 0 failed; 3 ignored; ...". A test that cannot run
# here prints "SKIP name: why" and returns: it counts as skipped, not as passed. The binaries `kernel`, `truth`, `wire` and
# `v4l2` have the tests that need the VM; the kernel tier counts these.
anywhere() {
  local log=$logs/anywhere.log rc=0 counts
  cargo test --locked --no-fail-fast -- --show-output >"$log" 2>&1 || rc=$?
  grep -E '^(test .* (FAILED|ignored)|test result|SKIP |error|warning: unused)|^ +Running' "$log" | grep -v 'ignored, .*machine' || true
  counts=$(awk '
    /^ +Running /      { kernel = $0 ~ /tests\/(controls|kernel|truth|v4l2|wire)\.rs/ }
    /^ +Doc-tests /    { kernel = 0 }
    /^SKIP /           { marked++ }
    /^test result: / && !kernel {
      for (i = 1; i <= NF; i++) { if ($i ~ /^passed/) p += $(i-1); if ($i ~ /^failed/) f += $(i-1); if ($i ~ /^ignored/) s += $(i-1) }
    }
    END { print p - marked, f + 0, s + marked }' "$log")
  read -r p f s <<<"$counts"
  if [ $rc != 0 ]; then
    sed -n '/^failures:$/,$p' "$log"
    # a compiler error or a crashed test binary leaves no count
    [ "$f" != 0 ] || { f=1; tail -n 30 "$log"; }
  fi
  echo "anywhere tier: $p passed, $f failed, $s skipped (log: $log)"
}

# external NAME COMMAND...: a tier with a program of its own, which ends with the line "NAME tier: ...".
external() {
  local name=$1 log=$logs/$1.log rc=0
  shift
  "$@" 2>&1 | tee "$log" || rc=$?
  if ! grep -qE "^$name tier: [0-9]+ passed" "$log"; then
    echo "$name tier: 0 passed, 1 failed, 0 skipped (it ended without a result, exit status $rc)"
  elif [ $rc != 0 ] && ! grep -qE "^$name tier: [0-9]+ passed, [1-9][0-9]* failed" "$log"; then
    echo "$name tier: 0 passed, 1 failed, 0 skipped (it counted no failure, yet its exit status is $rc)"
  fi
}

run_tier() { # run_tier NAME COMMAND...
  local out=$logs/$1.out
  phase "$1 tier" "${@:2}" | tee "$out"
  summary+=("$(grep -E "^$1 tier: [0-9]+ passed" "$out" | tail -n 1)")
}

phase "set-up" scripts/deps.sh build run || exit 1
scripts/deps.sh test || echo "set-up: not everything for the tests is here; what needs it will be skipped by name"
phase "build" cargo build --locked || exit 1
for tier in $tiers; do
  case $tier in
    anywhere) run_tier anywhere anywhere ;;
    desktop) run_tier desktop external desktop tests/desktop/run.sh ;;
    kernel) run_tier kernel external kernel tests/vm/matrix.sh ;;
    *) echo "test: unknown tier $tier; there are anywhere, desktop and kernel" >&2; exit 1 ;;
  esac
done

echo
printf '%s\n' "${summary[@]}"
printf '%s\n' "${summary[@]}" | awk '{ p += $3; f += $5; s += $7 } END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }'
