#!/bin/bash
# What ./test does once the system has what building takes: the rest of the set-up, then the tiers. The last lines are one per tier and, alone, the sum:
#   N passed, N failed, N skipped
# A tier that cannot run here says so by name and counts as one skipped. Fails when anything failed.
# TIERS="anywhere debian13 desktop packages system kernel" (the default) chooses.
set -uo pipefail
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"
# Sentences are compared in English, whatever language this machine speaks.
export LANGUAGE=en

tiers=${TIERS:-anywhere debian13 desktop packages system kernel}
logs=target/test-logs
mkdir -p $logs
summary=()

# tier_result NAME P F S: its line, shown and kept for the sum.
tier_result() {
  echo "$1 tier: $2 passed, $3 failed, $4 skipped${5:+ ($5)}" | tee "$logs/$1.result"
}

# Each test binary of cargo ends with "test result: ok. 12 passed; 0 failed; 3 ignored; ...". A test that cannot run
# here prints "SKIP name: why" and returns: it counts as skipped, not as passed. What is ignored because it needs the VM says
# so; the kernel and system tiers count it.
anywhere() {
  local log=$logs/anywhere.log rc=0 counts p f s
  scripts/contain.sh "$1" "$log" cargo test --locked --no-fail-fast -- --show-output || rc=$?
  grep -E '^(test .* (FAILED|ignored)|test result|SKIP |error|warning: unused)|^ +Running' "$log" | grep -v 'ignored, .*machine' || true
  counts=$(awk '
    /^SKIP /                            { marked++ }
    /^test .* ignored, (kernel|system) tier/ { elsewhere++ }
    /^test result: / {
      for (i = 1; i <= NF; i++) { if ($i ~ /^passed/) p += $(i-1); if ($i ~ /^failed/) f += $(i-1); if ($i ~ /^ignored/) s += $(i-1) }
    }
    END { print p - marked, f + 0, s + marked - elsewhere }' "$log")
  read -r p f s <<<"$counts"
  if [ $rc != 0 ]; then
    sed -n '/^failures:$/,$p' "$log"
    # a compiler error, a crashed test binary or one that hangs leaves no count
    [ "$f" != 0 ] || { f=1; tail -n 30 "$log"; }
  fi
  [ $rc != 124 ] || echo "anywhere tier: not through after $1 s"
  tier_result anywhere "$p" "$f" "$s" "log: $log"
}

# external NAME SECONDS COMMAND...: a tier with a program of its own, which ends with the line "NAME tier: ...".
external() {
  local name=$1 log=$logs/$1.log rc=0 line
  shift
  followed "$1" "$log" "${@:2}" || rc=$?
  line=$(grep -E "^$name tier: [0-9]+ passed" "$log" | tail -n 1)
  if [ $rc = 124 ]; then tier_result "$name" 0 1 0 "not through after $1 s"
  elif [ -z "$line" ]; then tier_result "$name" 0 1 0 "it ended without a result, exit status $rc"
  elif [ $rc != 0 ] && ! [[ $line =~ passed,\ [1-9][0-9]*\ failed ]]; then
    tier_result "$name" 0 1 0 "it counted no failure, yet its exit status is $rc"
  else echo "$line" >"$logs/$name.result"
  fi
}

run_tier() { # run_tier NAME COMMAND...
  rm -f "$logs/$1.result"
  phase "$1 tier" "${@:2}"
  summary+=("$(cat "$logs/$1.result")")
}
trap 'kill $(jobs -p) 2>/dev/null; wait; exit 130' INT TERM HUP

phase "set-up" scripts/deps.sh test || echo "set-up: not everything for the tests is here; what needs it will be skipped by name"
# All that the tiers need, the test programs too, at one go: both processors are busy to the end.
phase "build" cargo build --locked --lib --bins --examples --tests || exit 1
for tier in $tiers; do
  case $tier in
    anywhere) run_tier anywhere anywhere 2400 ;;
    debian13) run_tier debian13 external debian13 900 tests/debian13/run.sh ;;
    desktop) run_tier desktop external desktop 1200 tests/desktop/run.sh ;;
    packages) run_tier packages external packages 1200 tests/packages/run.sh ;;
    system) run_tier system external system 1500 tests/system/run.sh ;;
    kernel) run_tier kernel external kernel 3600 tests/vm/matrix.sh ;;
    *) echo "test: unknown tier $tier; there are anywhere, debian13, desktop, packages, system and kernel" >&2; exit 1 ;;
  esac
done

echo
printf '%s\n' "${summary[@]}"
printf '%s\n' "${summary[@]}" | awk '{ p += $3; f += $5; s += $7 } END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }'
